import Foundation

/// How a caller shakes hands.
struct TLSWish {
    /// `1.2` or `1.3`; nil leaves it to the two sides.
    var version: String?
    /// What the caller presents; nil for nothing.
    var identity: EstateIdentity?
    /// Sent as the server's name.
    var name: String? = "mesh.internal"
    var protocols: [String] = []
    /// Sessions are kept, and resumed, under this name.
    var session: String?
    /// Bytes of each segment in which records are sent; 0 sends them whole.
    var piece = 0
    /// Sent in front of TLS.
    var preface = ""
    /// Whether the caller itself may use keys below its own floor.
    var isWeak = false
    /// The address to call from.
    var source: String?

    init(_ identity: EstateIdentity? = nil, version: String? = nil) {
        self.identity = identity
        self.version = version
    }
}

/// What a handshake came to, as the client saw it.
struct TLSOutcome: Decodable, CustomStringConvertible {
    var version: String?
    var cipher: String?
    var resumed: Bool?
    var `protocol`: String?
    /// The first bytes of the answer to a request that was sent along.
    var text: String?
    /// The server's certificate, PEM.
    var certificate: String?
    /// OpenSSL's reason where it failed: `TLSV1_ALERT_UNKNOWN_CA`.
    var failure: String

    var isResumed: Bool { resumed == true }
    var status: Int { Int((text ?? "").split(separator: " ").dropFirst().first ?? "") ?? -1 }
    var description: String { failure.isEmpty ? "\(version ?? "") \(text?.prefix(40) ?? "")" : failure }
}

/// The client's process, which all tests of one owner share.
final class TLSClient: Sendable {
    let directory: TemporaryDirectory
    private let child: Child
    private let trust: String

    /// - Parameter trust: a file of PEM by which servers are believed.
    init(trusting trust: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write(TLSClientProgram.text, to: "client.py")
        let place = SocketPlace.unix(directory.file("client.sock"))
        child = try Child(
            ["python3", directory.file("client.py"), directory.file("client.sock")],
            output: (directory.file("out"), directory.file("err")))
        self.directory = directory
        self.trust = trust
        let child = self.child
        try eventually("the TLS client is there: \(directory.read("err"))") {
            if child.status != nil { throw SocketFailure("python3 ended: \(directory.read("err"))", 0) }
            return (try? Socket.connected(to: place)) != nil
        }
    }

    /// What broke connections after their handshakes.
    var notes: String { directory.read("out") }

    /// Shakes hands; with `request` also sends that and waits for the first bytes of its answer.
    func open(_ place: SocketPlace, _ wish: TLSWish, request: String? = nil) throws -> (wire: Wire, outcome: TLSOutcome)
    {
        let wire = try Wire(to: .unix(directory.file("client.sock")))
        var line: [String: Any] = [
            "trust": trust, "piece": wish.piece, "weak": wish.isWeak, "protocols": wish.protocols,
        ]
        switch place {
        case .tcp(let host, let port): line.merge(["host": host, "port": port]) { $1 }
        case .unix(let path): line["path"] = path
        }
        let texts = [
            "version": wish.version, "certificate": wish.identity?.certificateFile, "key": wish.identity?.keyFile,
            "name": wish.name, "session": wish.session, "preface": wish.preface, "source": wish.source,
            "request": request,
        ]
        for (name, text) in texts { if let text { line[name] = text } }
        try wire.socket.write(JSONSerialization.data(withJSONObject: line) + [10])
        do {
            return (wire, try JSONDecoder().decode(TLSOutcome.self, from: Data(try Self.line(of: wire))))
        } catch {
            throw WireFailure.malformed("the TLS client gave no answer: \(error) \(directory.read("err"))")
        }
    }

    private static func line(of wire: Wire) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let byte = try wire.read(exactly: 1)
            if byte == [10] { return bytes }
            bytes += byte
        }
    }
}
