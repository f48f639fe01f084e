package import PosternModel
import PosternPolicy
import PosternTelemetry

/// What statements in shadow mode would have done, on one event loop: by policy and route. It belongs to its loop.
///
/// Counts outlive reloads as long as the policy is served unchanged.
final class ShadowLedger {
    private var tallies: [ShadowKey: ShadowTally] = [:]

    /// What the policy's shadow statements come to on the route.
    func tally(_ policy: PlannedPolicy, _ route: PlannedRoute) -> ShadowTally {
        let key = ShadowKey(policy, route)
        if let known = tallies[key] { return known }
        let made = ShadowTally(policy)
        tallies[key] = made
        return made
    }

    /// Forgets the policies and routes that a new plan has no more.
    func keep(_ plan: Plan) {
        guard !tallies.isEmpty else { return }
        let policies = Set(plan.policies.map(ShadowKey.Policy.init))
        let routes = Set(plan.routes.map(ShadowKey.Route.init))
        tallies = tallies.filter { policies.contains($0.key.policy) && routes.contains($0.key.route) }
    }

    var entries: [ShadowEntry] {
        tallies.flatMap { key, tally in tally.entries(key) }
    }
}

/// A policy as it is written, and a route.
struct ShadowKey: Hashable {
    struct Policy: Hashable {
        let kind: PolicyKind
        let owner: String
        let fingerprint: Int

        init(_ planned: PlannedPolicy) {
            kind = planned.kind
            owner = planned.owner
            fingerprint = planned.policy.fingerprint
        }
    }

    struct Route: Hashable {
        let api: String
        let stage: String
        let verb: String
        let resourcePath: String

        init(_ route: PlannedRoute) {
            api = route.apiID
            stage = route.stage
            verb = route.verb
            resourcePath = route.resourcePath
        }
    }

    let policy: Policy
    let route: Route

    init(_ policy: PlannedPolicy, _ route: PlannedRoute) {
        self.policy = Policy(policy)
        self.route = Route(route)
    }
}

/// Counts of one policy's shadow statements on one route.
final class ShadowTally {
    private struct Count {
        var denials = 0
        var admissions = 0
        var exampleNanoseconds = 0
    }

    private static let idBytes = RequestIDGenerator.requestIDCount

    /// Requests that the policy was asked about.
    private(set) var requests = 0
    /// Statements in shadow mode, in the document's order, with their names.
    private let statements: [(index: Int, label: PinnedText, name: String)]
    private var counts: [Count]
    /// The id of the last request that a statement would have made a difference to; `idBytes` for each statement.
    private let examples: UnsafeMutableRawPointer

    init(_ planned: PlannedPolicy) {
        statements = planned.policy.statements.enumerated().filter(\.element.isShadow)
            .map { ($0.offset, PinnedText($0.element.label), $0.element.label) }
        counts = Array(repeating: Count(), count: statements.count)
        examples = .allocate(byteCount: max(statements.count, 1) * Self.idBytes, alignment: 1)
    }

    deinit { examples.deallocate() }

    func countRequest() { requests &+= 1 }

    /// Counts a request that the statement would have denied, or admitted.
    ///
    /// - Parameter id: the request's, 36 bytes.
    /// - Returns: what the statement is called.
    func count(statement index: Int, admits: Bool, id: UnsafeRawBufferPointer, wallNanoseconds: Int) -> PinnedText? {
        guard let row = statements.firstIndex(where: { $0.index == index }), id.count == Self.idBytes else {
            return nil
        }
        if admits { counts[row].admissions &+= 1 } else { counts[row].denials &+= 1 }
        counts[row].exampleNanoseconds = wallNanoseconds
        (examples + row * Self.idBytes).copyMemory(from: id.baseAddress!, byteCount: Self.idBytes)
        return statements[row].label
    }

    func entries(_ key: ShadowKey) -> [ShadowEntry] {
        statements.indices.map { row in
            let count = counts[row]
            let hasExample = count.denials + count.admissions > 0
            let id = UnsafeRawBufferPointer(start: examples + row * Self.idBytes, count: Self.idBytes)
            return ShadowEntry(
                kind: key.policy.kind, owner: key.policy.owner, api: key.route.api, stage: key.route.stage,
                verb: key.route.verb, resourcePath: key.route.resourcePath, statement: statements[row].name,
                statementIndex: statements[row].index, requests: requests, wouldDeny: count.denials,
                wouldAllow: count.admissions, exampleID: hasExample ? String(decoding: id, as: UTF8.self) : nil,
                exampleNanoseconds: count.exampleNanoseconds)
        }
    }
}

/// One line of the shadow report.
package struct ShadowEntry: Sendable {
    package let kind: PolicyKind
    package let owner: String
    package let api: String
    package let stage: String
    package let verb: String
    package let resourcePath: String
    package let statement: String
    let statementIndex: Int
    /// Requests on the route that the policy was asked about.
    package fileprivate(set) var requests: Int
    package fileprivate(set) var wouldDeny: Int
    package fileprivate(set) var wouldAllow: Int
    /// The last request that it would have made a difference to.
    package fileprivate(set) var exampleID: String?
    package fileprivate(set) var exampleNanoseconds: Int

    /// Adds what another loop counted.
    private mutating func merge(_ other: ShadowEntry) {
        requests += other.requests
        wouldDeny += other.wouldDeny
        wouldAllow += other.wouldAllow
        if other.exampleNanoseconds > exampleNanoseconds {
            exampleID = other.exampleID
            exampleNanoseconds = other.exampleNanoseconds
        }
    }

    /// The loops' entries as one list, in the order of names.
    static func merged(_ entries: [ShadowEntry]) -> [ShadowEntry] {
        var whole: [[String]: ShadowEntry] = [:]
        for entry in entries {
            if whole[entry.key]?.merge(entry) == nil { whole[entry.key] = entry }
        }
        return whole.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    private var key: [String] {
        let number = String(statementIndex)
        let padding = String(repeating: "0", count: max(0, 8 - number.count))
        return [api, stage, resourcePath, verb, "\(kind.rawValue)", owner, padding + number]
    }
}
