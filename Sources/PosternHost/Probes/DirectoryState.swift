import Glibc

/// A directory in which an account is to make files, and the disk that it lies on.
package struct DirectoryState: Sendable, Equatable {
    package enum Access: Sendable, Equatable {
        case writable
        case missing
        case notADirectory
        /// The account may not enter this directory, or not write in it.
        case refused(at: String)
        /// The file system is mounted for reading only.
        case readOnly
    }

    package var path: String
    package var access: Access
    /// Bytes and files that may still be made, and the file system's size in bytes; nil where there is no directory.
    package var space: Space?

    package struct Space: Sendable, Equatable {
        package var freeBytes: Int
        package var bytes: Int
        /// nil: the file system has no bound on them.
        package var freeFiles: Int?

        package init(freeBytes: Int, bytes: Int, freeFiles: Int?) {
            self.freeBytes = freeBytes
            self.bytes = bytes
            self.freeFiles = freeFiles
        }
    }

    package init(path: String, access: Access, space: Space?) {
        self.path = path
        self.access = access
        self.space = space
    }

    /// Owner, group and mode of each directory on the way decide, as path_resolution(7) has it; access lists (acl(5)) are
    /// not asked. Root may do everything.
    package static func of(_ path: String, for account: Account) -> DirectoryState {
        var status = statvfs()
        let space =
            statvfs(path, &status) == 0
            ? Space(
                freeBytes: Int(status.f_bavail) * Int(status.f_frsize),
                bytes: Int(status.f_blocks) * Int(status.f_frsize),
                freeFiles: status.f_files == 0 ? nil : Int(status.f_favail)) : nil
        var access = access(path, account)
        if access == .writable, space != nil, Int(status.f_flag) & Int(ST_RDONLY) != 0 { access = .readOnly }
        return DirectoryState(path: path, access: access, space: space)
    }

    private static func access(_ path: String, _ account: Account) -> Access {
        var prefix = ""
        let parts = path.split(separator: "/").map(String.init)
        for (index, part) in ([""] + parts).enumerated() {
            prefix = index == 0 ? "/" : (prefix == "/" ? "/\(part)" : "\(prefix)/\(part)")
            var status = stat()
            guard stat(prefix, &status) == 0 else { return errno == EACCES ? .refused(at: prefix) : .missing }
            guard status.st_mode & S_IFMT == S_IFDIR else { return .notADirectory }
            let needed: mode_t = index == parts.count ? 0o3 : 0o1
            if account.user != 0, bits(of: status, account) & needed != needed { return .refused(at: prefix) }
        }
        return .writable
    }

    /// Read, write and execute as the three lowest bits.
    private static func bits(of status: stat, _ account: Account) -> mode_t {
        if status.st_uid == account.user { return status.st_mode >> 6 & 0o7 }
        return account.isMember(of: status.st_gid) ? status.st_mode >> 3 & 0o7 : status.st_mode & 0o7
    }
}
