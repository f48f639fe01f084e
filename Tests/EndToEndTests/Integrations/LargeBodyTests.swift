import Glibc
import Testing

@Suite("Bodies larger than the gateway may hold", .serialized)
struct LargeBodyTests {
    private static let size = 256 << 20
    private static let piece = [UInt8](repeating: 0x61, count: 1 << 20)
    /// KiB; the whole process.
    private static let most = 64 << 10

    @Test("256 MiB down pass through a gateway of at most 64 MiB, though the caller is slow to begin")
    func down() throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.size)\r\n\r\n")
            for _ in 0..<(Self.size / Self.piece.count) { try connection.wire.send(Self.piece) }
            connection.note("sent")
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/x")
        #expect(try wire.readHead()["Content-Length"] == "\(Self.size)")
        // Nobody reads: an upstream that could send everything would have been read into memory.
        usleep(500_000)
        #expect(back.notes.isEmpty)
        try wire.skip(Self.size)
        #expect(gateway.peakMemory < Self.most, "\(gateway.peakMemory) KiB")
    }

    @Test("256 MiB up pass through a gateway of at most 64 MiB, with a length and chunked", arguments: [false, true])
    func up(isChunked: Bool) throws {
        let back = try BackEnd { connection in
            let head = try connection.wire.readRequestHead()
            usleep(500_000)
            var count = 0
            if head.framing == .chunked {
                while let chunk = try connection.wire.readChunk() { count += chunk.count }
                _ = try connection.wire.readLine()
            } else {
                try connection.wire.skip(Self.size)
                count = Self.size
            }
            try connection.send(reply("\(count)"))
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["PUT /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("PUT", "/dev/x", [isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(Self.size)"])
        for _ in 0..<(Self.size / Self.piece.count) {
            if isChunked { try wire.sendChunk(Self.piece) } else { try wire.send(Self.piece) }
        }
        if isChunked { try wire.send("0\r\n\r\n") }
        let response = try wire.readResponse()
        #expect(response.text == "\(Self.size)")
        #expect(try gateway.record(of: response).number("requestLength") == Self.size)
        #expect(gateway.peakMemory < Self.most, "\(gateway.peakMemory) KiB")
    }

    @Test("All that an upstream has sent reaches a caller who was slow, though nothing follows it yet")
    func pausedDown() throws {
        let size = 8 << 20
        let mayEnd = Flag()
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size + 1)\r\n\r\n")
            try connection.wire.send([UInt8](repeating: 0x61, count: size))
            try mayEnd.wait()
            try connection.send("b")
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["GET /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/x")
        _ = try wire.readHead()
        usleep(300_000)
        try wire.skip(size)
        mayEnd.raise()
        #expect(try wire.read(exactly: 1) == Array("b".utf8))
    }

    @Test("All that a caller has sent reaches an upstream that was slow, though nothing follows it yet")
    func pausedUp() throws {
        let size = 8 << 20
        let back = try BackEnd { connection in
            _ = try connection.wire.readRequestHead()
            usleep(300_000)
            try connection.wire.skip(size)
            connection.note("all there")
            try connection.wire.skip(1)
            try connection.send(reply("done"))
            try connection.waitForEnd()
        }
        let gateway = try Gateway(["PUT /x": "\(back.uri)/x"])
        let wire = try gateway.connect()
        try wire.request("PUT", "/dev/x", ["Content-Length: \(size + 1)"])
        try wire.send([UInt8](repeating: 0x61, count: size))
        try eventually("the upstream has it all") { !back.notes.isEmpty }
        try wire.send("b")
        #expect(try wire.readResponse().text == "done")
    }
}
