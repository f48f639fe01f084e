package import NIOCore
import Synchronization

/// Bounds how many handshakes one source may begin at one listener: a handshake costs a hundred times what a request does, and
/// asks nothing of whoever begins it.
///
/// A token bucket for each source, kept as the time at which it is full again (the generic cell rate algorithm, ITU-T I.371).
/// The table is bounded: each source has its place in one of a fixed number of rows, chosen by a hash with a secret seed,
/// and takes the place of the row's source that has been quiet longest. Any loop may ask.
package final class HandshakeLimiter: Sendable {
    private struct Place {
        var source = 0
        /// When the bucket is full again, nanoseconds of the monotonic clock.
        var fullAt: UInt64 = 0
    }

    private static let rows = 1024
    private static let placesPerRow = 4

    package let perSecond: Int
    private let interval: UInt64
    private let tolerance: UInt64
    private let places = Mutex([Place](repeating: Place(), count: rows * placesPerRow))

    /// - Parameter perSecond: handshakes of one source in a second, at least 1; twice as many at once.
    package init(perSecond: Int) {
        self.perSecond = perSecond
        interval = 1_000_000_000 / UInt64(max(1, perSecond))
        tolerance = 2 * UInt64(max(1, perSecond)) * interval - interval
    }

    /// Takes a token of the source's bucket.
    ///
    /// - Parameter source: nil for a Unix socket, all of whose callers are one source.
    /// - Returns: false where there is none left.
    package func admits(_ source: SocketAddress?, at now: NIODeadline = .now()) -> Bool {
        let key = Self.key(of: source)
        let row = Int(truncatingIfNeeded: UInt(bitPattern: key) % UInt(Self.rows)) * Self.placesPerRow
        let now = now.uptimeNanoseconds
        return places.withLock { places in
            var place = row
            for candidate in row..<(row + Self.placesPerRow) {
                if places[candidate].source == key {
                    place = candidate
                    break
                }
                if places[candidate].fullAt < places[place].fullAt { place = candidate }
            }
            if places[place].source != key { places[place] = Place(source: key, fullAt: 0) }
            let fullAt = max(places[place].fullAt, now)
            guard fullAt - now <= tolerance else { return false }
            places[place].fullAt = fullAt + interval
            return true
        }
    }

    /// One IPv4 address, or one IPv6 network of 64 bits, which one host may have whole.
    private static func key(of source: SocketAddress?) -> Int {
        var hasher = Hasher()
        switch source {
        case .v4(let address):
            withUnsafeBytes(of: address.address) { hasher.combine(bytes: .init(rebasing: $0[4..<8])) }
        case .v6(let address):
            withUnsafeBytes(of: address.address) { hasher.combine(bytes: .init(rebasing: $0[8..<16])) }
        default: break
        }
        return hasher.finalize()
    }
}
