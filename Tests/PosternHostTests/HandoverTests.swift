import Glibc
import Testing

@testable import PosternHost

@Suite struct HandoverTests {
    /// What a predecessor hears from a successor that was told this.
    private func answer(to words: [(HandoverChannel.Word, String)]) throws -> HandoverChannel.Packet {
        let (own, theirs) = try HandoverChannel.pair()
        for (word, text) in words { try own.send(word, text) }
        #expect(throws: Predecessor.Failure.self) { try Predecessor.take(theirs) }
        guard case .packet(let packet) = own.receive() else { throw SystemCallFailure("nothing was said", code: 0) }
        return packet
    }

    @Test func `sockets come with their names, whether inherited or held`() throws {
        let (own, theirs) = try HandoverChannel.pair()
        let socket = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        try own.send(.postern, "\(HandoverChannel.protocolNumber)")
        for line in ["abi 7", "read /etc"] { try own.send(.confined, line) }
        try own.send(.held, "held tcp 10.0.0.1%3A80", descriptors: [socket])
        try own.send(.inherited, "mesh", descriptors: [socket])
        try own.send(.given)
        let predecessor = try Predecessor.take(theirs)
        defer { for socket in predecessor.sockets { close(socket.descriptor) } }
        #expect(predecessor.sockets.map(\.name) == ["held tcp 10.0.0.1%3A80", "mesh"])
        #expect(predecessor.sockets.map(\.isInherited) == [false, true])
        #expect(predecessor.confinement == LandlockStatus(abi: 7, confined: true, read: ["/etc"]))
        predecessor.reportReady(version: "9.9")
        guard case .packet(let packet) = own.receive() else {
            Issue.record("nothing was said")
            return
        }
        #expect(packet.word == .ready)
        #expect(packet.text == "\(getpid()) 9.9")
        if case .nothing = predecessor.answer() {} else { Issue.record("something was said") }
        try own.send(.accept)
        if case .accept = predecessor.answer() {} else { Issue.record("it was not let accept") }
    }

    @Test func `another protocol is refused, and says so`() throws {
        let packet = try answer(to: [(.postern, "999")])
        #expect(packet.word == .failed)
        #expect(packet.text.contains("protocol 999"))
    }

    @Test func `what is no handover is refused`() throws {
        #expect(try answer(to: [(.given, "")]).word == .failed)
        #expect(try answer(to: [(.postern, "\(HandoverChannel.protocolNumber)"), (.ready, "")]).word == .failed)
    }

    @Test func `a predecessor that ends while handing over is told of`() throws {
        let (_, theirs) = try { () throws -> (Int, HandoverChannel) in
            let (own, theirs) = try HandoverChannel.pair()
            try own.send(.postern, "\(HandoverChannel.protocolNumber)")
            return (0, theirs)
        }()
        #expect(throws: Predecessor.Failure.self) { try Predecessor.take(theirs) }
    }

    @Test func `a program that cannot be run is an error, and one that ends tells how`() throws {
        #expect(throws: SystemCallFailure.self) { try Successor.start("/nowhere/postern", arguments: ["postern"]) }
        let successor = try Successor.start("/bin/sh", arguments: ["sh", "-c", "exit 7"])
        var ending: String?
        while ending == nil { ending = successor.ending() }
        #expect(ending == "exited with 7")
    }

    @Test func `a successor has its channel and the standard streams, and no signal is blocked or ignored`() throws {
        let leaked = fcntl(0, F_DUPFD, 50)
        defer { close(leaked) }
        signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, SIG_DFL) }
        // The C library ignores two signals of its own (32 and 33) on the way.
        let script = """
            test "$POSTERN_HANDOVER" = 3 || exit 10
            test -z "$WATCHDOG_PID$LISTEN_FDS" || exit 11
            test -e /proc/$$/fd/3 && ! test -e /proc/$$/fd/\(leaked) || exit 12
            grep -Eq 'SigIgn:.(0000000000000000|0000000180000000)' /proc/$$/status || exit 13
            grep -q 'SigBlk:.0000000000000000' /proc/$$/status || exit 14
            """
        setenv("WATCHDOG_PID", "1", 1)
        defer { unsetenv("WATCHDOG_PID") }
        let successor = try Successor.start("/bin/sh", arguments: ["sh", "-c", script])
        var ending: String?
        while ending == nil { ending = successor.ending() }
        #expect(ending == "exited with 0")
    }
}

@Suite struct ServiceManagerTests {
    @Test func `the watchdog is ours, anybody's, or another's`() {
        func interval(_ microseconds: String?, _ process: String?) -> Duration? {
            WatchdogInterval.interval(microseconds: microseconds, of: process, processID: 7)
        }
        #expect(interval("30000000", "7") == .seconds(30))
        #expect(interval("30000000", nil) == .seconds(30))
        #expect(interval("30000000", "8") == nil)
        for nonsense in [nil, "", "0", "-1", "x"] { #expect(interval(nonsense, "7") == nil) }
    }

    @Test func `names are what systemd takes`() {
        #expect(DescriptorStore.isName("held tcp 10.0.0.1%3A80"))
        #expect(DescriptorStore.isName(String(repeating: "a", count: 255)))
        for bad in ["", "a:b", "a\nb", "é", "\u{7F}", String(repeating: "a", count: 256)] {
            #expect(!DescriptorStore.isName(bad))
        }
    }
}
