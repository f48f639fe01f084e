import Foundation
import Synchronization

/// An upstream that does whatever its script says, one thread a connection.
final class BackEnd: Sendable {
    typealias Script = @Sendable (BackEndConnection) throws -> Void

    private struct State {
        var requests: [Message] = []
        var notes: [String] = []
        var accepted = 0
        var open: [Int: Socket] = [:]
    }

    let place: SocketPlace
    private let listener: Socket
    private let state = Mutex(State())

    /// Runs `script` for each connection and closes it when the script returns or fails.
    init(at place: SocketPlace? = nil, _ script: @escaping Script) throws {
        listener = try Socket.listening(at: place ?? .tcp("127.0.0.1", 0))
        self.place = place ?? .tcp("127.0.0.1", listener.localPort)
        let listener = self.listener
        inBackground { [weak self] in
            // Here, where it is used: a closed descriptor may be another socket by now.
            defer { listener.close() }
            while let socket = try? listener.accept() {
                guard let self else { return }
                self.serve(socket, script)
            }
        }
    }

    /// Answers every request with the bytes that `answer` returns, on connections that stay open.
    convenience init(at place: SocketPlace? = nil, answering answer: @escaping @Sendable (Message) -> String) throws {
        try self.init(at: place) { connection in
            while true { try connection.send(answer(try connection.readRequest())) }
        }
    }

    /// Answers with what it was sent: the head byte for byte, then the body.
    static func echo(at place: SocketPlace? = nil) throws -> BackEnd {
        try BackEnd(at: place) { request in reply(request.head + request.text) }
    }

    deinit { stop() }

    /// Closes the listener and every connection.
    func stop() {
        listener.end()
        for socket in state.withLock({ Array($0.open.values) }) { socket.end() }
    }

    private func serve(_ socket: Socket, _ script: @escaping Script) {
        let number = state.withLock { state in
            defer { state.accepted += 1 }
            state.open[state.accepted] = socket
            return state.accepted
        }
        inBackground { [weak self] in
            let connection = BackEndConnection(socket, number) { message in
                self?.state.withLock { $0.requests.append(message) }
            } note: { text in
                self?.state.withLock { $0.notes.append(text) }
            }
            try? script(connection)
            socket.close()
            self?.state.withLock { $0.open[number] = nil }
        }
    }

    /// As a URI's authority.
    var authority: String { place.description }
    /// Complete requests, in the order in which they ended.
    var requests: [Message] { state.withLock { $0.requests } }
    /// What scripts have remarked.
    var notes: [String] { state.withLock { $0.notes } }
    var accepted: Int { state.withLock { $0.accepted } }
    var open: Int { state.withLock { $0.open.count } }

    var uri: String {
        switch place {
        case .tcp: "http://\(place)"
        case .unix(let path): "http://unix:\(path):"
        }
    }
}

/// One connection as a script sees it.
final class BackEndConnection {
    let wire: Wire
    let number: Int
    private let seen: (Message) -> Void
    let note: (String) -> Void

    fileprivate init(
        _ socket: Socket, _ number: Int, seen: @escaping (Message) -> Void, note: @escaping (String) -> Void
    ) {
        wire = Wire(socket)
        self.number = number
        self.seen = seen
        self.note = note
    }

    func send(_ text: String) throws { try wire.send(text) }

    func readRequest() throws -> Message {
        var request = try wire.readRequest()
        request.connection = number
        seen(request)
        return request
    }

    /// Waits until the gateway ends the connection.
    func waitForEnd() throws { _ = try wire.readToEnd() }
}

/// A response with a length.
func reply(_ body: String, status: String = "200 OK", _ fields: [String] = []) -> String {
    let lines = ["HTTP/1.1 \(status)"] + fields + ["Content-Length: \(body.utf8.count)"]
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
}
