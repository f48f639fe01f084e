import Foundation
import Testing

/// A user and a group that this machine does not know.
private enum Stranger {
    static let user = 4_000_001
    static let group = 4_000_002

    static let canAsk: Bool = {
        guard Machine.isRoot, Machine.has("setpriv") else { return false }
        return (try? Child.run(launcher() + ["/usr/bin/test", "-x", Postern.path]))?.status == 0
    }()

    static func launcher(group: Int = 4_000_003, groups: [Int] = []) -> [String] {
        let more = groups.isEmpty ? ["--clear-groups"] : ["--groups", groups.map(String.init).joined(separator: ",")]
        return ["setpriv", "--reuid", "\(user)", "--regid", "\(group)"] + more
    }
}

@Suite(
    "Who may do what on the admin socket",
    .enabled(if: Stranger.canAsk, "needs root, `setpriv`, and a program that other users may run"))
struct AdminRoleTests {
    private static func ask(
        _ command: String, _ socket: String, group: Int = 4_000_003, groups: [Int] = []
    ) throws -> Child.Result {
        try Child.run(Stranger.launcher(group: group, groups: groups) + [Postern.path, command, "--admin", socket])
    }

    /// In the abstract name space, where every user may connect.
    private func gateway(_ roles: String) throws -> (gateway: Gateway, socket: String) {
        let socket = "@postern-roles-\(UInt64.random(in: 0 ... .max))"
        let gateway = try Gateway(
            Configuration(["GET /x": "{type: MOCK}"], ["admin: {socket: \"\(socket)\"\(roles)}"]))
        return (gateway, socket)
    }

    @Test("A stranger is told whom it was taken for and which key would admit it; root may do everything")
    func stranger() throws {
        let (gateway, socket) = try gateway("")
        for (command, key) in [("status", "admin.readers"), ("reload", "admin.writers"), ("top", "admin.readers")] {
            let refused = try Self.ask(command, socket, groups: [4_000_004])
            #expect(refused.status == 77, "\(refused)")
            let who = "uid 4000001, gid 4000003, groups 4000004, has no role here"
            #expect(refused.errors.contains(who) && refused.errors.contains(key), "\(refused)")
        }
        #expect(try Postern.run("status", "--admin", socket).status == 0)
        #expect(try Postern.run("reload", "--admin", socket).status == 0)
        withExtendedLifetime(gateway) {}
    }

    @Test(
        "Readers ask and do not order, by user, group and supplementary group",
        arguments: [
            ("{users: [4000001]}", 4_000_003, []), ("{groups: [4000002]}", 4_000_002, []),
            ("{groups: [4000002]}", 4_000_003, [4_000_004, 4_000_002]),
        ])
    func readers(roles: String, group: Int, groups: [Int]) throws {
        let (gateway, socket) = try gateway(", readers: \(roles)")
        #expect(try Self.ask("status", socket, group: group, groups: groups).status == 0)
        let refused = try Self.ask("reload", socket, group: group, groups: groups)
        #expect(refused.status == 77 && refused.errors.contains("the role `read` only"), "\(refused)")
        #expect(refused.errors.contains("`admin.writers`"))
        withExtendedLifetime(gateway) {}
    }

    @Test("Writers order, and the log says who did")
    func writers() throws {
        let (gateway, socket) = try gateway(", writers: {groups: [4000002]}")
        #expect(try Self.ask("reload", socket, groups: [4_000_002]).status == 0)
        #expect(try Self.ask("status", socket, groups: [4_000_002]).status == 0)
        try eventually("the order is logged") { gateway.errors.contains("reload ordered") }
        let line = gateway.errors.split(separator: "\n").first { $0.contains("reload ordered") } ?? ""
        #expect(line.contains("uid=4000001") && line.contains("gid=4000003"), "\(line)")
    }

    @Test("Members of the socket's group read without more being said")
    func socketGroup() throws {
        let directory = try TemporaryDirectory()
        chmod(directory.path, 0o711)
        let socket = directory.file("a.sock")
        let gateway = try Gateway(
            Configuration(
                ["GET /x": "{type: MOCK}"], ["admin: {socket: \(socket), group: \"\(Stranger.group)\", mode: \"0666\"}"]
            ))
        #expect(try Self.ask("status", socket, groups: [Stranger.group]).status == 0)
        #expect(try Self.ask("reload", socket, groups: [Stranger.group]).status == 77)
        #expect(try Self.ask("status", socket).status == 77)
        withExtendedLifetime(gateway) {}
    }

    @Test("Roles change with a reload, also on a connection that is open")
    func change() throws {
        let socket = "@postern-roles-\(UInt64.random(in: 0 ... .max))"
        func configuration(_ roles: String) throws -> Configuration {
            try Configuration(["GET /x": "{type: MOCK}"], ["admin: {socket: \"\(socket)\"\(roles)}"])
        }
        let gateway = try Gateway(configuration(""))
        #expect(try Self.ask("status", socket).status == 77)
        let script = """
            import os, socket, sys
            os.setgroups([]); os.setgid(\(Stranger.group)); os.setuid(\(Stranger.user))
            s = socket.socket(socket.AF_UNIX); s.connect("\\0\(socket.dropFirst())")
            for line in sys.stdin:
                s.sendall(b"GET /ready HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
                print(s.recv(4096).split(b" ")[1].decode(), flush=True)
            """
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/env")
        python.arguments = ["python3", "-c", script]
        let (asked, answered) = (Pipe(), Pipe())
        (python.standardInput, python.standardOutput) = (asked, answered)
        try python.run()
        defer { python.terminate() }
        func status() -> String {
            asked.fileHandleForWriting.write(Data("\n".utf8))
            return String(decoding: (try? answered.fileHandleForReading.read(upToCount: 4)) ?? Data(), as: UTF8.self)
        }
        #expect(status() == "403\n")
        let next = try configuration(", readers: {users: [\(Stranger.user)]}")
        let listeners = gateway.configuration.listeners
        var kept = next
        kept.listeners = listeners
        try kept.write(to: gateway.directory)
        let reload = try Postern.run("reload", "--admin", socket)
        #expect(reload.status == 0 && !reload.output.contains("`admin` takes effect"), "\(reload)")
        #expect(status() == "200\n")
    }

    @Test("An unknown name is an error of the configuration")
    func unknown() throws {
        let directory = try TemporaryDirectory()
        try Configuration(["GET /x": "{type: MOCK}"], ["admin: {readers: {users: [no-such-user]}}"]).write(
            to: directory)
        let check = try Postern.run("check", "--config", directory.path)
        #expect(check.status == 78)
        #expect(check.errors.contains("postern.yaml:4:27: error: no user `no-such-user` on this machine"), "\(check)")
    }
}
