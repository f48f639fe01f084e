package import PosternModel

/// What new policies would have made of requests that were really made: those newly denied and newly allowed, by route.
package struct DecisionChanges: Sendable {
    /// The requests of one route that one statement decides otherwise.
    package struct Group: Sendable {
        package let route: String
        package let isAllowed: Bool
        package let kind: PolicyKind
        package let owner: String
        /// nil: no statement allows any more.
        package let statement: String?
        package fileprivate(set) var requests: Int
        /// The newest of them.
        package let exampleID: String
    }

    /// Requests that both plans could be asked about.
    package private(set) var compared = 0
    /// Requests that were remembered.
    package let remembered: Int
    /// Whether the time was up before all of them were compared.
    package private(set) var isPartial = false
    /// Those with the most requests first.
    package private(set) var groups: [Group] = []

    /// - Parameters:
    ///   - records: newest first.
    ///   - limit: how long it may take.
    package init(_ records: [RequestRecord], from old: Plan, to new: Plan, within limit: Duration = .seconds(2)) {
        remembered = records.count
        var (before, after) = (PolicyReplay(old), PolicyReplay(new))
        var places: [[String?]: Int] = [:]
        let end = ContinuousClock.now + limit
        for (number, record) in records.enumerated() {
            if number % 64 == 63, ContinuousClock.now > end {
                isPartial = true
                break
            }
            guard let was = before.verdict(on: record), let becomes = after.verdict(on: record) else { continue }
            compared += 1
            guard was.isAllowed != becomes.isAllowed else { continue }
            let route = "\(record.apiID)/\(record.stage) \(record.verb) \(record.resourcePath)"
            let policy = becomes.policy
            let key = [
                route, "\(becomes.isAllowed)", policy.map { "\($0.kind.rawValue) \($0.owner)" }, becomes.statement,
            ]
            if let place = places[key] {
                groups[place].requests += 1
            } else {
                places[key] = groups.count
                groups.append(
                    Group(
                        route: route, isAllowed: becomes.isAllowed, kind: policy?.kind ?? .api,
                        owner: policy?.owner ?? record.apiID, statement: becomes.statement, requests: 1,
                        exampleID: record.requestID))
            }
        }
        groups.sort { ($1.requests, $0.route) < ($0.requests, $1.route) }
    }
}
