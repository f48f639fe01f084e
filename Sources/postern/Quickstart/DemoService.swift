import NIOCore
import NIOPosix
import PosternHTTP

/// A small internal service to put behind the gateway: answers every request with JSON that says what reached it.
final class DemoService: Sendable {
    let name: String
    /// `127.0.0.1:port`
    let address: String
    private let eventLoop: any EventLoop

    private init(name: String, address: String, eventLoop: any EventLoop) {
        self.name = name
        self.address = address
        self.eventLoop = eventLoop
    }

    static func start(named name: String, on eventLoop: any EventLoop) async throws -> DemoService {
        let place = ListenerSpecification(endpointID: name, bind: .address("127.0.0.1", port: 0))
        let sockets = try ListenerSocket.open(place, count: 1, admits: { _ in true })
        let descriptors = sockets.flatMap { $0.takeDescriptors() }
        try await eventLoop.flatSubmit {
            let server = HTTPServer(eventLoop: eventLoop, wheel: DeadlineWheel(eventLoop: eventLoop))
            let listener = ServerListener(
                endpointID: name, vpcID: nil, settings: ServerSettings(),
                budgets: [ConnectionBudget(most: 1024)], observer: nil, trusts: { _ in false },
                nextConnectionID: { 0 }, makeReceiver: { DemoRequest(service: name, stream: $0) })
            return server.listen(on: descriptors[0], listener)
        }.get()
        return DemoService(name: name, address: sockets[0].address.listenerText, eventLoop: eventLoop)
    }
}

/// One request to a demo service: the answer shows method, path, and the fields that the gateway added.
private final class DemoRequest: RequestReceiver {
    private let service: String
    private unowned let stream: any ServerStream
    private var head: RequestHead?
    private var received = 0

    init(service: String, stream: any ServerStream) {
        self.service = service
        self.stream = stream
    }

    func receiveHead(_ head: RequestHead) {
        self.head = head
        received = 0
        stream.sendContinue()
    }

    func receiveBody(_ bytes: ByteBuffer) { received += bytes.readableBytes }

    func receiveEnd(trailers: TrailerSection?) {
        guard let head else { return }
        let buffer = head.bytes
        let bytes = buffer.readableBytesUInt8Span
        func text(_ range: Range<Int>) -> String {
            String(decoding: (0..<range.count).map { bytes[range.lowerBound + $0] }, as: UTF8.self)
        }
        var seen: [String] = []
        for line in head.index.fields {
            let name = text(line.name.range)
            if name.lowercased().hasPrefix("x-") { seen.append("\(quoted(name)): \(quoted(text(line.value.range)))") }
        }
        let body = """
            {
              "service": \(quoted(service)),
              "method": \(quoted(text(head.index.methodRange.range))),
              "target": \(quoted(text(head.index.target.range))),
              "bodyBytes": \(received),
              "fieldsFromTheGateway": {\(seen.joined(separator: ", "))}
            }

            """
        self.head = nil
        answer(200, body)
    }

    /// What reaches a service has no control characters: the gateway has refused them.
    private func quoted(_ text: String) -> String {
        let escaped = text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        return "\"" + String(escaped) + "\""
    }

    private func answer(_ status: Int, _ text: String) {
        let body = ByteBuffer(string: text)
        stream.beginHead(status: status)
        stream.addField("Content-Type", "application/json")
        stream.endHead(.length(body.readableBytes))
        stream.sendBody(body)
        stream.sendEnd(trailers: nil)
    }

    func receiveReadComplete() {}
    func streamWritabilityChanged(isWritable: Bool) {}
    func streamFailed(_ failure: StreamFailure) { if failure != .clientClosed { stream.abort() } }
    func receiveRefused(_ refusal: WireRefusal, head: RequestHead) { answer(refusal.status, "\(refusal.rawValue)\n") }
    func streamClosed() {}
}
