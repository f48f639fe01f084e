import ArgumentParser
import PosternPolicy

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Decide requests by policies: a JSON object a line on standard input, an answer a line on standard output.",
        discussion: """
            {"policy": {…} or "file", "kind": "resource" or "identity", "request": {"action": "execute-api:Invoke", \
            "resource": "arn:…", "principal": null, "arn:…" or {"AWS": "arn:…"}, "context": {"aws:SourceIp": "10.0.0.9", \
            "aws:PrincipalTag/team": ["a", "b"]}}}

            The answer is {"decision": "allow", "explicitDeny", "implicitDeny" or "invalid", "statements": [places of those \
            that decided, from 0], "error": "…"}. Any action and ARN of AWS's grammar is taken.
            """)

    @OptionGroup var batch: BatchOption

    private struct Answer: Encodable {
        var decision: String
        var statements: [Int]
        var error: String?
    }

    func run() throws { try batch.answerLines(answer) }

    private func answer(_ line: String) -> Answer {
        do {
            let question = try PolicyQuestion(JSONReader.read(Array(line.utf8), file: "line"))
            let policy = try StandalonePolicy.compile(question.policy, kind: question.kind)
            let found = policy.evaluate(question.request)
            return Answer(decision: found.decision.rawValue, statements: found.statements)
        } catch {
            return Answer(decision: "invalid", statements: [], error: "\(error)")
        }
    }
}
