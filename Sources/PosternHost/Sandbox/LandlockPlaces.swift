import Glibc

/// Where files may be read, executed and written; everything else is out of reach.
package struct LandlockPlaces: Sendable, Equatable {
    /// Directories with everything beneath them, or single files. Those that do not exist are left out.
    package var read: Set<String>
    /// May be read as well.
    package var execute: Set<String>
    /// May be read as well.
    package var write: Set<String>

    package init(read: Set<String> = [], execute: Set<String> = [], write: Set<String> = []) {
        self.read = read
        self.execute = execute
        self.write = write
    }

    /// A directory itself. Of a file the directory that holds it, and the one that holds what it is a link to:
    /// certificates are often links that are pointed to new files. A file of the root directory is within reach alone, for its
    /// directory is everything.
    package static func around(_ path: String) -> Set<String> {
        guard let found = realpath(path, nil) else { return [neighbourhood(of: path)] }
        defer { free(found) }
        var status = stat()
        let isDirectory = stat(found, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        return isDirectory ? [path] : [neighbourhood(of: path), neighbourhood(of: String(cString: found))]
    }

    private static func neighbourhood(of file: String) -> String {
        let directory = directory(of: file)
        return directory == "/" ? file : directory
    }

    /// Those for which the sandbox is no wall: everything is beneath them.
    package var holes: [String] {
        [("read", read.union(execute)), ("written", write)].filter { $0.1.contains("/") }.map(\.0)
    }

    package static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// What every program needs that resolves names, loads the system's libraries and asks the kernel about itself.
    package static func ofSystem() -> LandlockPlaces {
        var places = LandlockPlaces(
            read: [
                "/etc", "/usr", "/proc", "/sys", "/run/systemd", "/var/lib/sss", "/dev/null", "/dev/zero",
                "/dev/random", "/dev/urandom",
            ],
            execute: ["/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib64"], write: ["/dev/null"])
        // A link to where the resolver's manager keeps it.
        places.read.formUnion(around("/etc/resolv.conf"))
        // Our own program, which an upgrade executes anew, and the libraries that it is made of.
        places.execute.formUnion(around("/proc/self/exe").subtracting(["/proc/self"]))
        places.read.formUnion(mappedFiles().map(neighbourhood))
        return places
    }

    /// Files that this process is made of (proc_pid_maps(5)).
    private static func mappedFiles() -> [String] {
        let lines = (ProcessFile.contents(of: "/proc/self/maps") ?? "").split(separator: "\n")
        return Set(lines.compactMap { line in line.firstIndex(of: "/").map { String(line[$0...]) } }).sorted()
    }
}
