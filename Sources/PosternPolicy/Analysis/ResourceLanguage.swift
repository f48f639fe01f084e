/// The resources that requests can have, `{api-id}/{stage}/{METHOD}/{path}`: canonical paths only, as the parser of
/// targets and the router leave them. Each text is labelled with the route that serves it; what no route serves is no
/// text, since its policy is never asked.
struct ResourceLanguage: TextLanguage {
    enum State: Hashable {
        /// Inside the fixed beginning.
        case lead(Int)
        /// In a stage that may have any name, empty so far or not.
        case stage(isEmpty: Bool)
        /// In a method: those still possible begin with what was read.
        case method(String)
        case segment(Segment)
    }

    /// A segment of the path, and the resource that it stands under.
    struct Segment: Hashable {
        enum Shape: Hashable {
            case empty, dot, dots, plain
            /// Behind `%`, and behind the first digit.
            case escape, digit(UInt8)
        }

        var method: Int
        var node: Int
        /// The place in the spelling of the literal children; nil when none of them is meant any more.
        var spelling: Int?
        var shape = Shape.empty
        /// Whether this is the path's first segment: only there is an empty one a path, the root.
        var isFirst = true
        /// Whether the greedy part has begun.
        var isGreedy = false
    }

    private let lead: [Unicode.Scalar]
    private let tree: RouteTree
    /// The method that stands in the lead; nil for any.
    private let method: Int?
    /// Whether escapes are told from other characters. Without a `%` in a pattern they are alike.
    private let tellsEscapes: Bool
    let longest: Int

    /// The resources of one stage under one method.
    init(scope: PolicyScope, stage: String, method: Int, tree: RouteTree, literals: Set<Unicode.Scalar>) {
        lead = Array("\(scope.apiID)/\(stage)/\(AnalysedRoutes.methods[method])/".unicodeScalars)
        self.tree = tree
        self.method = method
        (longest, tellsEscapes) = ResourceLanguage.bounds(scope, literals)
    }

    /// Whatever an API with this id may have: any stage, any method, any path. Labels are methods.
    init(scope: PolicyScope, literals: Set<Unicode.Scalar>) {
        lead = Array("\(scope.apiID)/".unicodeScalars)
        tree = RouteTree(
            AnalysedRoutes.methods.flatMap { method in
                [[], [AnalysedRoutes.Part.greedy("path")]].map { AnalysedRoutes.Route(verb: method, path: $0) }
            })
        method = nil
        (longest, tellsEscapes) = ResourceLanguage.bounds(scope, literals)
    }

    /// An ARN holds at most 1,600 bytes (reference 1.1).
    private static func bounds(_ scope: PolicyScope, _ literals: Set<Unicode.Scalar>) -> (Int, Bool) {
        (1_600 - scope.arnPrefix.utf8.count, literals.contains("%") || literals.count > 60)
    }

    var start: State { .lead(0) }

    func next(_ state: State, _ scalar: Unicode.Scalar) -> State? {
        switch state {
        case .lead(let offset):
            guard scalar == lead[offset] else { return nil }
            if offset + 1 < lead.count { return .lead(offset + 1) }
            return method.map { .segment(root($0)) } ?? .stage(isEmpty: true)
        case .stage(let isEmpty):
            if scalar == "/" { return isEmpty ? nil : .method("") }
            return ResourceLanguage.isStage(scalar) ? .stage(isEmpty: false) : nil
        case .method(let read):
            if scalar == "/" { return AnalysedRoutes.methods.firstIndex(of: read).map { .segment(root($0)) } }
            let longer = read + String(scalar)
            return AnalysedRoutes.methods.contains { $0.hasPrefix(longer) } ? .method(longer) : nil
        case .segment(let segment): return next(segment, scalar).map { .segment($0) }
        }
    }

    func interesting(_ state: State) -> [Unicode.Scalar] {
        switch state {
        case .lead(let offset): return [lead[offset]]
        case .stage: return ["/"]
        case .method(let read):
            let count = read.unicodeScalars.count
            return AnalysedRoutes.methods.filter { $0.hasPrefix(read) }.map { method in
                let scalars = Array(method.unicodeScalars)
                return count < scalars.count ? scalars[count] : "/"
            }
        case .segment(let segment):
            switch segment.shape {
            case .escape, .digit: return ResourceLanguage.hexadecimal
            case .empty, .dot, .dots, .plain:
                let spelled = segment.spelling.map { Array(tree.spellings[$0].next.keys) } ?? []
                return spelled + ["/", ".", ";"] + (tellsEscapes ? ["%"] : [])
            }
        }
    }

    func others(_ state: State) -> [Unicode.Scalar] {
        switch state {
        case .lead, .method: []
        case .stage: ResourceLanguage.stageScalars
        case .segment(let segment):
            switch segment.shape {
            case .escape, .digit: []
            default: ResourceLanguage.pathScalars
            }
        }
    }

    /// The route, or without routes the method; nil if nothing is served.
    func label(_ state: State) -> Int? {
        guard case .segment(let segment) = state else { return nil }
        if segment.shape == .empty { return segment.isFirst ? route(0, segment) : nil }
        return resource(segment).flatMap { route($0, segment) }
    }

    // MARK: Segments

    private func root(_ method: Int) -> Segment { Segment(method: method, node: 0, spelling: tree.nodes[0].spelling) }

    private func route(_ node: Int, _ segment: Segment) -> Int? {
        guard let route = tree.nodes[node].routes[segment.method] else { return nil }
        return method == nil ? segment.method : route
    }

    /// The resource that the segment leads to; nil if it is none of a canonical path or nobody's.
    private func resource(_ segment: Segment) -> Int? {
        guard segment.shape == .plain else { return nil }
        if segment.isGreedy { return segment.node }
        if let spelling = segment.spelling, let child = tree.spellings[spelling].child { return child }
        return tree.nodes[segment.node].parameter ?? tree.nodes[segment.node].greedy
    }

    private func next(_ segment: Segment, _ scalar: Unicode.Scalar) -> Segment? {
        var segment = segment
        if scalar == "/" {
            guard let node = resource(segment) else { return nil }
            let isGreedy = segment.isGreedy || tree.nodes[segment.node].greedy == node
            return Segment(
                method: segment.method, node: node, spelling: isGreedy ? nil : tree.nodes[node].spelling,
                isFirst: false, isGreedy: isGreedy)
        }
        guard let shape = ResourceLanguage.shape(segment.shape, scalar) else { return nil }
        segment.shape = shape
        segment.spelling = segment.spelling.flatMap { tree.spellings[$0].next[scalar] }
        return segment
    }

    private static func shape(_ shape: Segment.Shape, _ scalar: Unicode.Scalar) -> Segment.Shape? {
        switch shape {
        case .escape: return hexValue(scalar).map { .digit($0) }
        case .digit(let high):
            guard let low = hexValue(scalar) else { return nil }
            return isEncodable(high << 4 | low) ? .plain : nil
        case .empty, .dot, .dots, .plain: break
        }
        guard isPath(scalar) else { return nil }
        if scalar == "%" { return .escape }
        switch (shape, scalar) {
        case (.empty, "."): return .dot
        case (.dot, "."): return .dots
        case (.dot, ";"), (.dots, ";"): return nil
        default: return .plain
        }
    }

    // MARK: Characters (RFC 3986, `pchar`; names of stages as AWS has them)

    private static let stageScalars =
        "xyzabcdefghijklmnopqrstuvwABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".unicodeScalars.map { $0 }
    private static let pathScalars = stageScalars + "~!$&'()*+,=:@".unicodeScalars.map { $0 }
    private static let hexadecimal = "0123456789ABCDEF".unicodeScalars.map { $0 }
    private static let stageSet = Set(stageScalars)
    private static let pathSet = Set(pathScalars + [".", ";", "%"])

    private static func isStage(_ scalar: Unicode.Scalar) -> Bool { stageSet.contains(scalar) }

    private static func isPath(_ scalar: Unicode.Scalar) -> Bool { pathSet.contains(scalar) }

    private static func hexValue(_ scalar: Unicode.Scalar) -> UInt8? {
        hexadecimal.firstIndex(of: scalar).map { UInt8($0) }
    }

    /// What may be written as an escape: no control, no separator, nothing that needs none.
    private static func isEncodable(_ byte: UInt8) -> Bool {
        let scalar = Unicode.Scalar(byte)
        if byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") { return false }
        return !stageSet.contains(scalar) && byte != UInt8(ascii: ".") && byte != UInt8(ascii: "~")
    }
}
