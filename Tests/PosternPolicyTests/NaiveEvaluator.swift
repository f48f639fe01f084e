// Compiled into the tests and into the fuzz target.
import PosternPolicy

/// A second evaluator, written straight from the rules and with no eye to cost: it reads the document anew for every
/// request, compares texts scalar by scalar and shares no code with the first.
struct NaiveEvaluator {
    enum Outcome: String { case allow, explicitDeny, implicitDeny }

    var document: DocumentNode
    /// Its resource is a whole ARN, its keys are in lower case (of ASCII).
    var request: PolicyRequest
    /// All that the caller is known as.
    var callers: [CallerIdentity]
    /// The API that `execute-api:/` stands for; nil for any.
    var api: String? = testScope.apiID

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
            return name == "*" || scalars(name) == scalars(own)
        case ("SPIFFE", .spiffe(let own)): return glob(plain(name), scalars(own))
        case ("AWS", .aws(let arn)):
            if scalars(arn) == scalars(name) { return true }
            let seen = pieces(arn, at: ":", 6)
            if isAccount(name) {
                guard seen.count == 6, seen[0] == "arn", seen[4] == name else { return false }
                return !excluding || seen[2] == "iam" && seen[3] == "" && seen[5] == "root"
            }
            let named = pieces(name, at: ":", 6)
            guard named.count == 6, named[0] == "arn", named[1] != "", named[2] == "iam", named[3] == "",
                isAccount(named[4])
            else { return false }
            if named[5] == "root" {
                // Itself under `NotPrincipal`, everyone of the account else.
                if arn == named[4] { return true }
                guard seen.count == 6, seen[0] == "arn", seen[1] == named[1], seen[4] == named[4] else { return false }
                return !excluding || seen[2] == "iam" && seen[3] == "" && seen[5] == "root"
            }
            let path = pieces(named[5], at: "/", .max)
            guard path[0] == "role", path.count > 1, !path.contains("") else { return false }
            let session = "arn:\(named[1]):sts::\(named[4]):assumed-role/\(path.last!)/"
            return scalars(arn).starts(with: scalars(session))
        default: return false
        }
    }

    private func isAccount(_ text: String) -> Bool {
        scalars(text).count == 12 && scalars(text).allSatisfy { ("0"..."9").contains($0) }
    }

    // MARK: Action and resource

    private func actionMatches(_ statement: DocumentNode) -> Bool {
        let asked = scalars(asciiLower(request.action))
        func matches(_ node: DocumentNode) -> Bool {
            node.list.contains { glob(plain(asciiLower($0.text!)), asked) }
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
        let shorthand = scalars("execute-api:/")
        guard scalars(written).starts(with: shorthand) else { return matchesArn(written, request.resource) }
        let asked = pieces(request.resource, at: ":", 6)
        guard asked.count == 6, asked[2] == "execute-api" else { return false }
        let parts = pieces(asked[5], at: "/", 2)
        guard parts.count == 2, api == nil || parts[0] == api else { return false }
        let rest = text(scalars(written).dropFirst(shorthand.count))
        return pattern(rest, wildcards: true).map { glob($0, scalars(parts[1])) } ?? false
    }

    private func matchesArn(_ written: String, _ arn: String) -> Bool {
        var segments = segments(written)
        if segments.count < 6 {
            let holdsWildcard = segments.contains { segment in
                pattern(segment, wildcards: true)!.contains { if case .literal = $0 { false } else { true } }
            }
            guard holdsWildcard else { return false }
            while segments.count < 6 { segments.append("*") }
        }
        let parts = pieces(arn, at: ":", 6)
        guard parts.count == 6 else { return false }
        return zip(segments, parts).allSatisfy { segment, part in
            pattern(segment, wildcards: true).map { glob($0, scalars(part)) } ?? false
        }
    }

    /// Cuts a pattern at its first five colons; one inside `${…}` is none.
    private func segments(_ written: String) -> [String] {
        var segments: [[UnicodeScalar]] = [[]]
        var inVariable = false
        for scalar in scalars(written) {
            if hasVariables, scalar == "{", segments.last!.last == "$" { inVariable = true }
            if scalar == "}" { inVariable = false }
            if scalar == ":", !inVariable, segments.count < 6 {
                segments.append([])
            } else {
                segments[segments.count - 1].append(scalar)
            }
        }
        return segments.map { text($0) }
    }

    // MARK: Conditions

    private func conditionsHold(_ statement: DocumentNode) -> Bool {
        (statement["Condition"]?.members ?? []).allSatisfy { comparison in
            comparison.value.members.allSatisfy { key in
                holds(
                    asciiLower(comparison.key), request.context[asciiLower(key.key)] ?? [],
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
            let literals: [UnicodeScalar] = pattern.map { if case .literal(let scalar) = $0 { scalar } else { "*" } }
            return literals.flatMap(lowercase) == scalars(seen).flatMap(lowercase)
        case "bool": return asciiLower(value) == asciiLower(seen)
        case "ipaddress": return NaiveValues.network(value, holds: seen)
        case "arnequals", "arnlike": return matchesArn(value, seen)
        case "binaryequals": return NaiveValues.base64(value) == Array(seen.utf8) || value == seen
        default: break
        }
        guard
            // The compiler takes times of day for `postern:TimeOfDay`, and for it nothing else.
            let order = name.hasPrefix("numeric")
                ? value.contains(":")
                    ? NaiveValues.orderOfTimes(seen, value) : NaiveValues.orderOfNumbers(seen, value)
                : NaiveValues.orderOfDates(seen, value)
        else { return false }
        if name.hasSuffix("greaterthanequals") { return order >= 0 }
        if name.hasSuffix("greaterthan") { return order > 0 }
        if name.hasSuffix("lessthanequals") { return order <= 0 }
        if name.hasSuffix("lessthan") { return order < 0 }
        return order == 0
    }

    private func lowercase(_ scalar: UnicodeScalar) -> [UnicodeScalar] { scalars(scalar.properties.lowercaseMapping) }

    // MARK: Texts

    private enum Token { case literal(UnicodeScalar), run, one }

    /// A text with its variables filled in; nil if one of them has no value.
    private func pattern(_ written: String, wildcards: Bool) -> [Token]? {
        var tokens: [Token] = []
        var rest = scalars(written)[...]
        while let first = rest.popFirst() {
            if hasVariables, first == "$", rest.first == "{", let end = rest.firstIndex(of: "}") {
                guard let value = variable(text(rest[..<end].dropFirst())) else { return nil }
                tokens += scalars(value).map { .literal($0) }
                rest = rest[(end + 1)...]
                continue
            }
            tokens.append(wildcards && first == "*" ? .run : wildcards && first == "?" ? .one : .literal(first))
        }
        return tokens
    }

    private func variable(_ inner: String) -> String? {
        if ["*", "?", "$"].contains(inner) { return inner }
        let parts = pieces(inner, at: ",", 2)
        let values = request.context[asciiLower(parts[0])] ?? []
        if values.isEmpty { return parts.count == 2 ? text(scalars(parts[1]).dropFirst(2).dropLast()) : nil }
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
}

private func scalars(_ text: String) -> [UnicodeScalar] { Array(text.unicodeScalars) }

private func text(_ scalars: some Sequence<UnicodeScalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
}

/// Cuts into at most so many pieces.
private func pieces(_ whole: String, at separator: UnicodeScalar, _ most: Int) -> [String] {
    scalars(whole).split(separator: separator, maxSplits: most - 1, omittingEmptySubsequences: false).map { text($0) }
}

/// Lower case of `A` to `Z` alone.
func asciiLower(_ written: String) -> String {
    text(scalars(written).map { ("A"..."Z").contains($0) ? UnicodeScalar($0.value + 32)! : $0 })
}
