package import PosternPolicy

/// The connection that requests came by, as it is remembered: one immutable object that all of them share.
package final class RequestOrigin: Sendable {
    package let facts: ConnectionFacts
    /// Of the access log.
    package let connectionID: UInt64
    /// The listener that accepted it, whose policy is the endpoint's.
    package let listenerID: String

    package init(facts: ConnectionFacts, connectionID: UInt64, listenerID: String) {
        self.facts = facts
        self.connectionID = connectionID
        self.listenerID = listenerID
    }
}
