import Foundation
import Glibc
import Testing

@testable import PosternTelemetry

@Suite struct SystemRecordTests {
    private let directory = TemporaryDirectory()

    private func record(_ message: String, _ metadata: [(name: String, value: String)] = []) -> SystemRecord {
        SystemRecord(
            epochNanoseconds: 1_700_000_000_123_000_000, priority: 4, level: "warning", message: message,
            metadata: metadata)
    }

    private func written(_ records: [SystemRecord], as form: SystemRecord.Form) throws -> [UInt8] {
        let path = directory.file("log")
        unlink(path)
        let writer = try LogWriter(.file(path))
        let buffer = LogBuffer(writer: writer)
        for record in records { record.write(into: buffer, as: form) }
        buffer.flush()
        #expect(writer.close(within: .seconds(30)))
        return try contents(path)
    }

    @Test func `text has time, level, message and what belongs to it`() throws {
        let text = try written(
            [record("listening", [("endpoint", "vpce-a"), ("note", "a b")])], as: .text(hasPriorities: false))
        #expect(
            String(decoding: text, as: UTF8.self)
                == "2023-11-14T22:13:20.123Z warning postern: listening endpoint=vpce-a note=\"a b\"\n")
    }

    @Test func `in front of journald a line begins with its priority`() throws {
        let text = try written([record("listening")], as: .text(hasPriorities: true))
        #expect(String(decoding: text, as: UTF8.self) == "<4>warning: listening\n")
    }

    @Test(arguments: ["a\n<0>emergency: b", "a\r\nb", "\u{1B}[2J", "\u{9B}31m", "x y=\"z\" \n"])
    func `no text ends its line, forges a value or commands a terminal`(text: String) throws {
        let forms: [SystemRecord.Form] = [.text(hasPriorities: true), .text(hasPriorities: false), .json]
        for form in forms {
            let lines = try written([record(text, [("key", text)]), record("next")], as: form)
            #expect(lines.count { $0 == 10 } == 2)
            #expect(String(decoding: lines, as: UTF8.self).unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
        }
    }

    @Test(arguments: ["x \u{301}level=error", "x=\u{301}y"])
    func `a mark on a separator does not hide it`(text: String) throws {
        let line = try written([record("m", [("key", text)])], as: .text(hasPriorities: true))
        #expect(String(decoding: line, as: UTF8.self).utf8.elementsEqual("<4>warning: m key=\"\(text)\"\n".utf8))
    }

    @Test func `JSON holds message and metadata as they are`() throws {
        let values = [("path", "/x\n\"y\""), ("empty", "")]
        let line = try objects(written([record("a\nb", values)], as: .json))[0]
        #expect(line["level"] as? String == "warning")
        #expect(line["message"] as? String == "a\nb")
        #expect(line["time"] as? String == "2023-11-14T22:13:20.123Z")
        #expect(line["metadata"] as? [String: String] == ["path": "/x\n\"y\"", "empty": ""])
    }

    @Test func `what is far too long is cut, and is still a line of JSON`() throws {
        let long = String(repeating: "\u{1}", count: 100_000)
        let record = record(long, (0..<50).map { ("key\($0)", long) })
        let line = try written([record], as: .json)
        #expect(line.count <= LogChunk.mostRecordBytes)
        #expect(try objects(line).count == 1)
    }

    @Test func `a journal entry has its metadata as fields`() throws {
        let journal = FakeJournal(at: directory.file("journal"))
        let writer = try LogWriter(.journal(socket: journal.path))
        let buffer = LogBuffer(writer: writer)
        record("memory is short", [("level", "refuse"), ("a.b-c", "1\nPRIORITY=0")]).write(into: buffer, as: .journal)
        buffer.flush()
        let fields = try journal.next()
        #expect(fields["MESSAGE"] == "memory is short level=refuse a.b-c=\"1\\nPRIORITY=0\"")
        #expect(fields["PRIORITY"] == "4")
        #expect(fields["POSTERN_LEVEL"] == "refuse")
        #expect(fields["POSTERN_A_B_C"] == "1\nPRIORITY=0")
        writer.close(within: .seconds(30))
    }
}

@Suite struct LogHealthTests {
    private final class Health {
        private var health = LogHealth()
        func observe(_ statistics: LogStatistics) -> LogHealth.Change? { health.observe(statistics) }
    }

    private func statistics(dropped: Int = 0, standing: Int32 = 0) -> LogStatistics {
        var statistics = LogStatistics()
        statistics.droppedRecords = dropped
        statistics.standingError = standing
        return statistics
    }

    @Test func `trouble is told once when it begins and once when it ends, with what was lost`() {
        let health = Health()
        #expect(health.observe(statistics()) == nil)
        #expect(health.observe(statistics(standing: ENOSPC)) == .began(code: ENOSPC))
        #expect(health.observe(statistics(dropped: 10, standing: ENOSPC)) == nil)
        #expect(health.observe(statistics(dropped: 30, standing: ENOSPC)) == nil)
        for _ in 0..<4 { #expect(health.observe(statistics(dropped: 30)) == nil) }
        #expect(health.observe(statistics(dropped: 30)) == .ended(lostRecords: 30))
        #expect(health.observe(statistics(dropped: 30)) == nil)
    }

    @Test func `a slow reader is trouble without an error, and each look with losses begins the wait anew`() {
        let health = Health()
        #expect(health.observe(statistics(dropped: 5)) == .began(code: 0))
        for round in 1...20 { #expect(health.observe(statistics(dropped: 5 + round / 4)) == nil) }
        for _ in 0..<4 { #expect(health.observe(statistics(dropped: 10)) == nil) }
        #expect(health.observe(statistics(dropped: 10)) == .ended(lostRecords: 10))
    }
}
