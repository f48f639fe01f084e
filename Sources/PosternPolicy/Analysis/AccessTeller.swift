/// Puts a diagram of changes into words, and asks the engine about each line of them.
struct AccessTeller {
    typealias Notes = (old: StatementNote?, new: StatementNote?)

    /// More would not be read, and says little more.
    static let mostChanges = 1_000

    let search: AccessSearch
    let old: Policy
    let new: Policy
    /// Of each clause.
    let notes: [Notes]
    private(set) var changes: [AccessChange] = []
    private(set) var problems: [String] = []
    private var isCut = false

    init(search: AccessSearch, old: Policy, new: Policy, notes: [Notes]) {
        self.search = search
        self.old = old
        self.new = new
        self.notes = notes
    }

    private var dimensions: [Dimension] { search.partition.dimensions }

    mutating func tell(_ root: Int) {
        var boxes: [Box] = []
        collect(root, [:], &boxes)
        for box in joined(boxes) { add(box.outcome, box.classes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }) }
        changes = changes.filter { $0.kind == .allowed } + changes.filter { $0.kind == .denied }
        if isCut { problems.append("there are more changes than the \(AccessTeller.mostChanges) told") }
    }

    /// Classes of some facts, with any value of all others.
    private struct Box: Hashable {
        /// By dimension; sorted.
        var classes: [Int: [Int]]
        var outcome: AccessSearch.Outcome
    }

    private mutating func collect(_ number: Int, _ path: [Int: [Int]], _ boxes: inout [Box]) {
        switch search.nodes[number] {
        case .leaf(.same): return
        case .leaf(let outcome):
            if boxes.count < AccessTeller.mostChanges {
                boxes.append(Box(classes: path, outcome: outcome))
            } else {
                isCut = true
            }
        case .branches(let dimension, let branches):
            for branch in branches where !isCut {
                var path = path
                path[dimension] = branch.classes
                collect(branch.node, path, &boxes)
            }
        }
    }

    /// Boxes that differ in one fact only are one, as long as there are such.
    private func joined(_ boxes: [Box]) -> [Box] {
        var boxes = boxes
        var before = Int.max
        while boxes.count < before {
            before = boxes.count
            for dimension in dimensions.indices {
                var order: [Box] = []
                var values: [Box: [Int]] = [:]
                for box in boxes {
                    guard let own = box.classes[dimension] else {
                        order.append(box)
                        continue
                    }
                    var rest = box
                    rest.classes[dimension] = []
                    if values[rest] == nil { order.append(rest) }
                    values[rest, default: []] += own
                }
                boxes = order.map { rest in
                    guard let own = values[rest] else { return rest }
                    var box = rest
                    let classes = Set(own).sorted()
                    box.classes[dimension] = classes.count == dimensions[dimension].classes.count ? nil : classes
                    return box
                }
            }
        }
        return boxes
    }

    private mutating func add(_ outcome: AccessSearch.Outcome, _ path: [(dimension: Int, classes: [Int])]) {
        var source: [AccessChange.Condition] = []
        var routes = ResourceText(search.partition.routes).describe(all: resources.classes, of: resources.classes)
        var isCertain = true
        for (number, classes) in path {
            let dimension = dimensions[number]
            let atoms = classes.flatMap { dimension.classes[$0].atoms }
            if case .unresolved = dimension.fact { isCertain = false }
            // Whether a period holds such a minute or day is not looked at.
            if dimension.fact.isOfDay, path.contains(where: { dimensions[$0.dimension].fact == .time }) {
                isCertain = false
            }
            // What is known of principals is taken as independent of who they are.
            if dimension.fact.isOfPrincipal, path.contains(where: { dimensions[$0.dimension].fact == .principal }) {
                isCertain = false
            }
            if dimension.fact == .resource {
                routes = ResourceText(search.partition.routes)
                    .describe(all: classes.map { dimension.classes[$0] }, of: dimension.classes)
            } else {
                source.append(AccessChange.Condition(fact: dimension.fact.title, values: dimension.describe(atoms)))
            }
        }
        guard !routes.isEmpty else { return }
        var change = AccessChange(kind: .allowed, isCertain: isCertain, source: source, routes: routes)
        switch outcome {
        case .same: return
        case .allowed(let by, let before):
            change.statement = notes[by].new
            change.formerStatement = before.flatMap { notes[$0].old }
        case .denied(let by, let before):
            change.kind = .denied
            change.statement = by.flatMap { notes[$0].new }
            change.formerStatement = notes[before].old
        }
        if isCertain { confirm(change, path) }
        changes.append(change)
    }

    private var resources: Dimension { dimensions.first { $0.fact == .resource }! }

    /// Decides one request of the combination by the engine that serves requests.
    private mutating func confirm(_ change: AccessChange, _ path: [(dimension: Int, classes: [Int])]) {
        var request = Representative()
        if let atom = resources.classes.first?.atoms.first { request.set(.resource, atom) }
        for (number, classes) in path {
            request.set(dimensions[number].fact, dimensions[number].classes[classes[0]].atoms[0])
        }
        let (before, after) = (request.decision(of: old).answer == .allow, request.decision(of: new).answer == .allow)
        guard before != after, after == (change.kind == .allowed) else {
            problems.append(
                "the engine decides `\(request.resource)` otherwise than the comparison, which is a defect of it")
            return
        }
    }
}

extension Dimension {
    /// Some of its atoms in words.
    func describe(_ atoms: [Atom]) -> [String] {
        switch fact {
        case .address:
            let ranges = atoms.compactMap { if case .addresses(let range) = $0.value { range } else { nil } }
            let none = atoms.contains(where: \.isAbsent) ? ["none (a Unix socket)"] : []
            return AddressText.describe(ranges) + none
        case .unresolved:
            return atoms.map { if case .given(true) = $0.value { "true" } else { "false" } }
        default: break
        }
        let minutes = atoms.compactMap { if case .minutes(let range) = $0.value { range } else { nil } }
        if !minutes.isEmpty { return Dimension.describe(minutes) }
        let periods = atoms.compactMap { if case .time(let start, let end) = $0.value { (start, end) } else { nil } }
        if !periods.isEmpty { return Dimension.describe(periods) + atoms.filter(\.isAbsent).map(\.label) }
        if atoms.contains(where: \.isRest) {
            let chosen = Set(atoms.map(\.label))
            let rest = classes.flatMap(\.atoms).map(\.label).filter { !chosen.contains($0) }
            if rest.count < atoms.count || rest.count <= 8 {
                return rest.isEmpty ? ["any"] : ["any but \(rest.joined(separator: ", "))"]
            }
        }
        return atoms.map(\.label)
    }

    private static func describe(_ minutes: [ClosedRange<Int64>]) -> [String] {
        func clock(_ minute: Int64) -> String { TimeOfDay(PolicyTime(seconds: minute * 60)).description }
        var joined: [ClosedRange<Int64>] = []
        for range in minutes.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, last.upperBound + 1 == range.lowerBound {
                joined[joined.count - 1] = last.lowerBound...range.upperBound
            } else {
                joined.append(range)
            }
        }
        return joined.map { "\(clock($0.lowerBound)) to \(clock($0.upperBound))" }
    }

    private static func describe(_ periods: [(PolicyTime?, PolicyTime?)]) -> [String] {
        var joined: [(PolicyTime?, PolicyTime?)] = []
        for period in periods.sorted(by: {
            ($0.0?.seconds ?? .min, $0.0?.nanoseconds ?? 0) < ($1.0?.seconds ?? .min, $1.0?.nanoseconds ?? 0)
        }) {
            if let last = joined.last, last.1 != nil, last.1 == period.0 {
                joined[joined.count - 1].1 = period.1
            } else {
                joined.append(period)
            }
        }
        return joined.map { start, end in
            switch (start, end) {
            case (nil, nil): "any"
            case (let start?, nil): "from \(start.description)"
            case (nil, let end?): "before \(end.description)"
            case (let start?, let end?): "from \(start.description) to before \(end.description)"
            }
        }
    }
}
