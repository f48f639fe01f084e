import Foundation
import TestAuthority
import Testing

@Suite("What a handshake may cost")
struct HandshakeLimitTests {
    @Test("A handshake that is not finished in time is ended, however far it came")
    func deadline() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(
            estate.configuration(Estate.tls(), process: ["timeouts: {handshake: 300ms}"]))
        let place = gateway.gateway.place()
        let silent = try Wire(to: place)
        let begun = try Wire(to: place)
        try begun.send([22, 3, 1, 2, 0, 1])
        #expect(try silent.readToEnd().isEmpty)
        #expect(try begun.readToEnd().isEmpty)
        _ = try gateway.refusal(containing: "handshake_timeout: the handshake was not finished in time")
        #expect(try gateway.sample(#"postern_tls_handshakes_total{result="handshake_timeout"}"#) == 2)
    }

    @Test("A hello that comes byte by byte is as good as any, in both versions", arguments: ["1.2", "1.3"])
    func fragments(version: String) throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        let team = Estate.authority("Team", under: estate.clientAuthority)
        var wish = TLSWish(try estate.client(issuer: team, chain: [team]), version: version)
        wish.piece = 1
        wish.protocols = ["http/1.1"]
        #expect(try gateway.ask(wish).status == 200)
    }

    @Test("A hello beyond 16 KiB is refused before it is whole")
    func hello() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls()))
        let wire = try Wire(to: gateway.gateway.place())
        // Records of a hello that says it has 60,000 bytes.
        let start: [UInt8] = [1, 0, 0xEA, 0x60, 3, 3]
        for index in 0..<5 {
            let content = (index == 0 ? start : []) + [UInt8](repeating: 0, count: 8192)
            try? wire.send([22, 3, 1, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content)
        }
        let answer = try wire.readToEnd()
        #expect(answer.first == 21)
        _ = try gateway.refusal(containing: "client_hello_too_large: ")
    }

    @Test("A caller's chain has room for what estates have, and no more")
    func chain() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(estate.configuration(Estate.tls("trust: [tls/clients.pem], depth: 10")))
        var chain = [Estate.authority("Level 0", under: estate.clientAuthority)]
        for level in 1..<8 { chain.append(Estate.authority("Level \(level)", under: chain.last!)) }
        let caller = try estate.client("deep", issuer: chain.last!, chain: chain.reversed())
        #expect(try gateway.ask(TLSWish(caller)).status == 200)

        let padding = Estate.authority("Fat", under: estate.clientAuthority) {
            $0.extensions = [["nsComment", String(repeating: "x", count: 40_000)]]
        }
        let fat = try estate.client("fat", issuer: padding, chain: [padding])
        #expect(!(try gateway.ask(TLSWish(fat)).failure.isEmpty))
        _ = try gateway.refusal(containing: "certificate_chain_too_large: ")
        let many = try estate.client("many", chain: Array(repeating: chain[0], count: 24))
        let outcome = try gateway.ask(TLSWish(many))
        #expect(outcome.failure == "TLSV1_ALERT_UNKNOWN_CA")
        _ = try gateway.refusal(containing: "25 certificates were sent, more than")
    }

    @Test("One source may begin so many handshakes, and takes nothing from the others")
    func rate() throws {
        let estate = try Estate()
        let gateway = try estate.gateway(
            estate.configuration(Estate.tls("mode: off", "handshakesPerSource: 1"), Estate.tls("mode: off")))
        func calls(from source: String, by listener: String = "vpce-0", _ count: Int) throws -> Int {
            var wish = TLSWish()
            wish.source = source
            return try (0..<count).filter { _ in try gateway.ask(wish, by: listener).failure.isEmpty }.count
        }
        // Two at once, and one more each second that this takes.
        var refused = 0
        try eventually("a refusal") {
            refused = 5 - (try calls(from: "127.0.0.1", 5))
            return refused > 0
        }
        #expect(try calls(from: "127.0.0.2", 1) == 1)
        #expect(try calls(from: "127.0.0.1", by: "vpce-1", 5) == 5)
        _ = try gateway.refusal(containing: "rate_limited: the source has begun too many handshakes")
        #expect(try gateway.sample(#"postern_tls_handshakes_total{result="rate_limited"}"#) == Double(refused))
    }
}
