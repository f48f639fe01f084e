import Foundation
import Testing

extension HostTests {
    @Suite("In trouble") struct TroubleTests {
        private let place = SocketPlace.tcp("127.0.0.1", 8080)
        private let mock = ["GET /x": "{type: MOCK, body: m}"]
        private let listeners = ["id: vpce-mesh, address: 127.0.0.1, port: 8080"]

        @Test("An event loop that stands still is noticed by the watchdog, and the service comes back")
        func watchdog() throws {
            let host = try Host()
            try host.configure(listeners: listeners, process: ["loops: 2"], routes: mock)
            try host.extend("[Service]", "WatchdogSec=3")
            try host.container.must("systemctl", "restart", "postern.service")
            let before = try host.mainPID
            let loop = try StoppedThread(named: "NIO-ELT", of: try host.container.processID(of: before))
            try eventually("systemd has started the service again", within: 60) {
                try host.container.property("NRestarts") == "1" && host.isActive
            }
            #expect(try host.mainPID != before)
            #expect(try host.get("/dev/x", at: place).text == "m")
            #expect(try host.container.must("journalctl", "--no-pager").contains("Watchdog timeout"))
            withExtendedLifetime(loop) {}
        }

        @Test(
            "With a full disk under the access log requests are served, failures are counted, and records written later"
        )
        func fullDisk() throws {
            let host = try Host()
            let folder = "/var/log/private/postern"
            let log = "\(folder)/access.log"
            try host.container.must("systemctl", "stop", "postern.service")
            try host.container.must("mount", "-t", "tmpfs", "-o", "size=4m,mode=0750", "none", folder)
            try host.configure(
                listeners: listeners, process: ["accessLog: {path: /var/log/postern/access.log}"], routes: mock)
            try host.container.must("systemctl", "start", "postern.service")
            _ = try host.container.run("dd", "if=/dev/zero", "of=\(folder)/filler", "bs=4k")

            let asked = try host.container.inNetwork { [place] in
                let wire = try Wire(to: place)
                return try (0..<600).map { _ in
                    try wire.exchange("GET", "/dev/x", ["User-Agent: " + String(repeating: "a", count: 500)]).status
                }
            }
            #expect(asked == Array(repeating: 200, count: 600))
            try eventually("failures are counted") { try host.metric("postern_log_errors_total") > 0 }

            try host.container.must("rm", "\(folder)/filler")
            try eventually("records are written again") {
                let answer = try host.get("/dev/x", at: place, ["User-Agent: after"])
                let id = try #require(answer["x-amzn-RequestId"])
                usleep(300_000)
                return host.container.read(log).contains(id)
            }
        }

        @Test("Rotation by logrotate loses nothing and leaves the new file to the service")
        func rotation() throws {
            let host = try Host()
            try host.configure(
                listeners: listeners, process: ["accessLog: {path: /var/log/postern/access.log}"], routes: mock)
            try host.container.must("systemctl", "restart", "postern.service")
            func ask(_ agent: String, isIn file: String) throws {
                #expect(try host.get("/dev/x", at: place, ["User-Agent: \(agent)"]).status == 200)
                try eventually("`\(agent)` is in \(file)") { host.container.read(file).contains(agent) }
            }
            try ask("before", isIn: "/var/log/private/postern/access.log")
            let rotated = try host.container.run("logrotate", "--force", "/etc/logrotate.d/postern")
            #expect(rotated.status == 0 && rotated.all.isEmpty, "\(rotated)")
            try eventually("the log has a new file") {
                host.container.exists("/var/log/private/postern/access.log")
            }
            try ask("after", isIn: "/var/log/private/postern/access.log")
            #expect(host.container.read("/var/log/private/postern/access.log.1").contains("before"))
        }

        @Test("Out of descriptors, the admin socket answers, and callers are served once there are some again")
        func descriptors() throws {
            let host = try Host()
            try host.configure(listeners: listeners, process: ["limits: {connections: 1000}"], routes: mock)
            try host.extend("[Service]", "LimitNOFILE=64")
            try host.container.must("systemctl", "restart", "postern.service")
            let process = try host.mainPID
            let held = try host.container.inNetwork { [place] in
                try (0..<80).map { _ in try Socket.connected(to: place) }
            }
            try eventually("the journal tells of the lack") {
                host.container.journal.contains("connections cannot be accepted")
            }
            #expect(try host.container.run("postern", "status").status == 0)
            for socket in held { socket.close() }
            #expect(try host.get("/dev/x", at: place).text == "m")
            #expect(try host.mainPID == process)
        }

        @Test("A port below 1024 needs the drop-in, and with it holds nothing else")
        func lowPort() throws {
            let host = try Host()
            let low = SocketPlace.tcp("127.0.0.1", 80)
            try host.configure(listeners: ["id: vpce-mesh, address: 127.0.0.1, port: 80"], routes: mock)
            #expect(try host.container.run("systemctl", "restart", "postern.service").status != 0)
            try host.container.must("systemctl", "stop", "postern.service")
            try host.extend(host.container.read("/usr/share/doc/postern/examples/low-ports.conf"))
            try host.container.must("systemctl", "start", "postern.service")
            #expect(try host.get("/dev/x", at: low).text == "m")
            for _ in 0..<2 {
                let before = try host.mainPID
                let status = host.container.read("/proc/\(before)/status")
                for set in ["Inh", "Prm", "Eff", "Bnd", "Amb"] {
                    // CAP_NET_BIND_SERVICE is capability 10.
                    #expect(status.contains("Cap\(set):\t0000000000000400"), "\(status)")
                }
                #expect(try host.get("/dev/x", at: low).text == "m")
                try host.container.must("postern", "upgrade")
                try eventually("systemd knows the new process") { try host.mainPID != before }
            }
            #expect(!host.container.journal.contains("secure bits"))
        }
    }
}

/// A thread of another process that stands still until its owner goes.
private final class StoppedThread: Sendable {
    private let isOver = Flag()

    /// - Parameter named: how the thread's name begins.
    init(named name: String, of process: pid_t) throws {
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")
        let thread = threads.first { thread in
            let own = try? String(contentsOfFile: "/proc/\(process)/task/\(thread)/comm", encoding: .utf8)
            return own?.hasPrefix(name) ?? false
        }
        guard let thread = thread.flatMap({ pid_t($0) }) else {
            throw Container.Failure("process \(process) has no thread `\(name)…`")
        }
        let notes = Notes()
        // It stands for as long as the thread that stopped it is there.
        inBackground { [isOver] in
            do {
                try LinuxCalls.stopThread(thread)
                notes.add("")
                while !isOver.isRaised {
                    LinuxCalls.reapThread(thread)
                    usleep(10_000)
                }
            } catch {
                notes.add("\(error)")
            }
        }
        try eventually("the thread stands still") { !notes.all.isEmpty }
        if let failure = notes.all.first, !failure.isEmpty { throw Container.Failure(failure) }
    }

    deinit { isOver.raise() }
}
