import Foundation
import Testing

@Suite(
    "What a caller gets, and the operator reads, when no secured connection comes about",
    .enabled(if: TLSFront.isInstalled, "python3 is not installed"))
struct UpstreamFailureTests {
    private let authority: UpstreamAuthority
    private let server: UpstreamAuthority.Pair

    init() throws {
        authority = try UpstreamAuthority()
        server = try authority.issue("server", ["IP:127.0.0.1"])
    }

    private func route(_ places: SocketPlace..., tls: String = "", more: String = "") -> String {
        let targets = places.map { "\"\($0)\"" }.joined(separator: ", ")
        let tls = tls.isEmpty ? "" : ", \(tls)"
        return "{uri: https://127.0.0.1/, targets: [\(targets)], tls: {trust: [\(authority.trust)]\(tls)}\(more)}"
    }

    private static func isConfigurationError(_ response: Message) -> Bool {
        response.status == 500 && response.text == #"{"message": "Internal server error"}"#
            && response["x-amzn-ErrorType"] == "InternalServerErrorException"
    }

    private func handshakes(_ gateway: Gateway, _ result: String) throws -> Int {
        let series = "postern_upstream_tls_handshakes_total{result=\"\(result)\"} "
        let line = try gateway.admin("/metrics").text.split(separator: "\n").first { $0.hasPrefix(series) }
        return Int(try #require(line).dropFirst(series.count)) ?? -1
    }

    @Test("An untrusted upstream is a configuration error; log, `explain` and metric say what is wrong with it")
    func refused() throws {
        let stranger = try UpstreamAuthority("Strangers").issue("stranger", ["IP:127.0.0.1"])
        let back = try BackEnd(answering: { _ in reply("never") })
        let front = try TLSFront(stranger, before: back)
        let gateway = try Gateway(["ANY /x": route(front.place)])
        let response = try gateway.call("POST", "/dev/x", body: "secret")
        #expect(Self.isConfigurationError(response))
        let reason =
            "tls: certificate_refused: `CN=stranger` was issued by `CN=Strangers`, which is neither in the trust store "
            + "nor sent along"
        let record = try gateway.record(of: response)
        #expect(record["errorReason"] == reason)
        #expect(record["errorResponseType"] == "API_CONFIGURATION_ERROR")
        let explained = try Postern.run(
            "explain", try #require(response["x-amzn-RequestId"]), "--admin", gateway.directory.file("admin.sock"))
        #expect(explained.output.contains(reason), "\(explained)")
        #expect(try handshakes(gateway, "certificate_refused") == 1)
        try eventually("the upstream hears why") {
            front.handshakes.contains { $0.hasPrefix("failed:") && $0.contains("UNKNOWN_CA") }
        }
        #expect(back.accepted == 0)
    }

    @Test(
        "An upstream that refuses our certificate is told as that, also where it does so behind the handshake",
        arguments: ["TLSv1_2", "TLSv1_3"], [true, false])
    func refuses(version: String, hasCertificate: Bool) throws {
        let back = try BackEnd(answering: { _ in reply("never") })
        let front = try TLSFront(server, before: back, clients: authority.trust, only: version)
        let pair = try UpstreamAuthority("Strangers").issue("stranger")
        let gateway = try Gateway(["ANY /x": route(front.place, tls: hasCertificate ? pair.yaml : "")])
        for body in [nil, String(repeating: "x", count: 200_000)] {
            let response = try gateway.call("POST", "/dev/x", body: body)
            #expect(Self.isConfigurationError(response), "\(response)")
            let reason = try gateway.record(of: response)["errorReason"] ?? "none"
            #expect(reason.hasPrefix("tls: peer_alert: "), "\(reason)")
            let alert =
                hasCertificate ? "unknown ca" : version == "TLSv1_3" ? "certificate required" : "handshake failure"
            #expect(reason.contains(alert), "\(reason)")
        }
        #expect(try handshakes(gateway, "peer_alert") == 2)
        #expect(back.accepted == 0)
    }

    @Test("An upstream that never answers the hello is a connect timeout, one that speaks HTTP or hangs up is not")
    func noTLS() throws {
        let silent = try BackEnd { try $0.waitForEnd() }
        let closing = try BackEnd { connection in _ = try connection.wire.socket.read() }
        let plain = try BackEnd { connection in
            _ = try connection.wire.socket.read()
            try connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            try connection.waitForEnd()
        }
        let gateway = try Gateway([
            "GET /silent": route(silent.place, more: ", connectTimeout: 300ms"),
            "GET /closing": route(closing.place), "GET /plain": route(plain.place),
        ])
        let slow = try gateway.get("/dev/silent")
        #expect(slow.status == 504)
        #expect(slow.text == #"{"message": "Network error communicating with endpoint"}"#)
        #expect(try gateway.record(of: slow)["errorReason"] == "connect_timeout")
        try eventually("it is closed") { silent.open == 0 }
        let closed = try gateway.get("/dev/closing")
        #expect(Self.isConfigurationError(closed))
        #expect(
            try gateway.record(of: closed)["errorReason"]
                == "tls: closed_in_handshake: the peer closed the connection during the handshake")
        let http = try gateway.get("/dev/plain")
        #expect(Self.isConfigurationError(http))
        #expect(try gateway.record(of: http)["errorReason"] == "tls: not_tls: wrong version number")
        for result in ["handshake_timeout", "closed_in_handshake", "not_tls"] {
            #expect(try handshakes(gateway, result) == 1, "\(result)")
        }
        try eventually("no connection stays") {
            try gateway.admin("/metrics").text.contains(
                "http_client_open_connections{http_connection_state=\"active\"} 0\n")
        }
    }

    @Test("The next target is asked where a handshake fails, whatever the method: nothing has been sent")
    func nextTarget() throws {
        let stranger = try UpstreamAuthority("Strangers").issue("stranger", ["IP:127.0.0.1"])
        let (bad, good) = (try BackEnd.echo(), try BackEnd.echo())
        let (untrusted, trusted) = (try TLSFront(stranger, before: bad), try TLSFront(server, before: good))
        let gateway = try Gateway(["POST /x": route(untrusted.place, trusted.place)])
        for _ in 0..<4 {
            let response = try gateway.call("POST", "/dev/x", body: "once")
            #expect(response.status == 200)
            #expect(response.text.hasSuffix("once"))
        }
        #expect(bad.accepted == 0)
        #expect(good.requests.count == 4)
    }

    @Test(
        "A kept connection that the upstream ends on a request is replaced", arguments: [TLSFront.Ending.notify, .cut])
    func stale(ending: TLSFront.Ending) throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(reply("\(connection.number)"))
            _ = try connection.wire.readRequestHead()
        }
        let front = try TLSFront(server, before: back, ending: ending)
        let gateway = try Gateway(["ANY /x": route(front.place)])
        #expect(try gateway.get("/dev/x").text == "0")
        let second = try gateway.get("/dev/x")
        #expect(second.text == "1")
        #expect(try gateway.record(of: second).number("retryCount") == 1)
    }
}
