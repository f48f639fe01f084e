import Foundation
import Testing

@Suite("Logs in the journal", .enabled(if: Machine.isRoot && Machine.has("unshare")))
struct JournalTests {
    @Test func `requests and the program's messages are entries with fields`() throws {
        let journal = try FakeJournal()
        var configuration = try Configuration(
            ["GET /x": "{type: MOCK}"],
            policy: Policies.policy(Policies.statement("Allow", resource: "execute-api:/*/POST/*")),
            ["systemLog: {path: journal}"])
        configuration.accessLog = "journal"
        let gateway = try Gateway(configuration, launcher: journal.launcher)
        try gateway.waitUntilListening()
        let listening = try journal.entry { $0["MESSAGE"]?.hasPrefix("listening ") == true }
        #expect(listening["PRIORITY"] == "5")
        #expect(listening["SYSLOG_IDENTIFIER"] == "postern")
        #expect(listening["POSTERN_ENDPOINT"] == "vpce-mesh")

        let response = try gateway.get("/dev/x")
        #expect(response.status == 403)
        let entry = try journal.entry { $0["POSTERN_REQUEST_ID"] == response["x-amzn-RequestId"] }
        #expect(entry["MESSAGE"] == "GET /dev/x 403 deny implicit_deny")
        #expect(entry["POSTERN_DECISION"] == "deny")
        #expect(entry["POSTERN_DECISION_KIND"] == "implicitDeny")
        #expect(entry["POSTERN_API"] == "shop")
        #expect(entry["POSTERN_STAGE"] == "dev")
        #expect(entry["POSTERN_ROUTE"] == "/x")
        #expect(entry["POSTERN_STATUS"] == "403")
        #expect(entry["POSTERN_SOURCE_IP"] == "127.0.0.1")
        #expect(entry["POSTERN_ENDPOINT"] == "vpce-mesh")
        #expect(entry["POSTERN_DURATION_US"].flatMap { Int($0) } != nil)
        #expect(try gateway.stop() == 0)
        #expect(journal.entries.contains { $0["MESSAGE"] == "stopped cut=0" })
        #expect(journal.problems.isEmpty)
        #expect(gateway.errors.isEmpty)
    }

    @Test func `what callers send begins no field`() throws {
        let journal = try FakeJournal()
        var configuration = try Configuration(["GET /{x}": "{type: MOCK}"])
        configuration.accessLog = "journal"
        let gateway = try Gateway(configuration, launcher: journal.launcher)
        try gateway.waitUntilListening()
        let escaped = "/dev/x%22POSTERN_DECISION=deny%C3%A4PRIORITY=0"
        let response = try gateway.get(escaped, ["User-Agent: a\u{9}POSTERN_DECISION=deny\u{9}"])
        let entry = try journal.entry { $0["POSTERN_REQUEST_ID"] == response["x-amzn-RequestId"] }
        #expect(entry["POSTERN_PATH"] == escaped)
        #expect(entry["POSTERN_USER_AGENT"] == "a\u{9}POSTERN_DECISION=deny")
        #expect(entry["POSTERN_DECISION"] == "allow")
        // Bytes that no head may hold end the request, and neither the entry nor the line.
        let wire = try gateway.connect()
        try wire.send("GET /dev/x\nPOSTERN_DECISION=deny HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try wire.readResponse().status == 400)
        _ = try journal.entry { $0["POSTERN_STATUS"] == "400" }
        #expect(journal.problems.isEmpty)
        #expect(!journal.entries.contains { $0["POSTERN_DECISION"] == "deny" })
    }

    @Test func `without journald requests are served, and the end comes in time`() throws {
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.accessLog = "journal"
        let gateway = try Gateway(
            configuration,
            launcher: [
                "unshare", "-m", "--propagation", "private", "sh", "-c", "mount -t tmpfs none /run && exec \"$@\"",
                "sh",
            ])
        try gateway.waitUntilListening()
        for _ in 0..<50 { #expect(try gateway.get("/dev/x").status == 200) }
        try eventually("the operator is told") { gateway.errors.contains("log records cannot be written") }
        #expect(gateway.errors.contains("reason=\"No such file or directory\""))
        #expect(try gateway.stop() == 0)
    }
}
