import Foundation
import Testing

@Suite("Bodies of secured upstreams", .enabled(if: TLSFront.isInstalled, "python3 is not installed"))
struct UpstreamBodyTests {
    private static let untilClose = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

    private let authority: UpstreamAuthority
    private let server: UpstreamAuthority.Pair

    init() throws {
        authority = try UpstreamAuthority()
        server = try authority.issue("server", ["IP:127.0.0.1"])
    }

    private func gateway(_ front: TLSFront) throws -> Gateway {
        let gateway = try Gateway(["ANY /x": "{uri: https://\(front.place)/, tls: {trust: [\(authority.trust)]}}"])
        gateway.company = [front]
        return gateway
    }

    @Test("A body that ends with its connection is whole with close_notify and cut without")
    func untilClose() throws {
        let body = String(repeating: "word ", count: 20_000)
        for ending in [TLSFront.Ending.notify, .cut, .reset] {
            let back = try BackEnd { connection in
                _ = try connection.readRequest()
                try connection.send(Self.untilClose + body)
            }
            let gateway = try gateway(TLSFront(server, before: back, ending: ending))
            let wire = try gateway.connect()
            try wire.request("GET", "/dev/x")
            switch ending {
            case .notify: #expect(try wire.readResponse().text == body)
            case .cut, .reset:
                #expect(throws: WireFailure.self, "\(ending)") { try wire.readResponse() }
                let record = try gateway.record { $0.number("status") == 200 }
                #expect(record["errorReason"] == "closed_mid_response")
                #expect(record["abortedBy"] == "upstream")
            }
        }
    }

    @Test("In the clear, a body that ends with its connection is cut by a reset")
    func untilReset() throws {
        let hasRead = Flag()
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(Self.untilClose + "half")
            try hasRead.wait()
            connection.wire.socket.reset()
        }
        let gateway = try Gateway(["ANY /x": "\(back.uri)/"])
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/x")
        var response = try wire.readHead()
        try response.findFraming(isResponse: true, to: "GET")
        hasRead.raise()
        #expect(throws: WireFailure.self) { try wire.readBody(&response) }
        #expect(try gateway.record { $0.number("status") == 200 }["errorReason"] == "closed_mid_response")
    }

    @Test("A body with a length or in chunks is whole without close_notify", arguments: [true, false])
    func framed(isChunked: Bool) throws {
        let body = String(repeating: "x", count: 100_000)
        let framed =
            isChunked
            ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n\(body)\r\n0\r\n\r\n" : reply(body)
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(framed)
        }
        let gateway = try gateway(TLSFront(server, before: back, ending: .cut))
        for _ in 0..<5 { #expect(try gateway.get("/dev/x").text == body) }
    }

    @Test("A body shorter than its length, or without its last chunk, is cut", arguments: [true, false])
    func short(isChunked: Bool) throws {
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(
                isChunked
                    ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
                    : "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
        }
        let gateway = try gateway(TLSFront(server, before: back))
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/x")
        #expect(throws: WireFailure.self) { try wire.readResponse() }
        #expect(try gateway.record { $0.number("status") == 200 }["errorReason"] == "closed_mid_response")
    }

    @Test("Whoever reads slowly gets the whole body of an upstream that is gone, close_notify or not")
    func slowReader() throws {
        let size = 8_000_000
        let gone = Flag()
        let back = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(reply(String(repeating: "x", count: size)))
            gone.raise()
        }
        let gateway = try gateway(TLSFront(server, before: back, ending: .cut))
        let wire = try gateway.connect()
        try wire.request("GET", "/dev/x")
        var response = try wire.readHead()
        try response.findFraming(isResponse: true, to: "GET")
        #expect(response.framing == .length(size))
        for step in stride(from: 0, to: size, by: 50_000) {
            try wire.skip(min(50_000, size - step))
            usleep(500)
        }
        #expect(gone.isRaised)
        let record = try gateway.record { $0.number("status") == 200 }
        #expect(record.number("responseLength") == size)
        #expect(record["abortedBy"] == nil)
    }

    @Test("Uploads go whole: large, in chunks, with pauses")
    func uploads() throws {
        let back = try BackEnd { connection in
            while true {
                let request = try connection.readRequest()
                try connection.send(reply("\(request.body.count) \(request.framing)"))
            }
        }
        let gateway = try gateway(TLSFront(server, before: back))
        let wire = try gateway.connect()
        let large = try wire.exchange("PUT", "/dev/x", body: String(repeating: "x", count: 3_000_000))
        #expect(large.text == "3000000 length(3000000)")
        try wire.request("PUT", "/dev/x", ["Transfer-Encoding: chunked"])
        for size in [1, 16_384, 70_000, 2] {
            try wire.sendChunk([UInt8](repeating: 0x78, count: size))
            usleep(20_000)
        }
        try wire.send("0\r\n\r\n")
        #expect(try wire.readResponse().text == "86387 chunked")
        try wire.request("PUT", "/dev/x", ["Expect: 100-continue", "Content-Length: 5"])
        #expect(try wire.readHead().startLine == "HTTP/1.1 100 Continue")
        try wire.send("hello")
        #expect(try wire.readResponse().text == "5 length(5)")
        #expect(back.accepted == 1)
    }
}
