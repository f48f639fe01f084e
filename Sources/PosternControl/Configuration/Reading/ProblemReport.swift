import PosternPolicy

/// Collects what is wrong while a configuration is read, so that one report holds everything.
final class ProblemReport {
    private(set) var errors: [Diagnostic] = []
    private(set) var warnings: [Diagnostic] = []

    func error(at position: SourcePosition, _ message: String, hint: String? = nil) {
        add([Diagnostic(at: position, message, hint: hint)])
    }

    func warn(at position: SourcePosition, _ message: String, hint: String? = nil) {
        add([Diagnostic(.warning, at: position, message, hint: hint)])
    }

    func add(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics {
            switch diagnostic.severity {
            case .error: errors.append(diagnostic)
            case .warning: warnings.append(diagnostic)
            }
        }
    }
}
