/// All values of one fact, in the classes that the clauses tell apart.
struct Dimension {
    struct Class {
        var atoms: [Atom]
        /// The clauses whose parts about this fact hold.
        var clauses: BitSet
        var ties: Ties
    }

    var fact: Fact
    var classes: [Class]
    /// The clauses that ask about it.
    var asking: BitSet
}

/// What predicates say of one atom.
enum Verdicts {
    case absent
    /// These match, by number in ascending order; the others do not.
    case matched([Int])
    /// Said for each.
    case each([Bool])
}

/// Gathers atoms into classes by the clauses that hold for them.
struct DimensionBuilder {
    private struct ClassKey: Hashable {
        var clauses: BitSet
        var ties: Ties
    }

    let fact: Fact
    let predicates: [Predicate]
    /// The clause of each predicate.
    let owners: [Int]
    private let clauseCount: Int
    /// Of each clause, how many of its predicates fail where nothing matches; of an absent fact the clauses that hold.
    private var failures: [Int: Int] = [:]
    private var unmatched: BitSet
    private var absent: BitSet
    private var classNumbers: [ClassKey: Int] = [:]
    private var classes: [Dimension.Class] = []

    init(_ fact: Fact, _ parts: [(clause: Int, predicate: Predicate)], clauseCount: Int) {
        self.fact = fact
        predicates = parts.map(\.predicate)
        owners = parts.map(\.clause)
        self.clauseCount = clauseCount
        unmatched = BitSet(count: clauseCount, full: true)
        absent = unmatched
        for (clause, predicate) in parts {
            if !predicate.outcome.unmatched {
                failures[clause, default: 0] += 1
                unmatched[clause] = false
            }
            if !predicate.outcome.absent { absent[clause] = false }
        }
    }

    /// The clauses that hold.
    func clauses(_ verdicts: Verdicts) -> BitSet {
        switch verdicts {
        case .absent: return absent
        case .each(let results):
            var clauses = BitSet(count: clauseCount, full: true)
            for (number, holds) in results.enumerated() where !holds { clauses[owners[number]] = false }
            return clauses
        case .matched(let matched):
            var clauses = unmatched
            var changes: [Int: Int] = [:]
            for number in matched {
                let outcome = predicates[number].outcome
                if outcome.matched != outcome.unmatched {
                    changes[owners[number], default: 0] += outcome.matched ? -1 : 1
                }
            }
            for (clause, change) in changes { clauses[clause] = (failures[clause] ?? 0) + change == 0 }
            return clauses
        }
    }

    mutating func add(_ atom: Atom, _ verdicts: Verdicts) throws(AnalysisLimit) {
        try add([atom], clauses(verdicts))
    }

    mutating func add(_ atoms: [Atom], _ clauses: BitSet) throws(AnalysisLimit) {
        var ties = Ties(fact, isAbsent: atoms[0].isAbsent)
        // A certificate comes with TLS only.
        if fact == .secureTransport, case .flag(false) = atoms[0].value { ties = .noCertificate }
        let key = ClassKey(clauses: clauses, ties: ties)
        if let number = classNumbers[key] {
            classes[number].atoms += atoms
        } else {
            guard classes.count * clauses.words.count < AnalysisLimit.words else {
                throw AnalysisLimit("classes of \(fact.title)", classes.count)
            }
            classNumbers[key] = classes.count
            classes.append(Dimension.Class(atoms: atoms, clauses: clauses, ties: ties))
        }
    }

    var dimension: Dimension {
        Dimension(fact: fact, classes: classes, asking: BitSet(count: clauseCount, owners))
    }
}
