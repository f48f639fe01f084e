import Glibc

/// The process that connected a Unix socket: its directory in `/proc`, opened when the connection is accepted.
///
/// An open directory stays that of its process: once it has ended nothing can be read there, even where its number has
/// been given to another process.
final class PeerProcess: Sendable {
    private let directory: Descriptor
    /// The user it must belong to where the kernel could not vouch for the number.
    private let expectedUser: UInt32?

    /// The most that is read of one file there.
    private static let fileLimit = 1 << 16

    private init(directory: consuming Descriptor, expectedUser: UInt32?) {
        self.directory = directory
        self.expectedUser = expectedUser
    }

    /// What the kernel says of the peer beside its number (`SO_PEERPIDFD`, Linux 6.5).
    enum Handle: ~Copyable {
        /// A descriptor of the very process that connected (pidfd_open(2)).
        case process(Descriptor)
        case ended
        /// The kernel is older. A process that connects, ends before we accept, and leaves its number to another of the
        /// same user would be taken for that one.
        case unknown
    }

    /// - Returns: nil for a process that has ended or that our process namespace does not have.
    static func open(
        _ credentials: PeerCredentials, _ handle: consuming Handle
    ) throws(UnixPeerRefusal) -> PeerProcess? {
        guard credentials.processID > 0 else { return nil }
        switch consume handle {
        case .process(let descriptor):
            guard let directory = try directory(of: credentials.processID) else { return nil }
            // It lives now, so that its number was its own when the directory was opened.
            var event = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, 0) == 0 else { return nil }
            return PeerProcess(directory: directory, expectedUser: nil)
        case .unknown:
            guard let directory = try directory(of: credentials.processID) else { return nil }
            return PeerProcess(directory: directory, expectedUser: credentials.userID)
        case .ended:
            return nil
        }
    }

    private static func directory(of processID: Int32) throws(UnixPeerRefusal) -> Descriptor? {
        let raw = Glibc.open("/proc/\(processID)", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if raw >= 0 { return Descriptor(owning: raw) }
        guard errno == ENOENT || errno == ESRCH else { throw .processUnreadable }
        // Signal 0 only asks whether there is such a process.
        if kill(processID, 0) == 0 || errno == EPERM { throw .processHidden }
        return nil
    }

    /// The systemd unit it is in; nil if it is in none or has ended. Waits for locks of the kernel.
    func unit() throws(UnixPeerRefusal) -> String? {
        if let expectedUser {
            guard let status = try read("status"), Self.users(inStatus: status).contains(expectedUser) else {
                return nil
            }
        }
        return try read("cgroup").flatMap { SystemdUnit.named(inCgroups: $0) }
    }

    /// The real, effective, saved and file system user of `/proc/PID/status`: one of them connected.
    static func users(inStatus text: [UInt8]) -> [UInt32] {
        for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: "Uid:".utf8) {
            return line.split(separator: UInt8(ascii: "\t")).compactMap { UInt32(String(decoding: $0, as: UTF8.self)) }
        }
        return []
    }

    /// Nil once the process has ended.
    private func read(_ name: String) throws(UnixPeerRefusal) -> [UInt8]? {
        let raw = openat(directory.raw, name, O_RDONLY | O_CLOEXEC)
        guard raw >= 0 else { return try Self.nothing() }
        let file = Descriptor(owning: raw)
        var bytes: [UInt8] = []
        while bytes.count < Self.fileLimit {
            var part = [UInt8](repeating: 0, count: 4096)
            let count = Glibc.read(file.raw, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return try Self.nothing() }
            if count == 0 { return bytes }
            bytes += part[..<count]
        }
        throw .processUnreadable
    }

    private static func nothing() throws(UnixPeerRefusal) -> [UInt8]? {
        guard errno == ESRCH || errno == ENOENT else { throw .processUnreadable }
        return nil
    }
}
