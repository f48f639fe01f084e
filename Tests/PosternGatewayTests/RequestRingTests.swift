import PosternModel
import PosternPolicy
import Testing

@testable import PosternGateway

@Suite("RequestRing") struct RequestRingTests {
    private let origin = RequestOrigin(facts: ConnectionFacts(), connectionID: 7, listenerID: "vpce-a")

    private func add(_ id: String, to ring: RequestRing, at time: Int = 0, _ parts: [(RingPart, String)] = []) {
        var entry = ring.next()
        entry.slot.pointee.origin = origin
        entry.slot.pointee.wallNanoseconds = time
        for (part, text) in [(.requestID, id), (.extendedID, "x" + id)] + parts {
            Array(text.utf8).withUnsafeBytes { entry.put(part, $0) }
        }
    }

    @Test func `the last requests are found by either id, older ones are gone`() {
        let ring = RequestRing(capacity: 3)
        #expect(ring.record(id: "0") == nil)
        #expect(ring.oldest == nil)
        for number in 0..<5 { add("\(number)", to: ring, at: number) }
        #expect(ring.record(id: "1") == nil)
        #expect(ring.record(id: "2")?.wallNanoseconds == 2)
        #expect(ring.record(id: "x4")?.requestID == "4")
        #expect(ring.oldest == 2)
        #expect(ring.total == 5)
    }

    @Test func `of several with one id the newest is found`() {
        let ring = RequestRing(capacity: 4)
        for time in 1...3 { add("same", to: ring, at: time) }
        #expect(ring.record(id: "same")?.wallNanoseconds == 3)
    }

    @Test func `requests are taken by number as far as they are here`() {
        let ring = RequestRing(capacity: 3)
        for number in 0..<5 { add("\(number)", to: ring) }
        #expect(ring.records(0..<3).map(\.requestID) == ["2"])
        #expect(ring.records(3..<9).map(\.requestID) == ["3", "4"])
        #expect(ring.records(0..<2).isEmpty)
    }

    @Test func `a slot keeps nothing of the request that was there before`() throws {
        let ring = RequestRing(capacity: 1)
        add("1", to: ring, [(.userAgent, "curl"), (.resource, "shop/dev/GET/x")])
        add("2", to: ring)
        let record = try #require(ring.record(id: "2"))
        #expect(record.userAgent == nil)
        #expect(record.resource == nil)
        #expect(record.apiID.isEmpty)
    }

    @Test func `a part beyond its share is cut and marked, one that just fits is not`() throws {
        let ring = RequestRing(capacity: 2)
        let fits = String(repeating: "a", count: RingPart.userAgent.share)
        add("1", to: ring, [(.userAgent, fits), (.resource, "r")])
        add("2", to: ring, [(.userAgent, fits + "b"), (.resource, "r")])
        let (whole, cut) = (try #require(ring.record(id: "1")), try #require(ring.record(id: "2")))
        #expect(whole.userAgent?.isCut == false)
        #expect(whole.isWhole)
        #expect(cut.userAgent?.isCut == true)
        #expect(cut.userAgent?.text == fits + "…")
        #expect(!cut.isWhole)
    }

    @Test func `parts that find no room behind others are cut to nothing, and no neighbour is touched`() throws {
        let ring = RequestRing(capacity: 2)
        add("1", to: ring, [(.userAgent, "kept")])
        let long = String(repeating: "z", count: 2_000)
        add("2", to: ring, [(.resource, long), (.path, long), (.userAgent, long), (.host, long)])
        #expect(ring.record(id: "1")?.userAgent?.text == "kept")
        let record = try #require(ring.record(id: "2"))
        let parts = [record.resource, record.path, record.userAgent, record.host].compactMap(\.self)
        #expect(parts.count == 4)
        #expect(parts.reduce(3) { $0 + $1.bytes.count } == RequestRing.textBytes)
        #expect(record.host.bytes.isEmpty)
        #expect(record.host.isCut)
    }

    @Test func `facts come back as they were, an absent field absent`() throws {
        let ring = RequestRing(capacity: 1)
        add("1", to: ring, at: 1_700_000_000_250_000_000, [(.resource, "shop/dev/GET/x"), (.referer, "")])
        let facts = try #require(ring.record(id: "1")).withFacts { request in
            (
                String(decoding: request.resource, as: UTF8.self), request.userAgent == nil, request.referer?.count,
                request.time
            )
        }
        let (resource, noAgent, referer, time) = try #require(facts)
        #expect(resource == "shop/dev/GET/x")
        #expect(noAgent)
        #expect(referer == 0)
        #expect(time == PolicyTime(seconds: 1_700_000_000, nanoseconds: 250_000_000))
    }
}
