import ArgumentParser
import PosternControl
import PosternPolicy

struct TestPolicies: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run the decision tests kept beside policies.",
        discussion: """
            Tests are in files `*.test.yaml` in the directory and those below it. A failed case is explained.

            Exits 0 when all pass, 1 when one fails, 78 when a test or a policy is invalid.
            """)

    @Argument(help: ArgumentHelp("Where policies and tests are.", valueName: "directory")) var directory: String
    @Flag(help: "Print JSON.") var json = false

    private struct Report: Encodable {
        struct File: Encodable {
            var file: String
            var policy: String
            var cases: [Case]
            var undecided: [String]
        }

        struct Case: Encodable {
            var name: String
            var position: SourcePosition
            var passed: Bool
            var expected: String
            var by: String?
            var decision: String
            var statement: String?
            var explanation: Explanation?
        }

        var files: [File]
        var passed: Int
        var failed: Int
    }

    func run() throws {
        let runs = try load()
        let results = runs.flatMap(\.results)
        let failed = results.count { !$0.passed }
        if json {
            try printJSON(report(runs, results.count - failed, failed))
        } else {
            show(runs, results.count, failed)
        }
        if failed > 0 { throw ExitCode.failure }
    }

    /// Every problem of every file, before anything is run.
    private func load() throws -> [PolicyTestRun] {
        var problems: [Diagnostic] = []
        var runs: [PolicyTestRun] = []
        do throws(Diagnostics) {
            for file in try PolicyTestFile.files(in: directory) {
                do throws(Diagnostics) {
                    runs.append(try PolicyTestRun(try PolicyTestFile.load(file)))
                } catch {
                    problems += error.all
                }
            }
        } catch {
            problems += error.all
        }
        guard problems.isEmpty else {
            for problem in problems { printError("\(problem)") }
            throw ExitCode.configuration
        }
        return runs
    }

    private func report(_ runs: [PolicyTestRun], _ passed: Int, _ failed: Int) -> Report {
        let files = runs.map { run in
            Report.File(
                file: run.file.file, policy: run.file.policy,
                cases: run.results.map { result in
                    Report.Case(
                        name: result.test.name, position: result.test.position, passed: result.passed,
                        expected: result.test.expected.rawValue, by: result.test.statement,
                        decision: result.answer.rawValue, statement: result.statement, explanation: result.explanation)
                }, undecided: run.undecided)
        }
        return Report(files: files, passed: passed, failed: failed)
    }

    private func show(_ runs: [PolicyTestRun], _ count: Int, _ failed: Int) {
        for run in runs {
            for result in run.results where !result.passed { show(result, run.file) }
            let passed = run.results.count { $0.passed }
            let idle = run.undecided.isEmpty ? "" : "; decides no case: \(run.undecided.joined(separator: ", "))"
            print("\(run.file.file): \(passed) of \(counted(run.results.count, "case")) passed\(idle)")
        }
        let cases = counted(count, "case")
        print(failed == 0 ? "\(cases) passed" : "\(failed) of \(cases) failed")
    }

    private func show(_ result: PolicyTestRun.Result, _ file: PolicyTestFile) {
        let test = result.test
        let wanted = test.expected.rawValue + (test.statement.map { " by `\($0)`" } ?? "")
        let found = result.answer.rawValue + (result.statement.map { " by `\($0)`" } ?? "")
        print("\(test.position.text): `\(test.name)` failed: expected \(wanted), found \(found)")
        guard let explanation = result.explanation else { return }
        let text = ExplanationText.render(explanation, title: test.request.title(test.scope.apiID))
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            print(line.isEmpty ? "" : "    \(line)")
        }
        print("")
    }
}
