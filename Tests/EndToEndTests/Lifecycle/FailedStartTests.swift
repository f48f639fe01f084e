import Foundation
import Testing

@Suite("A start that fails")
struct FailedStartTests {
    @Test("A listener that cannot be opened ends the process and leaves no socket's file behind")
    func noFiles() throws {
        let taken = try Socket.listening(at: .tcp("127.0.0.1", 0))
        let directory = try TemporaryDirectory()
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        let path = directory.file("local.sock")
        configuration.listeners = [
            Listener("vpce-local", at: .unix(path), "unix: \(path)"),
            Listener(
                "vpce-taken", at: .tcp("127.0.0.1", taken.localPort), "address: 127.0.0.1, port: \(taken.localPort)"),
        ]
        let gateway = try Gateway(configuration, in: directory, launcher: [])
        #expect(try gateway.child.exit() == 1)
        #expect(gateway.errors.contains("vpce-taken"))
        #expect(directory.list("").filter { $0.hasSuffix(".sock") }.isEmpty)
    }

    @Test("Orders for a gateway that serves do not end one that is starting")
    func earlyOrders() throws {
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        defer { close(ends[1]) }
        // A predecessor that says nothing holds the start up, and one that goes ends it.
        let gateway = try Gateway(
            Configuration(["GET /x": "{type: MOCK}"]), launcher: [], environment: ["POSTERN_HANDOVER": "3"],
            inherited: [ends[1]])
        try eventually("the program runs", within: 10) {
            let status = try String(contentsOfFile: "/proc/\(gateway.pid)/status", encoding: .utf8)
            let ignored = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }?.split(separator: "\t").last
            return ignored.flatMap { UInt64($0, radix: 16) }.map { $0 & 1 == 1 } ?? false
        }
        for order in [SIGHUP, SIGUSR1, SIGUSR2] { gateway.child.signal(order) }
        close(ends[0])
        #expect(try gateway.child.exit(within: 20) == 1)
        #expect(gateway.errors.contains("the running gateway"), "\(gateway.errors)")
    }

    @Test("An inherited socket that nobody passed is found out before the admin socket has a file")
    func noInheritedSocket() throws {
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.listeners = [Listener("vpce-sd", at: .tcp("127.0.0.1", 1), "inherit: mesh")]
        let gateway = try Gateway(configuration, launcher: [])
        #expect(try gateway.child.exit() == 78)
        #expect(!gateway.directory.exists("admin.sock"))
    }
}
