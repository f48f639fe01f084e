import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import PosternHTTP

@Suite struct UnixPeerReaderTests {
    private let bench = UnixPeerBench()
    private let credentials = PeerCredentials(processID: 0, userID: 7, groupID: 8)

    private final class Answers: Sendable {
        let all = Mutex<[UnixPeerReader.Answer]>([])
    }

    private func ask(_ reader: UnixPeerReader, _ loop: EmbeddedEventLoop, count: Int = 1) -> [UnixPeerReader.Answer] {
        let answers = Answers()
        for _ in 0..<count {
            reader.read(credentials, nil, on: loop) { answer in answers.all.withLock { $0.append(answer) } }
        }
        bench.runLookups()
        loop.run()
        return answers.all.withLock { $0 }
    }

    @Test func namesAreAskedForOnceAndAgainWhenTheyAreOld() {
        let (reader, loop) = (bench.reader(), EmbeddedEventLoop())
        bench.state.withLock { $0.names = [.user(7): "orders", .group(8): "web"] }
        let peer = UnixPeer(credentials: credentials, user: "orders", group: "web")
        #expect(ask(reader, loop) == [.success(peer)])
        #expect(bench.takeAsked() == [.user(7), .group(8)])
        #expect(ask(reader, loop) == [.success(peer)])
        #expect(bench.takeAsked().isEmpty)
        bench.state.withLock { $0.now = $0.now + .seconds(60) }
        #expect(ask(reader, loop) == [.success(peer)])
        #expect(bench.takeAsked() == [.user(7), .group(8)])
    }

    @Test func aUserWithoutANameHasNone() {
        let (reader, loop) = (bench.reader(), EmbeddedEventLoop())
        #expect(ask(reader, loop) == [.success(UnixPeer(credentials: credentials))])
    }

    @Test func aFailureIsARefusalAndIsNotRemembered() {
        let (reader, loop) = (bench.reader(), EmbeddedEventLoop())
        bench.state.withLock { $0.isDown = true }
        #expect(ask(reader, loop) == [.failure(.namesUnavailable)])
        bench.state.withLock {
            $0.isDown = false
            $0.names = [.user(7): "orders"]
        }
        #expect(ask(reader, loop) == [.success(UnixPeer(credentials: credentials, user: "orders"))])
    }

    @Test func lookupsAreBoundedAndTheirPlacesComeFreeAgain() {
        let (reader, loop) = (bench.reader { $0.lookups = 2 }, EmbeddedEventLoop())
        let peer = UnixPeerReader.Answer.success(UnixPeer(credentials: credentials))
        let answers = ask(reader, loop, count: 3)
        #expect(answers.count { $0 == peer } == 2)
        #expect(answers.count { $0 == .failure(.tooManyLookups) } == 1)
        #expect(ask(reader, loop, count: 2) == [peer, peer])
    }
}
