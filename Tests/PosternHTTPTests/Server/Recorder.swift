import NIOCore
import PosternHTTP

/// A request receiver that writes down what it hears and answers as the test says.
final class Recorder: RequestReceiver, @unchecked Sendable {
    enum Event: Equatable {
        /// As `describe` tells it.
        case head(String)
        case body(String)
        case end([String])
        case failed(StreamFailure)
        /// With as much of the request line as was read.
        case refused(WireRefusal, method: String)
        case closed
    }

    unowned let stream: any ServerStream
    var events: [Event] = []
    var trailers: TrailerSection?
    var readsCompleted = 0
    var writability: [Bool] = []
    /// Called with each head; by default the answer comes with the request's end.
    var onHead: (Recorder) -> Void = { _ in }
    var onBody: (Recorder) -> Void = { _ in }
    var onEnd: (Recorder) -> Void = { $0.answer("ok") }
    var onFailure: (Recorder) -> Void = { _ in }

    init(stream: any ServerStream) { self.stream = stream }

    var body: String {
        events.reduce(into: "") { if case .body(let text) = $1 { $0 += text } }
    }

    func receiveHead(_ head: RequestHead) {
        events.append(.head(describe(head.index, Array(head.bytes.readableBytesView))))
        onHead(self)
    }

    func receiveBody(_ bytes: ByteBuffer) {
        // One event however it arrives.
        var text = String(buffer: bytes)
        if case .body(let before) = events.last {
            events.removeLast()
            text = before + text
        }
        events.append(.body(text))
        onBody(self)
    }

    func receiveEnd(trailers: TrailerSection?) {
        self.trailers = trailers
        let bytes = trailers.map { Array($0.bytes.readableBytesView) } ?? []
        events.append(.end(trailers?.fields.map { "\(text($0.name, bytes)): \(text($0.value, bytes))" } ?? []))
        onEnd(self)
    }

    func receiveReadComplete() { readsCompleted += 1 }
    func streamWritabilityChanged(isWritable: Bool) { writability.append(isWritable) }

    func streamFailed(_ failure: StreamFailure) {
        events.append(.failed(failure))
        onFailure(self)
    }

    func receiveRefused(_ refusal: WireRefusal, head: RequestHead) {
        let method = text(head.index.methodRange, Array(head.bytes.readableBytesView))
        events.append(.refused(refusal, method: method))
        answer(refusal.rawValue, status: refusal.status)
    }

    func streamClosed() { events.append(.closed) }

    func answer(_ text: String, status: Int = 200) {
        stream.beginHead(status: status)
        stream.endHead(.length(text.utf8.count))
        stream.sendBody(ByteBuffer(string: text))
        stream.sendEnd(trailers: nil)
    }
}
