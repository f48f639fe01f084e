import Glibc
import PosternControl
import PosternHost
import PosternModel
import PosternPolicy

/// Time, names, users, directories and confinement.
extension Examination.Host {
    var clock: Finding {
        let needsTime = process.listeners.contains { $0.tls != nil } || loaded.plan.targets.contains { $0.tls != nil }
        return .clock(.now(), builtIn: Version.year, needsTime: needsTime)
    }

    /// More than these would take too long, and would hardly differ.
    private static let mostNames = 50

    var names: [Finding] {
        var names: Set<String> = []
        for target in loaded.plan.targets {
            if case .tcp(let host, _) = target.address, IPAddress(host) == nil { names.insert(host) }
        }
        // A name server that does not answer must not hold up the rest for half a minute a name.
        setenv("RES_OPTIONS", "timeout:2 attempts:1", 0)
        let lookups = names.sorted().prefix(Self.mostNames).map(NameLookup.of)
        return Finding.names(lookups, hasResolverFile: access("/etc/resolv.conf", R_OK) == 0)
    }

    // MARK: Users

    var accounts: [Finding] {
        let unknown = sockets.compactMap { socket in
            Finding.unknownAccount(
                user: socket.owner, group: socket.group,
                isKnown: (
                    socket.owner.map { AccountDatabase.user($0) != nil } ?? true,
                    socket.group.map { AccountDatabase.group($0) != nil } ?? true
                ))
        }
        return [starter.finding(process.runAs)] + unknown
    }

    private var sockets: [UnixSocketConfiguration] {
        [process.admin.socket]
            + process.listeners.compactMap { listener in
                if case .unix(let socket) = listener.binding { socket } else { nil }
            }
    }

    /// By the rule that `serve` goes by.
    var capabilities: Finding {
        guard let kernel = try? KernelRules.ofMachine() else {
            return .warning("capabilities", "the kernel does not tell what they are asked for", "run it as root")
        }
        let needs = CapabilityNeeds.all(of: loaded, as: account, kernel: kernel)
        return .capabilities(needs, held: starter.capabilities, holder: starter.name)
    }

    // MARK: Directories

    var directories: [Finding] {
        var places: [(path: String, purpose: String)] = []
        func add(_ file: String, _ purpose: String) {
            guard file.hasPrefix("/") else { return }
            let directory = LandlockPlaces.directory(of: file)
            if !places.contains(where: { $0.path == directory }) { places.append((directory, purpose)) }
        }
        add(process.admin.socket.path, "the admin socket")
        for listener in process.listeners {
            if case .unix(let socket) = listener.binding { add(socket.path, "\(listener.id)'s socket") }
        }
        for log in logs { add(log.path, "the \(log.name) log") }
        return places.map { place in
            Finding.directory(
                .of(place.path, for: account), purpose: place.purpose, user: userName,
                makesItself: unitMakes(place.path))
        }
    }

    /// Those that are files.
    private var logs: [(name: String, path: String)] {
        var logs: [(String, String)] = []
        if case .file(let path) = process.accessLog { logs.append(("access", path)) }
        if case .file(let path) = process.systemLog.place { logs.append(("system", path)) }
        return logs
    }

    private func unitMakes(_ path: String) -> Bool {
        guard let unit else { return false }
        let made =
            (unit["RuntimeDirectory"] ?? "").split(separator: " ").map { "/run/\($0)" }
            + (unit["LogsDirectory"] ?? "").split(separator: " ").map { "/var/log/\($0)" }
        return made.contains(path)
    }

    var space: [Finding] {
        let directories = Set(logs.map { LandlockPlaces.directory(of: $0.path) })
        return directories.sorted().compactMap { directory in
            DirectoryState.of(directory, for: account).space.map { Finding.space($0, path: directory) }
        }
    }

    // MARK: Confinement

    var sandbox: [Finding] {
        let exposure = unit == nil ? nil : ServiceUnit.exposure(of: Examination.unit)
        let landlock = Finding.landlock(
            version: Landlock.version, mode: process.sandbox.landlock, running: running?.landlock)
        return [landlock] + [Finding.confinement(exposure: exposure, unit: Examination.unit)].compactMap(\.self)
    }
}
