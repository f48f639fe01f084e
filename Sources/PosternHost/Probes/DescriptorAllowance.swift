import Glibc

/// How many descriptors a process may have open (getrlimit(2), RLIMIT_NOFILE), and how far that may be raised.
package struct DescriptorAllowance: Sendable, Equatable {
    /// What a server that raises its own limit ends up with.
    package var most: Int
    /// `fs.nr_open`, above which no process can be allowed; nil where the kernel does not tell.
    package var ceiling: Int?

    package init(most: Int, ceiling: Int?) {
        self.most = most
        self.ceiling = ceiling
    }

    /// - Parameter process: nil: this one.
    /// - Returns: nil for a process that has ended or that may not be looked at.
    package static func of(process: Int? = nil) -> DescriptorAllowance? {
        guard let text = FileText.read("/proc/\(process.map(String.init) ?? "self")/limits"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") })
        else { return nil }
        // `Max open files   1024   1048576   files`: soft, hard, unit (proc_pid_limits(5)).
        let words = line.split(separator: " ")
        guard words.count > 4 else { return nil }
        let most = words[4] == "unlimited" ? Int.max : Int(words[4])
        return most.map { DescriptorAllowance(most: $0, ceiling: KernelSetting.number("fs.nr_open")) }
    }
}
