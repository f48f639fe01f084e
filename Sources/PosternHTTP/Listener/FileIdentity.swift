import Glibc

/// Which file a path led to, so that another one of the same name is not mistaken for it.
package struct FileIdentity: Sendable, Hashable {
    var device: UInt64
    var inode: UInt64
    /// When its contents last changed, in nanoseconds since 1970: for a socket, when it was made. A file system gives the number
    /// of a file that is gone to the next one.
    var modified: UInt64

    init(device: UInt64, inode: UInt64, modified: UInt64) {
        self.device = device
        self.inode = inode
        self.modified = modified
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        modified = UInt64(bitPattern: Int64(status.st_mtim.tv_sec)) &* 1_000_000_000 &+ UInt64(status.st_mtim.tv_nsec)
    }

    /// The file itself, not what a symbolic link points to; nil when there is none.
    init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}

/// The socket file that we made, or took over from the process that made it.
struct SocketFile: Sendable {
    var path: String
    var identity: FileIdentity

    func removeIfOurs() {
        if FileIdentity(path: path) == identity { unlink(path) }
    }
}
