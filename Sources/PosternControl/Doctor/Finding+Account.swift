package import PosternHost

/// Whom the gateway runs as and what it may do, judged by the rules that `serve` goes by at its start.
extension Finding {
    package static func account(running user: String, isRoot: Bool, allowsRoot: Bool) -> Finding {
        guard isRoot, !allowsRoot else { return .ok("account", "runs as `\(user)`") }
        return .warning(
            "account", "runs as root, which a gateway does not need",
            "write `user: postern` (a user of its own), and restart it; `--allow-root` says that it is meant")
    }

    package struct Starter: Sendable, Equatable {
        package var name: String
        package var isRoot: Bool

        package init(name: String, isRoot: Bool) {
            self.name = name
            self.isRoot = isRoot
        }
    }

    /// - Parameters:
    ///   - runAs: the configuration's `user` and `group`.
    ///   - isKnown: whether the machine has these; true for what is not written.
    ///   - isSame: the configuration's user is the starter.
    ///   - isRoot: the configuration's user is root.
    package static func account(
        startedBy starter: Starter, runAs: RunAsConfiguration?, isKnown: (user: Bool, group: Bool), isSame: Bool,
        isRoot: Bool, allowsRoot: Bool
    ) -> Finding {
        guard let runAs else {
            guard starter.isRoot, !allowsRoot else { return .ok("account", "runs as `\(starter.name)`") }
            return .failed(
                "account", "started as root, and no `user` is configured, so that `serve` refuses",
                "write `user: postern` (a user of its own), or start it with `--allow-root`")
        }
        if let unknown = unknownAccount(user: runAs.user, group: runAs.group, isKnown: isKnown) { return unknown }
        if isRoot, !allowsRoot {
            return .failed(
                "account", "`user` is root, so that `serve` refuses", "name another one, or start with `--allow-root`")
        }
        if !isSame, !starter.isRoot {
            return .failed(
                "account", "`user` is `\(runAs.user)`, whom `\(starter.name)` cannot become",
                "start it as root or as `\(runAs.user)`; in a unit, `User=\(runAs.user)`")
        }
        return .ok("account", "runs as `\(runAs.user)`" + (isSame ? "" : ", started as root"))
    }

    /// - Returns: nil where both are known.
    package static func unknownAccount(user: String?, group: String?, isKnown: (user: Bool, group: Bool)) -> Finding? {
        let missing: (kind: String, name: String)
        if let user, !isKnown.user {
            missing = ("user", user)
        } else if let group, !isKnown.group {
            missing = ("group", group)
        } else {
            return nil
        }
        return .failed(
            "account", "no \(missing.kind) `\(missing.name)` on this machine",
            "`systemd-sysusers` makes those of the package")
    }

    /// - Parameters:
    ///   - held: what the gateway can keep.
    ///   - holder: who has it, in words.
    package static func capabilities(
        _ needs: [CapabilityNeed], held: Set<Capability>, holder: String
    ) -> Finding {
        if let missing = needs.first(where: { !held.contains($0.capability) }) {
            return .failed(
                "capabilities", "\(missing.reason), which \(holder) does not have",
                "grant it in the unit (`AmbientCapabilities=\(missing.capability.name)`), \(missing.alternative)")
        }
        let needed = Set(needs.map(\.capability.name)).sorted()
        return .ok(
            "capabilities", needed.isEmpty ? "none is needed" : "\(holder) has \(needed.joined(separator: ", "))")
    }

    /// - Parameters:
    ///   - version: of the kernel's interface; 0: it has none.
    ///   - mode: the configuration's.
    ///   - running: of the gateway that runs.
    package static func landlock(
        version: Int, mode: SandboxConfiguration.Landlock, running: LandlockStatus?
    ) -> Finding {
        if let running, running.confined {
            return .ok(
                "sandbox",
                "Landlock confines the running gateway to \(ReportText.count(running.read.count, "place")) to read and "
                    + "\(running.write.count) to write")
        }
        if mode == .off {
            return .ok("sandbox", "`sandbox.landlock` is off; permissions and the unit bind access to files")
        }
        if version > 0 {
            return running == nil
                ? .ok("sandbox", "the kernel has Landlock, version \(version)")
                : .warning(
                    "sandbox", "the kernel has Landlock, and the running gateway is not confined by it", "restart it")
        }
        let advice = "add `landlock` to the kernel's `lsm=` parameter, where it was built in"
        return mode == .required
            ? .failed(
                "sandbox", "`sandbox.landlock` is required, and the kernel has none, so that `serve` refuses", advice)
            : .warning("sandbox", "the kernel has no Landlock, so that only the unit confines access to files", advice)
    }
}
