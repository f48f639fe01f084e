import Glibc
import NIOCore

/// The last descriptors that the process may have, kept for those who can do something about their lack: the admin socket, a
/// reload, a scrape.
///
/// The kernel gives out the lowest number that is free. So one near the limit tells that hardly any is left, without counting
/// them.
enum DescriptorReserve {
    /// Callers' connections leave so many; connections to upstreams, which belong to callers that were let in, half of them.
    static let downstream = 32
    static let upstream = 16

    /// Whether the channel's descriptor is one of the last `count`.
    static func isTouched(by channel: any Channel, leaving count: Int) -> Bool {
        let descriptor = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { $0 }
        guard let descriptor else { return false }
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return false }
        return UInt64(descriptor) + UInt64(count) >= UInt64(limit.rlim_cur)
    }
}
