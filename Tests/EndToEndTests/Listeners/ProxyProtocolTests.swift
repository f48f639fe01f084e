import Foundation
import Testing

@Suite("PROXY protocol on a listener that requires it")
struct ProxyProtocolTests {
    private static let request = "GET /dev/x HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

    private let back: BackEnd
    private let gateway: Gateway

    init() throws {
        back = try BackEnd.echo()
        var configuration = try Configuration(listeners: [
            Listener(
                "vpce-lb",
                options: "vpc: vpc-core, defaultApi: shop, proxyProtocol: {from: [127.0.0.1/32, 127.0.7.0/24]}"),
            Listener("vpce-plain", options: "defaultApi: shop"),
        ])
        configuration.add(API("shop", ["GET /x": "\(back.uri)/x"]))
        // Seen from outside a listener that wants a PROXY header is up as soon as it accepts.
        gateway = try Gateway(configuration)
    }

    private func version2(command: UInt8 = 0x21, family: UInt8 = 0x11, addresses: [UInt8], extensions: [UInt8] = [])
        -> [UInt8]
    {
        let length = addresses.count + extensions.count
        return Self.signature + [command, family, UInt8(length >> 8), UInt8(length & 0xFF)] + addresses + extensions
    }

    private let addresses4: [UInt8] = [10, 1, 2, 3, 10, 9, 9, 9, 0x30, 0x39, 0x01, 0xBB]

    private func awsEndpoint(_ id: String) -> [UInt8] { [0xEA, 0, UInt8(id.utf8.count + 1), 1] + Array(id.utf8) }

    private func call(_ header: [UInt8]) throws -> AccessRecord {
        let wire = try gateway.connect("vpce-lb")
        try wire.send(header + Array(Self.request.utf8))
        let response = try wire.readResponse()
        #expect(response.status == 200)
        return try gateway.record(of: response)
    }

    @Test(
        "Version 1 sets the caller's address, for policy, log and upstream alike",
        arguments: [
            ("PROXY TCP4 10.1.2.3 10.9.9.9 12345 443\r\n", "10.1.2.3"),
            ("PROXY TCP6 fd00::7 fd00::1 12345 443\r\n", "fd00::7"),
        ])
    func version1(header: String, address: String) throws {
        let record = try call(Array(header.utf8))
        #expect(record["sourceIp"] == address)
        #expect(record.number("sourcePort") == 12345)
        #expect(record["vpceId"] == "vpce-lb")
        #expect(record["vpcId"] == "vpc-core")
        #expect(back.requests.first?["X-Forwarded-For"] == address)
    }

    @Test("UNKNOWN and LOCAL keep the peer's own address")
    func local() throws {
        #expect(try call(Array("PROXY UNKNOWN\r\n".utf8))["sourceIp"] == "127.0.0.1")
        #expect(try call(version2(command: 0x20, family: 0, addresses: []))["sourceIp"] == "127.0.0.1")
    }

    @Test("Version 2 sets the caller's address, IPv4 and IPv6")
    func version2() throws {
        #expect(try call(version2(addresses: addresses4))["sourceIp"] == "10.1.2.3")
        let six: [UInt8] =
            [0xFD] + [UInt8](repeating: 0, count: 14) + [9] + [0xFD] + [UInt8](repeating: 0, count: 14) + [1]
        #expect(try call(version2(family: 0x21, addresses: six + [0x30, 0x39, 1, 0xBB]))["sourceIp"] == "fd00::9")
    }

    @Test("AWS's endpoint id becomes the source endpoint, and the listener's VPC is no longer claimed")
    func endpoint() throws {
        let record = try call(version2(addresses: addresses4, extensions: awsEndpoint("vpce-08d2bf15fac5001c9")))
        #expect(record["vpceId"] == "vpce-08d2bf15fac5001c9")
        #expect(record["vpcId"] == nil)
        // Another subtype of AWS's vector, and a vector nobody knows, say nothing.
        let other = try call(version2(addresses: addresses4, extensions: [0xEA, 0, 2, 2, 7, 0xE0, 0, 1, 9]))
        #expect(other["vpceId"] == "vpce-lb")
    }

    @Test("The policy decides by the endpoint of the header")
    func policyByEndpoint() throws {
        let condition = #"{"StringEquals":{"aws:SourceVpce":"vpce-08d2bf15fac5001c9"}}"#
        var configuration = try Configuration(listeners: [
            Listener("vpce-lb", options: "defaultApi: shop, proxyProtocol: {from: [127.0.0.1]}")
        ])
        configuration.add(
            API("shop", policy: Policies.policy(Policies.statement("Allow", condition)), ["GET /x": "{type: MOCK}"]))
        let gateway = try Gateway(configuration)
        for (id, status) in [("vpce-08d2bf15fac5001c9", 200), ("vpce-08d2bf15fac5001c8", 403)] {
            let wire = try gateway.connect()
            try wire.send(version2(addresses: addresses4, extensions: awsEndpoint(id)) + Array(Self.request.utf8))
            #expect(try wire.readResponse().status == status)
            // The header counts for the whole connection.
            #expect(try wire.exchange("GET", "/dev/x").status == status)
        }
    }

    @Test("A header split at every byte is one header")
    func everySplit() throws {
        for header in [
            Array("PROXY TCP4 10.1.2.3 10.9.9.9 12345 443\r\n".utf8),
            version2(addresses: addresses4, extensions: awsEndpoint("vpce-1a")),
        ] {
            let bytes = header + Array(Self.request.utf8)
            for split in 1..<header.count {
                let wire = try gateway.connect("vpce-lb")
                try wire.send(Array(bytes[..<split]))
                try wire.send(Array(bytes[split...]))
                #expect(try wire.readResponse().text.contains("X-Forwarded-For: 10.1.2.3\r\n"))
            }
        }
    }

    static let bad: [[UInt8]] = [
        Array(request.utf8),
        Array("PROXY TCP4 10.1.2.3 10.9.9.9 12345\r\n\(request)".utf8),
        Array("PROXY TCP4 10.1.2.300 10.9.9.9 1 2\r\n\(request)".utf8),
        Array("PROXY TCP4 10.1.2.3 10.9.9.9 1 99999\r\n\(request)".utf8),
        Array("proxy TCP4 10.1.2.3 10.9.9.9 1 2\r\n\(request)".utf8),
        Array("PROXY TCP4 10.1.2.3 10.9.9.9 1 2\n\(request)".utf8),
        Array(("PROXY UNKNOWN " + String(repeating: "x", count: 200) + "\r\n" + request).utf8),
        signature + [0x11, 0x11, 0, 0] + Array(request.utf8),
        signature + [0x21, 0x11, 0, 4, 1, 2, 3, 4] + Array(request.utf8),
        signature + [0x21, 0x11, 0, 14, 10, 1, 2, 3, 10, 9, 9, 9, 1, 1, 2, 2, 0xEA, 9] + Array(request.utf8),
        signature + [0x21, 0x11, 0, 20, 10, 1, 2, 3, 10, 9, 9, 9, 1, 1, 2, 2, 0xEA, 0, 5, 1, 0x78, 0x78, 0x78, 0x78]
            + Array(request.utf8),
    ]

    @Test("A missing or malformed header closes the connection without a word", arguments: bad)
    func malformed(bytes: [UInt8]) throws {
        let wire = try gateway.connect("vpce-lb")
        try wire.send(bytes)
        #expect(try wire.readToEnd().isEmpty)
        #expect(back.requests.isEmpty)
    }

    @Test("A peer that is not listed is closed, right header or not")
    func untrusted() throws {
        let header = "PROXY TCP4 10.1.2.3 10.9.9.9 12345 443\r\n"
        let wire = try gateway.connect("vpce-lb", from: "127.0.0.2")
        try? wire.send(header + Self.request)
        #expect(try wire.readToEnd().isEmpty)
        let listed = try gateway.connect("vpce-lb", from: "127.0.7.9")
        try listed.send(header + Self.request)
        #expect(try listed.readResponse().status == 200)
    }

    @Test("Where it is not required a PROXY header is a malformed request")
    func notRequired() throws {
        let wire = try gateway.connect("vpce-plain")
        try wire.send("PROXY TCP4 10.1.2.3 10.9.9.9 12345 443\r\n" + Self.request)
        #expect(try wire.readResponse().status == 400)
        #expect(try wire.readToEnd().isEmpty)
    }

    @Test("A Unix listener may require it of every peer")
    func unixListener() throws {
        let path = gateway.directory.file("lb.sock")
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.listeners = [
            Listener("vpce-u", at: .unix(path), "unix: \(path)", "defaultApi: shop, proxyProtocol: {from: [unix]}")
        ]
        let gateway = try Gateway(configuration)
        let wire = try gateway.connect()
        try wire.send("PROXY TCP4 10.1.2.3 10.9.9.9 12345 443\r\n" + Self.request)
        #expect(try gateway.record(of: try wire.readResponse())["sourceIp"] == "10.1.2.3")
        let bare = try gateway.connect()
        try bare.send(Self.request)
        #expect(try bare.readToEnd().isEmpty)
    }
}
