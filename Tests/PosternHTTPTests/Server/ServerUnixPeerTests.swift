import NIOCore
import Testing

@testable import PosternHTTP

/// Who is at the other end of a Unix socket is settled before its first request.
@Suite struct ServerUnixPeerTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
    private let lookups = UnixPeerBench()

    private func bench(_ reader: UnixPeerReader, _ settings: ServerSettings = ServerSettings()) throws -> ServerBench {
        try ServerBench(settings: settings, unix: UnixPeerBench.socketName, peers: reader)
    }

    private func seenPeer(_ bench: ServerBench) -> UnixPeer? { bench.withRecorder { $0.stream.connection.unix } }

    private func refusals(_ bench: ServerBench) -> [UnixPeerRefusal] { bench.onLoop { $0.counts.peerRefusals } }

    @Test func aRequestWaitsForTheFactsOfItsPeer() throws {
        let own = UnixPeerBench.own
        lookups.state.withLock { $0.names = [.user(own.userID): "orders", .group(own.groupID): "web"] }
        let bench = try bench(lookups.reader())
        let client = bench.client()
        client.send(Self.get)
        #expect(eventually { lookups.waiting == 1 })
        #expect(bench.events().isEmpty)
        lookups.runLookups()
        #expect(client.receives(answerText()))
        let peer = try #require(seenPeer(bench))
        #expect(peer.credentials == own)
        #expect(peer.user == "orders")
        #expect(peer.group == "web")
        // One connection, one lookup.
        client.send(Self.get)
        #expect(client.receives(answerText()))
        #expect(lookups.waiting == 0)
    }

    @Test func theSystemItselfIsAsked() throws {
        let bench = try bench(UnixPeerReader())
        let client = bench.client()
        client.send(Self.get)
        #expect(client.receives(answerText()))
        let peer = try #require(seenPeer(bench))
        #expect(peer.credentials == UnixPeerBench.own)
        #expect(try peer.user == Account.user(peer.credentials.userID).systemName())
    }

    @Test func withoutNamesNothingIsServed() throws {
        lookups.state.withLock { $0.isDown = true }
        let bench = try bench(lookups.reader())
        let client = bench.client()
        client.send(Self.get)
        #expect(eventually { lookups.waiting == 1 })
        lookups.runLookups()
        #expect(client.receiveToEnd().text.isEmpty)
        #expect(refusals(bench) == [.namesUnavailable])
        #expect(bench.events().isEmpty)
    }

    @Test func oneLookupTooManyIsRefusedAndTheOthersAreServed() throws {
        let bench = try bench(lookups.reader { $0.lookups = 1 })
        let first = bench.client()
        #expect(eventually { lookups.waiting == 1 })
        let second = bench.client()
        second.send(Self.get)
        #expect(second.receiveToEnd().text.isEmpty)
        #expect(refusals(bench) == [.tooManyLookups])
        lookups.runLookups()
        first.send(Self.get)
        #expect(first.receives(answerText()))
    }

    @Test func factsThatDoNotComeInTimeEndTheConnection() throws {
        let bench = try bench(lookups.reader(), .with { $0.timeouts.requestHead = .milliseconds(20) })
        let client = bench.client()
        client.send(Self.get)
        #expect(client.receiveToEnd().text.isEmpty)
        #expect(eventually { refusals(bench) == [.lookupTimeout] })
        // What comes too late changes nothing.
        lookups.runLookups()
        #expect(bench.events().isEmpty)
        #expect(eventually { bench.connectionCount == 0 })
    }

    @Test func aConnectionWhoseFactsAreBeingLookedUpMayAskOnceMoreInADrain() throws {
        let bench = try bench(lookups.reader())
        let client = bench.client()
        client.send(Self.get)
        #expect(eventually { lookups.waiting == 1 })
        bench.drain()
        lookups.runLookups()
        #expect(client.receiveToEnd().text.contains("Connection: close"))
        #expect(eventually { bench.connectionCount == 0 })
        #expect(refusals(bench).isEmpty)
    }

    private static let local: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10, 0x20, 0, 0, 0]

    @Test(
        "Behind a PROXY header the connected process is the balancer, unless it speaks for itself",
        arguments: [
            (Array("PROXY TCP4 10.1.2.3 10.9.9.9 1 2\r\n".utf8), false), (Array("PROXY UNKNOWN\r\n".utf8), false),
            (Self.local, true),
        ])
    func proxyHeader(header: [UInt8], isPeer: Bool) throws {
        let bench = try bench(lookups.reader(), .with { $0.requiresProxyHeader = true })
        let client = bench.client()
        client.send(header + Array(Self.get.utf8))
        #expect(eventually { lookups.waiting == 1 })
        lookups.runLookups()
        #expect(client.receives(answerText()))
        #expect(seenPeer(bench)?.credentials == (isPeer ? UnixPeerBench.own : nil))
    }

    @Test func overTCPNobodyIsAsked() throws {
        let bench = try ServerBench(peers: lookups.reader())
        let client = bench.client()
        client.send(Self.get)
        #expect(client.receives(answerText()))
        #expect(seenPeer(bench) == nil)
        #expect(lookups.waiting == 0)
    }
}
