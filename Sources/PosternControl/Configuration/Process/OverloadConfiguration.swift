/// When the gateway begins to shed what it does as memory runs out, in percent of the limit of its control group or of
/// `memory`.
package struct OverloadConfiguration: Sendable, Hashable {
    /// Bytes that the process itself may have resident; nil: only the control group's limits count.
    package var memory: Int?
    package var shrinkTimers = 85
    package var stopKeepAlive = 92
    package var refuse = 97

    package init() {}
}
