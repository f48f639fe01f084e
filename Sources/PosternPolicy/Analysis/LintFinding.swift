/// Something in a policy that is legal but hardly meant.
package struct LintFinding: Sendable, Hashable {
    /// Stable names, for people to look up and for programs to count.
    package enum Rule: String, Sendable, CaseIterable {
        /// An Allow that lets in everyone who can reach a listener.
        case admitsEveryone = "admits-everyone"
        /// A statement that never decides.
        case unreachableStatement = "unreachable-statement"
        /// A network that another of its list holds.
        case shadowedCIDR = "shadowed-cidr"
        /// `NotPrincipal` with `Allow`, which the gateway refuses.
        case notPrincipalAllow = "not-principal-allow"
        /// A resource that no route has.
        case resourceWithoutRoute = "resource-without-route"
        case duplicateStatement = "duplicate-statement"
        case alwaysTrue = "condition-always-true"
        case alwaysFalse = "condition-always-false"
        /// `IfExists` for a key that is always there.
        case needlessIfExists = "needless-if-exists"
        /// What the compiler warns of.
        case warning = "compiler-warning"
        /// More than can be looked at: the rules that need it are left out.
        case notAnalysed = "not-analysed"
    }

    package var rule: Rule
    package var position: SourcePosition
    package var message: String
    package var hint: String?

    init(_ rule: Rule, at position: SourcePosition, _ message: String, hint: String? = nil) {
        self.rule = rule
        self.position = position
        self.message = message
        self.hint = hint
    }
}
