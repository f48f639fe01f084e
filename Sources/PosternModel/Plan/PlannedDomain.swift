/// A private custom domain (reference, section 3.6): a host name whose base paths lead to stages of APIs.
package final class PlannedDomain: Sendable {
    package let name: String
    /// Its place in `Plan.domains`.
    package let index: Int
    /// What its policy is asked about, and `execute-api:viaDomainArn` behind the account.
    package let resource: String
    package let arn: String
    /// nil: the domain itself lets everyone through.
    package let policy: PlannedPolicy?
    package let mappings: [PlannedMapping]
    private let basePaths: ByteTable
    private let root: PlannedMapping?

    init(_ declaration: DomainDeclaration, index: Int, mappings: [PlannedMapping]) {
        name = declaration.name
        self.index = index
        resource = declaration.resource
        arn = declaration.arn
        policy = declaration.policy.map { PlannedPolicy(.domain, of: declaration.name, $0) }
        self.mappings = mappings
        basePaths = ByteTable(mappings.map(\.basePath))
        root = mappings.first { $0.basePath.isEmpty }
    }

    /// The mapping that a path's first segment names, else the empty one; and where the path goes on behind it.
    ///
    /// - parameter path: canonical, beginning with `/`.
    package func mapping(of path: Span<UInt8>) -> (mapping: PlannedMapping, end: Int)? {
        let end = path.endOfFirstSegment
        if end > 1, let number = basePaths.number(of: path.extracting(1..<end)) { return (mappings[number], end) }
        return root.map { ($0, 0) }
    }
}

/// `base path → API and stage` of one domain.
package struct PlannedMapping: Sendable {
    /// One path segment; empty for the root.
    package let basePath: String
    package let api: PlannedAPI
    /// nil: the next segment of the path names it.
    package let stage: PlannedStage?
}

extension Span<UInt8> {
    /// Of a path that begins with `/`: where its first segment ends.
    package var endOfFirstSegment: Int {
        var end = 1
        while end < count, self[end] != UInt8(ascii: "/") { end &+= 1 }
        return Swift.min(end, count)
    }
}
