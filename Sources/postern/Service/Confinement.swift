import Glibc
import PosternControl
import PosternHost
import PosternPolicy

/// Gives up what the process may do beyond serving its configuration: other users' rights, capabilities, files. Done by
/// the main thread before any other exists, and before a socket is opened.
struct Confinement {
    let configuration: LoadedConfiguration
    /// `--allow-root`: whether user 0 may serve.
    let allowsRoot: Bool
    /// How the process that executed this one, to take its place, had confined itself; nil where it had not.
    let inherited: LandlockStatus?

    /// - Returns: what the operator should know.
    /// - Throws: ``Refusal``; ``Diagnostics`` for a user or group that is not there.
    func apply() throws -> [String] {
        let account = try account()
        let needs = CapabilityNeeds.all(
            of: configuration, as: account ?? .ofProcess(), kernel: try Self.refusing { try .ofMachine() })
        let held = try Self.refusing { try Capability.held() }
        let missing = needs.filter { !held.contains($0.capability) }
        guard missing.isEmpty else { throw Refusal(missing.map(\.problem.description)) }
        let reduction = PrivilegeReduction(account: account, keeping: Set(needs.map(\.capability)))
        let notes = try Self.refusing { try reduction.apply() }
        return try notes + sandbox() + unreadable()
    }

    /// Turns what the system refuses into a refusal to serve.
    static func refusing<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as PrivilegeError {
            throw Refusal(["postern: \(error)"])
        } catch let error as Landlock.Failure {
            throw Refusal(["postern: \(error)"])
        }
    }

    // MARK: User

    /// Whom to become; nil where the process is that user already.
    private func account() throws -> Account? {
        guard let runAs = configuration.process.runAs else {
            guard isRoot, !allowsRoot else { return nil }
            throw Refusal([
                "\(configuration.file): started as root, and no `user` is configured: a gateway needs no root; write "
                    + "`user: postern` (a user of its own), or start it with `--allow-root`"
            ])
        }
        guard let user = AccountDatabase.user(runAs.user) else { throw unknown("user", runAs.user) }
        var group: gid_t?
        if let name = runAs.group {
            group = AccountDatabase.group(name)
            if group == nil { throw unknown("group", name) }
        }
        guard user != 0 || allowsRoot else {
            throw Refusal([
                "\(Diagnostic(at: configuration.position(of: "user"), "`user` is root; name another one, or start with `--allow-root`"))"
            ])
        }
        // The service manager may have chosen it, and other groups for it.
        if user == geteuid(), group == nil || group == getegid() { return nil }
        guard let account = Account.ofUser(user, group: group) else {
            throw Diagnostics([
                Diagnostic(
                    at: configuration.position(of: "user"),
                    "user \(user) has no entry in the user database, and so no group",
                    hint: "add `group:`")
            ])
        }
        return account
    }

    private var isRoot: Bool { getuid() == 0 || geteuid() == 0 }

    private func unknown(_ key: String, _ name: String) -> Diagnostics {
        Diagnostics([
            Diagnostic(
                at: configuration.position(of: key), "no \(key) `\(name)` on this machine",
                hint: "`systemd-sysusers` makes those of the package")
        ])
    }

    // MARK: Files

    private func sandbox() throws -> [String] {
        if let inherited {
            Landlock.adopt(inherited)
            return []
        }
        let mode = configuration.process.sandbox.landlock
        if mode == .off { return [] }
        if mode == .auto, Landlock.version == 0 {
            return ["this kernel has no Landlock, so access to files is bound by permissions only"]
        }
        let places = SandboxPlaces.places(of: configuration)
        try Self.refusing { try Landlock.confine(to: places) }
        return places.holes.map {
            "every file may be \($0) as far as the sandbox goes: something lies in `/` itself; give it a directory of its own"
        }
    }

    /// Read by root at the start, and out of the user's reach at a reload.
    private func unreadable() -> [String] {
        let paths = [configuration.file, configuration.apisDirectory]
        return paths.filter { access($0, R_OK) != 0 }.map { (path: String) in
            "user \(geteuid()) may not read `\(path)`, so that every reload will fail"
        }
    }
}

/// Why nothing is served: what was asked for is not safe, or not permitted (exit code 77).
struct Refusal: Error {
    let lines: [String]

    init(_ lines: [String]) { self.lines = lines }
}
