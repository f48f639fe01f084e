import Glibc
import NIOCore
import NIOPosix
import PosternHTTP
import Testing

@Suite struct DeadlineWheelTests {
    /// A wheel on its loop, and what has come due on it, in order.
    private final class Bench: @unchecked Sendable {
        final class Owner: DeadlineOwner {
            let name: Int
            unowned let bench: Bench
            var onDeadline: () -> Void = {}
            lazy var deadline = Deadline(owner: self)
            init(_ name: Int, _ bench: Bench) {
                self.name = name
                self.bench = bench
            }
            func deadlineReached() {
                bench.due.append(name)
                bench.times.append(.now())
                onDeadline()
            }
        }

        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let wheel: DeadlineWheel
        var owners: [Owner] = []
        var due: [Int] = []
        var times: [NIODeadline] = []

        init(_ count: Int) {
            wheel = DeadlineWheel(eventLoop: group.next())
            owners = (0..<count).map { Owner($0, self) }
        }

        deinit { group.shutdownGracefully { _ in } }

        @discardableResult
        func onLoop<Result: Sendable>(_ body: @escaping @Sendable (Bench) -> Result) -> Result {
            try! group.next().submit { [self] in body(self) }.wait()
        }

        func set(_ name: Int, milliseconds: Int64) {
            wheel.set(owners[name].deadline, after: .milliseconds(milliseconds))
        }
        var heard: [Int] { onLoop { $0.due } }

        /// Owners live as long as their deadlines are not retired.
        func retireAll() { onLoop { bench in for owner in bench.owners { bench.wheel.retire(owner.deadline) } } }
    }

    @Test func deadlinesComeInTheirOrderAndNotBeforeTheirTime() {
        let bench = Bench(3)
        let start = NIODeadline.now()
        bench.onLoop {
            $0.set(0, milliseconds: 400)
            $0.set(1, milliseconds: 100)
            $0.set(2, milliseconds: 250)
        }
        #expect(eventually { bench.heard.count == 3 })
        #expect(bench.heard == [1, 2, 0])
        // A tick may have begun before the deadline was set, so one may come up to a tick early.
        let times = bench.onLoop { $0.times }
        for (time, least) in zip(times, [50, 200, 350]) { #expect(time - start >= .milliseconds(Int64(least))) }
        bench.retireAll()
    }

    @Test func aDeadlineIsMovedLaterAndEarlier() {
        let bench = Bench(3)
        bench.onLoop {
            $0.set(0, milliseconds: 100)
            $0.set(0, milliseconds: 600)
            $0.set(1, milliseconds: 60_000)
            $0.set(1, milliseconds: 100)
            $0.set(2, milliseconds: 300)
        }
        #expect(eventually { bench.heard.count == 3 })
        #expect(bench.heard == [1, 2, 0])
        bench.retireAll()
    }

    @Test func aDeadlineComesOnce() {
        let bench = Bench(2)
        bench.onLoop {
            $0.set(0, milliseconds: 50)
            $0.set(1, milliseconds: 400)
        }
        #expect(eventually { bench.heard.contains(1) })
        #expect(bench.heard == [0, 1])
        bench.retireAll()
    }

    @Test func whatIsClearedOrRetiredDoesNotCome() {
        let bench = Bench(4)
        bench.onLoop {
            for name in 0..<3 { $0.set(name, milliseconds: 100) }
            $0.wheel.clear($0.owners[0].deadline)
            $0.wheel.retire($0.owners[1].deadline)
            $0.set(3, milliseconds: 300)
        }
        #expect(eventually { bench.heard.contains(3) })
        #expect(bench.heard == [2, 3])
        // Cleared, it can be set again; retired, it is for nothing.
        bench.onLoop {
            $0.set(0, milliseconds: 50)
            $0.set(1, milliseconds: 50)
            $0.set(3, milliseconds: 200)
        }
        #expect(eventually { bench.heard.count == 4 })
        #expect(bench.heard == [2, 3, 0, 3])
        bench.retireAll()
    }

    @Test func aDeadlineMaySetAndRetireOthersOfItsTick() {
        let bench = Bench(3)
        bench.onLoop { bench in
            for name in 0..<3 { bench.set(name, milliseconds: 100) }
            bench.owners[0].onDeadline = { [unowned bench] in
                bench.owners[0].onDeadline = {}
                bench.wheel.retire(bench.owners[1].deadline)
                bench.set(2, milliseconds: 300)
                bench.set(0, milliseconds: 100)
            }
        }
        #expect(eventually { bench.heard.count == 3 })
        #expect(bench.heard == [0, 0, 2])
        bench.retireAll()
    }

    @Test func aWheelThatStoodStillStartsAgain() {
        let bench = Bench(1)
        for round in 1...3 {
            bench.onLoop { $0.set(0, milliseconds: 50) }
            #expect(eventually { bench.heard.count == round })
            usleep(150_000)
        }
        bench.retireAll()
    }

    /// Against a plain list of due times: whatever is set, moved and cleared, what remains comes, and once.
    @Test func manyDeadlinesMovedAboutComeOnce() {
        let seed = UInt64.random(in: 0 ... .max)
        let count = 300
        let bench = Bench(count)
        let last: [Int64?] = bench.onLoop { bench in
            var state = seed
            func random(_ below: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % below
            }
            var last = [Int64?](repeating: nil, count: count)
            for _ in 0..<5000 {
                let name = random(count)
                if random(10) == 0 {
                    bench.wheel.clear(bench.owners[name].deadline)
                    last[name] = nil
                } else {
                    let time = Int64(50 + random(800))
                    bench.set(name, milliseconds: time)
                    last[name] = time
                }
            }
            return last
        }
        let expected = last.count { $0 != nil }
        #expect(eventually { bench.heard.count >= expected })
        let heard = bench.heard
        #expect(Set(heard) == Set(last.indices.filter { last[$0] != nil }) && heard.count == expected, "seed \(seed)")
        bench.retireAll()
    }
}
