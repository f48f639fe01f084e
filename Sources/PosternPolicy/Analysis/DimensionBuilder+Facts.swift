extension DimensionBuilder {
    /// Fills in all values of the fact, but for resources.
    mutating func fill() throws(AnalysisLimit) {
        switch fact {
        case .unresolved:
            for flag in [true, false] {
                try add(Atom(value: .given(flag)), .matched(flag ? Array(predicates.indices) : []))
            }
        case .secureTransport:
            try addEvaluated([
                Atom(value: .flag(true), label: "TLS"), Atom(value: .flag(false), label: "no TLS"),
            ])
        case .principal: try addPrincipals()
        case .address: try AddressSweep.fill(&self)
        case .time: try addEvaluated(times().map { Atom(value: $0) })
        case .resource: break
        case .key: try addKey()
        }
    }

    private mutating func addKey() throws(AnalysisLimit) {
        if !fact.isAlwaysThere { try add(Atom(value: .absent, label: "none"), .absent) }
        switch fact.known {
        case .unixUID, .unixGID: try addEvaluated(numbers())
        case .timeOfDay: try addEvaluated(minutes())
        case .dayOfWeek:
            try addEvaluated(PolicyTime.daysOfWeek.map { Atom(value: .text($0), label: $0) })
        case .certificateNotAfter: try addEvaluated(times().map { Atom(value: $0) })
        case .tokenIssueTime: try addLists(evaluated(dateTexts()))
        case .multiFactorAuthAge: try addLists(evaluated(decimalTexts()))
        case .multiFactorAuthPresent: try addLists(evaluated(["true", "false", "x"]))
        default:
            let texts = try texts()
            if fact.holdsList { return try addLists(texts.map { ($0, results($1)) }) }
            for (atom, matched) in texts { try add(atom, .matched(matched)) }
        }
    }

    // MARK: Texts

    /// The patterns of all predicates, each once, and the predicates that have it.
    var distinctPatterns: (patterns: [TextPattern], users: [[Int]]) {
        var numbers: [TextPattern: Int] = [:]
        var patterns: [TextPattern] = []
        var users: [[Int]] = []
        for (number, predicate) in predicates.enumerated() {
            guard case .patterns(let alternatives) = predicate.test else { continue }
            for pattern in Set(alternatives) {
                if let known = numbers[pattern] {
                    users[known].append(number)
                } else {
                    numbers[pattern] = patterns.count
                    patterns.append(pattern)
                    users.append([number])
                }
            }
        }
        return (patterns, users)
    }

    private func texts() throws(AnalysisLimit) -> [(Atom, [Int])] {
        let (patterns, users) = distinctPatterns
        let classes = try TextPartition.classes(of: patterns, in: AnyText())
        return classes.map { found in
            let matched = Set(found.accepted.flatMap { users[$0] }).sorted()
            return (DimensionBuilder.atom(found, found.accepted.map { patterns[$0] }), matched)
        }
    }

    private static func atom(_ found: TextPartition.Class, _ patterns: [TextPattern]) -> Atom {
        if patterns.contains(where: { $0.literal != nil }) {
            return Atom(value: .text(found.witness), label: found.witness)
        }
        guard let closest = patterns.max(by: { $0.text.utf8.count < $1.text.utf8.count }) else {
            return Atom(value: .text(found.witness), label: "any other", isRest: true)
        }
        return Atom(value: .text(found.witness), label: "\(closest.text) (such as \(found.witness))")
    }

    private func results(_ matched: [Int]) -> [Bool] {
        var results = predicates.map(\.outcome.unmatched)
        for number in matched { results[number] = predicates[number].outcome.matched }
        return results
    }

    // MARK: Values that the engine is asked about

    private mutating func addEvaluated(_ atoms: [Atom]) throws(AnalysisLimit) {
        for atom in atoms { try add(atom, .each(evaluate(atom))) }
    }

    private func evaluated(_ texts: [String]) -> [(Atom, [Bool])] {
        texts.map { text in
            let atom = Atom(value: .text(text), label: text)
            return (atom, evaluate(atom))
        }
    }

    private func evaluate(_ atom: Atom) -> [Bool] {
        var representative = Representative()
        representative.set(fact, atom)
        return predicates.map { predicate in
            switch predicate.test {
            case .condition(let policy, let index): representative.holds(policy, condition: index)
            case .patterns, .addresses, .principals, .given: predicate.outcome.unmatched
            }
        }
    }

    // MARK: Lists

    /// Lists of one value, then what longer lists come to: all of their values together, or some of them.
    private mutating func addLists(_ values: [(Atom, [Bool])]) throws(AnalysisLimit) {
        struct Sum: Hashable {
            var all: [Bool]
            var any: [Bool]
        }
        for (atom, results) in values {
            try add(atom, .each(results))
        }
        let quantified = predicates.indices.filter { predicates[$0].quantifier != .single }
        let ones = values.map { _, results in
            Sum(all: quantified.map { results[$0] }, any: quantified.map { results[$0] })
        }
        var known: [Sum: [Int]] = [:]
        var pending = ones.indices.map { (ones[$0], [$0]) }
        while let (sum, members) = pending.popLast() {
            for (number, one) in ones.enumerated() {
                let joined = Sum(
                    all: zip(sum.all, one.all).map { $0 && $1 }, any: zip(sum.any, one.any).map { $0 || $1 })
                guard known[joined] == nil else { continue }
                guard known.count < AnalysisLimit.lists else {
                    throw AnalysisLimit("lists of values of \(fact.title)", AnalysisLimit.lists)
                }
                known[joined] = members + [number]
                pending.append((joined, members + [number]))
            }
        }
        for (sum, members) in known.sorted(by: { $0.value.lexicographicallyPrecedes($1.value) }) {
            var results = predicates.indices.map { isPresenceOnly($0) && values[members[0]].1[$0] }
            for (place, number) in quantified.enumerated() {
                results[number] = predicates[number].quantifier == .forAll ? sum.all[place] : sum.any[place]
            }
            let texts = members.compactMap { if case .text(let text) = values[$0].0.value { text } else { nil } }
            let label = members.map { values[$0].0.label }.joined(separator: " and ")
            try add(Atom(value: .texts(texts), label: "\(label) together", isRest: true), .each(results))
        }
    }

    /// `Null` does not mind how many values there are.
    private func isPresenceOnly(_ number: Int) -> Bool {
        switch predicates[number].test {
        case .patterns(let patterns): patterns.isEmpty
        case .condition(let policy, let index):
            if case .nothing = policy.tables.conditions[index].operand { true } else { false }
        default: false
        }
    }

    // MARK: Principals

    private mutating func addPrincipals() throws(AnalysisLimit) {
        try add(Atom(value: .absent, label: "anonymous"), .absent)
        var callers: [CallerIdentity] = []
        var accounts: Set<String> = []
        var partitions: Set<String> = ["aws"]
        for predicate in predicates {
            guard case .principals(let names, _) = predicate.test else { continue }
            for name in names {
                switch name {
                case .account(let account, let partition):
                    accounts.insert(account)
                    if let partition { partitions.insert(partition) }
                case .arn(let arn): callers.append(.aws(arn: arn))
                case .role(let arn, let partition, let account, let role):
                    callers.append(.aws(arn: arn))
                    callers.append(.aws(arn: "arn:\(partition):sts::\(account):assumed-role/\(role)/…"))
                case .service(let name?): callers.append(.service(name))
                case .federated(let name?): callers.append(.federated(name))
                case .canonicalUser(let name?): callers.append(.canonicalUser(name))
                default: break
                }
            }
        }
        for case .aws(let arn) in callers {
            let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            if parts.count == 6 { accounts.insert(String(parts[4])) }
        }
        for account in accounts.sorted() {
            callers.append(.aws(arn: account))
            for partition in partitions.sorted() + ["aws-…"] {
                callers.append(.aws(arn: "arn:\(partition):iam::\(account):root"))
                callers.append(.aws(arn: "arn:\(partition):iam::\(account):user/…"))
            }
        }
        callers += [.aws(arn: "arn:aws:iam::…:user/…"), .service("…"), .federated("…"), .canonicalUser("…")]
        var seen: Set<CallerIdentity> = []
        for caller in callers where seen.insert(caller).inserted {
            let matched = predicates.indices.filter { number in
                guard case .principals(let names, let isExcluding) = predicates[number].test else { return false }
                return names.contains { $0.names(caller, isExcluding: isExcluding) }
            }
            try add(Atom(value: .principal(caller), label: caller.title), .matched(matched))
        }
    }
}

extension CallerIdentity {
    fileprivate var title: String {
        switch self {
        case .aws("arn:aws:iam::…:user/…"): "any other of AWS"
        case .aws(let arn): arn
        case .service("…"): "any other service"
        case .service(let name): "service \(name)"
        case .federated("…"): "any other federated"
        case .federated(let name): "federated \(name)"
        case .canonicalUser("…"): "any other canonical user"
        case .canonicalUser(let name): "canonical user \(name)"
        case .spiffe(let id): id
        case .unixUser(let name): name
        }
    }
}
