import PosternPolicy

/// Grows the resource tree of one API route by route, and says what a REST API forbids (reference 2.2): a route
/// declared twice, and a second variable part under one parent.
struct ResourceTreeBuilder {
    private struct Variable {
        var part: ResourcePath.Part
        var node: Int
        var position: SourcePosition
    }

    private struct Resource {
        var path: String
        var literals: [String: Int] = [:]
        var variable: Variable?
        var routes: [RouteVerb: (number: Int, position: SourcePosition)] = [:]
    }

    private var resources = [Resource(path: "/")]

    /// Adds route `number`.
    mutating func add(_ route: RouteDeclaration, number: Int) throws(Diagnostics) {
        var node = 0
        for part in route.path.parts { node = try child(part, of: node, at: route.position) }
        if let first = resources[node].routes[route.verb] {
            throw Diagnostics([
                Diagnostic(
                    at: route.position, "`\(route.verb.text) \(route.path.text)` is declared twice",
                    hint: "first at \(first.position.place)")
            ])
        }
        resources[node].routes[route.verb] = (number, route.position)
    }

    private mutating func child(
        _ part: ResourcePath.Part, of parent: Int, at position: SourcePosition
    ) throws(Diagnostics) -> Int {
        let prefix = resources[parent].path
        let path = (prefix == "/" ? "" : prefix) + "/" + part.text
        if case .literal(let text) = part {
            if let node = resources[parent].literals[text] { return node }
            resources[parent].literals[text] = resources.count
            resources.append(Resource(path: path))
            return resources.count - 1
        }
        guard let sibling = resources[parent].variable else {
            resources[parent].variable = Variable(part: part, node: resources.count, position: position)
            resources.append(Resource(path: path))
            return resources.count - 1
        }
        guard sibling.part == part else {
            throw Diagnostics([
                Diagnostic(
                    at: position,
                    "`\(part.text)` is a second variable part under `\(prefix)`, beside `\(sibling.part.text)`",
                    hint: "a resource has at most one; the other is at \(sibling.position.place)")
            ])
        }
        return sibling.node
    }

    func build() -> ResourceTree {
        let (literals, ranges) = ByteTable.grouped(
            resources.map { resource in resource.literals.map { (key: $0.key, number: $0.value) } })
        let nodes = zip(resources, ranges).map { resource, range in
            var node = ResourceTree.Node(literals: Int32(range.lowerBound)..<Int32(range.upperBound))
            switch resource.variable?.part {
            case .parameter: node.parameter = Int32(resource.variable!.node)
            case .greedy: node.greedy = Int32(resource.variable!.node)
            case .literal, nil: break
            }
            for method in HTTPMethodName.routable {
                let route = resource.routes[.method(method)] ?? resource.routes[.any]
                node.routes[Int(method.rawValue)] = Int32(route?.number ?? -1)
            }
            node.hasRoutes = !resource.routes.isEmpty
            return node
        }
        return ResourceTree(nodes: nodes, literals: literals, paths: resources.map(\.path))
    }
}

extension SourcePosition {
    /// `file:line:column`.
    package var place: String { "\(file):\(line):\(column)" }
}
