import Glibc
import PosternHost

/// Tells that it is the sandbox that keeps a file out of reach, where it is.
package enum SandboxHint {
    /// - Parameter path: of a file or directory that could not be opened for reading.
    /// - Returns: nil where the sandbox is not the reason: the file's own permissions are, or it is not there.
    package static func unreadable(_ path: String) -> String? {
        guard LandlockStatus.ofProcess().confined else { return nil }
        // access(2) asks for permissions only, of which Landlock is none.
        guard access(path, R_OK) == 0 else { return nil }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor < 0 else {
            close(descriptor)
            return nil
        }
        return errno == EACCES ? text("read") : nil
    }

    /// - Parameter path: of a file that could not be made, in a directory that may be written.
    package static func unwritable(_ path: String) -> String? {
        let status = LandlockStatus.ofProcess()
        let directory = LandlockPlaces.directory(of: path)
        guard status.confined, access(directory, W_OK) == 0, let found = realpath(directory, nil) else { return nil }
        defer { free(found) }
        let real = String(cString: found)
        let isWithin = status.write.contains { $0 == real || real.hasPrefix($0 == "/" ? $0 : $0 + "/") }
        return isWithin ? nil : text("write")
    }

    private static func text(_ key: String) -> String {
        "the sandbox confines the process to the places of the configuration that it started with; "
            + "`systemctl restart postern` adds this one, or list its directory in `sandbox.\(key)`"
    }
}
