import Foundation
import Glibc
import Testing

@testable import PosternTelemetry

@Suite struct LogWriterTests {
    init() { signal(SIGPIPE, SIG_IGN) }

    private func append(_ range: Range<Int>, to buffer: LogBuffer, padding: Int = 200) {
        let filler = [UInt8](repeating: UInt8(ascii: "x"), count: padding)
        filler.withUnsafeBytes { filler in
            for number in range {
                buffer.append { line in
                    line.field("n", number)
                    line.field("filler", bytes: filler)
                }
            }
        }
    }

    private func numbers(_ log: [UInt8]) throws -> [Int] { try objects(log).compactMap { $0["n"] as? Int } }

    @Test func linesArriveInOrderAndWhole() throws {
        let directory = TemporaryDirectory()
        let writer = try LogWriter(.file(directory.file("log")), bound: 1 << 30)
        let buffer = LogBuffer(writer: writer)
        append(0..<20_000, to: buffer)
        buffer.flush()
        #expect(writer.flush(within: .seconds(60)))
        let log = try contents(directory.file("log"))
        #expect(try numbers(log) == Array(0..<20_000))
        #expect(writer.statistics.writtenBytes == log.count)
        #expect(writer.statistics.droppedRecords == 0)
        #expect(writer.close(within: .seconds(60)))
    }

    @Test func aLogFileIsPrivateAndAppendedTo() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("log")
        umask(0o022)
        for number in 0..<2 {
            let writer = try LogWriter(.file(path))
            let buffer = LogBuffer(writer: writer)
            append(number..<number + 1, to: buffer)
            buffer.flush()
            #expect(writer.close(within: .seconds(60)))
        }
        #expect(try numbers(contents(path)) == [0, 1])
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o640)
    }

    @Test func aFileThatCannotBeOpenedIsNamed() {
        #expect(throws: LogTargetError(path: "/nonexistent/log", code: ENOENT)) {
            try LogWriter(.file("/nonexistent/log"))
        }
        #expect(
            LogTargetError(path: "/x", code: ENOENT).description
                == "log file `/x` cannot be opened: No such file or directory")
    }

    @Test func linesOfSeveralLoopsAreNotMixed() throws {
        let directory = TemporaryDirectory()
        let writer = try LogWriter(.file(directory.file("log")), bound: 1 << 30)
        DispatchQueue.concurrentPerform(iterations: 4) { loop in
            let buffer = LogBuffer(writer: writer)
            append(loop * 5000..<(loop + 1) * 5000, to: buffer, padding: 10 + loop * 50)
            buffer.flush()
        }
        #expect(writer.flush(within: .seconds(60)))
        #expect(try numbers(contents(directory.file("log"))).sorted() == Array(0..<20_000))
        writer.close(within: .seconds(60))
    }

    @Test func `a file that was removed without a word is made anew`() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("log")
        let writer = try LogWriter(.file(path))
        let buffer = LogBuffer(writer: writer)
        unlink(path)
        // Its name is looked at once a second at most.
        for number in 0..<2000 where access(path, F_OK) != 0 {
            append(number..<number + 1, to: buffer)
            buffer.flush()
            usleep(10_000)
        }
        #expect(access(path, F_OK) == 0)
        #expect(writer.statistics.errors == 0)
        #expect(writer.close(within: .seconds(60)))
    }

    @Test func reopeningAfterARenameStartsANewFile() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("log")
        let writer = try LogWriter(.file(path))
        let buffer = LogBuffer(writer: writer)
        append(0..<10, to: buffer)
        buffer.flush()
        #expect(writer.flush(within: .seconds(60)))
        #expect(rename(path, directory.file("log.1")) == 0)
        append(10..<20, to: buffer)
        buffer.flush()
        #expect(writer.flush(within: .seconds(60)))
        writer.reopen()
        #expect(writer.flush(within: .seconds(60)))
        append(20..<30, to: buffer)
        buffer.flush()
        #expect(writer.close(within: .seconds(60)))
        #expect(try numbers(contents(directory.file("log.1"))) == Array(0..<20))
        #expect(try numbers(contents(path)) == Array(20..<30))
    }

    @Test func aReopeningThatFailsKeepsTheOldFile() throws {
        let directory = TemporaryDirectory()
        let folder = directory.file("logs")
        #expect(mkdir(folder, 0o700) == 0)
        let writer = try LogWriter(.file("\(folder)/log"))
        let buffer = LogBuffer(writer: writer)
        #expect(rename(folder, directory.file("moved")) == 0)
        writer.reopen()
        #expect(writer.flush(within: .seconds(60)))
        append(0..<3, to: buffer)
        buffer.flush()
        #expect(writer.close(within: .seconds(60)))
        #expect(try numbers(contents(directory.file("moved/log"))) == [0, 1, 2])
        #expect(writer.statistics.errors == 1)
        #expect(writer.statistics.lastError == ENOENT)
    }

    @Test func aPipeThatNobodyReadsCostsRecordsAndNeverTime() throws {
        let pipe = Pipe()
        let writer = try LogWriter(.descriptor(pipe.writer), bound: 0)
        let buffer = LogBuffer(writer: writer)
        append(0..<10_000, to: buffer)
        buffer.flush()
        #expect(!writer.flush(within: .milliseconds(1)))
        #expect(writer.close(within: .milliseconds(1)))
        let dropped = writer.statistics.droppedRecords
        #expect(dropped > 0)
        close(pipe.writer)
        let log = readAll(pipe.reader)
        close(pipe.reader)
        // Every record is either in the pipe as a whole or counted.
        let whole = log.prefix(upTo: (log.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)
        #expect(try numbers(Array(whole)).count + dropped == 10_000)
        #expect(writer.statistics.writtenBytes == log.count)
    }

    @Test func recordsAfterTheEndAreCounted() throws {
        let directory = TemporaryDirectory()
        let writer = try LogWriter(.file(directory.file("log")))
        #expect(writer.close(within: .seconds(60)))
        let buffer = LogBuffer(writer: writer)
        append(0..<5, to: buffer)
        buffer.flush()
        #expect(writer.statistics.droppedRecords == 5)
        #expect(writer.flush(within: .seconds(60)))
    }

    @Test func aSlowReaderGetsEverythingInOrder() throws {
        let pipe = Pipe()
        let writer = try LogWriter(.descriptor(pipe.writer), bound: 1 << 30)
        let received = DispatchQueue(label: "reader")
        nonisolated(unsafe) var log: [UInt8] = []
        received.async { log = readAll(pipe.reader) }
        let buffer = LogBuffer(writer: writer)
        append(0..<5000, to: buffer)
        buffer.flush()
        #expect(writer.close(within: .seconds(60)))
        close(pipe.writer)
        received.sync {}
        #expect(try numbers(log) == Array(0..<5000))
        close(pipe.reader)
    }

    @Test func aSocketIsWrittenWithoutChangingItsFlags() throws {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let (reader, other) = (ends[0], ends[1])
        let writer = try LogWriter(.descriptor(other), bound: 1 << 30)
        let received = DispatchQueue(label: "reader")
        nonisolated(unsafe) var log: [UInt8] = []
        received.async { log = readAll(reader) }
        let buffer = LogBuffer(writer: writer)
        append(0..<5000, to: buffer)
        buffer.flush()
        #expect(writer.close(within: .seconds(60)))
        #expect(fcntl(other, F_GETFL) & O_NONBLOCK == 0)
        close(other)
        received.sync {}
        #expect(try numbers(log) == Array(0..<5000))
        close(reader)
    }

    @Test func aReaderThatIsGoneCostsTheRecordsOnly() throws {
        let pipe = Pipe()
        close(pipe.reader)
        let writer = try LogWriter(.descriptor(pipe.writer))
        let buffer = LogBuffer(writer: writer)
        append(0..<7, to: buffer)
        buffer.flush()
        #expect(writer.flush(within: .seconds(60)))
        #expect(writer.statistics.droppedRecords == 7)
        #expect(writer.statistics.lastError == EPIPE)
        #expect(writer.close(within: .seconds(60)))
        close(pipe.writer)
    }

    @Test func aFullDiskIsTriedAgainAfterAPauseNotInACircle() throws {
        let writer = try LogWriter(.file("/dev/full"), retryPause: .seconds(3600))
        let buffer = LogBuffer(writer: writer)
        append(0..<9, to: buffer)
        buffer.flush()
        #expect(!writer.flush(within: .milliseconds(20)))
        #expect(writer.close(within: .milliseconds(20)))
        let statistics = writer.statistics
        #expect(statistics.droppedRecords == 9)
        #expect(statistics.lastError == ENOSPC)
        #expect((1...3).contains(statistics.errors))
    }

    @Test func reopeningCuresATargetThatFails() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("log")
        #expect(symlink("/dev/full", path) == 0)
        let writer = try LogWriter(.file(path), retryPause: .seconds(3600))
        let buffer = LogBuffer(writer: writer)
        append(0..<9, to: buffer)
        buffer.flush()
        #expect(!writer.flush(within: .milliseconds(20)))
        #expect(unlink(path) == 0)
        writer.reopen()
        #expect(writer.close(within: .seconds(60)))
        #expect(try numbers(contents(path)) == Array(0..<9))
        #expect(writer.statistics.droppedRecords == 0)
    }

    @Test func aWriterThatIsLetGoWritesWhatItHas() throws {
        let pipe = Pipe()
        do {
            let buffer = LogBuffer(writer: try LogWriter(.descriptor(pipe.writer)))
            append(0..<4, to: buffer)
            buffer.flush()
        }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var log: [UInt8] = []
        while log.count(where: { $0 == UInt8(ascii: "\n") }) < 4 {
            let count = bytes.withUnsafeMutableBytes { read(pipe.reader, $0.baseAddress, $0.count) }
            log.append(contentsOf: bytes.prefix(max(count, 0)))
        }
        #expect(try numbers(log) == [0, 1, 2, 3])
        close(pipe.reader)
        close(pipe.writer)
    }
}

@Suite struct LogQueueTests {
    private func chunk(lines: Int, bytes: Int) -> LogChunk {
        let chunk = LogChunk()
        chunk.memory.initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "\n"), count: bytes)
        chunk.count = bytes
        chunk.records = lines
        return chunk
    }

    @Test func smallChunksShareAPlace() {
        var queue = LogQueue(bytes: 0)
        for _ in 0..<40 {
            let given = chunk(lines: 1, bytes: 1000)
            let empty = queue.exchange(given)
            #expect(empty.count == 0 && empty.records == 0)
        }
        #expect(queue.statistics.droppedRecords == 0)
        guard case .write(let first) = queue.nextWork() else {
            Issue.record("nothing to write")
            return
        }
        #expect(first.records == 40)
        #expect(first.count == 40_000)
    }

    @Test func aFullQueueGivesTheSameChunkBack() {
        var queue = LogQueue(bytes: 0)
        _ = queue.exchange(chunk(lines: 10, bytes: LogChunk.handover))
        _ = queue.exchange(chunk(lines: 10, bytes: LogChunk.handover))
        let third = chunk(lines: 7, bytes: LogChunk.handover)
        #expect(queue.exchange(third) === third)
        #expect(third.count == 0)
        #expect(queue.statistics.droppedRecords == 7)
    }

    @Test func emptyChunksComeBack() {
        var queue = LogQueue(bytes: 0)
        let given = chunk(lines: 10, bytes: 40_000)
        _ = queue.exchange(given)
        guard case .write(let first) = queue.nextWork() else {
            Issue.record("nothing to write")
            return
        }
        #expect(first === given)
        queue.recycle(first)
        queue.finishWork()
        #expect(queue.isDrained)
        #expect(queue.exchange(chunk(lines: 10, bytes: 40_000)) === given)
    }
}
