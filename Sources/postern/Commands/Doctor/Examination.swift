import Glibc
import NIOCore
import PosternControl
import PosternHTTP
import PosternHost
import PosternModel
import PosternPolicy

/// One run of `postern doctor`: asks kernel, service manager, files and the running gateway, and has `Finding` judge the answers.
struct Examination {
    let configurationPath: String
    /// nil: the configured one.
    let adminPath: String?
    static let unit = "postern.service"

    func report() -> DoctorReport {
        do throws(Diagnostics) {
            let loaded = try ConfigurationLoader.load(path: configurationPath)
            return DoctorReport(
                findings: Patient(loaded, adminPath: adminPath).findings, configurationIsValid: true)
        } catch {
            let findings: [Finding] = [
                .configuration(error), .clock(.now(), builtIn: Version.year, needsTime: false), Self.landlock,
            ]
            return DoctorReport(findings: findings, configurationIsValid: false)
        }
    }

    /// The list of security modules names it where it is on.
    static var landlock: Finding {
        .landlock(KernelSetting.securityModules.map { $0.contains("landlock") })
    }
}

/// A machine with a valid configuration on it.
private struct Patient {
    let loaded: LoadedConfiguration
    let process: ProcessConfiguration
    /// What answered at the admin socket.
    let running: Result<StatusReport, any Error>
    /// Of the unit; nil where there is none.
    let unit: [String: String]?
    /// Whom the gateway runs as.
    let account: Account

    init(_ loaded: LoadedConfiguration, adminPath: String?) {
        self.loaded = loaded
        process = loaded.process
        let socket = adminPath ?? loaded.process.admin.socket.path
        running = Result { try AdminClient(path: socket, patienceSeconds: 5).status() }
        unit = ServiceUnit.properties(
            ["User", "LimitNOFILE", "MemoryMax", "AmbientCapabilities", "RuntimeDirectory", "LogsDirectory"],
            of: Examination.unit)
        account = Self.account(try? running.get(), unit)
    }

    private static func account(_ running: StatusReport?, _ unit: [String: String]?) -> Account {
        let named = unit?["User"].flatMap { $0.isEmpty ? nil : AccountDatabase.user($0) }
        guard let user = running?.user.uid ?? named else { return .ofProcess() }
        return .ofUser(user, group: running?.user.gid) ?? .ofProcess()
    }

    private var isRunning: Bool { (try? running.get()) != nil }

    /// Connections that there may be, by configuration or by the default.
    private var connections: Int { process.limits.connections ?? min(allowance.allowance.most / 2, 50_000) }

    var findings: [Finding] {
        [.configuration(loaded), gateway]
            + load + [clock] + names + certificates + accounts + listeners + directories + space + sandbox
    }

    // MARK: The gateway

    private var gateway: Finding {
        switch running {
        case .success(let report):
            return .gateway(report, reason: "", isRefused: false, installed: Version.text)
        case .failure(let error):
            return .gateway(
                nil, reason: "\(error)", isRefused: error is AdminClient.Refused, installed: Version.text)
        }
    }

    private var certificates: [Finding] {
        do throws(Diagnostics) {
            guard let summary = try CertificatesSummary.ofFiles(loaded, environment: .ofProcess()) else {
                return []
            }
            return Finding.certificates(summary)
        } catch {
            // Credentials are shown to the service alone; the one that runs has them.
            if let summary = (try? running.get())?.certificates { return Finding.certificates(summary) }
            return error.all.map {
                .failed(
                    "certificates", "\($0)",
                    "correct the file; credentials of the unit can be judged only while the gateway runs")
            }
        }
    }

    // MARK: Load

    private var allowance: (allowance: DescriptorAllowance, whose: String) {
        if let process = (try? running.get())?.processID, let of = DescriptorAllowance.of(process: process) {
            return (of, "the running gateway")
        }
        if let text = unit?["LimitNOFILE"], let most = Int(text) {
            let ceiling = KernelSetting.number("fs.nr_open")
            return (DescriptorAllowance(most: most, ceiling: ceiling), "`\(Examination.unit)`")
        }
        return (.of() ?? DescriptorAllowance(most: 0, ceiling: nil), "programs started here")
    }

    private var load: [Finding] {
        let (allowance, whose) = allowance
        let queues = Finding.Queues(
            mostPerSocket: KernelSetting.number("net.core.somaxconn"),
            mostHalfOpen: KernelSetting.number("net.ipv4.tcp_max_syn_backlog"),
            hasCookies: KernelSetting.number("net.ipv4.tcp_syncookies") != 0,
            abortsOnOverflow: KernelSetting.number("net.ipv4.tcp_abort_on_overflow") == 1)
        let wanted = ListenerSpecification(endpointID: "", bind: .inherited(name: "")).backlog
        return [
            .descriptors(allowance, whose: whose, connections: process.limits.connections),
            .backlog(queues, wanted: Int(wanted)), ports, memory,
        ]
    }

    private var ports: Finding {
        let range = KernelSetting.numbers("net.ipv4.ip_local_port_range") ?? []
        let isTCP = loaded.plan.targets.contains { if case .tcp = $0.address { true } else { false } }
        let loops = process.loops ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let most = isTCP ? min(UpstreamSettings().connections * loops, connections) : 0
        guard range.count == 2, range[0] <= range[1] else { return .ports(1...65_535, connections: 0) }
        return .ports(range[0]...range[1], connections: most)
    }

    private var memory: Finding {
        if let unit, let text = unit["MemoryMax"] {
            return .memory(limit: Int(text), whose: "`\(Examination.unit)`", connections: connections)
        }
        return .memory(limit: MemoryGauge().read()?.limit, whose: "programs started here", connections: connections)
    }

    // MARK: Surroundings

    private var clock: Finding {
        let needsTime = process.listeners.contains { $0.tls != nil } || loaded.plan.targets.contains { $0.tls != nil }
        return .clock(.now(), builtIn: Version.year, needsTime: needsTime)
    }

    /// More than these would take too long, and would hardly differ.
    private static let mostNames = 50

    private var names: [Finding] {
        var names: Set<String> = []
        for target in loaded.plan.targets {
            if case .tcp(let host, _) = target.address, IPAddress(host) == nil { names.insert(host) }
        }
        // A name server that does not answer must not hold up the rest for half a minute a name.
        setenv("RES_OPTIONS", "timeout:2 attempts:1", 0)
        let lookups = names.sorted().prefix(Self.mostNames).map(NameLookup.of)
        return Finding.names(lookups, hasResolverFile: access("/etc/resolv.conf", R_OK) == 0)
    }

    private var accounts: [Finding] {
        let sockets =
            [process.admin.socket]
            + process.listeners.compactMap { listener in
                if case .unix(let socket) = listener.binding { socket } else { nil }
            }
        let unknown = sockets.compactMap { socket -> Finding? in
            let finding = Finding.account(
                user: socket.owner, group: socket.group,
                isKnown: (
                    socket.owner.map { AccountDatabase.user($0) != nil } ?? true,
                    socket.group.map { AccountDatabase.group($0) != nil } ?? true
                ))
            return finding.verdict == .ok ? nil : finding
        }
        return unknown.isEmpty ? [.account(user: userName, group: nil, isKnown: (true, true))] : unknown
    }

    private var userName: String { AccountDatabase.userName(account.user) ?? "uid \(account.user)" }

    private var directories: [Finding] {
        var places: [(path: String, purpose: String)] = []
        func add(_ file: String, _ purpose: String) {
            guard file.hasPrefix("/") else { return }
            let directory = Self.directory(of: file)
            if !places.contains(where: { $0.path == directory }) { places.append((directory, purpose)) }
        }
        add(process.admin.socket.path, "the admin socket")
        for listener in process.listeners {
            if case .unix(let socket) = listener.binding { add(socket.path, "\(listener.id)'s socket") }
        }
        if case .file(let path) = process.accessLog { add(path, "the access log") }
        return places.map { place in
            Finding.directory(
                .of(place.path, for: account), purpose: place.purpose, user: userName,
                makesItself: unitMakes(place.path))
        }
    }

    private func unitMakes(_ path: String) -> Bool {
        guard let unit else { return false }
        let made =
            (unit["RuntimeDirectory"] ?? "").split(separator: " ").map { "/run/\($0)" }
            + (unit["LogsDirectory"] ?? "").split(separator: " ").map { "/var/log/\($0)" }
        return made.contains(path)
    }

    private var space: [Finding] {
        guard case .file(let path) = process.accessLog else { return [] }
        let directory = Self.directory(of: path)
        return DirectoryState.of(directory, for: account).space.map { [Finding.space($0, path: directory)] } ?? []
    }

    private static func directory(of file: String) -> String {
        let slash = file.lastIndex(of: "/") ?? file.startIndex
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }

    private var sandbox: [Finding] {
        [Examination.landlock]
            + [
                Finding.confinement(
                    exposure: unit == nil ? nil : ServiceUnit.exposure(of: Examination.unit), unit: Examination.unit)
            ]
            .compactMap(\.self)
    }

    // MARK: Listeners

    private var listeners: [Finding] {
        let ranges = process.internalRanges
        let served = (try? running.get())?.listeners ?? []
        return process.listeners.flatMap { listener -> [Finding] in
            if case .inherited(let name) = listener.binding { return inherited(name, listener.id) }
            var outcome: ListenerError?
            do throws(ListenerError) {
                _ = try ListenerProbe.addresses(of: listener.specification) { address in
                    address.ipAddress.flatMap(IPAddress.init).map(ranges.contains) ?? false
                }
            } catch {
                outcome = error
            }
            let isServed = outcome?.isOccupied == true && served.contains { $0.endpoint == listener.id }
            let finding = Finding.listener(
                listener.id, place: listener.placeText, outcome: outcome, isServed: isServed)
            return [finding] + (isServed ? [] : [lowPort(listener)].compactMap(\.self))
        }
    }

    private func inherited(_ name: String, _ listener: String) -> [Finding] {
        // Without systemd whoever starts the gateway passes it.
        guard let sockets = ServiceUnit.sockets() else { return [] }
        return [.inherited(name, listener: listener, sockets: sockets)]
    }

    private func lowPort(_ listener: ListenerConfiguration) -> Finding? {
        let port: Int
        switch listener.binding {
        case .address(_, let number), .interface(_, _, _, let number): port = number
        case .unix, .inherited: return nil
        }
        let isGranted =
            account.user == 0 || unit?["AmbientCapabilities"]?.lowercased().contains("cap_net_bind_service") == true
        return .lowPort(
            listener.id, port: port, firstFree: KernelSetting.number("net.ipv4.ip_unprivileged_port_start") ?? 1024,
            isGranted: isGranted)
    }
}

extension ListenerError {
    /// Somebody is there already.
    fileprivate var isOccupied: Bool {
        switch problem {
        case .addressInUse, .servedByAnotherProcess: true
        default: false
        }
    }
}

extension ListenerConfiguration {
    fileprivate var placeText: String {
        switch binding {
        case .address(let address, let port): "\(address) port \(port)"
        case .interface(let name, _, let address, let port):
            "interface \(name)\(address.map { ", \($0)" } ?? "") port \(port)"
        case .unix(let socket): socket.path
        case .inherited(let name): "inherited `\(name)`"
        }
    }
}
