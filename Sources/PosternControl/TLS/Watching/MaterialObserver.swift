import Glibc

/// Looks at files again and again and reads only those that may have changed.
///
/// A file is taken to be the same while device, inode, size and both times stay, all seen through symbolic links: so a
/// rewritten file, one renamed into place, a link that points elsewhere and a swapped directory above all show. Times
/// have the grain of the kernel's tick, so a file changed just before it was looked at is read again the next time.
struct MaterialObserver {
    private struct Identity: Equatable {
        let device: UInt
        let inode: UInt
        let size: Int
        let modified: Instant
        let changed: Instant

        struct Instant: Equatable {
            let seconds: Int
            let nanoseconds: Int

            init(_ time: timespec) {
                seconds = time.tv_sec
                nanoseconds = time.tv_nsec
            }
        }

        init(_ status: stat) {
            device = UInt(status.st_dev)
            inode = UInt(status.st_ino)
            size = Int(status.st_size)
            modified = Instant(status.st_mtim)
            changed = Instant(status.st_ctim)
        }
    }

    /// Bytes of one file that are looked at; revocation lists of large authorities have tens of megabytes.
    private static let mostBytes = 128 << 20
    /// Seconds within which a change may go unseen in a file's times (network file systems keep whole seconds).
    private static let grain = 2

    private var known: [String: (identity: Identity, content: MaterialSnapshot.Content, readAt: Int)] = [:]

    init() {}

    mutating func observe(_ paths: [String]) -> MaterialSnapshot {
        var snapshot = MaterialSnapshot()
        for path in paths { observe(path, isListed: false, into: &snapshot) }
        known = known.filter { snapshot.contents[$0.key] != nil }
        return snapshot
    }

    /// - Parameter isListed: found in a directory; directories within directories are not looked into.
    private mutating func observe(_ path: String, isListed: Bool, into snapshot: inout MaterialSnapshot) {
        guard snapshot.contents[path] == nil else { return }
        var status = stat()
        guard stat(path, &status) == 0 else {
            snapshot.contents[path] = .unreadable(errno)
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: snapshot.contents[path] = file(path, Identity(status))
        case S_IFDIR:
            snapshot.contents[path] = .directory
            guard !isListed else { return }
            do throws(ConfigurationFile.Failure) {
                for name in try ConfigurationFile.names(in: path) {
                    observe(path.hasSuffix("/") ? path + name : "\(path)/\(name)", isListed: true, into: &snapshot)
                }
            } catch {
                snapshot.contents[path] = .unreadable(errno)
            }
        default: snapshot.contents[path] = .other
        }
    }

    private mutating func file(_ path: String, _ identity: Identity) -> MaterialSnapshot.Content {
        let now = Int(time(nil))
        if let before = known[path], before.identity == identity,
            max(identity.modified.seconds, identity.changed.seconds) + MaterialObserver.grain < before.readAt
        {
            return before.content
        }
        let content = MaterialObserver.read(path)
        known[path] = (identity, content, now)
        return content
    }

    private static func read(_ path: String) -> MaterialSnapshot.Content {
        // Without O_NONBLOCK a FIFO that has just taken the file's place would hold us up for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .unreadable(errno) }
        defer { close(descriptor) }
        var hasher = Hasher()
        var total = 0
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while total <= mostBytes {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return .unreadable(errno) }
            if count == 0 { break }
            chunk.withUnsafeBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            total += count
        }
        hasher.combine(total)
        return .file(digest: hasher.finalize())
    }
}
