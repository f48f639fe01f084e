/// Asks the engine what a statement, or one part of it, makes of one request: whatever explanations say of values and
/// changes has been decided by the code that serves requests. A statement applies, or not, whatever stands beside it.
struct StatementProbe {
    /// The document's `Version`, which says what `${…}` means.
    let version: DocumentNode.Member?
    let scope: PolicyScope
    let facts: ConnectionFacts
    /// With its time settled.
    let request: RequestFacts

    /// nil if the statement is refused.
    func trace(_ statement: DocumentNode) -> StatementTrace? {
        let whole = DocumentNode.Member(key: "Statement", keyPosition: statement.position, value: statement)
        let document = DocumentNode(.object((version.map { [$0] } ?? []) + [whole]), at: statement.position)
        do throws(Diagnostics) {
            return try Policy.compile(document, for: scope).traces(facts, request)[0]
        } catch {
            return nil
        }
    }

    /// What a condition comes to with these values; nil if it is refused.
    func holds(_ operatorName: String, _ keyName: String, _ values: [DocumentNode], _ place: SourcePosition) -> Bool? {
        let condition = DocumentNode.mapping(
            [(operatorName, .mapping([(keyName, DocumentNode(.array(values), at: place))], at: place))], at: place)
        return trace(.probe(with: [("Condition", condition)], at: place))?.conditions.first?.matched
    }

    /// What an element such as `NotResource` comes to with this value.
    func matches(_ element: String, _ value: DocumentNode) -> Bool? {
        guard let trace = trace(.probe(with: [(element, value)], at: value.position)) else { return nil }
        return trace.principalMatched && trace.actionMatched && trace.resourceMatched
    }

    /// The places of the values that match by themselves, at most `limit`. `match` tells of several whether one of them
    /// does: a hit among 100,000 costs twice the reading of all.
    func hits(
        in values: [DocumentNode], limit: Int = .max, _ match: ([DocumentNode]) -> Bool
    ) -> [Int] {
        var found: [Int] = []
        func search(_ range: Range<Int>) {
            guard found.count < limit, !range.isEmpty, match(Array(values[range])) else { return }
            if range.count == 1 { return found.append(range.lowerBound) }
            let middle = (range.lowerBound + range.upperBound) / 2
            search(range.lowerBound..<middle)
            search(middle..<range.upperBound)
        }
        search(values.indices)
        return found
    }

    /// The values of a condition that what was seen matches; nil where they cannot be told one by one: where the key is
    /// absent, and where several values were seen and must all match, or none of them match them all.
    func hits(_ site: ConditionSite, limit: Int = .max) -> [Int]? {
        guard site.comparison.family != .presence,
            site.comparison.quantifier != (site.comparison.isNegated ? .forAny : .forAll)
        else { return nil }
        let seen = seen(site.key)
        guard !seen.isEmpty, seen.count == 1 || site.comparison.quantifier != .single else { return nil }
        return hits(in: site.values.elements, limit: limit) { values in
            let holds = holds(site.operatorName, site.keyName, values, site.position)
            return holds == !site.comparison.isNegated
        }
    }

    /// The request's resource as policies write it: `execute-api:/{stage}/{METHOD}/{path}`.
    var resource: String {
        let text = String(decoding: request.resource, as: UTF8.self)
        let prefix = scope.apiID + "/"
        return text.hasPrefix(prefix) ? "execute-api:/" + text.dropFirst(prefix.count) : scope.arnPrefix + text
    }

    /// All that the request holds under a key, as text.
    func seen(_ key: ConditionKey) -> [String] {
        facts.withView { connection in
            switch RequestSource(connection: connection, request: request).values(of: key) {
            case .absent: []
            case .one(let value): [String(decoding: value.text, as: UTF8.self)]
            case .texts(let texts): texts
            }
        }
    }
}

/// Where one condition stands in its statement.
struct ConditionSite {
    /// As it was written.
    var operatorName: String
    var comparison: ConditionOperator
    /// As it was written.
    var keyName: String
    var key: ConditionKey
    var position: SourcePosition
    var values: DocumentNode

    /// From the statement.
    var path: [DocumentEdit.Step] { operatorPath + [.member(keyName)] }

    var operatorPath: [DocumentEdit.Step] { [.member("Condition"), .member(operatorName)] }

    var name: String { "\(comparison.fullName) \(key.rawValue)" }

    /// All conditions of a statement that compiles.
    static func all(of statement: DocumentNode) -> [ConditionSite] {
        (statement.member("Condition")?.value.members ?? []).flatMap { block in
            block.value.members.compactMap { member in
                guard let comparison = ConditionOperator(block.key), let key = ConditionKey.ofGateway(member.key) else {
                    return nil
                }
                return ConditionSite(
                    operatorName: block.key, comparison: comparison, keyName: member.key, key: key,
                    position: member.keyPosition, values: member.value)
            }
        }
    }

    func isTraced(by trace: ConditionTrace) -> Bool {
        trace.position == position && trace.operatorName == comparison.fullName && trace.key == key
    }
}

extension DocumentNode {
    static func mapping(_ members: [(String, DocumentNode)], at position: SourcePosition) -> DocumentNode {
        DocumentNode(
            .object(members.map { Member(key: $0.0, keyPosition: position, value: $0.1) }), at: position)
    }

    static func text(_ text: String, at position: SourcePosition) -> DocumentNode {
        DocumentNode(.string(text), at: position)
    }

    /// A statement about everything but for these elements.
    fileprivate static func probe(
        with elements: [(String, DocumentNode)], at position: SourcePosition
    ) -> DocumentNode {
        let everything = ["Principal", "Action", "Resource"].filter { name in
            !elements.contains { $0.0 == name || $0.0 == "Not\(name)" }
        }
        // Under `Deny` every element is accepted, `NotPrincipal` too.
        return .mapping(
            [("Effect", .text("Deny", at: position))] + everything.map { ($0, .text("*", at: position)) } + elements,
            at: position)
    }
}
