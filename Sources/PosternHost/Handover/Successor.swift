import CLinux
import Glibc

/// The process that is to take this one's place, seen from the predecessor: our own program, started again by the path and with
/// the arguments that this process was started with.
package final class Successor: Sendable {
    /// The process that was started, and ends as the successor ends.
    private let usher: Int32
    private let channel: HandoverChannel

    private init(usher: Int32, _ channel: HandoverChannel) {
        self.usher = usher
        self.channel = channel
    }

    /// The number of the successor's end of the channel, right behind the standard streams.
    private static let channelNumber: CInt = 3

    /// Variables that were meant for this process alone: systemd's for the first process of a start, and the identity of
    /// whom the watchdog watches, which moves to the successor with the main process.
    private static let ownVariables: Set<String> = [
        "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID", "WATCHDOG_PID", HandoverChannel.variable,
    ]

    /// Starts it, with the standard streams and one end of the channel as its only descriptors, no signal blocked, and none
    /// ignored. It outlives this process.
    ///
    /// - Parameter path: of the program, found out when this process started: what has taken the file's place since is started.
    package static func start(_ path: String, arguments: [String]) throws(SystemCallFailure) -> Successor {
        let (own, theirs) = try HandoverChannel.pair()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Where both numbers are the same, posix_spawn(3) only clears the flag that would close it.
        posix_spawn_file_actions_adddup2(&actions, theirs.descriptor, channelNumber)
        close_from_in_spawned(&actions, channelNumber + 1)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        // Those of signal(7); the real-time ones behind them are partly the C library's own.
        var all = sigset_t()
        sigemptyset(&all)
        for number in CInt(1)...31 { sigaddset(&all, number) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var processID: Int32 = 0
        let code = withCStrings(arguments) { arguments in
            withCStrings(environment) { environment in
                posix_spawn(&processID, path, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw SystemCallFailure("starting `\(path)`", code: code) }
        return Successor(usher: processID, own)
    }

    private static var environment: [String] {
        var list = ["\(HandoverChannel.variable)=\(channelNumber)"]
        var next = environ
        while let variable = next.pointee {
            let text = String(cString: variable)
            if !ownVariables.contains(String(text.prefix { $0 != "=" })) { list.append(text) }
            next += 1
        }
        return list
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }

    // MARK: The conversation

    /// Passes a listening socket that stays open here as well.
    package func give(_ descriptor: CInt, named name: String, isInherited: Bool) throws(SystemCallFailure) {
        try channel.send(isInherited ? .inherited : .held, name, descriptors: [descriptor])
    }

    package func begin() throws(SystemCallFailure) {
        try channel.send(.postern, "\(HandoverChannel.protocolNumber)")
        for line in LandlockStatus.ofProcess().told { try channel.send(.confined, line) }
    }

    package func endGiving() throws(SystemCallFailure) { try channel.send(.given) }

    /// This process has stopped accepting.
    package func letAccept() throws(SystemCallFailure) { try channel.send(.accept) }

    package func letReplace() throws(SystemCallFailure) { try channel.send(.replaced) }

    package enum Answer: Sendable, Hashable {
        /// It could accept; its number, which it has from the kernel, and its version.
        case ready(processID: Int32, version: String)
        case serving
        case failed([String])
        case nothing
        /// It has closed its end, or says what is not understood.
        case gone
    }

    package func answer() -> Answer {
        switch channel.receive() {
        case .packet(let packet) where packet.word == .ready: Self.ready(packet.text)
        case .packet(let packet) where packet.word == .failed:
            .failed(packet.text.split(separator: "\n").map(String.init))
        case .packet(let packet) where packet.word == .serving: .serving
        case .packet, .end: .gone
        case .nothing: .nothing
        }
    }

    private static func ready(_ text: String) -> Answer {
        let words = text.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let processID = Int32(words[0]), processID > 0 else { return .gone }
        return .ready(processID: processID, version: String(words[1]))
    }

    // MARK: Its end

    /// Leaves it to the service manager, or to whoever takes in processes that have lost their parent. This process does not
    /// hear of its end any more.
    package func release() {
        Glibc.kill(usher, SIGKILL)
        reap()
    }

    /// How it ended, in words; nil while it runs. The process is no more once this has told.
    package func ending() -> String? {
        var status: CInt = 0
        guard waitpid(usher, &status, WNOHANG) == usher else { return nil }
        // wait(2): the low seven bits are the signal that ended it, the next byte up is what it exited with.
        let signal = status & 0x7F
        return signal == 0 ? "exited with \(status >> 8 & 0xFF)" : "was ended by signal \(signal)"
    }

    /// Ends it at once and waits until it is gone. Not to be called once ``ending()`` has told, or after ``release()``.
    package func kill() {
        Glibc.kill(usher, SIGTERM)
        // One that is not our program may care for no SIGTERM.
        for _ in 0..<200 {
            if ending() != nil { return }
            usleep(5_000)
        }
        Glibc.kill(usher, SIGKILL)
        reap()
    }

    private func reap() {
        var status: CInt = 0
        while waitpid(usher, &status, 0) < 0, errno == EINTR {}
    }
}
