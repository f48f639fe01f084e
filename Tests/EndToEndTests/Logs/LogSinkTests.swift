import Foundation
import Testing

@Suite("Logs whose place takes nothing, or is taken away")
struct LogSinkTests {
    private static let padding = "User-Agent: \(String(repeating: "x", count: 900))"

    /// Keeps asking until something has come to be.
    private func call(_ gateway: Gateway, until condition: () throws -> Bool) throws {
        let wire = try gateway.connect()
        try eventually("what many records bring about", within: 120) {
            for _ in 0..<200 { #expect(try wire.exchange("GET", "/dev/x", [Self.padding]).status == 200) }
            return try condition()
        }
    }

    private func metric(_ name: String, of gateway: Gateway) throws -> Int {
        let lines = try gateway.admin("/metrics").text.split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("\(name) ") })
        return try #require(Int(line.split(separator: " ")[1]))
    }

    @Test(.enabled(if: Machine.isRoot))
    func `a full disk costs records and no request, and is told when it begins and when it ends`() throws {
        let place = try TemporaryDirectory()
        try #require(Child.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place.path]).status == 0)
        defer { _ = try? Child.run(["umount", "-l", place.path]) }
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.accessLog = place.file("access.log")
        let gateway = try Gateway(configuration)
        try call(gateway) { try metric("postern_log_dropped_records_total", of: gateway) > 0 }
        try eventually("the beginning is told") { gateway.errors.contains("No space left on device") }
        try #require(Child.run(["mount", "-o", "remount,size=512m", place.path]).status == 0)
        try eventually("the end is told, with what was lost") {
            gateway.errors.contains("log records are written again") && gateway.errors.contains(" lost=")
        }
        #expect(gateway.errors.components(separatedBy: "log records cannot be written").count == 2)
        let last = try gateway.get("/dev/x")["x-amzn-RequestId"] ?? ""
        try eventually("records are written") { place.read("access.log").contains(last) }
        // Nothing was torn by the lack of space.
        let lines = place.read("access.log").split(separator: "\n")
        #expect(lines.allSatisfy { AccessRecord(String($0)) != nil })
        #expect(try gateway.stop() == 0)
    }

    @Test func `a pipe that nobody reads holds up no request, no reload and no end`() throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        var configuration = try Configuration(["GET /x": "{type: MOCK}"], ["systemLog: {path: stderr, level: debug}"])
        configuration.accessLog = "stdout"
        // Both logs go into the pipe, which is full from the beginning.
        let gateway = try Gateway(
            configuration, launcher: ["sh", "-c", "exec \"$@\" >&3 2>&3 3>&-", "sh"], inherited: [ends[1]])
        try gateway.waitUntilListening()
        var filler = [UInt8](repeating: UInt8(ascii: "\n"), count: 4096)
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        while write(ends[1], &filler, filler.count) > 0 {}
        try call(gateway) { try metric("postern_log_dropped_records_total", of: gateway) > 0 }
        for _ in 0..<3 { #expect(try gateway.reloadAndWait(gateway.configuration).status == 0) }
        #expect(try gateway.get("/dev/x").status == 200)
        #expect(try gateway.stop() == 0)
    }

    @Test func `a file that is removed is made anew without a signal`() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK}"])
        _ = try gateway.record(of: try gateway.get("/dev/x"))
        try gateway.directory.remove("access.log")
        try eventually("a record in a new file") {
            _ = try gateway.get("/dev/x")
            return !gateway.records.isEmpty
        }
    }

    @Test(.enabled(if: Machine.has("logrotate")))
    func `logrotate and its signal lose no record`() throws {
        let gateway = try Gateway(["GET /x": "{type: MOCK}"])
        let directory = gateway.directory
        // Our snippet, for these files and this process.
        let snippet = try String(contentsOfFile: "systemd/postern.logrotate", encoding: .utf8)
            .replacingOccurrences(of: "/var/log/postern/*.log", with: directory.file("*.log"))
            .replacingOccurrences(
                of: "systemctl kill --signal=USR1 --kill-who=main postern.service 2>/dev/null || true",
                with: "kill -USR1 \(gateway.pid)")
        #expect(snippet.contains("kill -USR1 \(gateway.pid)"))
        try directory.write(snippet, to: "logrotate.conf")
        chmod(directory.file("logrotate.conf"), 0o644)
        var ids: [String] = []
        for round in 0..<3 {
            for _ in 0..<20 { ids.append(try gateway.get("/dev/x")["x-amzn-RequestId"] ?? "") }
            try eventually("round \(round) is written") { directory.read("access.log").contains(ids.last!) }
            let result = try Child.run([
                "logrotate", "--force", "--state", directory.file("state"), directory.file("logrotate.conf"),
            ])
            #expect(result.status == 0, "\(result)")
            try eventually("a new file") { directory.exists("access.log") }
        }
        #expect(try gateway.stop() == 0)
        let all =
            directory.read("access.log") + directory.read("access.log.1")
            + (try Child.run(["zcat", directory.file("access.log.2.gz"), directory.file("access.log.3.gz")]).output)
        #expect(ids.allSatisfy(all.contains))
        var status = stat()
        #expect(stat(directory.file("access.log"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o640)
    }
}

@Suite("The system log")
struct SystemLogTests {
    @Test func `it is JSON, in a file, from the level that is asked for`() throws {
        let place = try TemporaryDirectory()
        let gateway = try Gateway(
            Configuration(
                ["GET /x": "{type: MOCK}"],
                ["systemLog: {path: \(place.file("system.log")), format: json, level: notice}"]))
        try eventually("`listening`") { place.read("system.log").contains("listening") }
        let line = try #require(place.read("system.log").split(separator: "\n").first { $0.contains("listening") })
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(object?["message"] as? String == "listening")
        #expect(object?["level"] as? String == "notice")
        #expect((object?["metadata"] as? [String: String])?["endpoint"] == "vpce-mesh")
        // Rotation is both logs'.
        try FileManager.default.moveItem(atPath: place.file("system.log"), toPath: place.file("system.log.1"))
        gateway.child.signal(SIGUSR1)
        try eventually("the file is there again") { place.exists("system.log") }
        #expect(try gateway.stop() == 0)
        #expect(place.read("system.log").contains("stopped"))
        #expect(gateway.errors.isEmpty)
    }

    @Test func `a level leaves out what is below it`() throws {
        let gateway = try Gateway(Configuration(["GET /x": "{type: MOCK}"], ["systemLog: {level: warning}"]))
        #expect(try gateway.get("/dev/x").status == 200)
        #expect(try gateway.stop() == 0)
        #expect(gateway.directory.read("stderr").isEmpty)
    }

    @Test func `where journald reads standard error, lines begin with their priority`() throws {
        // The shell learns what its standard error is, as systemd tells a service.
        let gateway = try Gateway(
            Configuration(["GET /x": "{type: MOCK}"]),
            launcher: ["sh", "-c", "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$@\"", "sh"])
        try eventually("it tells where it listens") {
            gateway.directory.read("stderr").contains("<5>notice: listening ")
        }
        #expect(try gateway.stop() == 0)
        let lines = gateway.directory.read("stderr").split(separator: "\n")
        #expect(lines.allSatisfy { $0.hasPrefix("<") })
    }

    @Test func `a file that cannot be opened ends the start`() throws {
        let gateway = try Gateway(
            Configuration(["GET /x": "{type: MOCK}"], ["systemLog: {path: /nonexistent/system.log}"]), launcher: [])
        #expect(try gateway.child.exit() == 1)
        #expect(gateway.errors.contains("log file `/nonexistent/system.log` cannot be opened"))
    }
}
