extension PolicyCompiler {
    /// Reads the actions of a statement: `*`, or `service:action`, with `*` and `?`, in any case.
    ///
    /// A name that matches no action of an API is refused: in a `Deny` a slip of the pen would open access.
    ///
    /// - Returns: whether they cover an invocation.
    mutating func readActions(_ element: DocumentNode.Member) -> Bool {
        var covered: Set<PolicyAction> = []
        let before = diagnostics.count
        for node in list(element.value, of: element.key) {
            guard let written = text(node, of: element.key) else { continue }
            let actions = PolicyCompiler.actions(matching: written)
            if actions.isEmpty { refuseAction(written, node) }
            covered.formUnion(actions)
        }
        let isExcluding = element.key == "NotAction"
        let coversInvoke = covered.contains(.invoke) != isExcluding
        if !coversInvoke, diagnostics.count == before {
            warning(
                at: element.value, "the statement can never apply: requests ask for `execute-api:Invoke` only",
                hint: isExcluding ? "remove `execute-api:Invoke`" : "add `execute-api:Invoke`")
        }
        return coversInvoke
    }

    /// Reads actions of any service.
    mutating func readAnyActions(_ element: DocumentNode.Member, into statement: inout StandaloneStatement) {
        statement.excludesActions = element.key == "NotAction"
        for node in list(element.value, of: element.key) {
            guard let written = text(node, of: element.key) else { continue }
            let parts = written.split(separator: ":", omittingEmptySubsequences: false)
            if written != "*", parts.count != 2 || parts.contains(where: \.isEmpty) {
                error(at: node, "\(quoted(written)) is not an action", hint: "expected `service:Action` or `*`")
            }
            statement.actions.append(PatternText(wildcards: asciiLowercased(written).utf8))
        }
    }

    private static func actions(matching written: String) -> [PolicyAction] {
        let colons = written.utf8.count { $0 == UInt8(ascii: ":") }
        guard written == "*" || colons == 1 else { return [] }
        let pattern = PatternText(wildcards: asciiLowercased(written).utf8)
        return PolicyAction.allCases.filter { pattern.matches(asciiLowercased($0.rawValue)) }
    }

    private mutating func refuseAction(_ written: String, _ node: DocumentNode) {
        let known = PolicyAction.allCases.map(\.rawValue)
        error(
            at: node, "\(quoted(written)) is not an action of an API",
            hint: didYouMean(written, known) ?? "expected `execute-api:Invoke`, `execute-api:*` or `*`")
    }
}

extension PatternText {
    /// Whether the pattern matches a text, for the few that are compared while compiling.
    func matches(_ text: String) -> Bool {
        var table = PatternTable()
        let range = table.add([self])
        var text = text
        return text.withUTF8 { bytes in
            table.withView { $0.matches(range, UnsafeRawBufferPointer(bytes)) }
        }
    }
}
