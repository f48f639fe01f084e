import Foundation
import Testing

@Suite(
    "What the gateway gives up before it serves",
    .enabled(if: Machine.isRoot && Machine.nobody != nil, "needs root, and a user `nobody`"))
struct PrivilegeTests {
    private let directory: TemporaryDirectory
    private let nobody: (user: Int, group: Int)

    init() throws {
        directory = try TemporaryDirectory()
        nobody = try #require(Machine.nobody)
    }

    private func configuration(_ listener: Listener? = nil, _ process: [String]) throws -> Configuration {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"], process)
        if let listener { configuration.listeners = [listener] }
        return configuration
    }

    private func low(_ port: Int) -> Listener {
        Listener(
            "vpce-mesh", at: .tcp("127.0.0.1", port), "address: 127.0.0.1, port: \(port)", "defaultApi: shop")
    }

    private func asNobody(_ listener: Listener? = nil) throws -> Configuration {
        try configuration(listener, ["user: nobody"])
    }

    private func start(_ configuration: Configuration, _ launcher: [String] = []) throws -> Gateway {
        try configuration.write(to: directory)
        try directory.giveToNobody()
        return try Gateway(configuration, in: directory, launcher: launcher)
    }

    private func expect(
        _ gateway: Gateway, holds capabilities: UInt64, location: SourceLocation = #_sourceLocation
    ) throws {
        let rights = try ProcessRights.ofThreads(gateway.pid)
        #expect(rights.count == 1, "threads differ: \(rights)", sourceLocation: location)
        let own = try #require(rights.first, sourceLocation: location)
        #expect(own.sets == ProcessRights.all(capabilities), sourceLocation: location)
        #expect(own.noNewPrivileges, sourceLocation: location)
    }

    // MARK: User

    @Test("Every thread is the configured user, in the user's groups, and holds no capability")
    func user() throws {
        let gateway = try start(asNobody())
        try gateway.waitUntilListening()
        #expect(try gateway.get("/dev/x").text == "m")
        try expect(gateway, holds: 0)
        let own = try #require(try ProcessRights.ofThreads(gateway.pid).first)
        #expect(own.users == Array(repeating: nobody.user, count: 4))
        #expect(own.groups == Array(repeating: nobody.group, count: 4))
        let groups = try Child.run(["id", "-G", "nobody"]).output.split(whereSeparator: \.isWhitespace)
        #expect(own.supplementaryGroups == Set(groups.compactMap { Int($0) }))
        #expect(try gateway.reloadAndWait(asNobody()).status == 0)
        #expect(try gateway.stop() == 0)
    }

    @Test("A group of its own takes the place of the user's")
    func group() throws {
        let gateway = try start(configuration(nil, ["user: nobody", "group: \"65533\""]))
        try gateway.waitUntilListening()
        let own = try #require(try ProcessRights.ofThreads(gateway.pid).first)
        #expect(own.groups == Array(repeating: 65533, count: 4))
        #expect(own.supplementaryGroups.contains(65533))
        #expect(!own.supplementaryGroups.contains(0))
    }

    @Test("The process's own entries in /proc are its user's, so that it can be looked into as before")
    func dumpable() throws {
        let gateway = try start(asNobody())
        try gateway.waitUntilListening()
        let attributes = try FileManager.default.attributesOfItem(atPath: "/proc/\(gateway.pid)/fd")
        #expect(attributes[.ownerAccountID] as? Int == nobody.user)
    }

    @Test(
        "A user or group that is not there is told with its place, and nothing is served",
        arguments: [
            (["user: no-such-user"], "postern.yaml:4:7: error: no user `no-such-user` on this machine"),
            (
                ["user: nobody", "group: no-such-group"],
                "postern.yaml:5:8: error: no group `no-such-group` on this machine"
            ),
            (["user: \"4000001\""], "postern.yaml:4:7: error: user 4000001 has no entry"),
        ])
    func unknown(process: [String], message: String) throws {
        let gateway = try start(configuration(nil, process))
        #expect(try gateway.child.exit() == 78)
        #expect(gateway.errors.contains(message), "\(gateway.errors)")
        #expect(!directory.exists("admin.sock"))
    }

    // MARK: Root

    @Test("Root is refused with 77 where no user is configured, and is told what to write")
    func root() throws {
        try configuration(nil, []).write(to: directory)
        let result = try Postern.run("serve", "--config", directory.path)
        #expect(result.status == 77)
        #expect(result.errors.contains("write `user: postern`"), "\(result)")
        #expect(result.errors.contains("`--allow-root`"))
        #expect(!directory.exists("admin.sock"))
    }

    @Test("Root as the configured user is refused just so")
    func rootByName() throws {
        try configuration(nil, ["user: root"]).write(to: directory)
        let result = try Postern.run("serve", "--config", directory.path)
        #expect(result.status == 77)
        #expect(result.errors.contains("postern.yaml:4:7: error: `user` is root"), "\(result)")
    }

    @Test("Root that is told to serve keeps its number and no capability")
    func allowedRoot() throws {
        let gateway = try Gateway(configuration(nil, []))
        try expect(gateway, holds: 0)
        #expect(try ProcessRights.ofThreads(gateway.pid).first?.users == [0, 0, 0, 0])
    }

    @Test("The quickstart, as root, keeps no capability either")
    func quickstart() throws {
        let files = (directory.file("out"), directory.file("err"))
        let child = try Child([Postern.path, "quickstart", "--port", "0"], output: files)
        try eventually("it serves") { directory.read("out").contains("curl") }
        let rights = try ProcessRights.ofThreads(child.pid)
        #expect(rights.map(\.sets) == [ProcessRights.all(0)])
        child.signal(SIGTERM)
        #expect(try child.exit() == 0)
    }

    // MARK: Capabilities

    @Test(
        "A low port is served by a user that is not root, with CAP_NET_BIND_SERVICE and nothing else",
        .enabled(if: Machine.guardsLowPorts, "low ports are everyone's here"))
    func lowPort() throws {
        let gateway = try start(asNobody(low(try FreePort.low())))
        try gateway.waitUntilListening()
        #expect(try gateway.get("/dev/x").text == "m")
        try expect(gateway, holds: ProcessRights.netBindService)
        // And may take another one later.
        let other = try asNobody(low(try FreePort.low()))
        #expect(try gateway.reloadAndWait(other).status == 0)
        #expect(try gateway.get("/dev/x").text == "m")
    }

    @Test("A socket's file for another owner takes CAP_CHOWN and nothing else")
    func owner() throws {
        let path = directory.file("a.sock")
        let gateway = try start(
            asNobody(
                Listener(
                    "vpce-local", at: .unix(path), "unix: \(path), owner: \"65532\", mode: \"0606\"",
                    "defaultApi: shop")))
        try gateway.waitUntilListening()
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? Int == 65532)
        try expect(gateway, holds: ProcessRights.chown)
        #expect(try gateway.stop() == 0)
        #expect(!directory.exists("a.sock"))
    }

    @Test("A socket's file for a group that the user is in takes no capability")
    func ownGroup() throws {
        let path = directory.file("a.sock")
        let gateway = try start(
            asNobody(
                Listener("vpce-local", at: .unix(path), "unix: \(path), group: \"\(nobody.group)\"", "defaultApi: shop")
            ))
        try gateway.waitUntilListening()
        try expect(gateway, holds: 0)
    }

    private var setpriv: [String] {
        ["setpriv", "--reuid=\(nobody.user)", "--regid=\(nobody.group)", "--clear-groups"]
    }

    @Test(
        "Of the capabilities that a service manager grants, those that nothing needs are dropped",
        .enabled(if: Machine.guardsLowPorts && Machine.has("setpriv"), "needs `setpriv` and guarded low ports"))
    func ambient() throws {
        let granted = "+net_bind_service,+chown,+net_raw"
        let launcher = setpriv + ["--inh-caps=\(granted)", "--ambient-caps=\(granted)"]
        let gateway = try start(configuration(low(try FreePort.low()), []), launcher)
        try gateway.waitUntilListening()
        let own = try #require(try ProcessRights.ofThreads(gateway.pid).first)
        for name in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            #expect(own.sets[name] == ProcessRights.netBindService, "\(name)")
        }
        #expect(own.noNewPrivileges)
        // `setpriv` has left what only CAP_SETPCAP could change.
        #expect(gateway.errors.contains("`CapabilityBoundingSet=` in the unit"), "\(gateway.errors)")
        #expect(gateway.errors.contains("`SecureBits=noroot noroot-locked"))
    }

    @Test(
        "A service manager that grants what is needed, sets the bounding set and locks the secure bits leaves nothing to tell",
        .enabled(if: Machine.guardsLowPorts && Machine.has("setpriv"), "needs `setpriv` and guarded low ports"))
    func ambientWhole() throws {
        let granted = "-all,+net_bind_service"
        let launcher =
            setpriv + [
                "--inh-caps=\(granted)", "--ambient-caps=\(granted)", "--bounding-set=\(granted)",
                "--securebits=+noroot,+noroot_locked,+no_setuid_fixup,+no_setuid_fixup_locked",
            ]
        let gateway = try start(configuration(low(try FreePort.low()), []), launcher)
        try gateway.waitUntilListening()
        #expect(try gateway.get("/dev/x").text == "m")
        try expect(gateway, holds: ProcessRights.netBindService)
        #expect(!gateway.errors.contains("warning"), "\(gateway.errors)")
    }

    @Test(
        "A capability that is needed and not held is told at the listener, with what to do, and nothing is served",
        .enabled(if: Machine.guardsLowPorts && Machine.has("setpriv"), "needs `setpriv` and guarded low ports"))
    func notGranted() throws {
        let port = try FreePort.low()
        let gateway = try start(configuration(low(port), []), setpriv)
        #expect(try gateway.child.exit() == 77)
        let message =
            "postern.yaml:7:5: error: listener `vpce-mesh` needs CAP_NET_BIND_SERVICE for port \(port), and the process does "
            + "not hold it (grant it in the unit (`AmbientCapabilities=CAP_NET_BIND_SERVICE`), inherit the socket, or use a "
            + "port from 1024 on)"
        #expect(gateway.errors.contains(message), "\(gateway.errors)")
        #expect(!directory.exists("admin.sock"))
    }

    @Test("A user who is not root does not become another one")
    func notRoot() throws {
        let gateway = try start(configuration(nil, ["user: daemon"]), setpriv)
        #expect(try gateway.child.exit() == 77)
        #expect(gateway.errors.contains("started as user \(nobody.user) without CAP_SETUID"), "\(gateway.errors)")
    }

    @Test(
        "A reload that needs a capability which was given up changes nothing and says at which listener",
        .enabled(if: Machine.guardsLowPorts, "low ports are everyone's here"))
    func reload() throws {
        let gateway = try start(asNobody())
        try gateway.waitUntilListening()
        let port = try FreePort.low()
        var next = try asNobody()
        next.listeners =
            gateway.configuration.listeners + [
                Listener("vpce-low", at: .tcp("127.0.0.1", port), "address: 127.0.0.1, port: \(port)")
            ]
        let reload = try gateway.reloadAndWait(next)
        #expect(reload.status == 1)
        #expect(
            reload.all.contains("postern.yaml:9:5: error: listener `vpce-low` needs CAP_NET_BIND_SERVICE"), "\(reload)")
        #expect(reload.all.contains("nothing was changed; generation 1 keeps serving"))
        #expect((try? Socket.connected(to: .tcp("127.0.0.1", port))) == nil)
        try expect(gateway, holds: 0)
    }

    @Test("The secure bits are set and locked, in a thread that was started later, as `postern status` tells")
    func secureBits() throws {
        let gateway = try start(asNobody())
        try gateway.waitUntilListening()
        let status = try Postern.run("status", "--json", "--admin", directory.file("admin.sock"))
        let report = try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
        let privileges = try #require(report?["privileges"] as? [String: Any], "\(status)")
        let bits = try #require(privileges["secureBits"] as? [String])
        #expect(
            Set(bits) == [
                "noroot", "noroot_locked", "no_setuid_fixup", "no_setuid_fixup_locked", "keep_caps_locked",
                "no_cap_ambient_raise", "no_cap_ambient_raise_locked",
            ])
        #expect(privileges["permitted"] as? [String] == [])
    }
}
