/// An address in a PROXY header. Plain values: this folder's parser knows no sockets, so it can be fuzzed alone.
package enum ProxyAddress: Sendable, Hashable {
    /// Host order.
    case v4(UInt32, port: UInt16)
    /// Host order; `::ffff:a.b.c.d` is kept as it came.
    case v6(high: UInt64, low: UInt64, port: UInt16)
    /// A path, or an abstract name with its leading zero byte, or empty where the peer had no name.
    case unix([UInt8])
}
