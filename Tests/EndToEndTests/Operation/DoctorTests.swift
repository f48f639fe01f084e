import Foundation
import Testing

@Suite("The doctor looks at the host")
struct DoctorTests {
    private struct Finding: Decodable {
        let check: String
        let verdict: String
        let found: String
        let advice: String?
    }
    private struct Report: Decodable { let findings: [Finding] }

    /// Without a gateway, for a configuration in a directory of its own.
    private func examine(
        _ configuration: Configuration, in directory: TemporaryDirectory? = nil, by launcher: [String] = [],
        allowsRoot: Bool = true
    ) throws -> (status: Int32, findings: [Finding]) {
        let directory = try directory ?? TemporaryDirectory()
        try configuration.write(to: directory)
        let command = [Postern.path, "doctor", "--json", "--config", directory.path]
        let result = try Child.run(launcher + command + (allowsRoot ? ["--allow-root"] : []))
        let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
        return (result.status, report.findings)
    }

    private func configuration(_ process: [String] = []) throws -> Configuration {
        try Configuration(["GET /x": "{type: MOCK}"], process)
    }

    private func failed(_ findings: [Finding]) -> [String] {
        findings.filter { $0.verdict == "failed" }.map { "\($0.check): \($0.found)" }
    }

    @Test("Before the start only the gateway is missing; each finding that is not well says what to do")
    func before() throws {
        let (status, findings) = try examine(configuration())
        #expect(status == 2)
        #expect(failed(findings) == [])
        let checks = Set(findings.map(\.check))
        for check in [
            "configuration", "gateway", "descriptors", "backlog", "ports", "memory", "clock", "names", "account",
            "capabilities", "listeners", "directories", "sandbox",
        ] { #expect(checks.contains(check), "\(check)") }
        #expect(findings.first { $0.check == "gateway" }?.verdict == "warning")
        for finding in findings { #expect((finding.verdict == "ok") == (finding.advice == nil), "\(finding)") }
    }

    @Test("A running gateway holds its own addresses")
    func running() throws {
        let gateway = try Gateway(configuration())
        let result = try Postern.run("doctor", "--config", gateway.directory.path)
        #expect(result.output.contains("is served on 127.0.0.1"), "\(result)")
        #expect(result.output.contains("runs as process \(gateway.pid)"))
        #expect(!result.output.contains("failed"), "\(result)")
    }

    @Test("An address that somebody else serves, and a directory that is missing")
    func occupied() throws {
        let port = try FreePort.next()
        let other = try Socket.listening(at: .tcp("127.0.0.1", port))
        var configuration = try configuration(["accessLog: {path: /no/such/directory/access.log}"])
        configuration.listeners = [
            Listener("vpce-mesh", at: .tcp("127.0.0.1", port), "address: 127.0.0.1, port: \(port)")
        ]
        let (status, findings) = try examine(configuration)
        #expect(status == 1)
        #expect(
            failed(findings) == [
                "listeners: vpce-mesh: `127.0.0.1:\(port)` is already in use",
                "directories: `/no/such/directory` of the access log does not exist",
            ])
        withExtendedLifetime(other) {}
    }

    @Test("Fewer descriptors than the connections need")
    func descriptors() throws {
        let (status, findings) = try examine(
            configuration(["limits: {connections: 4000}"]), by: ["/bin/sh", "-c", "ulimit -n 512; exec \"$@\"", "sh"])
        #expect(status == 1)
        let finding = findings.first { $0.check == "descriptors" }
        #expect(finding?.advice == "set `LimitNOFILE=8128` in the unit, or lower `limits.connections`")
    }

    @Test("A certificate that has ended")
    func certificate() throws {
        let estate = try Estate()
        try estate.server("mesh", names: ["DNS:mesh.internal"]) { $0.notAfter = Estate.now - 60 }
        let (status, findings) = try examine(estate.configuration(Estate.tls("mode: off")), in: estate.directory)
        #expect(status == 1)
        #expect(failed(findings).contains { $0.hasPrefix("certificates:") && $0.contains("expired") }, "\(findings)")
    }

    @Test("A trusted issuer that has ended, and a certificate that soon will")
    func dates() throws {
        let estate = try Estate()
        let old = Estate.authority("Old") { $0.notAfter = Estate.now - 60 }
        try estate.write(estate.clientAuthority.pem + old.pem, to: "tls/clients.pem")
        try estate.server("mesh", names: ["DNS:mesh.internal"]) { $0.notAfter = Estate.now + 5 * Estate.day + 3600 }
        let (status, findings) = try examine(estate.configuration(Estate.tls()), in: estate.directory)
        #expect(status == 1)
        let told = findings.filter { $0.check == "certificates" }
        #expect(told.map(\.verdict) == ["failed", "warning"], "\(told)")
        #expect(told.first?.found.hasPrefix("trust CN=Old of vpce-0 ended ") == true, "\(told)")
        #expect(told.last?.found == "certificate CN=mesh of vpce-0 ends in 5 days", "\(told)")
    }

    @Test("What serve would refuse of root and of a user", .enabled(if: getuid() == 0, "needs root"))
    func account() throws {
        let alone = try examine(configuration(), allowsRoot: false)
        #expect(alone.status == 1)
        #expect(
            failed(alone.findings)
                == ["account: started as root, and no `user` is configured, so that `serve` refuses"])
        let named = try examine(configuration(["user: nobody"]), allowsRoot: false)
        #expect(named.findings.first { $0.check == "account" }?.found == "runs as `nobody`, started as root")
        #expect(failed(named.findings).contains { $0.contains("nobody may not write in") }, "\(named.findings)")
        let unknown = try examine(configuration(["user: no-such-user"]), allowsRoot: false)
        #expect(failed(unknown.findings).contains("account: no user `no-such-user` on this machine"))
    }

    @Test("A low port without the capability", .enabled(if: getuid() == 0, "needs root"))
    func lowPort() throws {
        var configuration = try configuration()
        configuration.listeners = [
            Listener("vpce-mesh", at: .tcp("127.0.0.1", 81), "address: 127.0.0.1, port: 81")
        ]
        let (_, granted) = try examine(configuration)
        #expect(
            granted.first { $0.check == "capabilities" }?.found == "a program started here has CAP_NET_BIND_SERVICE")
        let (status, findings) = try examine(
            configuration, by: ["setpriv", "--inh-caps=-all", "--bounding-set=-net_bind_service"])
        #expect(status == 1)
        #expect(
            failed(findings).first
                == "capabilities: listener `vpce-mesh` needs CAP_NET_BIND_SERVICE for port 81, which a program started "
                + "here does not have")
    }

    @Test("A full disk under a log", .enabled(if: Machine.canMakeNamespaces, "needs root and namespaces"))
    func space() throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "log/place")
        let log = directory.file("log")
        let mount = "mount -t tmpfs -o size=8m none \(log) && exec \"$@\""
        let (status, findings) = try examine(
            configuration(["systemLog: {path: \(log)/system.log}"]), in: directory,
            by: ["unshare", "-m", "/bin/sh", "-c", mount, "sh"])
        #expect(status == 1)
        #expect(failed(findings) == ["space: 8 MiB free for the log in `\(log)`"])
    }

    @Test("Less memory than the connections may take", .enabled(if: MemoryGroup.isAvailable))
    func memory() throws {
        let group = try #require(MemoryGroup())
        try "\(256 << 20)".write(
            toFile: "\(group.path)/memory.limit_in_bytes", atomically: false, encoding: .utf8)
        func found(_ process: [String]) throws -> String? {
            try examine(configuration(["limits: {connections: 10000}"] + process), by: group.launcher).findings
                .first { $0.check == "memory" }?.found
        }
        #expect(try found([]) == "256 MiB for programs started here; 10000 busy connections may take 376 MiB")
        #expect(
            try found(["overload: {memory: 64MiB}"])
                == "64 MiB for `overload.memory`; 10000 busy connections may take 376 MiB")
    }

    @Test("An upstream whose name nobody knows")
    func name() throws {
        let (status, findings) = try examine(Configuration(["GET /x": "http://no-such-host.invalid/"]))
        #expect(status == 1)
        #expect(failed(findings).contains { $0.hasPrefix("names: `no-such-host.invalid` has no address") })
    }

    @Test("An invalid configuration exits 78 and names its first problem")
    func invalid() throws {
        let (status, findings) = try examine(configuration(["timeouts: none"]))
        #expect(status == 78)
        #expect(findings.first?.check == "configuration" && findings.first?.verdict == "failed")
        #expect(findings.first?.found.contains("postern.yaml:4:11: error: `timeouts` is text") == true, "\(findings)")
    }

    @Test(
        "An interface and an address that are not there",
        .enabled(if: Machine.canMakeNamespaces, "needs root, `ip` and the right to make network namespaces"))
    func network() throws {
        var configuration = try configuration()
        configuration.listeners = [
            Listener("vpce-one", at: .tcp("10.99.0.1", 8080), "interface: eth-none, port: 8080"),
            Listener("vpce-two", at: .tcp("10.99.0.1", 8080), "address: 10.99.0.1, port: 8080"),
        ]
        let (status, findings) = try examine(
            configuration, by: ["unshare", "-n", "/bin/sh", "-c", "ip link set lo up && exec \"$@\"", "sh"])
        #expect(status == 1)
        #expect(
            failed(findings) == [
                "listeners: vpce-one: no interface `eth-none` on this machine",
                "listeners: vpce-two: `10.99.0.1:8080` is not an address of this machine",
            ])
    }
}
