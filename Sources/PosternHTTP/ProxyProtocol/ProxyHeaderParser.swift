/// Reads the PROXY header at the start of a connection, versions 1 and 2, as HAProxy's `proxy-protocol.txt` specifies.
///
/// Use it only where the configuration says that a header must come, and only from listed proxies: never guess from the
/// bytes (section 5 there). The parser keeps nothing between calls; call it again with all bytes so far when more come.
/// It answers the same for every way of cutting the input: bytes after the header never change the answer, and what it
/// refused stays refused.
package enum ProxyHeaderParser {
    package enum Outcome: Sendable, Hashable {
        /// So far this may become a header.
        case needMore
        /// The header took this many bytes; the request follows.
        case header(ProxyHeader, consumed: Int)
        case refused(ProxyHeaderRefusal)
    }

    /// The longest version 1 line with its CR LF (section 2.1).
    package static let lineLimit = 107

    /// The longest version 2 header that we take, its first 16 bytes included. The specification allows 65,551 bytes;
    /// real ones are far below 1,000, and this is what a sender who has proven nothing may make us hold.
    package static let headerLimit = 4096

    /// - Parameter bytes: everything received so far, from the first byte of the connection.
    package static func parse(_ bytes: Span<UInt8>) -> Outcome {
        guard bytes.count > 0 else { return .needMore }
        do throws(ProxyHeaderRefusal) {
            let found = bytes[0] == UInt8(ascii: "P") ? try parseLine(bytes) : try parseBinary(bytes)
            guard let found else { return .needMore }
            return .header(found.header, consumed: found.consumed)
        } catch {
            return .refused(error)
        }
    }

    /// Whether the bytes so far agree with a fixed beginning.
    static func begins(_ bytes: Span<UInt8>, with expected: [UInt8]) -> Bool {
        for index in 0..<min(bytes.count, expected.count) where bytes[index] != expected[index] { return false }
        return true
    }
}
