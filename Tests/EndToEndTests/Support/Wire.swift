import Foundation

enum WireFailure: Error, CustomStringConvertible {
    /// The peer ended the connection; these bytes of the unfinished message had come.
    case closed(after: [UInt8])
    case malformed(String)

    var description: String {
        switch self {
        case .closed(let bytes):
            "closed after \(bytes.count) bytes: `\(String(decoding: bytes.suffix(400), as: UTF8.self))`"
        case .malformed(let what): what
        }
    }
}

/// One connection with full control of what is written and when; reads exactly one message at a time.
///
/// Belongs to one thread.
final class Wire {
    let socket: Socket
    private(set) var buffer: [UInt8] = []

    init(_ socket: Socket) { self.socket = socket }

    convenience init(to place: SocketPlace, from source: String? = nil) throws {
        self.init(try Socket.connected(to: place, from: source))
    }

    // MARK: Writing

    func send(_ text: String) throws { try socket.write(text.utf8) }
    func send(_ bytes: [UInt8]) throws { try socket.write(bytes) }

    /// Writes a chunk of a chunked body.
    func sendChunk(_ bytes: [UInt8]) throws {
        try send(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10])
    }

    /// Writes a request with `Host` unless the fields have one, and `Content-Length` where there is a body.
    func request(_ method: String, _ target: String, _ fields: [String] = [], body: String? = nil) throws {
        var lines = ["\(method) \(target) HTTP/1.1"] + fields
        if !fields.contains(where: { $0.lowercased().hasPrefix("host:") }) { lines.append("Host: shop.example") }
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    func exchange(_ method: String, _ target: String, _ fields: [String] = [], body: String? = nil) throws -> Message {
        try request(method, target, fields, body: body)
        return try readResponse(to: method)
    }

    // MARK: Reading

    func readResponse(to method: String = "GET") throws -> Message {
        var informational: [Message] = []
        while true {
            var message = try readHead()
            try message.findFraming(isResponse: true, to: method)
            if (100..<200).contains(message.status), message.status != 101 {
                informational.append(message)
                continue
            }
            message.informational = informational
            try readBody(&message)
            return message
        }
    }

    func readRequest() throws -> Message {
        var message = try readRequestHead()
        try readBody(&message)
        return message
    }

    /// Only the head; its body may be taken with `readBody` later.
    func readRequestHead() throws -> Message {
        var message = try readHead()
        try message.findFraming(isResponse: false, to: "")
        return message
    }

    func readHead() throws -> Message {
        let end: [UInt8] = [13, 10, 13, 10]
        var searched = 0
        while true {
            if let range = buffer[searched...].firstRange(of: end) {
                return try Message(head: String(decoding: take(range.upperBound), as: UTF8.self))
            }
            searched = max(0, buffer.count - 3)
            try fill()
        }
    }

    func readBody(_ message: inout Message) throws {
        switch message.framing {
        case .none: break
        case .length(let length): message.body = try read(exactly: length)
        case .chunked:
            while let chunk = try readChunk() { message.body += chunk }
            while true {
                let line = try readLine()
                if line.isEmpty { break }
                message.trailers.append(try Message.field(line))
            }
        case .untilClose:
            message.body = try readToEnd()
        }
    }

    /// - Returns: nil at the last chunk, whose trailers are then to be read.
    func readChunk() throws -> [UInt8]? {
        let line = try readLine()
        guard let size = Int(line, radix: 16) else { throw WireFailure.malformed("chunk size `\(line)`") }
        if size == 0 { return nil }
        let chunk = try read(exactly: size)
        guard try readLine().isEmpty else { throw WireFailure.malformed("no line end behind a chunk") }
        return chunk
    }

    func readLine() throws -> String {
        while true {
            if let end = buffer.firstRange(of: [13, 10]) {
                return String(decoding: take(end.upperBound).dropLast(2), as: UTF8.self)
            }
            try fill()
        }
    }

    func read(exactly count: Int) throws -> [UInt8] {
        while buffer.count < count { try fill() }
        return take(count)
    }

    /// Counts bytes without keeping them: for bodies larger than a test should hold.
    func skip(_ count: Int) throws {
        var left = count - take(min(count, buffer.count)).count
        while left > 0 {
            let bytes = try socket.read(atMost: min(left, 1 << 20))
            guard !bytes.isEmpty else { throw WireFailure.closed(after: []) }
            left -= bytes.count
        }
    }

    /// Everything until the peer ends its side, a reset being an end as well.
    func readToEnd() throws -> [UInt8] {
        var bytes = take(buffer.count)
        while true {
            do {
                let more = try socket.read()
                if more.isEmpty { return bytes }
                bytes += more
            } catch let failure as SocketFailure where failure.code == ECONNRESET || failure.code == EPIPE {
                return bytes
            }
        }
    }

    private func fill() throws {
        let bytes: [UInt8]
        do {
            bytes = try socket.read()
        } catch let failure as SocketFailure where failure.code == ECONNRESET {
            throw WireFailure.closed(after: buffer)
        }
        guard !bytes.isEmpty else { throw WireFailure.closed(after: buffer) }
        buffer += bytes
    }

    private func take(_ count: Int) -> [UInt8] {
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }
}
