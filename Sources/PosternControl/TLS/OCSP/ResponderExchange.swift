import NIOCore
import PosternHTTP

/// One question to a responder on a connection of its own: responders seldom keep connections open.
final class ResponderExchange: LeaseReceiver {
    private let url: ResponderURL
    private let request: [UInt8]
    /// Called once.
    private var completion: ((ResponderExchange, ResponderClient.Answer) -> Void)?
    private var pool: UpstreamPool?
    private var connection: UpstreamConnection?
    private var timeout: Scheduled<Void>?
    private var deadline = NIODeadline.distantFuture
    private var answer: [UInt8] = []

    init(
        _ url: ResponderURL, _ request: [UInt8],
        completion: @escaping (ResponderExchange, ResponderClient.Answer) -> Void
    ) {
        self.url = url
        self.request = request
        self.completion = completion
    }

    func start(_ pool: UpstreamPool, until deadline: NIODeadline, on eventLoop: any EventLoop) {
        self.pool = pool
        self.deadline = deadline
        timeout = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.end(.failure(ResponderFailure("`\(self.url)` did not answer in time")))
        }
        pool.lease(to: self, connectTimeout: timeLeft, fresh: true)
    }

    func end(_ answer: ResponderClient.Answer) {
        guard let completion else { return }
        self.completion = nil
        timeout?.cancel()
        if let connection { connection.cancel() } else { pool?.forget(self) }
        connection = nil
        pool = nil
        completion(self, answer)
    }

    /// A little more than there is: `timeout` ends the whole, the connection's own limits only what it may have missed.
    private var timeLeft: TimeAmount { max(.zero, deadline - .now()) + .seconds(5) }

    private func fail(_ reason: String) { end(.failure(ResponderFailure("`\(url)` \(reason)"))) }

    // MARK: The connection

    func leased(_ connection: UpstreamConnection) {
        self.connection = connection
        let (target, authority) = (Array(url.path.utf8), Array(url.authority.utf8))
        let method = Array("POST".utf8)
        connection.beginRequest(.post, token: method.span, timeout: timeLeft)
        connection.appendTarget(target.span)
        connection.endTarget()
        connection.addField("Host", authority.span)
        connection.addField("Content-Type", "application/ocsp-request")
        connection.addField("Accept", "application/ocsp-response")
        connection.endRequestHead(.length(request.count), hasBodySemantics: true)
        connection.sendBody(ByteBuffer(bytes: request))
        connection.sendEnd(trailers: nil)
    }

    func receiveResponse(_ head: ResponseHead) {
        if head.index.status != 200 { fail("answered with status \(head.index.status)") }
    }

    func receiveResponseBody(_ bytes: ByteBuffer) {
        guard completion != nil else { return }
        guard answer.count + bytes.readableBytes <= ResponderClient.mostAnswerBytes else {
            return fail("answered with more than \(ResponderClient.mostAnswerBytes) bytes")
        }
        answer += bytes.readableBytesView
    }

    func receiveResponseEnd(trailers: TrailerSection?) {
        // The connection has gone back to its pool by itself.
        connection = nil
        end(.success(answer))
    }

    func upstreamFailed(_ failure: UpstreamFailure) {
        connection = nil
        fail("gave no answer: \([failure.name, failure.detail].compactMap(\.self).joined(separator: ", "))")
    }

    func receiveInformational(_ head: ResponseHead) {}
    func receiveResponseReadComplete() {}
    func upstreamWritabilityChanged(isWritable: Bool) {}
}
