/// Why an analysis gives up: the partition that the policies induce is larger than is worth walking. The answer is then
/// unknown, and whoever asked must take it as "more access".
package struct AnalysisLimit: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ what: String, _ count: Int) {
        description = "the policies distinguish more than \(count) \(what), too many to compare"
    }

    /// Combinations of sources and routes that are looked at.
    static let cells = 10_000_000
    /// States of the automaton over one kind of text.
    static let textStates = 300_000
    /// Combinations that the values of a key of several values make.
    static let lists = 20_000
    /// Words of memory for the classes of one fact.
    static let words = 32_000_000
}
