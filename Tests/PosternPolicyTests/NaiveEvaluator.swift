import PosternPolicy

/// A second evaluator, written straight from the rules and with no eye to cost: it reads the document anew for every
/// request, compares texts character by character and shares no code with the first.
struct NaiveEvaluator {
    enum Outcome: String { case allow, explicitDeny, implicitDeny }

    var document: DocumentNode
    /// Its resource is a whole ARN, its keys are in lower case.
    var request: PolicyRequest
    /// All that the caller is known as.
    var callers: [CallerIdentity]
    /// What `execute-api:/` stands for.
    var shorthand = testScope.arnPrefix + testScope.apiID + "/"

    /// Any applying deny, else any applying allow, else nothing; statements in shadow mode are not there.
    var outcome: Outcome { outcome(among: enforced) }

    /// The same with the statements in shadow mode.
    var hypothetical: Outcome { outcome(among: Array(statements.indices)) }

    private func outcome(among indices: [Int]) -> Outcome {
        let applying = indices.filter { applies(statements[$0]) }
        if applying.contains(where: { effect($0) == "Deny" }) { return .explicitDeny }
        return applying.isEmpty ? .implicitDeny : .allow
    }

    /// Those that made the outcome.
    var deciding: [Int] {
        let wanted = outcome == .explicitDeny ? "Deny" : "Allow"
        return enforced.filter { effect($0) == wanted && applies(statements[$0]) }
    }

    var applyingStatements: [Int] { statements.indices.filter { applies(statements[$0]) } }

    func effect(_ index: Int) -> String? { statements[index]["Effect"]?.text }

    private var enforced: [Int] { statements.indices.filter { statements[$0]["postern:Mode"] == nil } }

    private var statements: [DocumentNode] { document["Statement"]!.list }

    private var hasVariables: Bool { document["Version"]?.text == "2012-10-17" }

    private func applies(_ statement: DocumentNode) -> Bool {
        principalMatches(statement) && actionMatches(statement) && resourceMatches(statement)
            && conditionsHold(statement)
    }

    // MARK: Principal

    private func principalMatches(_ statement: DocumentNode) -> Bool {
        if let principal = statement["Principal"] { return names(principal, excluding: false) }
        if let principal = statement["NotPrincipal"] { return !names(principal, excluding: true) }
        return true
    }

    private func names(_ principal: DocumentNode, excluding: Bool) -> Bool {
        if principal.text == "*" { return true }
        return principal.members.contains { kind in
            kind.value.list.contains { name in
                kind.key == "AWS" && name.text == "*"
                    || callers.contains { isNamed($0, kind.key, name.text!, excluding) }
            }
        }
    }

    private func isNamed(_ caller: CallerIdentity, _ kind: String, _ name: String, _ excluding: Bool) -> Bool {
        switch (kind, caller) {
        case ("Service", .service(let own)), ("Federated", .federated(let own)),
            ("CanonicalUser", .canonicalUser(let own)), ("UnixUser", .unixUser(let own)):
            return name == "*" || name == own
        case ("SPIFFE", .spiffe(let own)): return glob(pattern(name, wildcards: true)!, scalars(own))
        case ("AWS", .aws(let arn)):
            if arn == name { return true }
            let account = sixSegments(arn)[4]
            if name == account || name == "arn:aws:iam::\(account):root" {
                return !excluding || arn == "arn:aws:iam::\(account):root"
            }
            let role = name.split(separator: "/").last.map(String.init) ?? ""
            return name.hasPrefix("arn:aws:iam::\(account):role/")
                && arn.hasPrefix("arn:aws:sts::\(account):assumed-role/\(role)/")
        default: return false
        }
    }

    // MARK: Action and resource

    private func actionMatches(_ statement: DocumentNode) -> Bool {
        func matches(_ node: DocumentNode) -> Bool {
            node.list.contains {
                glob(plain($0.text!.lowercased()), scalars(request.action.lowercased()))
            }
        }
        if let actions = statement["Action"] { return matches(actions) }
        return !matches(statement["NotAction"]!)
    }

    private func resourceMatches(_ statement: DocumentNode) -> Bool {
        if let resources = statement["Resource"] { return resources.list.contains { matchesResource($0.text!) } }
        return !statement["NotResource"]!.list.contains { matchesResource($0.text!) }
    }

    private func matchesResource(_ written: String) -> Bool {
        if written == "*" { return true }
        var written = written
        if written.hasPrefix("execute-api:/") { written = shorthand + written.dropFirst("execute-api:/".count) }
        return matchesArn(written, request.resource, padsPlain: false)
    }

    private func matchesArn(_ written: String, _ arn: String, padsPlain: Bool) -> Bool {
        var segments = sixSegments(written)
        if segments.count < 6 {
            guard written.contains("*") || written.contains("?") else { return false }
            while segments.count < 6 { segments.append("*") }
        }
        let parts = sixSegments(arn)
        guard parts.count == 6 else { return false }
        return zip(segments, parts).allSatisfy { segment, part in
            guard let pattern = pattern(segment, wildcards: true) else { return false }
            return glob(pattern, scalars(part))
        }
    }

    /// A colon inside `${…}` stands behind the fifth here, so cutting from the left is right.
    private func sixSegments(_ arn: String) -> [String] {
        arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
    }

    // MARK: Conditions

    private func conditionsHold(_ statement: DocumentNode) -> Bool {
        (statement["Condition"]?.members ?? []).allSatisfy { comparison in
            comparison.value.members.allSatisfy { key in
                holds(
                    comparison.key.lowercased(), request.context[key.key.lowercased()] ?? [],
                    key.value.list.map { $0.text! })
            }
        }
    }

    private func holds(_ written: String, _ seen: [String], _ values: [String]) -> Bool {
        if written == "null" { return values.contains { ($0.lowercased() == "true") == seen.isEmpty } }
        var name = written
        if name.hasSuffix("ifexists") {
            if seen.isEmpty { return true }
            name.removeLast("ifexists".count)
        }
        if name.hasPrefix("forallvalues:") {
            name.removeFirst("forallvalues:".count)
            return seen.allSatisfy { satisfies(name, $0, values) }
        }
        if name.hasPrefix("foranyvalue:") {
            name.removeFirst("foranyvalue:".count)
            return seen.contains { satisfies(name, $0, values) }
        }
        if seen.isEmpty { return name.contains("not") }
        return seen.count == 1 && satisfies(name, seen[0], values)
    }

    private func satisfies(_ name: String, _ seen: String, _ values: [String]) -> Bool {
        guard name.contains("not") else { return values.contains { matches(name, seen, $0) } }
        let positive =
            name == "notipaddress"
            ? "ipaddress" : name.hasPrefix("arn") ? "arnlike" : name.split(separator: "not").joined()
        return !values.contains { matches(String(positive), seen, $0) }
    }

    private func matches(_ name: String, _ seen: String, _ value: String) -> Bool {
        switch name {
        case "stringequals": return pattern(value, wildcards: false).map { glob($0, scalars(seen)) } ?? false
        case "stringlike": return pattern(value, wildcards: true).map { glob($0, scalars(seen)) } ?? false
        case "stringequalsignorecase":
            guard let pattern = pattern(value, wildcards: false) else { return false }
            return glob(
                pattern.map { if case .literal(let scalar) = $0 { .literal(lowercase(scalar)) } else { $0 } },
                scalars(seen).map(lowercase))
        case "bool": return value.lowercased() == seen.lowercased()
        case "ipaddress": return isIn(value, seen)
        case "arnequals", "arnlike": return matchesArn(value, seen, padsPlain: true)
        case "binaryequals": return value == seen
        default: break
        }
        let pair: (Double, Double)?
        if name.hasPrefix("numeric") {
            pair = Double(seen).flatMap { seen in Double(value).map { (seen, $0) } }
        } else {
            pair = Vocabulary.dates[seen].flatMap { seen in Vocabulary.dates[value].map { (seen, $0) } }
        }
        guard let (left, right) = pair else { return false }
        if name.hasSuffix("greaterthanequals") { return left >= right }
        if name.hasSuffix("greaterthan") { return left > right }
        if name.hasSuffix("lessthanequals") { return left <= right }
        if name.hasSuffix("lessthan") { return left < right }
        return left == right
    }

    private func lowercase(_ scalar: UnicodeScalar) -> UnicodeScalar {
        scalar.properties.lowercaseMapping.unicodeScalars.first!
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

    private enum Token { case literal(UnicodeScalar), run, one }

    /// A text with its variables filled in; nil if one of them has no value.
    private func pattern(_ text: String, wildcards: Bool) -> [Token]? {
        var tokens: [Token] = []
        var rest = Substring(text)
        while let first = rest.unicodeScalars.first {
            if hasVariables, rest.hasPrefix("${"), let end = rest.firstIndex(of: "}") {
                let inner = String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
                guard let value = variable(inner) else { return nil }
                tokens += scalars(value).map { .literal($0) }
                rest = rest[rest.index(after: end)...]
                continue
            }
            tokens.append(wildcards && first == "*" ? .run : wildcards && first == "?" ? .one : .literal(first))
            rest = Substring(rest.unicodeScalars.dropFirst())
        }
        return tokens
    }

    private func variable(_ inner: String) -> String? {
        if ["*", "?", "$"].contains(inner) { return inner }
        let parts = inner.split(separator: ",", maxSplits: 1).map(String.init)
        let values = request.context[parts[0].lowercased()] ?? []
        if values.isEmpty { return parts.count == 2 ? String(parts[1].dropFirst(2).dropLast()) : nil }
        return values.count == 1 ? values[0] : nil
    }

    private func plain(_ text: String) -> [Token] {
        scalars(text).map { $0 == "*" ? .run : $0 == "?" ? .one : .literal($0) }
    }

    /// `*` is any run, `?` one character; by trying all there is to try, remembering what failed.
    private func glob(_ pattern: [Token], _ text: [UnicodeScalar]) -> Bool {
        var row = [true] + text.map { _ in false }
        for token in pattern {
            var next = [false]
            if case .run = token { next = [row[0]] }
            for index in text.indices {
                switch token {
                case .run: next.append(row[index + 1] || next[index])
                case .one: next.append(row[index])
                case .literal(let scalar): next.append(row[index] && scalar == text[index])
                }
            }
            row = next
        }
        return row[text.count]
    }

    private func scalars(_ text: String) -> [UnicodeScalar] { Array(text.unicodeScalars) }
}

/// Dates that both evaluators are asked about, and what they are in seconds since 1970.
enum Vocabulary {
    static let dates: [String: Double] = [
        "2026": 1_767_225_600, "2026-01": 1_767_225_600, "2026-01-01": 1_767_225_600, "1767225600": 1_767_225_600,
        "2026-01-01T00:00Z": 1_767_225_600, "2026-01-01T01:00:00+01:00": 1_767_225_600,
        "2026-01-02": 1_767_312_000, "1767312000": 1_767_312_000, "1709164800": 1_709_164_800,
        "2026-01-01T23:59:59.5Z": 1_767_311_999.5, "1969-12-31T23:59:59Z": -1, "0": 0,
        "2024-02-29": 1_709_164_800, "2000-03-01T00:00:00-00:30": 951_870_600,
    ]
}
