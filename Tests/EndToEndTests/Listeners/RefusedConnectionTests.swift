import Testing

@Suite("Connections that never come to a request leave a record")
struct RefusedConnectionTests {
    private static let request = "GET /dev/x HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    private static let header = "PROXY TCP4 10.1.2.3 10.9.9.9 12345 443\r\n"

    private func gateway(options: String, _ process: [String] = []) throws -> Gateway {
        try Gateway(
            Configuration(["GET /x": "{type: MOCK}"], options: "defaultApi: shop, \(options)", process))
    }

    /// The record of the connection from that port.
    private func record(_ gateway: Gateway, _ port: Int, _ kind: String) throws -> AccessRecord {
        try gateway.record { $0.number("sourcePort") == port && $0["errorResponseType"] == kind }
    }

    @Test(
        "A PROXY header is refused: the record has the peer's own address, not what the header claims",
        arguments: [
            (from: "127.0.0.2", text: header + request, reason: "untrusted_peer"),
            (from: "127.0.0.1", text: "PROXY TCP4 10.1.2.3 10.9.9.9 12345\r\n" + request, reason: nil),
            (from: "127.0.0.1", text: request, reason: nil),
        ])
    func proxyHeader(from: String, text: String, reason: String?) throws {
        let gateway = try gateway(options: "proxyProtocol: {from: [127.0.0.1/32]}")
        let wire = try gateway.connect(from: from)
        let port = wire.socket.localPort
        try? wire.send(text)
        #expect(try wire.readToEnd().isEmpty)
        let record = try record(gateway, port, "PROXY_HEADER")
        #expect(record["vpceId"] == "vpce-mesh")
        #expect(record["sourceIp"] == from)
        #expect(record["errorReason"]?.isEmpty == false)
        #expect(reason == nil || record["errorReason"] == reason)
        #expect(record.number("status") == nil)
    }

    @Test("A peer of a Unix listener has no address to record")
    func unixPeer() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("lb.sock")
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.listeners = [
            Listener("vpce-u", at: .unix(path), "unix: \(path)", "defaultApi: shop, proxyProtocol: {from: [unix]}")
        ]
        let gateway = try Gateway(configuration)
        let wire = try gateway.connect()
        try wire.send(Self.request)
        #expect(try wire.readToEnd().isEmpty)
        let record = try gateway.record { $0["errorResponseType"] == "PROXY_HEADER" }
        #expect(record["vpceId"] == "vpce-u")
        #expect(record["sourceIp"] == nil)
    }

    @Test("A connection over the listener's bound or the process's", arguments: [true, false])
    func limit(perListener: Bool) throws {
        let gateway = try gateway(
            options: perListener ? "maxConnections: 1" : "vpc: vpc-core",
            perListener ? [] : ["limits: {connections: 1}"])
        // What the start looked with may not have gone yet.
        var held: Wire?
        try eventually("one connection is served") {
            held = nil
            held = try gateway.connect()
            return try held?.exchange("GET", "/dev/x").status == 200
        }
        let refused = try gateway.connect(from: "127.0.0.2")
        let port = refused.socket.localPort
        #expect(try refused.readResponse().status == 503)
        let record = try record(gateway, port, "CONNECTION_LIMIT")
        #expect(record["vpceId"] == "vpce-mesh")
        #expect(record["sourceIp"] == "127.0.0.2")
        #expect(record["errorReason"] == "connection_limit")
        #expect(try held?.exchange("GET", "/dev/x").status == 200)
    }
}
