import PosternPolicy

/// A second evaluator, written straight from the rules and with no eye to cost: it reads the document anew for every
/// request, compares texts character by character and shares no code with the first.
struct NaiveEvaluator {
    enum Outcome: Equatable { case allow, explicitDeny, implicitDeny }

    var document: DocumentNode
    var scope: PolicyScope
    var facts: ConnectionFacts
    var resource: String
    var userAgent: String?
    var referer: String?

    /// Any applying deny, else any applying allow, else nothing.
    var outcome: Outcome {
        let applying = statements.filter(applies)
        if applying.contains(where: { text($0, "Effect") == "Deny" }) { return .explicitDeny }
        return applying.contains { text($0, "Effect") == "Allow" } ? .allow : .implicitDeny
    }

    var applyingStatements: [Int] { statements.indices.filter { applies(statements[$0]) } }

    func effect(_ index: Int) -> String? { text(statements[index], "Effect") }

    private var statements: [DocumentNode] { list(member(document, "Statement")) }

    private func applies(_ statement: DocumentNode) -> Bool {
        let action = list(member(statement, "Action")).contains {
            glob(scalars(value($0).lowercased()), scalars("execute-api:invoke"))
        }
        let resource = list(member(statement, "Resource")).contains { matchesResource(value($0)) }
        return action && resource && conditionsHold(statement)
    }

    // MARK: Resource

    private func matchesResource(_ written: String) -> Bool {
        let name = "arn:\(scope.partition):execute-api:\(scope.region):\(scope.account):\(resource)"
        if written == "*" { return true }
        var pattern = written
        if pattern.hasPrefix("execute-api:/") {
            pattern =
                "arn:\(scope.partition):execute-api:\(scope.region):\(scope.account):\(scope.apiID)/"
                + pattern.dropFirst("execute-api:/".count)
        }
        var segments = sixSegments(pattern)
        if segments.count < 6 {
            guard pattern.contains("*") || pattern.contains("?") else { return false }
            while segments.count < 6 { segments.append("*") }
        }
        return zip(segments, sixSegments(name)).allSatisfy { glob(scalars($0), scalars($1)) }
    }

    private func sixSegments(_ arn: String) -> [String] {
        arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
    }

    // MARK: Conditions

    private func conditionsHold(_ statement: DocumentNode) -> Bool {
        guard case .object(let operators) = member(statement, "Condition")?.value else { return true }
        return operators.allSatisfy { comparison in
            guard case .object(let keys) = comparison.value.value else { return false }
            return keys.allSatisfy { key in
                holds(comparison.key.lowercased(), factOf(key.key.lowercased()), list(key.value).map(value))
            }
        }
    }

    private func factOf(_ key: String) -> String? {
        switch key {
        case "aws:sourceip", "aws:vpcsourceip": facts.sourceIP?.description
        case "aws:sourcevpc": facts.sourceVpc
        case "aws:sourcevpce": facts.sourceVpce
        case "aws:useragent": userAgent
        case "aws:referer": referer
        case "aws:securetransport": facts.secureTransport ? "true" : "false"
        default: fatalError("no such key: \(key)")
        }
    }

    private func holds(_ comparison: String, _ fact: String?, _ values: [String]) -> Bool {
        switch comparison {
        case "null": return values.contains { ($0.lowercased() == "true") == (fact == nil) }
        case "stringequals": return fact.map { fact in values.contains { scalars($0) == scalars(fact) } } ?? false
        case "stringnotequals": return fact.map { fact in !values.contains { scalars($0) == scalars(fact) } } ?? true
        case "stringlike": return fact.map { fact in values.contains { glob(scalars($0), scalars(fact)) } } ?? false
        case "stringnotlike": return fact.map { fact in !values.contains { glob(scalars($0), scalars(fact)) } } ?? true
        case "bool": return fact.map { fact in values.contains { $0.lowercased() == fact } } ?? false
        case "ipaddress": return fact.map { fact in values.contains { isIn($0, fact) } } ?? false
        case "notipaddress": return fact.map { fact in !values.contains { isIn($0, fact) } } ?? true
        default: fatalError("no such operator: \(comparison)")
        }
    }

    // MARK: Addresses, as strings of zeros and ones

    private func isIn(_ network: String, _ address: String) -> Bool {
        let parts = network.split(separator: "/")
        var prefix = bits(String(parts[0]))
        let wanted = bits(address)
        guard prefix.count == wanted.count else { return false }
        if parts.count == 2 { prefix = String(prefix.prefix(Int(parts[1])!)) }
        return wanted.hasPrefix(prefix)
    }

    private func bits(_ address: String) -> String {
        if !address.contains(":") { return address.split(separator: ".").map { binary(Int($0)!, 8) }.joined() }
        let halves = address.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let gap = halves.firstIndex(of: "") ?? halves.count
        let before = halves[..<gap]
        let after = halves[gap...].filter { !$0.isEmpty }
        let zeros = Array(repeating: "0", count: 8 - before.count - after.count)
        return (before + zeros + after).map { binary(Int($0, radix: 16)!, 16) }.joined()
    }

    private func binary(_ number: Int, _ width: Int) -> String {
        let digits = String(number, radix: 2)
        return String(repeating: "0", count: width - digits.count) + digits
    }

    // MARK: Texts

    /// `*` is any run, `?` one character; by trying all there is to try, remembering what failed.
    private func glob(_ pattern: [UnicodeScalar], _ text: [UnicodeScalar]) -> Bool {
        var row = [true] + text.map { _ in false }
        for token in pattern {
            var next = [token == "*" && row[0]]
            for index in text.indices {
                switch token {
                case "*": next.append(row[index + 1] || next[index])
                case "?": next.append(row[index])
                default: next.append(row[index] && token == text[index])
                }
            }
            row = next
        }
        return row[text.count]
    }

    private func scalars(_ text: String) -> [UnicodeScalar] { Array(text.unicodeScalars) }

    // MARK: Document

    private func member(_ node: DocumentNode, _ key: String) -> DocumentNode? {
        guard case .object(let members) = node.value else { return nil }
        return members.first { $0.key == key }?.value
    }

    private func list(_ node: DocumentNode?) -> [DocumentNode] {
        guard let node else { return [] }
        if case .array(let nodes) = node.value { return nodes }
        return [node]
    }

    private func text(_ node: DocumentNode, _ key: String) -> String? { member(node, key).map(value) }

    private func value(_ node: DocumentNode) -> String {
        switch node.value {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        default: fatalError("not a value")
        }
    }
}
