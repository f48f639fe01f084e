import Glibc
import NIOCore

/// The supplementary groups of whoever connected a Unix socket, as the kernel noted at that moment (`SO_PEERGROUPS`,
/// Linux 4.13).
enum PeerGroups {
    /// In no header of the C library yet.
    private static let option: CInt = 59

    /// - Returns: nil where the kernel does not tell. Call it on the channel's event loop.
    static func read(_ channel: any Channel) -> [UInt32]? {
        let groups = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self, read)
        return groups ?? nil
    }

    /// - Parameter descriptor: a connected Unix socket.
    static func read(_ descriptor: CInt) -> [UInt32]? {
        // Most have a few; the kernel says how many bytes it takes where they are more, NGROUPS_MAX at most.
        var groups = [UInt32](repeating: 0, count: 64)
        while true {
            let room = groups.count * MemoryLayout<UInt32>.size
            var size = socklen_t(room)
            if getsockopt(descriptor, SOL_SOCKET, option, &groups, &size) == 0 {
                return Array(groups.prefix(Int(size) / MemoryLayout<UInt32>.size))
            }
            guard errno == ERANGE, Int(size) > room, Int(size) <= Int(NGROUPS_MAX) * MemoryLayout<UInt32>.size else {
                return nil
            }
            groups = [UInt32](repeating: 0, count: Int(size) / MemoryLayout<UInt32>.size)
        }
    }
}
