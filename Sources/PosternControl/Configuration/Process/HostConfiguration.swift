/// Whom the process becomes when it is started as root.
package struct RunAsConfiguration: Sendable, Hashable {
    /// A name or number.
    package var user: String
    /// A name or number; nil: the user's main group.
    package var group: String?

    package init(user: String, group: String? = nil) {
        self.user = user
        self.group = group
    }
}

/// How the process is kept to its own files.
package struct SandboxConfiguration: Sendable, Hashable {
    package enum Landlock: String, Sendable, CaseIterable {
        /// Where the kernel has it.
        case auto
        /// Nothing is served where it has not.
        case required
        case off
    }

    package var landlock = Landlock.auto
    /// Absolute paths beside those that follow from the configuration: files, or directories with all that is in them.
    package var read: [String] = []
    package var write: [String] = []

    package init() {}
}
