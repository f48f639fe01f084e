/// The resources of one API in flat arrays: request path → resource → route number. Shared by the API's stages.
///
/// Matching walks segment by segment from the root and never goes back (reference 2.2): at each level the literal child
/// wins over `{name}`, which wins over `{name+}`, and a resource exists for every prefix of a declared path, methods or
/// not. So siblings of a greedy part are excluded from it with all that is under them: with `/a/b` and `/{proxy+}`,
/// `/a/c` and `/a` are unrouted, as is a verb that `/a/b` lacks. Nothing reaches a catch-all because a more specific
/// resource happens to miss it; a catch-all under `/a` is written `/a/{proxy+}`. The walk is linear in the path.
package struct ResourceTree: Sendable {
    struct Node: Sendable {
        /// The literal children, as entries of the table.
        var literals: Range<Int32>
        /// The `{name}` child, or -1.
        var parameter: Int32 = -1
        /// The `{name+}` child, or -1.
        var greedy: Int32 = -1
        /// The route number for each verb of `HTTPMethodName.routable`, `ANY` already applied, or -1.
        var routes = InlineArray<7, Int32>(repeating: -1)
        var hasRoutes = false
    }

    let nodes: [Node]
    let literals: ByteTable
    /// `/order/{id}` for each node; for explanations only.
    let paths: [String]

    /// The number of the route that serves the request, with its captures; nil when none does.
    ///
    /// - parameter path: canonical, without the stage; empty and `/` are the root, one trailing slash is ignored.
    package func route(path: Span<UInt8>, method: HTTPMethodName, captures: inout PathCaptures) -> Int? {
        guard method != .other else { return nil }
        let end = walk(path, &captures)
        guard end.isComplete else { return nil }
        let route = nodes[end.node].routes[Int(method.rawValue)]
        return route < 0 ? nil : Int(route)
    }

    /// Where a walk ended: at the resource that the path names, or at the last one on the way to nothing.
    struct WalkEnd {
        var node: Int
        var isComplete: Bool
    }

    func walk(_ path: Span<UInt8>, _ captures: inout PathCaptures) -> WalkEnd {
        captures.removeAll()
        var end = path.count
        if end > 0, path[end - 1] == slash { end -= 1 }
        guard end > 0 else { return WalkEnd(node: 0, isComplete: path.count < 2) }
        guard path[0] == slash else { return WalkEnd(node: 0, isComplete: false) }

        var node = 0
        var start = 1
        while start <= end {
            var stop = start
            while stop < end, path[stop] != slash { stop &+= 1 }
            // A canonical path has no empty segment; one that has is nobody's.
            guard stop > start else { return WalkEnd(node: node, isComplete: false) }

            let current = nodes[node]
            let range = Int(current.literals.lowerBound)..<Int(current.literals.upperBound)
            if let child = literals.number(of: path.extracting(start..<stop), within: range) {
                node = child
            } else if current.parameter >= 0 {
                captures.append(start..<stop)
                node = Int(current.parameter)
            } else if current.greedy >= 0 {
                captures.append(start..<end)
                return WalkEnd(node: Int(current.greedy), isComplete: true)
            } else {
                return WalkEnd(node: node, isComplete: false)
            }
            start = stop &+ 1
        }
        return WalkEnd(node: node, isComplete: true)
    }
}

private let slash = UInt8(ascii: "/")
