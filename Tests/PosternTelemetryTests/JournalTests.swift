import Foundation
import Glibc
import Testing

@testable import PosternTelemetry

@Suite struct JournalTests {
    init() { signal(SIGPIPE, SIG_IGN) }

    private let directory = TemporaryDirectory()
    private var place: String { directory.file("journal") }

    private func writer(bound: Int = LogWriter.defaultBound) throws -> LogWriter {
        try LogWriter(.journal(socket: place), bound: bound, retryPause: .milliseconds(20))
    }

    /// A denied request whose caller chose its texts with care.
    private func write(_ number: Int = 0, agent: String = "curl", path: String = "/prod/order", to buffer: LogBuffer) {
        withBytes(agent) { agent in
            withBytes(path) { path in
                withBytes("GET") { method in
                    withBytes("implicit_deny") { reason in
                        var record = AccessRecord()
                        record.epochNanoseconds = 1_700_000_000_123_000_000
                        record.connectionID = number
                        record.method = method
                        record.path = path
                        record.status = 403
                        record.latencyNanoseconds = 1_234_567
                        record.decision = .implicitDeny
                        record.refusal = reason
                        record.refusalReason = reason
                        record.userAgent = agent
                        record.write(into: buffer)
                    }
                }
            }
        }
    }

    @Test func `an entry has a line for a person and a field for each member`() throws {
        let journal = FakeJournal(at: place)
        let writer = try writer()
        let buffer = LogBuffer(writer: writer)
        write(7, to: buffer)
        buffer.flush()
        let fields = try journal.next()
        #expect(fields["MESSAGE"] == "GET /prod/order 403 deny implicit_deny")
        #expect(fields["PRIORITY"] == "5")
        #expect(fields["SYSLOG_IDENTIFIER"] == "postern")
        #expect(fields["POSTERN_DECISION"] == "deny")
        #expect(fields["POSTERN_DECISION_KIND"] == "implicitDeny")
        #expect(fields["POSTERN_CONNECTION_ID"] == "7")
        #expect(fields["POSTERN_STATUS"] == "403")
        #expect(fields["POSTERN_DURATION_US"] == "1234")
        #expect(fields["POSTERN_TIME"] == "2023-11-14T22:13:20.123Z")
        #expect(fields["POSTERN_USER_AGENT"] == "curl")
        #expect(fields["POSTERN_TRUNCATED"] == nil)
        writer.close(within: .seconds(30))
    }

    @Test(arguments: [
        "x\nPOSTERN_DECISION=allow\nPRIORITY=0", "\n", "a=b", "x\nMESSAGE\n\u{1}\0\0\0\0\0\0\0A\n", "\u{1B}[31mred",
        "\"\\",
    ])
    func `nothing a caller chose begins another field`(text: String) throws {
        let journal = FakeJournal(at: place)
        let writer = try writer()
        let buffer = LogBuffer(writer: writer)
        write(agent: text, path: text, to: buffer)
        write(1, to: buffer)
        buffer.flush()
        let (forged, plain) = (try journal.next(), try journal.next())
        // The same members, and their values byte for byte.
        #expect(Set(forged.keys).union(["POSTERN_CONNECTION_ID"]) == Set(plain.keys))
        #expect(forged["POSTERN_DECISION"] == "deny")
        #expect(forged["PRIORITY"] == "5")
        #expect(forged["POSTERN_USER_AGENT"] == text)
        #expect(forged["POSTERN_PATH"] == text)
        #expect(forged["MESSAGE"]?.unicodeScalars.allSatisfy { $0.value >= 0x20 } == true)
        writer.close(within: .seconds(30))
    }

    @Test func `every member of a record has both its names`() throws {
        var record = AccessRecord()
        var texts = 0
        try withBytes("x") { x in
            record.requestID = x
            record.extendedRequestID = x
            record.connectionID = 1
            record.endpointID = x
            record.vpcID = x
            record.sourceIP = x
            record.sourcePort = 1
            record.unixPeer = .init(uid: 1, gid: 1, pid: 1)
            record.unixPeer?.user = x
            record.unixPeer?.group = x
            record.unixPeer?.unit = x
            record.security = .init(
                version: x, cipher: x, isResumed: true, subject: x, issuer: x, serial: x, spiffeID: x)
            record.method = x
            record.path = x
            record.hasQuery = true
            record.protocolName = x
            record.host = x
            record.userAgent = x
            record.apiID = x
            record.stage = x
            record.resourcePath = x
            record.status = 200
            record.decision = .explicitDeny
            record.policyKind = x
            record.policyStatement = x
            record.policyCondition = x
            record.policyValue = x
            record.shadowDecision = .allow
            record.shadowStatement = x
            record.refusal = x
            record.refusalReason = x
            record.integrationStatus = 200
            record.integrationNanoseconds = 1
            record.upstream = x
            record.retries = 1
            record.abort = .client
            let journal = FakeJournal(at: place)
            let entries = try writer()
            let lines = try LogWriter(.file(directory.file("log")))
            for writer in [entries, lines] {
                let buffer = LogBuffer(writer: writer)
                record.write(into: buffer)
                buffer.flush()
            }
            let fields = try journal.next()
            #expect(lines.close(within: .seconds(30)))
            let members = try objects(contents(directory.file("log")))[0]
            texts = members.count
            // MESSAGE, PRIORITY, SYSLOG_IDENTIFIER and the kind of the deny have no member of their own.
            #expect(fields.count == members.count + 4)
            entries.close(within: .seconds(30))
        }
        #expect(texts == 48)
    }

    @Test func `an entry that is too long says so and stays one`() throws {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 600, alignment: 8)
        defer { memory.deallocate() }
        var entry = JournalEntry(memory)
        entry.begin(priority: 6)
        entry.message { $0.piece("short") }
        withBytes(String(repeating: "ä", count: 2000)) { long in
            entry.text("a", "A", long)
            entry.text("b", "B", long)
        }
        entry.number("c", "C", 1)
        let count = entry.end()
        #expect(count <= 600)
        #expect(JournalEntry.framedCount(memory.baseAddress!) == count)
        let fields = try FakeJournal.fields(Array(memory[JournalEntry.frame..<count]))
        #expect(fields["POSTERN_TRUNCATED"] == "1")
        #expect(fields["POSTERN_A"]?.hasSuffix("ä…") == true)
    }

    @Test func `entries of a journald that is stopped wait for the next one`() throws {
        var journal: FakeJournal? = FakeJournal(at: place)
        let writer = try writer()
        let buffer = LogBuffer(writer: writer)
        write(1, to: buffer)
        buffer.flush()
        #expect(try journal?.next()["POSTERN_CONNECTION_ID"] == "1")
        journal = nil
        write(2, to: buffer)
        buffer.flush()
        while writer.statistics.standingError == 0 { usleep(2000) }
        #expect(writer.statistics.standingError == ECONNREFUSED)
        journal = FakeJournal(at: place)
        #expect(try journal?.next()["POSTERN_CONNECTION_ID"] == "2")
        #expect(writer.flush(within: .seconds(30)))
        #expect(writer.statistics.standingError == 0)
        #expect(writer.statistics.droppedRecords == 0)
        writer.close(within: .seconds(30))
    }

    @Test func `a journald that takes nothing costs memory to a bound, then records, and no end of the program`() throws
    {
        let journal = FakeJournal(at: place)
        let writer = try writer(bound: 0)
        let buffer = LogBuffer(writer: writer)
        let count = 20_000
        for number in 0..<count { write(number, agent: String(repeating: "x", count: 500), to: buffer) }
        buffer.flush()
        #expect(writer.statistics.droppedRecords > 0)
        #expect(!writer.flush(within: .milliseconds(50)))
        #expect(writer.close(within: .milliseconds(100)))
        // What journald's queue had taken is whole; the rest is counted.
        var received = 0
        var nothing = timeval(tv_sec: 0, tv_usec: 1000)
        setsockopt(journal.descriptor, SOL_SOCKET, SO_RCVTIMEO, &nothing, socklen_t(MemoryLayout<timeval>.size))
        while let entry = try? journal.receive() {
            _ = try FakeJournal.fields(entry)
            received += 1
        }
        #expect(received > 0)
        #expect(received + writer.statistics.droppedRecords == count)
    }

    @Test func `an entry larger than a datagram goes by sealed memory`() throws {
        let journal = FakeJournal(at: place)
        var socket = JournalSocket(path: place, sendBuffer: 1)
        defer { socket.close() }
        let entry = Array("MESSAGE=\(String(repeating: "x", count: 100_000))\n".utf8)
        let code = entry.withUnsafeBytes { socket.send($0) }
        #expect(code == 0)
        #expect(try journal.receive() == entry)
    }
}
