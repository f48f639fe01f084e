/// A condition and what explanations say of it.
struct CompiledCondition {
    var condition: Condition
    var note: ConditionNote
}

extension PolicyCompiler {
    /// Reads `{operator: {key: value or values}}`; all of them must hold.
    mutating func readConditions(_ node: DocumentNode) -> [CompiledCondition] {
        guard case .object(let members) = node.value else {
            error(at: node, "`Condition` must be a mapping of operators, found \(node.kindName)")
            return []
        }
        refuseRepeats(members, what: "operator")
        var conditions: [CompiledCondition] = []
        for member in members {
            let comparison = readOperator(member)
            guard case .object(let keys) = member.value.value else {
                error(
                    at: member.value, "\(quoted(member.key)) must be a mapping of keys, found \(member.value.kindName)")
                continue
            }
            if keys.isEmpty { error(at: member.value, "\(quoted(member.key)) names no key") }
            refuseRepeats(keys, what: "key")
            for keyMember in keys {
                guard let key = readKey(keyMember), let comparison else { continue }
                if let condition = readCondition(comparison, key, keyMember) { conditions.append(condition) }
            }
        }
        return conditions
    }

    /// Names that differ in case only are one name.
    private mutating func refuseRepeats(_ members: [DocumentNode.Member], what: String) {
        var seen: [String: DocumentNode.Member] = [:]
        for member in members {
            guard let first = seen.updateValue(member, forKey: asciiLowercased(member.key)) else { continue }
            let place = first.keyPosition
            error(
                at: member.keyPosition, "the \(what) \(quoted(member.key)) stands twice",
                hint: "first, as \(quoted(first.key)), at \(place.file):\(place.line):\(place.column)")
        }
    }

    private mutating func readOperator(_ member: DocumentNode.Member) -> ConditionOperator? {
        if let known = ConditionOperator.byLowercasedName[asciiLowercased(member.key)] { return known }
        if ConditionOperator.isKnownButUnsupported(member.key) {
            error(at: member.keyPosition, "the operator \(quoted(member.key)) is not supported yet")
        } else {
            let names = ConditionOperator.all.map(\.name) + ConditionOperator.unsupportedNames
            error(
                at: member.keyPosition, "unknown operator \(quoted(member.key))", hint: didYouMean(member.key, names))
        }
        return nil
    }

    private mutating func readKey(_ member: DocumentNode.Member) -> ConditionKey? {
        let name = asciiLowercased(member.key)
        if let known = ConditionKey.byLowercasedName[name] { return known }
        let isInLanguage =
            ConditionKey.unsupportedNames.contains { asciiLowercased($0) == name }
            || ConditionKey.unsupportedPrefixes.contains { name.utf8.starts(with: asciiLowercased($0).utf8) }
        if isInLanguage {
            error(at: member.keyPosition, "the condition key \(quoted(member.key)) is not supported yet")
        } else {
            let names = ConditionKey.allCases.map(\.rawValue) + ConditionKey.unsupportedNames
            error(
                at: member.keyPosition, "unknown condition key \(quoted(member.key))",
                hint: didYouMean(member.key, names))
        }
        return nil
    }

    private mutating func readCondition(
        _ comparison: ConditionOperator, _ key: ConditionKey, _ member: DocumentNode.Member
    ) -> CompiledCondition? {
        guard comparison.fits(key) else {
            error(
                at: member.keyPosition, "the operator `\(comparison.name)` does not fit `\(key.rawValue)`",
                hint: "use \(ConditionOperator.fitting(key))")
            return nil
        }
        var condition = Condition(key: key, outcome: comparison.isNegated ? .negated : .positive, operand: .nothing)
        switch comparison.family {
        case .text: condition.operand = readTexts(member, wildcards: comparison.hasWildcards)
        case .address: condition.operand = readAddresses(member)
        case .flag:
            let flags = readFlags(member)
            condition.operand = .flag(matchesTrue: flags.contains(true), matchesFalse: flags.contains(false))
        case .presence:
            let flags = readFlags(member)
            let present = flags.contains(false)
            condition.outcome = .init(absent: flags.contains(true), matched: present, unmatched: present)
        }
        return CompiledCondition(
            condition: condition, note: ConditionNote(operatorName: comparison.name, position: member.keyPosition))
    }
}

// MARK: - Values

extension PolicyCompiler {
    private mutating func readTexts(_ member: DocumentNode.Member, wildcards: Bool) -> Condition.Operand {
        var patterns: [PatternText] = []
        for (text, node) in values(member) where checkVariables(in: text, node) {
            patterns.append(wildcards ? PatternText(wildcards: text.utf8) : PatternText(exactly: text.utf8))
        }
        return .patterns(tables.patterns.add(patterns))
    }

    private mutating func readAddresses(_ member: DocumentNode.Member) -> Condition.Operand {
        var networks: [CIDR] = []
        for (text, node) in values(member) {
            do throws(CIDRError) {
                networks.append(try CIDR(text))
            } catch {
                self.error(at: node, error.message, hint: error.hint)
            }
        }
        tables.addressSets.append(CIDRSet(networks))
        return .addresses(tables.addressSets.count - 1)
    }

    /// `true` and `false`, quoted or not, in any case.
    private mutating func readFlags(_ member: DocumentNode.Member) -> Set<Bool> {
        var flags: Set<Bool> = []
        for (text, node) in values(member) {
            switch asciiLowercased(text) {
            case "true": flags.insert(true)
            case "false": flags.insert(false)
            default: error(at: node, "\(quoted(text)) is not a truth value", hint: "expected `true` or `false`")
            }
        }
        return flags
    }

    /// The listed values; numbers and booleans stand for their text.
    private mutating func values(_ member: DocumentNode.Member) -> [(text: String, node: DocumentNode)] {
        var values: [(text: String, node: DocumentNode)] = []
        for node in list(member.value, of: member.key) {
            switch node.value {
            case .string(let text), .number(let text): values.append((text, node))
            case .bool(let flag): values.append((flag ? "true" : "false", node))
            default: error(at: node, "a value of \(quoted(member.key)) must be text, found \(node.kindName)")
            }
        }
        return values
    }
}
