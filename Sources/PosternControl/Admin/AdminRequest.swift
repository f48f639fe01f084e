import FoundationEssentials
import NIOCore
import PosternHTTP

/// One connection to the admin socket: a handful of fixed paths, answered by `AdminService`.
///
/// | Request | Answer |
/// | --- | --- |
/// | `GET /live` | 200 while the process runs |
/// | `GET /ready` | 200 when new requests are served, else 503 |
/// | `GET /metrics` | Prometheus text |
/// | `GET /status` | `StatusReport` as JSON |
/// | `GET /shadow` | `ShadowReport` as JSON |
/// | `GET /explain/{request id}` | 200 with `ExplainReport`, or 404 with `ExplainFailure`, as JSON; `_` stands for the `/` of an extended id; on the Unix socket only |
/// | `GET /certificates` | `CertificatesReport` as JSON |
/// | `POST /reload` | 200 or 409 with `ReloadReport` as JSON; on the Unix socket only |
/// | `POST /upgrade` | 200 or 409 with `UpgradeReport` as JSON; on the Unix socket only |
final class AdminRequest: RequestReceiver {
    private let service: any AdminService
    private let eventLoop: any EventLoop
    private unowned let stream: any ServerStream
    private let mayChange: Bool
    /// Counts requests, so that a late answer does not meet the next one.
    private var turn = 0

    init(service: any AdminService, stream: any ServerStream, eventLoop: any EventLoop, mayChange: Bool) {
        self.service = service
        self.stream = stream
        self.eventLoop = eventLoop
        self.mayChange = mayChange
    }

    func receiveHead(_ head: RequestHead) {
        let buffer = head.bytes
        let bytes = buffer.readableBytesUInt8Span
        let path = bytes.extracting(head.index.path.range)
        switch head.index.method {
        case .get where path.equals("/live"):
            respond(200, "text/plain", Array("live\n".utf8))
        case .get where path.equals("/ready"):
            answer { service in
                await service.isReady()
                    ? (200, "text/plain", Array("ready\n".utf8)) : (503, "text/plain", Array("not ready\n".utf8))
            }
        case .get where path.equals("/metrics"):
            answer { (200, "text/plain; version=0.0.4; charset=utf-8", await $0.metrics()) }
        case .get where path.equals("/status"):
            answer { Self.json(200, await $0.status()) }
        case .get where path.equals("/shadow"):
            answer { Self.json(200, await $0.shadow()) }
        case .get where path.hasPrefix("/explain/") && mayChange:
            let segment = String(decoding: Array(path: path).dropFirst("/explain/".utf8.count), as: UTF8.self)
            let id = String(segment.map { $0 == "_" ? "/" : $0 })
            answer { service in
                switch await service.explain(id) {
                case .request(let report): Self.json(200, report)
                case .unknown(let failure): Self.json(404, failure)
                }
            }
        case .get where path.equals("/certificates"):
            answer { Self.json(200, await $0.certificates()) }
        case .post where path.equals("/reload") && mayChange:
            answer { service in
                let report = await service.reload()
                return Self.json(report.succeeded ? 200 : 409, report)
            }
        case .post where path.equals("/upgrade") && mayChange:
            answer { service in
                let report = await service.upgrade()
                return Self.json(report.succeeded ? 200 : 409, report)
            }
        case .post where path.equals("/reload") || path.equals("/upgrade"):
            respond(403, "text/plain", Array("changes are taken on the Unix socket only\n".utf8))
        case .get where path.hasPrefix("/explain/"):
            respond(403, "text/plain", Array("policies are explained on the Unix socket only\n".utf8))
        default:
            let paths =
                "GET /live, /ready, /metrics, /status, /certificates, /shadow, /explain/{request id}; POST /reload, /upgrade"
            respond(404, "text/plain", Array("there are: \(paths)\n".utf8))
        }
    }

    func receiveRefused(_ refusal: WireRefusal, head: RequestHead) {
        respond(refusal.status, "text/plain", Array("\(refusal.rawValue)\n".utf8))
    }

    func receiveBody(_ bytes: ByteBuffer) {}
    func receiveEnd(trailers: TrailerSection?) {}
    func receiveReadComplete() {}
    func streamWritabilityChanged(isWritable: Bool) {}
    func streamFailed(_ failure: StreamFailure) {
        turn += 1
        if failure != .clientClosed { stream.abort() }
    }
    func streamClosed() { turn += 1 }

    private typealias Answer = (status: Int, type: StaticString, body: [UInt8])

    private static func json(_ status: Int, _ value: some Encodable) -> Answer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        // Only values that JSON cannot hold (infinities) fail, and the reports have none.
        let data = (try? encoder.encode(value)) ?? Data()
        return (status, "application/json", Array(data) + [0x0A])
    }

    /// Asks the service off the event loop and answers when it has answered.
    private func answer(_ ask: @escaping @Sendable (any AdminService) async -> Answer) {
        let bound = NIOLoopBound((request: self, turn: turn), eventLoop: eventLoop)
        let (service, eventLoop) = (service, eventLoop)
        Task {
            let answer = await ask(service)
            eventLoop.execute {
                let (request, turn) = bound.value
                guard request.turn == turn else { return }
                request.respond(answer.status, answer.type, answer.body)
            }
        }
    }

    private func respond(_ status: Int, _ type: StaticString, _ body: [UInt8]) {
        turn += 1
        stream.beginHead(status: status)
        stream.addField("Content-Type", type)
        stream.addField("Cache-Control", "no-store")
        stream.endHead(.length(body.count))
        stream.sendBody(ByteBuffer(bytes: body))
        stream.sendEnd(trailers: nil)
    }
}

extension Span<UInt8> {
    fileprivate func hasPrefix(_ prefix: StaticString) -> Bool {
        count >= prefix.utf8CodeUnitCount && extracting(0..<prefix.utf8CodeUnitCount).equals(prefix)
    }
}

extension [UInt8] {
    fileprivate init(path: Span<UInt8>) {
        self = []
        for index in 0..<path.count { append(path[index]) }
    }
}
