/// One part of a statement that asks about one fact.
struct Predicate {
    enum Test {
        /// Whether a text matches one of these.
        case patterns([TextPattern])
        /// Whether an address lies in one of these.
        case addresses(CIDRSet)
        /// What the engine says of this condition.
        case condition(CompiledPolicy, Int)
        /// Whether the caller is one of these.
        case principals([PrincipalName], isExcluding: Bool)
        /// Tried both ways.
        case given
    }

    var test: Test
    var outcome = Condition.Outcome.positive
    var quantifier = ConditionOperator.Quantifier.single
}

/// Statements in the parts whose conjunction they are. A statement applies if one of its clauses does: it has several if
/// its principals are of several kinds, or if some of its resources hold variables.
struct Clause {
    struct Part {
        var fact: Fact
        var predicate: Predicate
    }

    /// Index of the statement.
    var statement: Int
    var isDeny: Bool
    var parts: [Part]
}

extension CompiledPolicy {
    /// The clauses of the statements that are enforced and can apply.
    var clauses: [Clause] {
        withView { view in
            tables.statements.indices.filter { !tables.statements[$0].isShadow }.flatMap { clauses($0, view) }
        }
    }

    /// The clauses of one statement, shadow mode or not.
    func clauses(_ index: Int, _ view: PolicyView) -> [Clause] {
        let program = tables.statements[index]
        guard program.canApply else { return [] }
        let start = Int(program.conditions)
        let conditions = (start..<start + Int(program.connectionConditions + program.requestConditions))
            .map { part(condition: $0, view) }
        let principals = program.principals.map { alternatives(tables.principals[Int($0)]) } ?? [[]]
        return principals.flatMap { principal in
            resources(program, view).map { resource in
                Clause(statement: index, isDeny: program.isDeny, parts: principal + conditions + resource)
            }
        }
    }

    // MARK: Principals

    /// Each alternative is a list of parts that must all hold.
    private func alternatives(_ set: PrincipalSet) -> [[Clause.Part]] {
        if set.names.contains(.everyone) { return set.isExcluding ? [] : [[]] }
        var spiffe: [TextPattern] = []
        var users: [TextPattern] = []
        var others: [PrincipalName] = []
        for name in set.names {
            switch name {
            case .spiffe(let pattern): spiffe.append(TextPattern(tokens: pattern.tokens))
            case .unixUser(let user):
                users.append(
                    user.map { .glob($0.unicodeScalars.map { .literal($0) }) } ?? .glob([.anyRun(exceptColon: false)]))
            default: others.append(name)
            }
        }
        let outcome: Condition.Outcome = set.isExcluding ? .negated : .positive
        var parts: [Clause.Part] = []
        if !others.isEmpty {
            let test = Predicate.Test.principals(others, isExcluding: set.isExcluding)
            parts.append(Clause.Part(fact: .principal, predicate: Predicate(test: test, outcome: outcome)))
        }
        for (fact, patterns) in [(Fact.spiffeID, spiffe), (Fact.unixUser, users)] where !patterns.isEmpty {
            parts.append(Clause.Part(fact: fact, predicate: Predicate(test: .patterns(patterns), outcome: outcome)))
        }
        return set.isExcluding ? [parts] : parts.map { [$0] }
    }

    // MARK: Resources

    private func resources(_ program: StatementProgram, _ view: PolicyView) -> [[Clause.Part]] {
        if program.coversAllResources { return [[]] }
        let outcome: Condition.Outcome = program.excludesResources ? .negated : .positive
        let plain =
            program.resources.count == 0
            ? []
            : [
                Clause.Part(
                    fact: .resource,
                    predicate: Predicate(test: .patterns(patterns(program.resources)), outcome: outcome))
            ]
        let unresolved = program.templates.map { index in
            Clause.Part(
                fact: .unresolved("the resource matches `\(text(tables.templates[Int(index)]))`"),
                predicate: Predicate(test: .given, outcome: outcome))
        }
        return program.excludesResources ? [plain + unresolved] : (plain + unresolved).map { [$0] }
    }

    func patterns(_ range: PatternRange) -> [TextPattern] {
        (range.start..<range.start + range.count).map { index in
            let pattern = tables.patterns.patterns[Int(index)]
            return TextPattern(
                tokens: tables.patterns.bytes[Int(pattern.offset)..<Int(pattern.offset + pattern.length)])
        }
    }

    // MARK: Conditions

    func part(condition index: Int, _ view: PolicyView) -> Clause.Part {
        let condition = tables.conditions[index]
        let fact = Fact(tables.keys[Int(condition.keyIndex)])
        var predicate = Predicate(
            test: .condition(self, index), outcome: condition.outcome, quantifier: condition.quantifier)
        guard let test = test(condition, index, fact) else {
            predicate.test = .given
            predicate.outcome = .positive
            return Clause.Part(fact: .unresolved(unresolvedName(index)), predicate: predicate)
        }
        predicate.test = test
        return Clause.Part(fact: fact, predicate: predicate)
    }

    /// nil if no single fact decides it.
    private func test(_ condition: Condition, _ index: Int, _ fact: Fact) -> Predicate.Test? {
        let isNumber = fact.known == .unixUID || fact.known == .unixGID
        switch condition.operand {
        case .nothing: return condition.key.kind.isText ? .patterns([]) : .condition(self, index)
        case .addresses(let set): return .addresses(tables.addressSets[set])
        case .flag: return .condition(self, index)
        case .patterns(let range):
            let patterns = patterns(range)
            if fact.isOfDay { return .condition(self, index) }
            if !isNumber { return .patterns(patterns) }
            return patterns.allSatisfy { $0.literal != nil } ? .condition(self, index) : nil
        case .special(let special):
            switch tables.operands[special] {
            case .texts(let templates, let ignoringCase):
                guard !templates.contains(where: \.hasVariables) else { return nil }
                if fact.isOfDay { return .condition(self, index) }
                if isNumber { return ignoringCase ? .condition(self, index) : nil }
                var patterns: [TextPattern] = []
                for template in templates {
                    guard
                        let pattern = ignoringCase
                            ? TextPattern(caseless: template) : TextPattern(template: template.tokens)
                    else { return nil }
                    patterns.append(pattern)
                }
                return .patterns(patterns)
            case .arns(let arns):
                guard !arns.contains(where: { $0.contains(where: \.hasVariables) }) else { return nil }
                return .patterns(arns.map { TextPattern(arn: $0) })
            case .numbers, .dates, .timesOfDay: return .condition(self, index)
            case .binaries: return nil
            }
        }
    }

    private func unresolvedName(_ index: Int) -> String {
        let condition = tables.conditions[index]
        let key = tables.keys[Int(condition.keyIndex)].rawValue
        let values: [String] =
            switch condition.operand {
            case .special(let special):
                switch tables.operands[special] {
                case .texts(let templates, _): templates.map(text)
                case .arns(let arns): arns.map { $0.map(text).joined(separator: ":") }
                default: []
                }
            case .patterns(let range): patterns(range).map(\.text)
            default: []
            }
        return "`\(tables.conditionNotes[index].operatorName) \(key) \(values.joined(separator: ", "))` holds"
    }

    private func text(_ template: Template) -> String {
        var bytes: [UInt8] = []
        for token in template.tokens {
            switch token {
            case Template.anyRun: bytes.append(UInt8(ascii: "*"))
            case Template.anyCharacter: bytes.append(UInt8(ascii: "?"))
            case Template.firstVariable...:
                let variable = tables.variables[Int(token - Template.firstVariable)]
                let whenAbsent = variable.whenAbsent.map { ", '\(String(decoding: $0, as: UTF8.self))'" } ?? ""
                bytes += "${\(variable.key.rawValue)\(whenAbsent)}".utf8
            default: bytes.append(UInt8(truncatingIfNeeded: token))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension KnownKey.Kind {
    var isText: Bool { self == .text || self == .arn }
}
