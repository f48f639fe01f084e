import Foundation
import Testing

@Suite("Policies see who is at the other end of a Unix socket")
struct UnixPeerTests {
    /// Abstract, so that every user can reach it.
    private let path = "@postern-e2e-\(UInt64.random(in: 0 ... .max))"

    private func gateway(_ policy: String, options: String = "defaultApi: shop") throws -> Gateway {
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"], policy: policy)
        configuration.listeners = [Listener("vpce-local", at: .unix(path), "unix: \"\(path)\"", options)]
        return try Gateway(configuration)
    }

    private static func allow(_ key: String, _ value: String) -> String {
        Policies.policy(Policies.statement("Allow", sid: "Known", #"{"StringEquals":{"\#(key)":"\#(value)"}}"#))
    }

    private static let account = String(cString: getpwuid(geteuid()).pointee.pw_name)
    private static let group = String(cString: getgrgid(getegid()).pointee.gr_name)

    @Test(
        "The caller's own facts let it in, and the log names them",
        arguments: [
            ("postern:UnixUid", "\(geteuid())"), ("postern:UnixGid", "\(getegid())"),
            ("postern:UnixUser", Self.account), ("postern:UnixGroup", Self.group),
        ])
    func allowed(key: String, value: String) throws {
        let gateway = try gateway(Self.allow(key, value))
        let response = try gateway.get("/dev/x")
        #expect(response.status == 200)
        let record = try gateway.record(of: response)
        #expect(record.number("unixUid") == Int(geteuid()))
        #expect(record.number("unixGid") == Int(getegid()))
        #expect(record.number("unixPid") == Int(getpid()))
        #expect(record["unixUser"] == Self.account)
        #expect(record["unixGroup"] == Self.group)
        #expect(record["sourceIp"] == nil)
    }

    @Test(
        "Other facts do not, and the log names the condition and the value that was seen",
        arguments: [
            ("postern:UnixUid", "4000001", "\(geteuid())"), ("postern:UnixGid", "4000001", "\(getegid())"),
            ("postern:UnixUser", "nobody-else", Self.account), ("postern:UnixGroup", "nobody-else", Self.group),
        ])
    func refused(key: String, value: String, seen: String) throws {
        let gateway = try gateway(Self.allow(key, value))
        let response = try gateway.get("/dev/x")
        #expect(response.status == 403)
        let record = try gateway.record(of: response)
        #expect(record["policyStatement"] == "Known")
        #expect(record["policyCondition"] == "StringEquals \(key)")
        #expect(record["policyValue"] == seen)
    }

    private static func allow(user: String) -> String {
        #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"UnixUser":"\#(user)"},"#
            + #""Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}"#
    }

    /// Calls as another program does.
    private func curl(as launcher: [String]) throws -> String {
        let name = String(path.dropFirst())
        return try Child.run(
            launcher + ["curl", "-s", "-w", " %{http_code}", "--abstract-unix-socket", name, "http://h/dev/x"]
        ).output
    }

    private static let othersCanCall = Machine.isRoot && Machine.has("setpriv") && Machine.has("curl")

    @Test(
        "A principal UnixUser is that user and nobody else",
        .enabled(if: othersCanCall, "needs root, `setpriv` and `curl` to call as another user"))
    func principal() throws {
        let gateway = try gateway(Self.allow(user: "nobody"))
        let uid = try #require(getpwnam("nobody")).pointee.pw_uid
        let nobody = ["setpriv", "--reuid", "\(uid)", "--regid", "4000001", "--clear-groups"]
        #expect(try curl(as: nobody) == "m 200")
        let record = try gateway.record { $0["unixUser"] == "nobody" }
        #expect(record.number("unixUid") == Int(uid))
        #expect(record.number("unixGid") == 4_000_001)
        // A group without a name has none, and is no failure.
        #expect(record["unixGroup"] == nil)
        #expect(try curl(as: []).hasSuffix(" 403"))
    }

    @Test("A principal UnixUser lets this very user in")
    func ownPrincipal() throws {
        #expect(try gateway(Self.allow(user: Self.account)).get("/dev/x").status == 200)
    }

    /// A control group of a unit's name, as systemd makes them, gone with its owner.
    private final class Unit {
        static let root: String? = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup"].first {
            Machine.isRoot && FileManager.default.isWritableFile(atPath: "\($0)/cgroup.procs")
        }
        private let slice: String
        let path: String

        init(_ name: String) throws {
            slice = "\(Self.root ?? "")/e2e\(UInt32.random(in: 0 ... .max)).slice"
            path = "\(slice)/\(name)"
            guard mkdir(slice, 0o755) == 0, mkdir(path, 0o755) == 0 else { throw SocketFailure("mkdir \(path)") }
        }

        deinit {
            for path in [path, slice] { rmdir(path) }
        }

        var launcher: [String] { ["/bin/sh", "-c", "echo $$ > \(path)/cgroup.procs && exec \"$@\"", "sh"] }
    }

    @Test(
        "A systemd unit is let in and others are not",
        .enabled(if: Unit.root != nil && Machine.has("curl"), "needs root, `curl` and writable control groups"))
    func unit() throws {
        let gateway = try gateway(Self.allow("postern:SystemdUnit", "orders.service"))
        let (orders, carts) = (try Unit("orders.service"), try Unit("carts.service"))
        #expect(try curl(as: orders.launcher) == "m 200")
        #expect(try gateway.record { $0.number("status") == 200 }["systemdUnit"] == "orders.service")
        #expect(try curl(as: carts.launcher).hasSuffix(" 403"))
        let record = try gateway.record { $0.number("status") == 403 }
        #expect(record["systemdUnit"] == "carts.service")
        #expect(record["policyCondition"] == "StringEquals postern:SystemdUnit")
        #expect(record["policyValue"] == "carts.service")
    }

    /// Starts a program as `nobody`, who does not see the processes of others.
    private static let blind = [
        "unshare", "-m", "/bin/sh", "-c",
        "mount -t proc -o hidepid=invisible proc /proc && "
            + "exec setpriv --reuid nobody --regid 4000001 --clear-groups \"$@\"", "sh",
    ]

    private static let canBlind: Bool = {
        guard Machine.isRoot, Machine.has("unshare"), Machine.has("setpriv") else { return false }
        return (try? Child.run(blind + ["/usr/bin/test", "-x", Postern.path]))?.status == 0
    }()

    @Test(
        "A caller whose process is hidden gets no answer, and log and metrics tell why",
        .enabled(if: canBlind, "needs root, `unshare`, `setpriv`, and a program that `nobody` may run"))
    func hidden() throws {
        let directory = try TemporaryDirectory()
        let nobody = try #require(getpwnam("nobody")).pointee.pw_uid
        #expect(chown(directory.path, nobody, 4_000_001) == 0)
        var configuration = try Configuration(["GET /x": "{type: MOCK, body: m}"])
        configuration.listeners = [Listener("vpce-local", at: .unix(path), "unix: \"\(path)\"", "defaultApi: shop")]
        let gateway = try Gateway(configuration, in: directory, launcher: Self.blind)
        try gateway.waitUntilListening()
        let wire = try gateway.connect()
        try wire.send("GET /dev/x HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect((try? wire.readResponse()) == nil)
        let record = try gateway.record { $0["errorResponseType"] == "UNIX_PEER" }
        #expect(record["errorReason"] == "process_hidden")
        #expect(record.number("unixPid") == Int(getpid()))
        let metrics = try gateway.admin("/metrics").text.split(separator: "\n")
        let refusals = metrics.first { $0.hasPrefix(#"postern_unix_peer_refusals_total{reason="process_hidden"} "#) }
        #expect(Int(refusals?.split(separator: " ").last ?? "") ?? 0 > 0)
    }

    @Test("Behind a PROXY header the caller is not the process that connected, unless the header says LOCAL")
    func proxyHeader() throws {
        let gateway = try gateway(
            Self.allow("postern:UnixUid", "\(geteuid())"), options: "defaultApi: shop, proxyProtocol: {from: [unix]}")
        let request = "GET /dev/x HTTP/1.1\r\nHost: h\r\n\r\n"
        let forwarded = try gateway.connect()
        try forwarded.send("PROXY TCP4 10.1.2.3 10.9.9.9 12345 443\r\n" + request)
        let refused = try forwarded.readResponse()
        #expect(refused.status == 403)
        let record = try gateway.record(of: refused)
        #expect(record["unixUid"] == nil && record.number("unixUid") == nil)
        #expect(record["sourceIp"] == "10.1.2.3")
        let own = try gateway.connect()
        try own.send(Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [0x20, 0, 0, 0] + Array(request.utf8))
        #expect(try own.readResponse().status == 200)
    }

    @Test("Over TCP no such fact exists: what asks for one admits nobody")
    func overTCP() throws {
        let policy = Self.allow("postern:UnixUid", "\(geteuid())")
        let gateway = try Gateway(try Configuration(["GET /x": "{type: MOCK}"], policy: policy))
        let response = try gateway.get("/dev/x")
        #expect(response.status == 403)
        #expect(try gateway.record(of: response)["policyValue"] == nil)
    }
}
