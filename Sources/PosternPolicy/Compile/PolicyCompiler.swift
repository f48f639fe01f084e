/// Turns a document into tables, collecting every problem on the way: an author sees all of them at once.
///
/// One compiler reads one document. What it leaves in ``tables`` is meaningful only if ``diagnostics`` holds no error.
struct PolicyCompiler {
    /// AWS's two versions of the language; in the older, `${…}` is plain text.
    enum Version: String, CaseIterable {
        case v2008 = "2008-10-17"
        case v2012 = "2012-10-17"
    }

    /// What a document may speak of.
    enum Dialect {
        /// The API that this gateway serves: its actions, its resources, the keys that its requests have.
        case gateway
        /// Anything of AWS's grammar, attached to a resource or to an identity.
        case anyResource, anyIdentity
    }

    static let elements = ["Version", "Id", "Statement"]

    let dialect: Dialect
    var tables: PolicyTables
    /// Actions and resources, for the dialects of anything.
    var standalone: [StandaloneStatement] = []
    var keyIndices: [ConditionKey: UInt32] = [:]
    var variableTokens: [PolicyVariable: UInt16] = [:]
    var diagnostics: [Diagnostic] = []
    var version = Version.v2008
    /// Where each `Sid` stands first.
    var sids: [String: SourcePosition] = [:]

    init(scope: PolicyScope, dialect: Dialect = .gateway) {
        tables = PolicyTables(scope: scope)
        self.dialect = dialect
    }

    /// Reads a whole document.
    ///
    /// - Returns: warnings, in the document's order.
    /// - Throws: every problem, in the document's order.
    @discardableResult
    mutating func run(_ document: DocumentNode) throws(Diagnostics) -> [Diagnostic] {
        compile(document)
        let found = diagnostics.sorted {
            ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column)
        }
        let errors = found.filter { $0.severity == .error }
        guard errors.isEmpty else { throw Diagnostics(errors) }
        return found
    }

    var scope: PolicyScope { tables.scope }

    mutating func compile(_ document: DocumentNode) {
        guard case .object(let members) = document.value else {
            return error(at: document, "a policy must be a mapping, found \(document.kindName)")
        }
        checkNames(members, known: PolicyCompiler.elements, of: "a policy")
        readVersion(members.first { $0.key == "Version" })
        if let id = members.first(where: { $0.key == "Id" }) { _ = text(id.value, of: "Id") }
        guard let statement = members.first(where: { $0.key == "Statement" }) else {
            return error(at: document, "the policy has no `Statement`")
        }
        readStatements(statement.value)
    }

    /// A missing `Version` means the older one.
    private mutating func readVersion(_ member: DocumentNode.Member?) {
        guard let member, let written = text(member.value, of: "Version") else { return }
        guard let version = Version(rawValue: written) else {
            return error(
                at: member.value, "unknown policy version \(quoted(written))",
                hint: "expected `2012-10-17` or `2008-10-17`")
        }
        self.version = version
    }

    private mutating func readStatements(_ node: DocumentNode) {
        switch node.value {
        case .object: compileStatement(node)
        case .array(let statements) where statements.isEmpty: error(at: node, "`Statement` is empty")
        case .array(let statements): for statement in statements { compileStatement(statement) }
        default: error(at: node, "`Statement` must be a mapping or a list of mappings, found \(node.kindName)")
        }
    }
}

// MARK: - What every part of the compiler uses

extension PolicyCompiler {
    mutating func error(at node: DocumentNode, _ message: String, hint: String? = nil) {
        diagnostics.append(Diagnostic(at: node.position, message, hint: hint))
    }

    mutating func error(at position: SourcePosition, _ message: String, hint: String? = nil) {
        diagnostics.append(Diagnostic(at: position, message, hint: hint))
    }

    mutating func warning(at node: DocumentNode, _ message: String, hint: String? = nil) {
        diagnostics.append(Diagnostic(.warning, at: node.position, message, hint: hint))
    }

    /// Names are case-sensitive; the nearest known one is offered.
    mutating func checkNames(_ members: [DocumentNode.Member], known: [String], of whole: String) {
        for member in members where !known.contains(member.key) {
            error(
                at: member.keyPosition, "unknown element \(quoted(member.key)) of \(whole)",
                hint: didYouMean(member.key, known))
        }
    }

    func didYouMean(_ name: String, _ known: [String]) -> String? {
        NearestName.of(name, among: known).map { "did you mean `\($0)`" }
    }

    mutating func text(_ node: DocumentNode, of element: String) -> String? {
        if case .string(let text) = node.value { return text }
        error(at: node, "`\(element)` must be text, found \(node.kindName)")
        return nil
    }

    /// A value or a list of values, which mean the same when there is one; never an empty list.
    mutating func list(_ node: DocumentNode, of element: String) -> [DocumentNode] {
        guard case .array(let nodes) = node.value else { return [node] }
        if nodes.isEmpty { error(at: node, "the list under \(quoted(element)) is empty", hint: "expected a value") }
        return nodes
    }
}
