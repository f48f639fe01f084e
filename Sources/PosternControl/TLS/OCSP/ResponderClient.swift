package import NIOCore
package import PosternHTTP

/// Why a responder gave no answer, in lower case.
package struct ResponderFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

/// Carries OCSP requests to responders by HTTP/1.1 POST (RFC 6960, appendix A.1), on an event loop of the control plane.
///
/// Knows nothing of what is asked. At most `mostActive` requests are under way and `mostWaiting` wait; more fail at once.
/// A response has at most 64 KiB, and each question its time, looking the name up and waiting included.
package final class ResponderClient: Sendable {
    package typealias Answer = Result<[UInt8], ResponderFailure>

    static let mostAnswerBytes = 65_536
    static let mostActive = 32
    static let mostWaiting = 1_024
    /// Responders whose addresses are kept at hand.
    private static let mostPools = 64

    /// Belongs to the event loop.
    private final class LoopState {
        struct Question {
            let url: ResponderURL
            let request: [UInt8]
            let deadline: NIODeadline
            let completion: @Sendable (Answer) -> Void
        }

        let eventLoop: any EventLoop
        let wheel: DeadlineWheel
        let resolver: NameResolver
        var pools: [UpstreamAddress: UpstreamPool] = [:]
        var active: [ObjectIdentifier: ResponderExchange] = [:]
        var waiting: [Question] = []
        var isStopped = false

        init(_ eventLoop: any EventLoop, _ resolver: NameResolver) {
            self.eventLoop = eventLoop
            self.resolver = resolver
            wheel = DeadlineWheel(eventLoop: eventLoop)
        }

        func ask(_ question: Question) {
            guard !isStopped else { return question.completion(.failure(ResponderFailure("the gateway is stopping"))) }
            guard active.count < mostActive else {
                guard waiting.count < mostWaiting else {
                    return question.completion(
                        .failure(ResponderFailure("too many questions to responders are waiting")))
                }
                waiting.append(question)
                eventLoop.assumeIsolated().scheduleTask(deadline: question.deadline) { self.endOverdue() }
                return
            }
            start(question)
        }

        /// Questions whose time passed while they waited.
        private func endOverdue() {
            let now = NIODeadline.now()
            let overdue = waiting.filter { $0.deadline <= now }
            waiting.removeAll { $0.deadline <= now }
            for question in overdue { question.completion(.failure(ResponderFailure("its turn did not come in time"))) }
        }

        private func start(_ question: Question) {
            let exchange = ResponderExchange(question.url, question.request) { [self] exchange, answer in
                active[ObjectIdentifier(exchange)] = nil
                question.completion(answer)
                endOverdue()
                if !waiting.isEmpty, active.count < mostActive { start(waiting.removeFirst()) }
            }
            active[ObjectIdentifier(exchange)] = exchange
            exchange.start(pool(for: question.url), until: question.deadline, on: eventLoop)
        }

        private func pool(for url: ResponderURL) -> UpstreamPool {
            let address = UpstreamAddress.tcp(host: url.host, port: url.port)
            if let pool = pools[address] { return pool }
            if pools.count >= mostPools {
                for pool in pools.values { pool.retire() }
                pools = [:]
            }
            var settings = UpstreamSettings()
            settings.keepAlive = .seconds(1)
            let pool = UpstreamPool(
                address: address, settings: settings, eventLoop: eventLoop, wheel: wheel, resolver: resolver)
            pools[address] = pool
            return pool
        }

        func stop() {
            isStopped = true
            let failure = ResponderFailure("the gateway is stopping")
            for question in waiting { question.completion(.failure(failure)) }
            waiting = []
            for exchange in active.values { exchange.end(.failure(failure)) }
            for pool in pools.values { pool.retire() }
        }
    }

    private let eventLoop: any EventLoop
    private let state: NIOLoopBound<LoopState>

    private init(_ eventLoop: any EventLoop, _ state: NIOLoopBound<LoopState>) {
        self.eventLoop = eventLoop
        self.state = state
    }

    package static func start(
        on eventLoop: any EventLoop, resolver: NameResolver = NameResolver()
    ) async throws -> ResponderClient {
        let state = try await eventLoop.submit {
            NIOLoopBound(LoopState(eventLoop, resolver), eventLoop: eventLoop)
        }.get()
        return ResponderClient(eventLoop, state)
    }

    /// Returns at once; any thread may ask.
    ///
    /// - Parameters:
    ///   - milliseconds: until `completion` is called at the latest.
    ///   - completion: called once, on the client's event loop.
    package func ask(
        _ url: ResponderURL, _ request: [UInt8], within milliseconds: Int,
        completion: @escaping @Sendable (Answer) -> Void
    ) {
        let deadline = NIODeadline.now() + .milliseconds(Int64(milliseconds))
        eventLoop.execute {
            self.state.value.ask(
                LoopState.Question(url: url, request: request, deadline: deadline, completion: completion))
        }
    }

    /// Ends every question with a failure.
    package func stop() async throws {
        try await eventLoop.submit { self.state.value.stop() }.get()
    }
}
