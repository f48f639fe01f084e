import Glibc

/// Reads the files of a configuration: regular files only, of bounded size.
enum ConfigurationFile {
    /// 6 MB, AWS's bound for an API definition (reference 2.15).
    static let maximumBytes = 6 * 1024 * 1024

    /// Why a file or directory could not be read, in lower case.
    struct Failure: Error { var reason: String }

    static func read(_ path: String) throws(Failure) -> [UInt8] {
        // Without O_NONBLOCK a FIFO in the directory would hold us up for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unopened(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(reason: systemReason()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(reason: "not a regular file") }

        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(Int(status.st_size), maximumBytes) + 1)
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(reason: systemReason())
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= maximumBytes else { throw Failure(reason: "larger than 6 MB") }
        }
    }

    /// The names in a directory, sorted by bytes, without dot files and editors' backups (`name~`).
    static func names(in directory: String) throws(Failure) -> [String] {
        guard let stream = opendir(directory) else { throw unopened(directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") || name.hasSuffix("~") { continue }
            guard names.count < 10_000 else { throw Failure(reason: "it holds more than 10,000 files") }
            names.append(name)
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// `name` relative to the directory that holds `file`; an absolute name stays.
    static func path(_ name: String, besides file: String) -> String {
        guard !name.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return name }
        return file[...slash] + name
    }

    private static func unopened(_ path: String) -> Failure {
        let reason = systemReason()
        return Failure(reason: SandboxHint.unreadable(path).map { "\(reason); \($0)" } ?? reason)
    }

    private static func systemReason() -> String {
        let text = String(cString: strerror(errno))
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
