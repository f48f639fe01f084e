/// Which texts there are: a deterministic automaton.
protocol TextLanguage {
    associatedtype State: Hashable

    var start: State { get }
    /// The most characters of a text.
    var longest: Int { get }
    /// nil: no text goes on like this.
    func next(_ state: State, _ scalar: Unicode.Scalar) -> State?
    /// The characters that it treats otherwise than the rest of those allowed.
    func interesting(_ state: State) -> [Unicode.Scalar]
    /// Characters to stand for the rest, readable ones first.
    func others(_ state: State) -> [Unicode.Scalar]
    /// What kind of text ends here; nil if none does.
    func label(_ state: State) -> Int?
}

/// The classes of texts that patterns tell apart: the product of the patterns' automaton with that of the texts there
/// are, walked breadth first. Exact: each class has a shortest text that stands for it, and each text has a class.
enum TextPartition {
    struct Class {
        /// The patterns that match, in ascending order.
        var accepted: [Int]
        var label: Int
        /// One of its texts, a shortest one.
        var witness: String
    }

    private struct Node<LanguageState: Hashable>: Hashable {
        var patterns: Int
        var language: LanguageState
    }

    private struct ClassKey: Hashable {
        var accepted: [Int]
        var label: Int
    }

    static func classes<Language: TextLanguage>(
        of patterns: [TextPattern], in language: Language
    ) throws(AnalysisLimit) -> [Class] {
        try classes(PatternAutomaton(patterns), in: language)
    }

    static func classes<Language: TextLanguage>(
        _ automaton: PatternAutomaton, in language: Language
    ) throws(AnalysisLimit) -> [Class] {
        typealias ProductNode = Node<Language.State>
        var states: [PatternAutomaton.State] = [automaton.start]
        var numbers = [states[0]: 0]
        var nodes = [ProductNode(patterns: 0, language: language.start)]
        var known: Set<ProductNode> = [nodes[0]]
        var cameFrom: [(node: Int, scalar: Unicode.Scalar)] = [(-1, " ")]
        var seen: Set<ClassKey> = []
        var classes: [Class] = []

        func witness(_ node: Int) -> String {
            var scalars: [Unicode.Scalar] = []
            var node = node
            while node > 0 {
                scalars.append(cameFrom[node].scalar)
                node = cameFrom[node].node
            }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars.reversed())
            return String(text)
        }

        var level = 0..<1
        var depth = 0
        while !level.isEmpty {
            for index in level {
                let node = nodes[index]
                let state = states[node.patterns]
                if let label = language.label(node.language) {
                    let accepted = automaton.accepted(state)
                    if seen.insert(ClassKey(accepted: accepted, label: label)).inserted {
                        classes.append(Class(accepted: accepted, label: label, witness: witness(index)))
                    }
                }
                guard depth < language.longest else { continue }
                var scalars = automaton.interesting(state)
                scalars.formUnion(language.interesting(node.language))
                let other = language.others(node.language).first { !scalars.contains($0) }
                // The readable one first: it stands for a class wherever nothing else has to.
                for scalar in (other.map { [$0] } ?? []) + scalars.sorted() {
                    guard let language = language.next(node.language, scalar) else { continue }
                    let next = automaton.next(state, scalar)
                    let number = numbers[next] ?? states.count
                    if number == states.count {
                        states.append(next)
                        numbers[next] = number
                    }
                    let reached = ProductNode(patterns: number, language: language)
                    guard known.insert(reached).inserted else { continue }
                    nodes.append(reached)
                    cameFrom.append((index, scalar))
                }
                guard nodes.count <= AnalysisLimit.textStates else {
                    throw AnalysisLimit("beginnings of texts", AnalysisLimit.textStates)
                }
            }
            level = level.upperBound..<nodes.count
            depth += 1
        }
        return classes
    }
}

/// Any text at all.
struct AnyText: TextLanguage {
    var start: Int { 0 }
    var longest: Int { .max }

    func next(_ state: Int, _ scalar: Unicode.Scalar) -> Int? { 0 }
    func interesting(_ state: Int) -> [Unicode.Scalar] { [] }
    func others(_ state: Int) -> [Unicode.Scalar] { AnyText.readable }
    func label(_ state: Int) -> Int? { 0 }

    /// Lower-case letters from `x` on, then enough ideographs that no policy uses them all.
    private static let readable: [Unicode.Scalar] =
        "xyzabcdefghijklmnopqrstuvw0123456789".unicodeScalars.map { $0 }
        + (UInt32(0x4E00)..<0x9FFF).map { Unicode.Scalar($0)! }
}
