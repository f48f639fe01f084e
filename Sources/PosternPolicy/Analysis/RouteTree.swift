/// The resources of an API as a tree: a literal child wins over the variable one, and nothing goes back.
struct RouteTree {
    struct Node {
        /// Where the spellings of the literal children begin.
        var spelling: Int
        var parameter: Int?
        var greedy: Int?
        /// The route for each method of ``AnalysedRoutes/methods``.
        var routes: [Int?]
    }

    /// A place in the spelling of the literal children of one resource.
    struct Spelling {
        var next: [Unicode.Scalar: Int] = [:]
        var child: Int?
    }

    private(set) var nodes: [Node] = []
    private(set) var spellings: [Spelling] = []

    init(_ routes: [AnalysedRoutes.Route]) {
        _ = addNode()
        for (number, route) in routes.enumerated() {
            var node = 0
            for part in route.path { node = child(part, of: node) }
            for (index, method) in AnalysedRoutes.methods.enumerated() {
                // A verb of its own wins over `ANY`, in either order.
                if route.verb == method || route.verb == "ANY" && nodes[node].routes[index] == nil {
                    nodes[node].routes[index] = number
                }
            }
        }
    }

    private mutating func addNode() -> Int {
        spellings.append(Spelling())
        nodes.append(
            Node(spelling: spellings.count - 1, routes: Array(repeating: nil, count: AnalysedRoutes.methods.count)))
        return nodes.count - 1
    }

    private mutating func child(_ part: AnalysedRoutes.Part, of node: Int) -> Int {
        switch part {
        case .literal(let text):
            var place = nodes[node].spelling
            for scalar in text.unicodeScalars {
                if let known = spellings[place].next[scalar] {
                    place = known
                } else {
                    spellings.append(Spelling())
                    spellings[place].next[scalar] = spellings.count - 1
                    place = spellings.count - 1
                }
            }
            if let known = spellings[place].child { return known }
            let added = addNode()
            spellings[place].child = added
            return added
        case .parameter:
            if let known = nodes[node].parameter { return known }
            let added = addNode()
            nodes[node].parameter = added
            return added
        case .greedy:
            if let known = nodes[node].greedy { return known }
            let added = addNode()
            nodes[node].greedy = added
            return added
        }
    }
}
