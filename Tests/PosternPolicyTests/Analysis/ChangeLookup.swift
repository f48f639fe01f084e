@testable import PosternPolicy

/// Finds concrete requests in the diagram of a comparison: by what the clauses say of each of the request's facts, which
/// is worked out here from the request, not from the partition's own values.
struct ChangeLookup {
    let search: AccessSearch
    let root: Int
    /// Of each clause.
    let sides: [AccessSearch.Side]

    init(old: AnalysedPolicy, new: AnalysedPolicy, routes: AnalysedRoutes? = nil) throws {
        let oldClauses = old.policy.compiled.clauses
        let newClauses = new.policy.compiled.clauses
        sides = oldClauses.map { _ in .old } + newClauses.map { _ in .new }
        let partition = try PolicyPartition(oldClauses + newClauses, scope: testScope, routes: routes)
        var search = AccessSearch(partition, sides: sides)
        root = try search.run()
        self.search = search
    }

    enum Found: Equatable {
        /// The request's facts never meet in this gateway.
        case impossible
        /// A fact has a value that is in no class.
        case missing(String)
        /// What may become of it; several with variables.
        case outcomes(Set<Change>)
    }

    enum Change { case none, allowed, denied }

    func find(_ question: GatewayQuestion) -> Found {
        var ties: Ties = []
        var classes: [[Int]] = []
        for dimension in search.partition.dimensions {
            if case .unresolved = dimension.fact {
                classes.append(Array(dimension.classes.indices))
                continue
            }
            let (clauses, isAbsent) = holding(dimension, question)
            var own = Ties(dimension.fact, isAbsent: isAbsent)
            if dimension.fact == .secureTransport, !question.facts.secureTransport { own = .noCertificate }
            ties.formUnion(own)
            guard let number = dimension.classes.firstIndex(where: { $0.clauses == clauses && $0.ties == own }) else {
                return .missing("\(dimension.fact)")
            }
            classes.append([number])
        }
        guard ties.isPossible else { return .impossible }
        return .outcomes(walk(root, classes))
    }

    private func walk(_ node: Int, _ classes: [[Int]]) -> Set<Change> {
        switch search.nodes[node] {
        case .leaf(.same): return [.none]
        case .leaf(.allowed): return [.allowed]
        case .leaf(.denied): return [.denied]
        case .branches(let dimension, let branches):
            return Set(
                classes[dimension].flatMap { number in
                    branches.first { $0.classes.contains(number) }.map { walk($0.node, classes) } ?? [.none]
                })
        }
    }

    /// The clauses whose parts about a fact hold for the request, and whether the fact is absent.
    private func holding(_ dimension: Dimension, _ question: GatewayQuestion) -> (BitSet, Bool) {
        let clauses = search.partition.clauses
        var holding = BitSet(count: clauses.count, full: true)
        for (number, clause) in clauses.enumerated() {
            for part in clause.parts where part.fact == dimension.fact && !holds(part, question) {
                holding[number] = false
            }
        }
        return (holding, isAbsent(dimension.fact, question))
    }

    private func isAbsent(_ fact: Fact, _ question: GatewayQuestion) -> Bool {
        if fact.isAlwaysThere { return false }
        return switch fact {
        case .principal: question.facts.principal == nil
        case .address: question.facts.sourceIP == nil
        case .key: texts(fact, question).isEmpty
        default: false
        }
    }

    private func texts(_ fact: Fact, _ question: GatewayQuestion) -> [String] {
        guard case .key(let name) = fact else { return [] }
        let text: String? =
            switch fact.known {
            case .userAgent: question.request.userAgent.map { String(decoding: $0, as: UTF8.self) }
            case .referer: question.request.referer.map { String(decoding: $0, as: UTF8.self) }
            case .sourceVPC: question.facts.sourceVpc
            case .sourceVPCE: question.facts.sourceVpce
            case .unixUID: question.facts.unix?.uid?.description
            case .unixGID: question.facts.unix?.gid?.description
            case .unixUser: question.facts.unix?.user
            case .unixGroup: question.facts.unix?.group
            case .systemdUnit: question.facts.unix?.unit
            case .localInterface: question.facts.localInterface
            case .certificateSPIFFEID: question.facts.certificate?.spiffeID
            default: nil
            }
        return text.map { [$0] } ?? question.facts.principalKeys[name] ?? []
    }

    private func holds(_ part: Clause.Part, _ question: GatewayQuestion) -> Bool {
        let predicate = part.predicate
        if isAbsent(part.fact, question) { return predicate.outcome.absent }
        func said(_ matched: Bool) -> Bool { matched ? predicate.outcome.matched : predicate.outcome.unmatched }
        switch predicate.test {
        case .given: return true
        case .addresses(let networks): return said(networks.contains(question.facts.sourceIP!))
        case .principals(let names, let isExcluding):
            return said(names.contains { $0.names(question.facts.principal!, isExcluding: isExcluding) })
        case .condition(let policy, let index):
            return question.request.withFacts { request in
                question.facts.withView { view in
                    policy.withView {
                        $0.holds($0.conditions[index], RequestSource(connection: view, request: request))
                    }
                }
            }
        case .patterns(let patterns):
            let texts = part.fact == .resource ? [question.request.resource] : texts(part.fact, question)
            if patterns.isEmpty { return predicate.outcome.unmatched }
            let results = texts.map { text in said(patterns.contains { matches($0, Array(text.unicodeScalars)) }) }
            switch predicate.quantifier {
            case .single: return results.count == 1 && results[0]
            case .forAll: return results.allSatisfy { $0 }
            case .forAny: return results.contains(true)
            }
        }
    }

    /// By trying all there is to try.
    private func matches(_ pattern: TextPattern, _ text: [Unicode.Scalar]) -> Bool {
        switch pattern {
        case .caseless(let wanted):
            return text.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) } == wanted
        case .glob(let tokens):
            var row = [true] + text.map { _ in false }
            for token in tokens {
                var next = [false]
                if case .anyRun = token { next = [row[0]] }
                for index in text.indices {
                    switch token {
                    case .anyRun(let exceptColon):
                        next.append(row[index + 1] || next[index] && !(exceptColon && text[index] == ":"))
                    case .anyCharacter(let exceptColon):
                        next.append(row[index] && !(exceptColon && text[index] == ":"))
                    case .literal(let scalar): next.append(row[index] && scalar == text[index])
                    }
                }
                row = next
            }
            return row[text.count]
        }
    }
}
