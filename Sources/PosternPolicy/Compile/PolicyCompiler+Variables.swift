extension PolicyCompiler {
    /// Reads a text that may hold variables: `${key}`, `${key, 'default'}`, and `${*}`, `${?}`, `${$}` for the characters.
    ///
    /// - Returns: nil if it was refused.
    mutating func readTemplate(_ text: String, _ node: DocumentNode, wildcards: Bool) -> Template? {
        var template = Template()
        let bytes = Array(text.utf8)
        let hasVariables = findsVariables(text, node)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if hasVariables, byte == UInt8(ascii: "$"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "{") {
                guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "}")) else {
                    error(at: node, "the variable in \(quoted(text)) has no end", hint: "write `${$}` for a `$`")
                    return nil
                }
                let written = String(decoding: bytes[(index + 2)..<end], as: UTF8.self)
                guard let token = readVariable(written, node) else { return nil }
                template.tokens.append(token)
                index = end + 1
                continue
            }
            index += 1
            switch byte {
            case UInt8(ascii: "*") where wildcards: template.tokens.append(Template.anyRun)
            case UInt8(ascii: "?") where wildcards: template.tokens.append(Template.anyCharacter)
            default: template.tokens.append(UInt16(byte))
            }
        }
        return template
    }

    /// Whether the text holds `${` in the version that gives it a meaning; a warning in the other.
    mutating func findsVariables(_ text: String, _ node: DocumentNode) -> Bool {
        guard PolicyCompiler.holdsVariable(text) else { return false }
        if version == .v2012 { return true }
        warning(
            at: node, "`${` in \(quoted(text)) is plain text in version `2008-10-17`",
            hint: "variables need `\"Version\": \"2012-10-17\"`")
        return false
    }

    static func holdsVariable(_ text: String) -> Bool {
        var previous: UInt8 = 0
        return text.utf8.contains { byte in
            defer { previous = byte }
            return previous == UInt8(ascii: "$") && byte == UInt8(ascii: "{")
        }
    }

    private mutating func readVariable(_ written: String, _ node: DocumentNode) -> UInt16? {
        if written == "*" || written == "?" || written == "$" { return UInt16(written.utf8.first!) }
        var name = written
        var whenAbsent: [UInt8]?
        if let comma = written.utf8.firstIndex(of: UInt8(ascii: ",")) {
            name = String(written[..<comma])
            guard let value = PolicyCompiler.quotedDefault(String(written[comma...])) else {
                error(
                    at: node, "the default in `${\(written)}` is not written as one",
                    hint: "expected `${key, 'default'}`")
                return nil
            }
            whenAbsent = Array(value.utf8)
        }
        guard !name.isEmpty, !name.contains(where: { $0 == "$" || $0 == "{" || $0 == "'" }) else {
            error(at: node, "\(quoted("${\(written)}")) names no key", hint: "expected `${key}` or `${key, 'default'}`")
            return nil
        }
        guard let key = readKey(name, at: node.position) else { return nil }
        if key.known.holdsSeveralValues {
            error(
                at: node, "the variable \(quoted("${\(written)}")) may have several values",
                hint: "use a key of one value")
            return nil
        }
        let variable = PolicyVariable(key: key, whenAbsent: whenAbsent)
        if let known = variableTokens[variable] { return known }
        let token = Int(Template.firstVariable) + tables.variables.count
        guard token <= Int(UInt16.max) else {
            error(at: node, "the policy has more variables than are held")
            return nil
        }
        tables.variables.append(variable)
        variableTokens[variable] = UInt16(token)
        return UInt16(token)
    }

    /// `, 'text'`: a comma, one space, single quotes.
    private static func quotedDefault(_ text: String) -> String? {
        guard text.utf8.count >= 4, text.hasPrefix(", '"), text.hasSuffix("'") else { return nil }
        let inner = text.dropFirst(3).dropLast()
        return inner.contains("'") ? nil : String(inner)
    }

    /// Whether one of the variables asks what only a request has.
    func asksRequest(_ templates: [Template]) -> Bool {
        variables(templates).contains { $0.key.known.isRequestFact }
    }

    func asksTime(_ templates: [Template]) -> Bool { variables(templates).contains { $0.key.known.isTime } }

    private func variables(_ templates: [Template]) -> [PolicyVariable] {
        templates.flatMap { template in
            template.tokens.filter { $0 >= Template.firstVariable }
                .map { tables.variables[Int($0 - Template.firstVariable)] }
        }
    }
}
