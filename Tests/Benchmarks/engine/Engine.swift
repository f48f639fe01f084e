import Glibc
import PosternPolicy

/// What a decision, a connection and a document cost, without a gateway around them.
@main struct Engine {
    private var report = Report()

    static func main() {
        var engine = Engine()
        engine.decisions()
        engine.networks()
        engine.statements()
        if CommandLine.arguments.contains("--check"), !engine.report.isMet { exit(1) }
    }

    private mutating func decisions() {
        print("a decision after the connection's facts, 20 statements")
        decide("paths, the last one's", Policies.paths(20, last: "9/123456"), expecting: .allow)
        decide("paths, none's", Policies.paths(20, last: "9"), expecting: .implicitDeny)
        decide("wildcards, agents, networks, time", Policies.mixed, expecting: .allow)
    }

    private mutating func decide(_ name: String, _ statements: [String], expecting answer: PolicyAnswer) {
        let facts = ConnectionFacts(sourceIP: IPAddress("10.1.2.3"), sourceVpce: "vpce-mesh", sourceVpc: "vpc-core")
        let bound = Policies.compile(Policies.read(statements)).bind(facts)
        let (resource, agent) = (Array("shop/dev/GET/order/9/123456".utf8), Array("curl/8.1.2".utf8))
        let cost = resource.withUnsafeBytes { resource in
            agent.withUnsafeBytes { agent in
                // The gateway passes the time that it has of each request.
                let request = RequestFacts(
                    resource: resource, userAgent: agent, time: PolicyTime(seconds: 1_790_000_000))
                precondition(bound.decide(request).answer == answer, "`\(name)` is decided otherwise")
                return measure(calls: 50_000) { _ in keep(bound.decide(request)) }
            }
        }
        report.show(
            name, "\(rounded(cost.nanoseconds)) ns, \(rounded(cost.allocations)) allocations", promise: "150 ns, none",
            isMet: cost.nanoseconds <= 150 && cost.allocations == 0)
    }

    private mutating func networks() {
        print("100,000 networks")
        let policy = compile(Policies.networks(100_000))
        report.show("each holds", "\(rounded(Double(policy.bytes) / 100_000)) bytes")
        // A factor coprime to the number of addresses visits them in no order: no look-up finds the last one's way.
        let connections = (0..<4096).map { number in
            ConnectionFacts(
                sourceIP: IPAddress(v4: UInt32(0x0B00_0000 + number * 3_928_791 % 51_200_000)),
                sourceVpce: "vpce-mesh", sourceVpc: "vpc-core")
        }
        let cost = measure(calls: 20_000) { keep(policy.result.bind(connections[$0 & 4095])) }
        report.show(
            "bind to a connection", "\(rounded(cost.nanoseconds)) ns, \(rounded(cost.allocations)) allocations",
            promise: "2,000 ns", isMet: cost.nanoseconds <= 2000)
    }

    private mutating func statements() {
        print("10,000 statements")
        compile(Policies.paths(10_000, last: "9"))
    }

    @discardableResult
    private mutating func compile(_ statements: [String]) -> Built<Policy> {
        let document = build { Policies.read(statements) }
        let policy = build { Policies.compile(document.result) }
        report.show("read from JSON", "\(rounded(document.milliseconds)) ms, \(document.bytes / 1024) KiB meanwhile")
        report.show(
            "compile", "\(rounded(policy.milliseconds)) ms, \(policy.bytes / 1024) KiB held",
            promise: "well below a second, reading included", isMet: document.milliseconds + policy.milliseconds <= 500)
        return policy
    }
}
