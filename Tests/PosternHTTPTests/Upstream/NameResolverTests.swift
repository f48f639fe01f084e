import NIOCore
import NIOEmbedded
import NIOPosix
import PosternHTTP
import Synchronization
import Testing

@Suite struct NameResolverTests {
    /// A resolver whose lookups run when the test says so, on a clock that the test sets. Made inside each
    /// test: its event loop belongs to one thread.
    private final class Bench: Sendable {
        struct State {
            var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
            var jobs: [@Sendable () -> Void] = []
            var asked: [String] = []
            var answers: [String: NameResolver.Answer] = [:]
            var told: [NameResolver.Answer] = []
        }
        let state = Mutex(State())
        let loop = EmbeddedEventLoop()

        func resolver(_ change: (inout NameResolver.Options) -> Void = { _ in }) -> NameResolver {
            var options = NameResolver.Options()
            change(&options)
            return NameResolver(
                options: options,
                lookup: { [self] host, port in
                    state.withLock {
                        $0.asked.append(host)
                        return $0.answers[host] ?? .failure(.notFound(host))
                    }
                },
                now: { [self] in state.withLock { $0.now } },
                perform: { [self] job in state.withLock { $0.jobs.append(job) } })
        }

        func set(_ host: String, _ address: String?) {
            let answer = address.map { NameResolver.Answer.success([Bench.address($0)]) }
            state.withLock { $0.answers[host] = answer ?? .failure(.failed(host, why: "no answer")) }
        }

        func pass(_ time: TimeAmount) { state.withLock { $0.now = $0.now + time } }

        /// Runs the lookups that were started, and what they told the loop; returns how many there were.
        @discardableResult func runLookups() -> Int {
            let jobs = state.withLock { state in
                defer { state.jobs = [] }
                return state.jobs
            }
            for job in jobs { job() }
            loop.run()
            return jobs.count
        }

        func ask(_ resolver: NameResolver, _ host: String) {
            resolver.resolve(host: host, port: 80, on: loop) { answer in self.state.withLock { $0.told.append(answer) }
            }
        }

        func takeTold() -> [NameResolver.Answer] {
            state.withLock { state in
                defer { state.told = [] }
                return state.told
            }
        }

        static func address(_ text: String) -> SocketAddress {
            guard let address = try? SocketAddress(ipAddress: text, port: 80) else { fatalError(text) }
            return address
        }
    }

    private let first = Bench.address("10.0.0.1")
    private let second = Bench.address("10.0.0.2")

    @Test(arguments: ["10.0.0.1", "fd00::1", "[fd00::1]"])
    func aLiteralIsAnsweredAtOnceWithoutALookup(_ host: String) {
        let bench = Bench()
        let resolver = bench.resolver()
        bench.ask(resolver, host)
        let expected = Bench.address(host == "10.0.0.1" ? host : "fd00::1")
        #expect(bench.takeTold() == [.success([expected])])
        #expect(resolver.cached(host: host, port: 80) == [expected])
        #expect(bench.runLookups() == 0)
    }

    @Test func aNameIsLookedUpOnceForAllWhoWaitAndThenRemembered() {
        let bench = Bench()
        bench.set("a", "10.0.0.1")
        let resolver = bench.resolver()
        #expect(resolver.cached(host: "a", port: 80) == nil)
        bench.ask(resolver, "a")
        bench.ask(resolver, "a")
        #expect(bench.takeTold().isEmpty)
        #expect(bench.runLookups() == 1)
        #expect(bench.takeTold() == [.success([first]), .success([first])])
        #expect(resolver.cached(host: "a", port: 80) == [first])
        bench.ask(resolver, "a")
        #expect(bench.takeTold() == [.success([first])])
        #expect(bench.runLookups() == 0)
    }

    @Test func anOldAnswerIsServedWhileItIsRenewed() {
        let bench = Bench()
        bench.set("a", "10.0.0.1")
        let resolver = bench.resolver()
        bench.ask(resolver, "a")
        bench.runLookups()
        bench.set("a", "10.0.0.2")
        bench.pass(.seconds(29))
        #expect(resolver.cached(host: "a", port: 80) == [first])
        #expect(bench.runLookups() == 0)
        bench.pass(.seconds(1))
        #expect(resolver.cached(host: "a", port: 80) == [first])
        #expect(resolver.cached(host: "a", port: 80) == [first])
        #expect(bench.runLookups() == 1)
        #expect(resolver.cached(host: "a", port: 80) == [second])
    }

    @Test func anAnswerNobodyAskedForInFiveMinutesIsAskedAgainFirst() {
        let bench = Bench()
        bench.set("a", "10.0.0.1")
        let resolver = bench.resolver()
        bench.ask(resolver, "a")
        bench.runLookups()
        _ = bench.takeTold()
        bench.set("a", "10.0.0.2")
        bench.pass(.minutes(5))
        #expect(resolver.cached(host: "a", port: 80) == nil)
        bench.ask(resolver, "a")
        #expect(bench.takeTold().isEmpty)
        bench.runLookups()
        #expect(bench.takeTold() == [.success([second])])
    }

    @Test func theLastAnswerStandsWhileLookupsFail() {
        let bench = Bench()
        bench.set("a", "10.0.0.1")
        let resolver = bench.resolver()
        bench.ask(resolver, "a")
        bench.runLookups()
        bench.set("a", nil)
        bench.pass(.seconds(30))
        #expect(resolver.cached(host: "a", port: 80) == [first])
        bench.runLookups()
        // Retried after the pause of a failure, not at once, and served all the while, even past the stale age.
        #expect(resolver.cached(host: "a", port: 80) == [first])
        #expect(bench.runLookups() == 0)
        bench.pass(.hours(1))
        #expect(resolver.cached(host: "a", port: 80) == [first])
        #expect(bench.runLookups() == 1)
        bench.set("a", "10.0.0.2")
        bench.pass(.seconds(1))
        #expect(resolver.cached(host: "a", port: 80) == [first])
        bench.runLookups()
        #expect(resolver.cached(host: "a", port: 80) == [second])
    }

    @Test func whoWaitsForARenewalThatFailsGetsTheLastAnswer() {
        let bench = Bench()
        bench.set("a", "10.0.0.1")
        let resolver = bench.resolver()
        bench.ask(resolver, "a")
        bench.runLookups()
        _ = bench.takeTold()
        bench.set("a", nil)
        bench.pass(.minutes(5))
        bench.ask(resolver, "a")
        bench.runLookups()
        #expect(bench.takeTold() == [.success([first])])
    }

    @Test func aFailureIsRememberedForASecond() {
        let bench = Bench()
        let resolver = bench.resolver()
        bench.ask(resolver, "a")
        bench.runLookups()
        bench.ask(resolver, "a")
        #expect(bench.takeTold() == [.failure(.notFound("a")), .failure(.notFound("a"))])
        #expect(resolver.cached(host: "a", port: 80) == nil)
        bench.pass(.seconds(1))
        bench.set("a", "10.0.0.1")
        bench.ask(resolver, "a")
        #expect(bench.runLookups() == 1)
        #expect(bench.takeTold() == [.success([first])])
    }

    @Test func portsOfOneHostAreKeptApart() {
        let bench = Bench()
        bench.set("a", "10.0.0.1")
        let resolver = bench.resolver()
        bench.ask(resolver, "a")
        bench.runLookups()
        #expect(resolver.cached(host: "a", port: 81) == nil)
    }

    @Test func whatIsNoNameIsRefusedWithoutALookup() {
        let bench = Bench()
        let resolver = bench.resolver()
        for host in ["", "a\0b", String(repeating: "a", count: 254)] {
            bench.ask(resolver, host)
            #expect(bench.takeTold() == [.failure(.notAName(host))])
        }
        #expect(bench.runLookups() == 0)
    }

    @Test func lookupsAndWaitersAreBounded() {
        let bench = Bench()
        let resolver = bench.resolver {
            $0.lookups = 2
            $0.waiters = 3
        }
        bench.ask(resolver, "a")
        bench.ask(resolver, "b")
        bench.ask(resolver, "c")
        #expect(bench.takeTold() == [.failure(.busy("c"))])
        bench.ask(resolver, "a")
        bench.ask(resolver, "a")
        #expect(bench.takeTold() == [.failure(.busy("a"))])
        #expect(bench.runLookups() == 2)
        bench.ask(resolver, "c")
        #expect(bench.runLookups() == 1)
    }

    @Test func theNameNotAskedForLongestMakesRoom() {
        let bench = Bench()
        for name in ["a", "b", "c"] { bench.set(name, "10.0.0.1") }
        let resolver = bench.resolver { $0.names = 2 }
        for name in ["a", "b"] {
            bench.ask(resolver, name)
            bench.runLookups()
            bench.pass(.seconds(1))
        }
        _ = resolver.cached(host: "a", port: 80)
        bench.ask(resolver, "c")
        bench.runLookups()
        #expect(resolver.cached(host: "a", port: 80) != nil)
        #expect(resolver.cached(host: "b", port: 80) == nil)
        #expect(resolver.cached(host: "c", port: 80) != nil)
    }

    @Test func stoppingTellsThoseWhoWait() {
        let bench = Bench()
        bench.set("a", "10.0.0.1")
        let resolver = bench.resolver()
        bench.ask(resolver, "a")
        bench.runLookups()
        bench.ask(resolver, "b")
        _ = bench.takeTold()
        resolver.stop()
        #expect(bench.takeTold() == [.failure(.stopped)])
        bench.ask(resolver, "c")
        bench.ask(resolver, "a")
        #expect(bench.takeTold() == [.failure(.stopped), .success([first])])
    }

    @Test func theSystemKnowsThisMachine() async throws {
        let resolver = NameResolver()
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let addresses = await withCheckedContinuation { continuation in
            resolver.resolve(host: "localhost", port: 8080, on: loop) { answer in
                #expect(loop.inEventLoop)
                continuation.resume(returning: answer)
            }
        }
        let found = try addresses.get()
        #expect(found.contains { $0.ipAddress == "127.0.0.1" || $0.ipAddress == "::1" })
        #expect(found.allSatisfy { $0.port == 8080 })
        #expect(resolver.cached(host: "localhost", port: 8080) == found)
        resolver.stop()
    }
}
