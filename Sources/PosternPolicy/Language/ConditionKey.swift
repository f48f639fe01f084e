/// A fact that conditions may speak of. Names are compared without regard to case.
package struct ConditionKey: Sendable, Hashable {
    let known: KnownKey
    /// AWS's spelling, or the author's where the name is the author's.
    package let rawValue: String
    /// What principals' keys and the contexts of tools are looked up by.
    package let lowercased: String

    init(_ known: KnownKey) {
        self.known = known
        rawValue = known.rawValue
        lowercased = asciiLowercased(known.rawValue)
    }

    private init(named name: String) {
        known = .named
        rawValue = name
        lowercased = asciiLowercased(name)
    }

    /// The keys that this gateway supplies.
    static func ofGateway(_ name: String) -> ConditionKey? {
        let key = ConditionKey(named: name)
        if let known = KnownKey.byLowercasedName[key.lowercased] { return ConditionKey(known) }
        let isTag = key.lowercased.hasPrefix(tagPrefix) && key.lowercased.utf8.count > tagPrefix.utf8.count
        return isTag ? key : nil
    }

    /// Any key of AWS's grammar, for tools: their contexts hold texts only, found by name.
    static func any(_ name: String) -> ConditionKey { ConditionKey(named: name) }

    /// Whether its values are times of day, `09:00`: for tools, who find keys by name, too.
    var isTimeOfDay: Bool { lowercased == ConditionKey.timeOfDay }

    private static let timeOfDay = asciiLowercased(KnownKey.timeOfDay.rawValue)
    private static let tagPrefix = "aws:principaltag/"
}
