/// All patterns over one fact as one nondeterministic automaton. A state is the set of places that the patterns have
/// come to; two texts that lead to one state are alike to every pattern from there on.
struct PatternAutomaton {
    private enum Place {
        case token(TextPattern.Token)
        /// The lower-case scalars that are still to come.
        case caseless(ArraySlice<Unicode.Scalar>)
        case end(pattern: Int)
    }

    typealias State = [UInt32]

    private var places: [Place] = []
    /// The pattern that a place belongs to.
    private var owners: [UInt32] = []
    private var starts: State = []
    /// By the first scalar of their lower-case form, where a pattern asks for it without regard to case.
    private var folds: [Unicode.Scalar: [(scalar: Unicode.Scalar, lower: [Unicode.Scalar])]] = [:]
    let literals: Set<Unicode.Scalar>

    init(_ patterns: [TextPattern]) {
        var literals: Set<Unicode.Scalar> = []
        var folded: Set<Unicode.Scalar> = []
        for (number, pattern) in patterns.enumerated() {
            starts.append(UInt32(places.count))
            switch pattern {
            case .glob(let tokens):
                places += tokens.map { .token($0) }
                for case .literal(let scalar) in tokens { literals.insert(scalar) }
            case .caseless(let scalars):
                places += scalars.indices.map { .caseless(scalars[$0...]) }
                folded.formUnion(scalars)
            }
            places.append(.end(pattern: number))
            owners += Array(repeating: UInt32(number), count: places.count - owners.count)
        }
        self.literals = literals
        if !folded.isEmpty { folds = PatternAutomaton.folds(onto: folded) }
    }

    var start: State { closed(starts) }

    /// The patterns that match a text which ends here, in ascending order.
    func accepted(_ state: State) -> [Int] {
        state.compactMap { if case .end(let pattern) = places[Int($0)] { pattern } else { nil } }
    }

    /// The characters that some pattern treats otherwise than all the rest.
    func interesting(_ state: State) -> Set<Unicode.Scalar> {
        var scalars: Set<Unicode.Scalar> = []
        for place in state {
            switch places[Int(place)] {
            case .token(.literal(let scalar)): scalars.insert(scalar)
            case .token(.anyCharacter(exceptColon: true)), .token(.anyRun(exceptColon: true)): scalars.insert(":")
            case .caseless(let rest): for fold in folds[rest.first!] ?? [] { scalars.insert(fold.scalar) }
            default: break
            }
        }
        return scalars
    }

    func next(_ state: State, _ scalar: Unicode.Scalar) -> State {
        var reached: State = []
        for place in state {
            switch places[Int(place)] {
            case .token(.literal(let wanted)): if wanted == scalar { reached.append(place + 1) }
            case .token(.anyCharacter(let exceptColon)):
                if !exceptColon || scalar != ":" { reached.append(place + 1) }
            case .token(.anyRun(let exceptColon)): if !exceptColon || scalar != ":" { reached.append(place) }
            case .caseless(let rest):
                for fold in folds[rest.first!] ?? [] where fold.scalar == scalar && rest.starts(with: fold.lower) {
                    reached.append(place + UInt32(fold.lower.count))
                }
            case .end: break
            }
        }
        return closed(reached)
    }

    /// With the places behind a `*`, which may stand for nothing. What one pattern has before its last `*` that takes
    /// anything is left out: whatever could still match from there matches from that `*` too.
    private func closed(_ state: State) -> State {
        var all = Set(state)
        for place in state {
            var place = place
            while case .token(.anyRun) = places[Int(place)] {
                place += 1
                all.insert(place)
            }
        }
        var kept: State = []
        var owner = UInt32.max
        var isPast = false
        for place in all.sorted(by: >) {
            if owners[Int(place)] != owner { (owner, isPast) = (owners[Int(place)], false) }
            if isPast { continue }
            kept.append(place)
            if case .token(.anyRun(exceptColon: false)) = places[Int(place)] { isPast = true }
        }
        return kept.reversed()
    }

    /// Every scalar whose lower-case form begins with one of these. The form of a text is that of its scalars in turn.
    private static func folds(
        onto wanted: Set<Unicode.Scalar>
    ) -> [Unicode.Scalar: [(scalar: Unicode.Scalar, lower: [Unicode.Scalar])]] {
        var folds: [Unicode.Scalar: [(scalar: Unicode.Scalar, lower: [Unicode.Scalar])]] = [:]
        for scalar in wanted { folds[scalar] = [(scalar, [scalar])] }
        for fold in PatternAutomaton.capitals where wanted.contains(fold.lower[0]) {
            folds[fold.lower[0]]!.append(fold)
        }
        return folds
    }

    /// Every scalar that has another lower-case form than itself.
    private static let capitals: [(scalar: Unicode.Scalar, lower: [Unicode.Scalar])] = (UInt32(0)...0x1FFFF)
        .compactMap { Unicode.Scalar($0) }
        .filter { $0.properties.changesWhenLowercased }
        .map { ($0, Array($0.properties.lowercaseMapping.unicodeScalars)) }
        .filter { !$0.lower.isEmpty }
}
