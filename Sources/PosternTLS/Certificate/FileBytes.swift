import Glibc

/// A whole small file, or the names in a directory.
enum FileBytes {
    /// Follows symbolic links, so that a set of files may be swapped by renaming one. Never waits: a pipe without a
    /// writer is empty.
    static func read(_ path: String, most: Int) throws(ReadProblem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw ReadProblem(reason: reason()) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        let step = 65536
        while true {
            var got = 0
            let part = [UInt8](unsafeUninitializedCapacity: step) { buffer, initialized in
                got = Glibc.read(descriptor, buffer.baseAddress, step)
                initialized = max(0, got)
            }
            if got < 0 {
                if errno == EINTR { continue }
                throw ReadProblem(reason: reason())
            }
            if got == 0 { return bytes }
            bytes += part
            guard bytes.count <= most else { throw ReadProblem(reason: "more than \(most) bytes") }
        }
    }

    /// The regular files of a directory in the order of their names, without hidden ones: Kubernetes and editors keep
    /// their own things there. nil if the path is no directory.
    static func files(inDirectory path: String) throws(ReadProblem) -> [String]? {
        guard let directory = opendir(path) else {
            if errno == ENOTDIR { return nil }
            throw ReadProblem(reason: reason())
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard !name.hasPrefix(".") else { continue }
            let file = path.hasSuffix("/") ? path + name : path + "/" + name
            // Followed like `read` does; a directory cannot be opened for its entries only if it is a file.
            if isFile(file) { names.append(file) }
        }
        return names.sorted()
    }

    private static func isFile(_ path: String) -> Bool {
        guard let directory = opendir(path) else { return true }
        closedir(directory)
        return false
    }

    private static func reason() -> String { String(cString: strerror(errno)).lowercased() }
}
