import FoundationEssentials
import Glibc
import PosternHost

/// Asks a running gateway over its admin socket; blocking, for commands.
package struct AdminClient {
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    private let path: String

    /// - Parameter path: of the Unix socket, or `@name` in the abstract name space.
    package init(path: String) { self.path = path }

    package func status() throws -> StatusReport {
        try decode(try ask("GET", "/status", answers: [200]).body)
    }

    package func certificates() throws -> CertificatesReport {
        try decode(try ask("GET", "/certificates", answers: [200]).body)
    }

    /// The outcome, a failed one included; throws when nobody could be asked.
    package func reload() throws -> ReloadReport {
        try decode(try ask("POST", "/reload", answers: [200, 409]).body)
    }

    /// The outcome, a failed one included; throws when nobody could be asked.
    package func upgrade() throws -> UpgradeReport {
        try decode(try ask("POST", "/upgrade", answers: [200, 409], patience: Self.upgradePatience).body)
    }

    /// Seconds: more than `timeouts.upgrade` may be.
    private static let upgradePatience = 660

    /// What is known of a request, and the same as the JSON that came.
    ///
    /// - Parameter id: a request id or extended request id; letters, digits, `-`, `+`, `/` and `=` only.
    package func explain(_ id: String) throws -> (answer: ExplainAnswer, json: String) {
        let segment = String(id.map { $0 == "/" ? "_" : $0 })
        let (status, body) = try ask("GET", "/explain/\(segment)", answers: [200, 404])
        let json = String(decoding: body, as: UTF8.self)
        return (status == 200 ? .request(try decode(body)) : .unknown(try decode(body)), json)
    }

    package func shadow() throws -> ShadowReport { try decode(try ask("GET", "/shadow", answers: [200]).body) }

    private func decode<Report: Decodable>(_ body: [UInt8]) throws -> Report {
        do {
            return try JSONDecoder().decode(Report.self, from: Data(body))
        } catch {
            throw Failure(description: "the answer from `\(path)` is not one of Postern's: \(error)")
        }
    }

    /// One request with `Connection: close`, so that the answer ends where the stream does.
    /// - Returns: an answer with one of these statuses.
    private func ask(
        _ method: String, _ target: String, answers: Set<Int>, patience: Int = 60
    ) throws -> (status: Int, body: [UInt8]) {
        let descriptor = try connect(patience: patience)
        defer { close(descriptor) }
        let request = Array(
            "\(method) \(target) HTTP/1.1\r\nHost: admin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(description: "cannot write to `\(path)`: \(Self.errorText())") }
            sent += count
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while answer.count < 64 << 20 {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0 { throw Failure(description: "cannot read from `\(path)`: \(Self.errorText())") }
            if count == 0 { break }
            answer += chunk[..<count]
        }
        let (status, body) = try Self.split(answer)
        guard answers.contains(status) else {
            let text = String(decoding: body.prefix(200), as: UTF8.self)
            throw Failure(description: "`\(path)` answered \(status) to \(method) \(target): \(text)")
        }
        return (status, body)
    }

    private static func split(_ answer: [UInt8]) throws -> (status: Int, body: [UInt8]) {
        let mark = Array("\r\n\r\n".utf8)
        var end = 0
        while end + 4 <= answer.count, Array(answer[end..<(end + 4)]) != mark { end += 1 }
        guard end + 4 <= answer.count, answer.count > 12,
            let status = Int(String(decoding: answer[9..<12], as: UTF8.self))
        else { throw Failure(description: "the gateway closed the connection without an answer") }
        return (status, Array(answer[(end + 4)...]))
    }

    private func connect(patience: Int) throws -> CInt {
        guard let address = UnixSocketAddress(path: path) else {
            throw Failure(description: "`\(path)` is no path of a socket: it has 1 to 107 bytes")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: Self.errorText()) }
        // A gateway that has stopped answering must not hold up whoever asks how it is; a reload takes a moment.
        var patience = timeval(tv_sec: patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        let result = address.withPointer { Glibc.connect(descriptor, $0, $1) }
        guard result == 0 else {
            let reason = Self.errorText()
            close(descriptor)
            throw Failure(description: "no gateway answers at `\(path)`: \(reason)")
        }
        return descriptor
    }

    private static func errorText() -> String { String(cString: strerror(errno)) }
}
