/// The address of a peer, or of a network in a policy.
///
/// An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`, what a dual-stack socket reports for an IPv4 peer) *is* the IPv4
/// address here: both have one representation, so no comparison can treat them differently. AWS does not speak of such
/// addresses; without this rule an allowlist of IPv4 networks would fail on a dual-stack socket.
package struct IPAddress: Sendable, Hashable {
    /// The 128 bits in host order; an IPv4 address stands in `::ffff:0:0/96`.
    let bits: UInt128

    /// The 96 bits before a mapped IPv4 address.
    static let mappedPrefix: UInt128 = 0xFFFF

    init(bits: UInt128) { self.bits = bits }

    /// - Parameter v4: the 32 bits in host order: `0x0A000001` is `10.0.0.1`.
    package init(v4: UInt32) { bits = IPAddress.mappedPrefix << 32 | UInt128(v4) }

    /// - Parameter v6: the 128 bits in host order, the first eight bytes of the wire form in `high`.
    package init(v6: (high: UInt64, low: UInt64)) { bits = UInt128(v6.high) << 64 | UInt128(v6.low) }

    /// Reads the text form, strictly; see ``init(utf8:)``.
    package init?(_ text: String) {
        self.init(utf8: text.utf8.span)
    }

    package var isV4: Bool { bits >> 32 == IPAddress.mappedPrefix }

    /// The IPv4 address in host order, nil for IPv6.
    package var v4: UInt32? { isV4 ? UInt32(truncatingIfNeeded: bits) : nil }

    /// The IPv6 form in host order; an IPv4 address gives its mapped form.
    package var v6: (high: UInt64, low: UInt64) {
        (UInt64(truncatingIfNeeded: bits >> 64), UInt64(truncatingIfNeeded: bits))
    }
}
