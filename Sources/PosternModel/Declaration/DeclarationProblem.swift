package import PosternPolicy

/// What is wrong with one piece of text in a declaration, before anyone has said where it stands.
///
/// Types that cannot be wrong throw it from their initialisers; whoever knows the position turns it into a
/// `Diagnostic`.
package struct DeclarationProblem: Error, Sendable, Hashable {
    package var message: String
    /// What was expected, or what to write instead.
    package var hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    package func diagnostic(at position: SourcePosition) -> Diagnostic {
        Diagnostic(at: position, message, hint: hint)
    }
}
