/// A condition and what explanations say of it.
struct CompiledCondition {
    var condition: Condition
    var note: ConditionNote
    /// Whether its key or one of its variables is a fact of the request.
    var asksRequest: Bool
    var asksTime: Bool

    /// Whether it compares one of the request's two fields with patterns, or its time with dates.
    var isPlain: Bool {
        switch (condition.key, condition.operand) {
        case (.userAgent, .patterns), (.userAgent, .nothing), (.referer, .patterns), (.referer, .nothing): true
        case (.currentTime, _), (.epochTime, .nothing): true
        case (.epochTime, .special): comparesDates
        default: false
        }
    }

    /// Whether its operator is one of dates.
    var comparesDates: Bool { note.operatorName.contains("Date") }
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
                guard let key = readKey(keyMember.key, at: keyMember.keyPosition), let comparison else { continue }
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
        if let known = ConditionOperator(member.key) { return known }
        let names = ConditionOperator.all.map(\.name)
        let qualified = names.filter { $0 != "Null" }
        let all =
            names + qualified.map { "\($0)IfExists" } + qualified.map { "ForAllValues:\($0)" }
            + qualified.map { "ForAnyValue:\($0)" }
        error(at: member.keyPosition, "unknown operator \(quoted(member.key))", hint: didYouMean(member.key, all))
        return nil
    }

    mutating func readKey(_ name: String, at position: SourcePosition) -> ConditionKey? {
        if dialect != .gateway {
            if !name.isEmpty { return .any(name) }
            error(at: position, "a condition key is empty")
            return nil
        }
        if let key = ConditionKey.ofGateway(name) {
            return key
        }
        error(
            at: position, "unknown condition key \(quoted(name))", hint: didYouMean(name, KnownKey.names))
        return nil
    }

    private mutating func readCondition(
        _ comparison: ConditionOperator, _ key: ConditionKey, _ member: DocumentNode.Member
    ) -> CompiledCondition? {
        guard dialect != .gateway || comparison.fits(key) else {
            error(
                at: member.keyPosition, "the operator `\(comparison.name)` does not fit `\(key.rawValue)`",
                hint: "use \(ConditionOperator.fitting(key))")
            return nil
        }
        var condition = Condition(
            key: key.known, quantifier: comparison.quantifier, outcome: comparison.outcome, operand: .nothing,
            keyIndex: index(of: key))
        var templates: [Template] = []
        switch comparison.family {
        case .text: (condition.operand, templates) = readTexts(member, comparison)
        case .arn: (condition.operand, templates) = readArns(member)
        case .number where key.isTimeOfDay: condition.operand = readTimes(member, comparison.order)
        case .number: condition.operand = readNumbers(member, comparison.order)
        case .date: condition.operand = readDates(member, comparison.order)
        case .binary: condition.operand = readBinaries(member)
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
            condition: condition, note: ConditionNote(operatorName: comparison.fullName, position: member.keyPosition),
            asksRequest: key.known.isRequestFact || asksRequest(templates),
            asksTime: key.known.isTime || asksTime(templates))
    }

    private mutating func index(of key: ConditionKey) -> UInt32 {
        if let known = keyIndices[key] { return known }
        tables.keys.append(key)
        keyIndices[key] = UInt32(tables.keys.count - 1)
        return UInt32(tables.keys.count - 1)
    }
}

// MARK: - Values

extension PolicyCompiler {
    /// Plain texts become patterns; a list with variables, or compared without regard to case, templates.
    private mutating func readTexts(
        _ member: DocumentNode.Member, _ comparison: ConditionOperator
    ) -> (Condition.Operand, [Template]) {
        let values = values(member)
        let hasVariables = version == .v2012 && values.contains { PolicyCompiler.holdsVariable($0.text) }
        guard hasVariables || comparison.ignoresCase else {
            let patterns = values.map { value in
                _ = findsVariables(value.text, value.node)
                return comparison.hasWildcards
                    ? PatternText(wildcards: value.text.utf8) : PatternText(exactly: value.text.utf8)
            }
            return (.patterns(tables.patterns.add(patterns)), [])
        }
        var templates: [Template] = []
        for (text, node) in values {
            if let template = readTemplate(text, node, wildcards: comparison.hasWildcards) {
                templates.append(template)
            }
        }
        return (special(.texts(templates, ignoringCase: comparison.ignoresCase)), templates)
    }

    private mutating func readArns(_ member: DocumentNode.Member) -> (Condition.Operand, [Template]) {
        var arns: [[Template]] = []
        for (text, node) in values(member) {
            guard let template = readTemplate(text, node, wildcards: true) else { continue }
            var segments = template.segments()
            let hasWildcard = template.tokens.contains { $0 == Template.anyRun || $0 == Template.anyCharacter }
            if segments.count < 6, !hasWildcard {
                error(at: node, "\(quoted(text)) is not an ARN", hint: "expected six segments, `arn:aws:…`")
                continue
            }
            while segments.count < 6 { segments.append(Template(tokens: [Template.anyRun])) }
            if checkVariablePlaces(segments, text, node) { arns.append(segments) }
        }
        return (special(.arns(arns)), arns.flatMap { $0 })
    }

    private mutating func readNumbers(_ member: DocumentNode.Member, _ order: Comparison) -> Condition.Operand {
        var numbers: [[UInt8]] = []
        for (text, node) in values(member) {
            let bytes = Array(text.utf8)
            if bytes.withUnsafeBytes({ DecimalText($0) == nil }) {
                error(at: node, "\(quoted(text)) is not a number", hint: "expected `10`, `0.5` or the like")
            } else {
                numbers.append(bytes)
            }
        }
        return special(.numbers(numbers, order))
    }

    private mutating func readTimes(_ member: DocumentNode.Member, _ order: Comparison) -> Condition.Operand {
        var times: [TimeOfDay] = []
        for (text, node) in values(member) {
            if let time = TimeOfDay(text) {
                times.append(time)
            } else {
                error(
                    at: node, "\(quoted(text)) is not a time of day",
                    hint: "expected `09:00`, `17:30` or the like, in UTC")
            }
        }
        return special(.timesOfDay(times, order))
    }

    private mutating func readDates(_ member: DocumentNode.Member, _ order: Comparison) -> Condition.Operand {
        var dates: [PolicyTime] = []
        for (text, node) in values(member) {
            if let date = PolicyTime(text) {
                dates.append(date)
            } else {
                error(
                    at: node, "\(quoted(text)) is not a date",
                    hint: "expected `2026-11-22T10:00:00Z`, `2026-11-22`, or seconds since 1970")
            }
        }
        return special(.dates(dates, order))
    }

    private mutating func readBinaries(_ member: DocumentNode.Member) -> Condition.Operand {
        var binaries: [(bytes: [UInt8], text: [UInt8])] = []
        for (text, node) in values(member) {
            if let bytes = Base64Text.decode(text.utf8) {
                binaries.append((bytes, Array(text.utf8)))
            } else {
                error(at: node, "\(quoted(text)) is not base64", hint: "expected RFC 4648 with its padding")
            }
        }
        return special(.binaries(binaries))
    }

    private mutating func special(_ operand: SpecialOperand) -> Condition.Operand {
        tables.operands.append(operand)
        return .special(tables.operands.count - 1)
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
