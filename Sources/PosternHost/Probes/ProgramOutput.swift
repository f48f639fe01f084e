// The types of posix_spawn(3) are of one module or the other by what the compiler has read first.
import CLinux
import Glibc

/// What another program of the system prints: asked once, by a command, never by the service.
package enum ProgramOutput {
    /// Most that is read.
    private static let limit = 1 << 20

    /// Runs a program found in PATH to its end, in English, with nothing to read; what it says on standard error is dropped.
    ///
    /// - Returns: nil where it is not there, takes longer than `seconds`, or fails.
    package static func of(_ arguments: [String], within seconds: Int = 10) -> String? {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        defer { close(ends[0]) }
        guard let child = start(arguments, output: ends[1]) else {
            close(ends[1])
            return nil
        }
        close(ends[1])
        let output = read(ends[0], until: time(nil) + seconds)
        if output == nil { kill(child, SIGKILL) }
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status == 0 ? output : nil
    }

    private static func start(_ arguments: [String], output: CInt) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        let inherited = ["PATH", "HOME", "XDG_RUNTIME_DIR"].compactMap { (name: String) -> String? in
            getenv(name).map { "\(name)=\(String(cString: $0))" }
        }
        let english = ["LC_ALL=C", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER="]
        // Strings of our own for the length of the call, each list closed by a nil.
        let words = arguments.map { strdup($0) } + [nil]
        let variables = (inherited + english).map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var child: pid_t = 0
        return posix_spawnp(&child, arguments[0], &actions, nil, words, variables) == 0 ? child : nil
    }

    private static func read(_ descriptor: CInt, until end: time_t) -> String? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < limit {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = end - time(nil)
            guard left > 0, poll(&entry, 1, Int32(clamping: left * 1000)) > 0 else { return nil }
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
        return nil
    }
}
