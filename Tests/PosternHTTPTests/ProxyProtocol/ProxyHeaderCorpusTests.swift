import Foundation
import NIOCore
import PosternHTTP
import Testing

/// The fuzzer's corpus and random changes to it: the parser's promises hold for each input cut at every byte.
@Suite struct ProxyHeaderCorpusTests {
    private static let corpus: [(name: String, bytes: [UInt8])] = {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = tests.appending(path: "Fuzz/corpus/proxy-header")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.sorted { $0.path < $1.path }.compactMap { file in
            (try? Data(contentsOf: file)).map { (file.lastPathComponent, [UInt8]($0)) }
        }
    }()

    @Test func everyKeptInputKeepsThePromises() {
        #expect(Self.corpus.count >= 24)
        for input in Self.corpus {
            let violation = violatedProxyHeaderInvariant(input.bytes, step: input.bytes.count <= 600 ? 1 : 13)
            #expect(violation == nil, "\(input.name)")
        }
    }

    @Test func randomChangesToKeptInputsKeepThePromises() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(state: seed)
        let small = Self.corpus.filter { (1...400).contains($0.bytes.count) }
        for _ in 0..<2000 {
            var bytes = small.randomElement(using: &random)!.bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) { Self.change(&bytes, &random) }
            let violation = violatedProxyHeaderInvariant(bytes, step: 7)
            #expect(violation == nil, "seed \(seed): \(bytes)")
        }
    }

    private static func change(_ bytes: inout [UInt8], _ random: inout Seeded) {
        guard !bytes.isEmpty else { return bytes.append(0) }
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.remove(at: index)
        default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
        }
    }

    @Test func addressesBecomeSocketAddresses() throws {
        #expect(
            ProxyAddress.v4(0x0a01_0007, port: 80).socketAddress == (try SocketAddress(ipAddress: "10.1.0.7", port: 80))
        )
        let v6 = ProxyAddress.v6(high: 0xfd00_0000_0000_0000, low: 1, port: 80).socketAddress
        #expect(v6 == (try SocketAddress(ipAddress: "fd00::1", port: 80)))
        // Mapped addresses become IPv4: one client, one form.
        let mapped = ProxyAddress.v6(high: 0, low: 0xffff_0a01_0007, port: 80).socketAddress
        #expect(mapped == (try SocketAddress(ipAddress: "10.1.0.7", port: 80)))
        #expect(ProxyAddress.unix(Array("/run/c".utf8)).socketAddress.pathname == "/run/c")
        #expect(ProxyAddress.unix([0] + Array("c".utf8)).socketAddress.listenerText == "@c")
        #expect(
            ProxyHeaderParser.parse(ByteBuffer(string: "PROXY UNKNOWN\r\n")) == .header(ProxyHeader(), consumed: 15))
    }
}

/// SplitMix64.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
