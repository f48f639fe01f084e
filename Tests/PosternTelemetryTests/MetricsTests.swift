import Glibc
import Testing

@testable import PosternTelemetry

private let vocabulary = MetricsVocabulary(
    refusals: ["ACCESS_DENIED", "MISSING_AUTHENTICATION_TOKEN"], parseRefusals: ["bare line feed"],
    proxyHeaderRefusals: ["missing", "from a stranger"])

private func route(_ path: String, stage: String = "prod", verb: String = "GET") -> RouteIdentity {
    RouteIdentity(api: "shop", stage: stage, resourcePath: path, verb: verb)
}

extension LoopMetrics {
    fileprivate func exchange(_ route: Int?, status: Int = 200, nanoseconds: Int = 100_000, integration: Int? = 50_000)
    {
        let slot = beginRequest(route: route)
        finishRequest(
            slot: slot, status: status, nanoseconds: nanoseconds, requestBytes: 3, responseBytes: 5,
            integrationNanoseconds: integration)
    }
}

@Suite struct DurationBucketsTests {
    @Test func aBoundBelongsToItsBucket() {
        for (bucket, bound) in DurationBuckets.bounds.enumerated() {
            #expect(DurationBuckets.index(of: bound) == bucket)
            #expect(DurationBuckets.index(of: bound - 1) == bucket)
            #expect(DurationBuckets.index(of: bound + 1) == bucket + 1)
        }
        #expect(DurationBuckets.index(of: -1) == 0)
        #expect(DurationBuckets.index(of: .max) == DurationBuckets.count - 1)
    }

    @Test func labelsAreTheBoundsInSeconds() throws {
        #expect(DurationBuckets.labels.count == DurationBuckets.count)
        #expect(DurationBuckets.bounds.count == DurationBuckets.count - 1)
        for (bound, label) in zip(DurationBuckets.bounds, DurationBuckets.labels) {
            let seconds = try #require(Double(label))
            #expect(Int((seconds * 1e9).rounded()) == bound)
        }
        #expect(DurationBuckets.labels.last == "+Inf")
    }
}

@Suite struct LoopMetricsTests {
    @Test func statusesFallIntoClasses() {
        let metrics = LoopMetrics(vocabulary: vocabulary)
        metrics.resize(to: [route("/")])
        for status in [0, 101, 200, 204, 301, 403, 404, 499, 500, 599, 600, 99] { metrics.exchange(0, status: status) }
        #expect(metrics.snapshot().requestsByClass == [3, 1, 2, 1, 3, 2])
        #expect(metrics.snapshot().requestBytes == 36)
        #expect(metrics.snapshot().responseBytes == 60)
    }

    @Test func activeRequestsGoBackToZero() {
        let metrics = LoopMetrics(vocabulary: vocabulary)
        let slot = metrics.beginRequest(route: nil)
        #expect(metrics.snapshot().activeRequests == 1)
        metrics.finishRequest(
            slot: slot, status: 403, nanoseconds: 1, requestBytes: 0, responseBytes: 0, integrationNanoseconds: nil)
        #expect(metrics.snapshot().activeRequests == 0)
        #expect(metrics.snapshot().requestsEnded(.unrouted) == 1)
    }

    @Test func aRouteThatStaysKeepsItsCounters() {
        let metrics = LoopMetrics(vocabulary: vocabulary)
        let routes = (0..<100).map { route("/r\($0)") }
        metrics.resize(to: routes)
        for index in 0..<100 { for _ in 0...index { metrics.exchange(index) } }
        metrics.exchange(nil)
        // The same routes in another order, among others.
        let next = (0..<100).reversed().flatMap { [route("/new\($0)"), routes[$0]] }
        metrics.resize(to: next)
        let snapshot = metrics.snapshot()
        for index in 0..<100 { #expect(snapshot.requestsEnded(routes[index]) == index + 1) }
        metrics.exchange(1)
        #expect(metrics.snapshot().requestsEnded(routes[99]) == 101)
        #expect(metrics.snapshot().requestsEnded(.unrouted) == 1)
    }

    @Test func aRequestThatSpansAReloadIsCountedForItsOwnRoute() {
        let metrics = LoopMetrics(vocabulary: vocabulary)
        metrics.resize(to: [route("/old")])
        let slot = metrics.beginRequest(route: 0)
        for number in 0..<5 { metrics.resize(to: [route("/new\(number)")]) }
        metrics.exchange(0)
        metrics.finishRequest(
            slot: slot, status: 200, nanoseconds: 1, requestBytes: 0, responseBytes: 0, integrationNanoseconds: 1)
        let snapshot = metrics.snapshot()
        #expect(snapshot.requestsEnded(route("/old")) == 1)
        #expect(snapshot.requestsEnded(route("/new4")) == 1)
    }

    @Test func connectionsAreCountedByEndpoint() throws {
        let metrics = LoopMetrics(vocabulary: vocabulary)
        metrics.resize(listeners: ["vpce-a", "vpce-b"])
        let first = metrics.beginConnection(listener: 0)
        _ = metrics.beginConnection(listener: 1)
        metrics.countConnectionRefused(listener: 1)
        metrics.resize(listeners: ["vpce-b"])
        metrics.endConnection(slot: first)
        _ = metrics.beginConnection(listener: 0)
        let all = metrics.snapshot().connections
        let a = try #require(all.first { $0.endpoint == "vpce-a" })
        let b = try #require(all.first { $0.endpoint == "vpce-b" })
        #expect((a.active, a.accepted, a.refused) == (0, 1, 0))
        #expect((b.active, b.accepted, b.refused) == (2, 2, 1))
    }

    @Test func loopsAreAddedUp() {
        let (one, two) = (LoopMetrics(vocabulary: vocabulary), LoopMetrics(vocabulary: vocabulary))
        one.resize(to: [route("/a"), route("/b")])
        two.resize(to: [route("/b"), route("/c")])
        one.resize(listeners: ["vpce-a"])
        two.resize(listeners: ["vpce-a"])
        one.exchange(0)
        one.exchange(1)
        two.exchange(0)
        two.exchange(1)
        two.countRefusal(1, decision: .none)
        one.countRefusal(1, decision: .none)
        one.countRefusal(0, decision: .explicitDeny)
        one.count(.reuse)
        two.count(.reuse)
        _ = one.beginConnection(listener: 0)
        _ = two.beginConnection(listener: 0)
        one.upstreamIdle = 2
        two.upstreamIdle = 3
        var total = one.snapshot()
        total.merge(two.snapshot())
        #expect(total.requestsEnded(route("/a")) == 1)
        #expect(total.requestsEnded(route("/b")) == 2)
        #expect(total.requestsEnded(route("/c")) == 1)
        #expect(total.requestsEnded == 4)
        #expect(total.refusals(1, decision: .none) == 2)
        #expect(total.refusals(0, decision: .explicitDeny) == 1)
        #expect(total.requestsRefused == 3)
        #expect(total.count(.reuse) == 2)
        #expect(total.connections.map(\.active) == [2])
        #expect(total.upstreamIdle == 5)
    }
}

@Suite struct StableSlotsTests {
    @Test func slotsAreBoundedOverAnyNumberOfReloads() {
        let slots = StableSlots<String>(stride: 2)
        for generation in 0..<500 {
            slots.resize(to: (0..<20).map { "\(generation)/\($0)" })
            #expect(slots.count <= 40)
            #expect((0..<20).allSatisfy { slots.slot(at: $0) < 60 })
        }
    }

    @Test func aSlotWithWorkInProgressIsNotGivenAway() {
        let slots = StableSlots<String>(stride: 2)
        slots.resize(to: ["kept"])
        let kept = slots.slot(at: 0)
        slots.row(kept)[0] = 1
        for generation in 0..<50 {
            slots.resize(to: ["\(generation)"])
            #expect(slots.slot(at: 0) != kept)
        }
        slots.row(kept)[0] = 0
        slots.resize(to: ["last"])
        slots.resize(to: ["kept"])
        #expect(slots.row(slots.slot(at: 0))[1] == 0)
        #expect(slots.count == 2)
    }

    @Test func aNewHolderBeginsAtZero() {
        let slots = StableSlots<Int>(stride: 3)
        for generation in 0..<100 {
            slots.resize(to: Array(generation * 7..<generation * 7 + 30))
            for index in 0..<30 where index >= 23 || generation == 0 {
                let row = slots.row(slots.slot(at: index))
                #expect(row[1] == 0 && row[2] == 0)
                row[1] = generation + 1
                row[2] = generation + 1
            }
        }
    }

    @Test func aRouteThatComesBackSoonContinues() {
        let slots = StableSlots<String>(stride: 2)
        slots.resize(to: ["a"])
        slots.row(slots.slot(at: 0))[1] = 5
        slots.resize(to: ["b"])
        slots.resize(to: ["b", "a"])
        #expect(slots.row(slots.slot(at: 1))[1] == 5)
    }
}

@Suite struct ProcessMetricsTests {
    @Test func thisProcessHasPlausibleNumbers() throws {
        let metrics = try #require(ProcessMetrics.read())
        #expect(metrics.residentBytes > 1 << 20)
        #expect(metrics.virtualBytes >= metrics.residentBytes)
        #expect(metrics.openDescriptors >= 1)
        #expect(metrics.mostDescriptors >= metrics.openDescriptors)
        #expect(metrics.cpuSeconds > 0)
        let now = Double(SystemTime.wallNanoseconds()) / 1e9
        #expect(metrics.startTime > now - 86_400 * 365 && metrics.startTime < now + 5)
    }
}
