package import PosternPolicy

/// The outcome of one file of decision tests.
package struct PolicyTestRun: Sendable {
    package struct Result: Sendable {
        package var test: PolicyTestFile.Case
        package var answer: PolicyAnswer
        /// The label of the statement that decided; nil for an implicit deny.
        package var statement: String?
        package var passed: Bool
        /// Why it was decided so; nil if the test passed.
        package var explanation: Explanation?
    }

    package var file: PolicyTestFile
    package var results: [Result] = []
    /// Labels of the enforced statements that decided no case, in the document's order.
    package var undecided: [String] = []

    /// Asks the compiled policy about every case.
    ///
    /// - Throws: the policy's problems.
    package init(_ file: PolicyTestFile) throws(Diagnostics) {
        self.file = file
        var policies: [PolicyScope: Policy] = [:]
        var deciding: Set<String> = []
        for test in file.cases {
            let policy: Policy
            if let known = policies[test.scope] {
                policy = known
            } else {
                policy = try Policy.compile(file.document, for: test.scope)
                policies[test.scope] = policy
            }
            let result = PolicyTestRun.run(test, policy, file.document)
            if let statement = result.statement { deciding.insert(statement) }
            results.append(result)
        }
        undecided = (policies.first?.value.statements ?? []).filter { !$0.isShadow }.map(\.label)
            .filter { !deciding.contains($0) }
    }

    private static func run(_ test: PolicyTestFile.Case, _ policy: Policy, _ document: DocumentNode) -> Result {
        let decision = test.request.decision(of: policy)
        let statement: String? =
            switch decision {
            case .allow(let index), .explicitDeny(let index): policy.statements[index].label
            case .implicitDeny: nil
            }
        let passed =
            test.expected.admits(decision.answer) && (test.statement == nil || test.statement == statement)
        return Result(
            test: test, answer: decision.answer, statement: statement, passed: passed,
            explanation: passed ? nil : test.request.explanation(of: policy, api: test.scope.apiID, document: document))
    }
}
