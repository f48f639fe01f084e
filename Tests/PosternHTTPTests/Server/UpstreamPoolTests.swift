import NIOCore
import PosternHTTP
import Testing

/// Who gets which connection, within the pool's bounds.
@Suite struct UpstreamPoolTests {
    private static func whole(uses: Int) -> [UpstreamRecorder.Event] {
        [.leased(uses: uses), .response("200 length(2) keep"), .body("ok"), .end([])]
    }

    @Test func anIdleConnectionIsUsedAgain() {
        let bench = UpstreamBench()
        let upstream = bench.serveOnce()
        for uses in 1...5 {
            let exchange = bench.exchange()
            #expect(upstream.receives(UpstreamBench.getText))
            upstream.send(ok)
            #expect(bench.hears(exchange, Self.whole(uses: uses)))
        }
        #expect(bench.onLoop { [$0.pool.connectionCount, $0.pool.idleCount] } == [1, 1])
    }

    @Test func aFreshConnectionIsAFreshOne() {
        let bench = UpstreamBench({ $0.connections = 1 })
        let first = bench.serveOnce()
        let exchange = bench.exchange(fresh: true)
        // The pool is full of one that must not be used, so that one goes.
        #expect(first.receiveToEnd().text == "")
        let second = bench.listener.accept()
        #expect(second.receives(UpstreamBench.getText))
        second.send(ok)
        #expect(bench.hears(exchange, Self.whole(uses: 0)))
    }

    @Test func aConnectionThatClosesWhileIdleIsForgotten() {
        let bench = UpstreamBench()
        bench.serveOnce().close()
        #expect(eventually { bench.connections == 0 })
        #expect(bench.idle == 0)
    }

    @Test func anIdleConnectionIsClosedInTime() {
        let bench = UpstreamBench({ $0.keepAlive = .milliseconds(100) })
        let upstream = bench.serveOnce()
        #expect(upstream.receiveToEnd() == ("", false))
        #expect(bench.connections == 0)
    }

    @Test func requestsWaitForAConnectionInTurnAndWithinBounds() {
        let bench = UpstreamBench({
            $0.connections = 1
            $0.pending = 2
        })
        let exchanges = (0..<4).map { _ in bench.exchange() }
        #expect(bench.hears(exchanges[3], [.failed(.overloaded)]))
        let upstream = bench.listener.accept()
        for uses in 0..<3 {
            #expect(upstream.receives(UpstreamBench.getText))
            #expect(bench.connections == 1)
            upstream.send(ok)
            #expect(bench.hears(exchanges[uses], Self.whole(uses: uses)))
        }
        #expect(bench.idle == 1)
    }

    @Test func aWaitingRequestGetsANewConnectionWhenTheOldOneEnds() {
        let bench = UpstreamBench({ $0.connections = 1 })
        let first = bench.exchange()
        let second = bench.exchange()
        bench.listener.accept().close()
        #expect(bench.hears(first, [.leased(uses: 0), .failed(.closedBeforeResponse(wasReused: false))]))
        bench.listener.accept(sending: ok) { #expect(bench.hears(second, Self.whole(uses: 0))) }
    }

    @Test func nobodyWaitsForAConnectionWithoutEnd() {
        let bench = UpstreamBench({ $0.connections = 1 })
        let first = bench.exchange()
        let upstream = bench.listener.accept()
        let second = bench.exchange(connectTimeout: .milliseconds(100))
        #expect(bench.hears(second, [.failed(.overloaded)]))
        upstream.send(ok)
        #expect(bench.hears(first, Self.whole(uses: 0)))
        #expect(bench.idle == 1)
    }

    @Test func nobodyWaitsForANameWithoutEnd() {
        let bench = UpstreamBench(answersLookups: false)
        let exchange = bench.exchange(connectTimeout: .milliseconds(100))
        #expect(bench.hears(exchange, [.failed(.connectTimeout)]))
    }

    @Test func whoGaveUpIsLeasedNothing() {
        let bench = UpstreamBench({ $0.connections = 1 })
        let first = bench.exchange()
        let second = bench.exchange()
        bench.onLoop { $0.pool.forget(second) }
        let upstream = bench.listener.accept()
        upstream.send(ok)
        #expect(bench.hears(first, Self.whole(uses: 0)))
        #expect(bench.hears(second, []))
        #expect(bench.idle == 1)
    }

    @Test func aConnectionThatNobodyWantsAnyMoreBecomesIdle() {
        let bench = UpstreamBench()
        let exchange = UpstreamRecorder { _ in }
        bench.onLoop {
            $0.pool.lease(to: exchange, connectTimeout: .seconds(5))
            $0.pool.forget(exchange)
        }
        let upstream = bench.listener.accept()
        #expect(eventually { bench.idle == 1 })
        #expect(bench.hears(exchange, []))
        let next = bench.exchange()
        #expect(upstream.receives(UpstreamBench.getText))
        upstream.send(ok)
        #expect(bench.hears(next, Self.whole(uses: 1)))
    }

    @Test func anUnusedLeaseGoesBack() {
        let bench = UpstreamBench()
        let exchange = bench.exchange { connection, _ in connection.release() }
        let upstream = bench.listener.accept()
        #expect(bench.hears(exchange, [.leased(uses: 0)]))
        #expect(eventually { bench.idle == 1 })
        upstream.close()
        #expect(eventually { bench.connections == 0 })
    }

    @Test func everyAddressOfANameIsTried() {
        // Nothing listens at the first; whichever comes first in turn, the exchange is served.
        let bench = UpstreamBench(addresses: ["127.0.0.2", "127.0.0.1"])
        for _ in 0..<4 {
            let exchange = bench.exchange(fresh: true)
            bench.listener.accept(sending: ok) { #expect(bench.hears(exchange, Self.whole(uses: 0))) }
        }
    }

    @Test func anUpstreamThatRefusesFailsTheExchange() {
        let bench = UpstreamBench(addresses: ["127.0.0.2", "127.0.0.3"])
        let exchange = bench.exchange()
        #expect(eventually { bench.onLoop { _ in exchange.events.count } == 1 })
        guard case .failed(.connect(let why)) = bench.onLoop({ _ in exchange.events[0] }) else {
            Issue.record("not a failure to connect")
            return
        }
        #expect(why.contains("refused"))
        #expect(bench.connections == 0)
    }

    @Test func aRetiredPoolKeepsNothing() {
        let bench = UpstreamBench()
        let idle = bench.serveOnce()
        let busy = bench.exchange(fresh: true)
        let upstream = bench.listener.accept()
        bench.onLoop { $0.pool.retire() }
        #expect(idle.receiveToEnd().text == "")
        upstream.send(ok)
        #expect(bench.hears(busy, Self.whole(uses: 0)))
        #expect(eventually { bench.connections == 0 })
    }

    /// An exchange that asks again from within the failure, as a retry does.
    @Test func theNextLeaseMayBeginWhereTheLastOneEnds() {
        let bench = UpstreamBench({ $0.connections = 1 })
        let first = bench.exchange()
        let second = UpstreamRecorder { UpstreamBench.get($0, .seconds(5)) }
        bench.onLoop { bench in
            first.onEnd = { [unowned bench] in bench.pool.lease(to: second, connectTimeout: .seconds(5)) }
        }
        let upstream = bench.listener.accept()
        upstream.send(ok)
        #expect(upstream.receives(UpstreamBench.getText + UpstreamBench.getText))
        upstream.send(ok)
        #expect(bench.hears(second, Self.whole(uses: 1)))
    }
}
