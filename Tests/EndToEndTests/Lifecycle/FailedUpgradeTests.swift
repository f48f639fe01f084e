import Foundation
import Testing

@Suite("Upgrades that fail")
struct FailedUpgradeTests {
    /// A gateway whose program file the test may replace.
    private struct Bench {
        let program: ReplaceableProgram
        let upgrades: Upgrades
        var gateway: Gateway { upgrades.gateway }

        init(_ process: [String] = []) throws {
            program = try ReplaceableProgram()
            // Programs that take its place are shell scripts here, and a sandbox executes none.
            let configuration = try Configuration(
                ["GET /x": "{type: MOCK, body: m}"], ["sandbox: {landlock: \"off\"}"] + process)
            let gateway = try Gateway(configuration, launcher: [], program: program.path)
            try gateway.waitUntilListening()
            upgrades = Upgrades(gateway)
        }

        /// Orders an upgrade that must fail under load, and looks whether everything is as before.
        func fail() throws -> UpgradeOutcome {
            let callers = SteadyCallers(to: [gateway.place()])
            defer { callers.end() }
            try callers.waitForMore()
            let outcome = try upgrades.order()
            #expect(outcome.status == 1)
            #expect(!outcome.succeeded)
            try callers.waitForMore()
            #expect(try callers.endAndWait() == [])
            #expect(Upgrades.children(of: gateway.pid) == [])
            return outcome
        }
    }

    @Test("A program that ends at once leaves the old one serving")
    func ends() throws {
        let bench = try Bench()
        let before = bench.gateway.openDescriptors
        try bench.program.replace(by: "exit 3")
        for _ in 0..<3 {
            #expect(try bench.fail().description.contains("exited with 3"))
        }
        try eventually("no descriptor is left") { bench.gateway.openDescriptors <= before }
    }

    @Test("A program that cannot be run leaves the old one serving")
    func missing() throws {
        let bench = try Bench()
        try bench.program.directory.remove("postern")
        #expect(try bench.fail().description.contains(bench.program.path))
    }

    @Test("A version that knows nothing of handing over finds its addresses in use")
    func old() throws {
        let bench = try Bench()
        try bench.program.replace(by: "unset POSTERN_HANDOVER; exec '\(Postern.path)' \"$@\"")
        #expect(try bench.fail().description.contains("exited with 1"))
        #expect(bench.gateway.errors.contains("already"))
    }

    @Test("A version that hangs is ended at the limit")
    func hangs() throws {
        let bench = try Bench(["timeouts: {upgrade: 300ms}"])
        try bench.program.replace(by: "exec sleep 1000")
        #expect(try bench.fail().description.contains("timeouts.upgrade"))
    }

    @Test("A configuration that is no longer valid is told, place and all")
    func configuration() throws {
        let bench = try Bench()
        let text = bench.gateway.directory.read("postern.yaml")
        try bench.gateway.directory.write(text + "nonsense: 1\n", to: "postern.yaml")
        let outcome = try bench.fail()
        #expect(outcome.description.contains("postern.yaml:"))
        #expect(outcome.description.contains("nonsense"))
        try bench.gateway.directory.write(text, to: "postern.yaml")
        #expect(try bench.upgrades.order().status == 0)
    }

    @Test("An order to stop ends the upgrade as well")
    func stopped() throws {
        let bench = try Bench()
        try bench.program.replace(by: "exec sleep 1000")
        bench.gateway.child.signal(SIGUSR2)
        try eventually("the successor is there") { !Upgrades.children(of: bench.gateway.pid).isEmpty }
        let successor = try #require(Upgrades.children(of: bench.gateway.pid).first.flatMap { pid_t($0) })
        #expect(try bench.gateway.stop() == 0)
        #expect(!Upgrades.runs(successor))
    }

    @Test("A successor that hangs is ended, with the process between")
    func hangsBehindUsher() throws {
        let bench = try Bench(["timeouts: {upgrade: 1s}"])
        // Our program, waiting for a predecessor that says nothing; its arguments tell it apart.
        let mark = bench.gateway.directory.file("hanging.yaml")
        try bench.program.replace(
            by: """
                exec python3 -c '
                import os, socket
                ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                for end in ends: end.set_inheritable(True)
                os.environ["POSTERN_HANDOVER"] = str(ends[1].fileno())
                os.execv("\(Postern.path)", ["postern", "serve", "--config", "\(mark)"])'
                """)
        bench.gateway.child.signal(SIGUSR2)
        try eventually("there are a successor and the process between") { try Self.processes(naming: mark) == 2 }
        try eventually("the upgrade is given up") { bench.gateway.errors.contains("timeouts.upgrade") }
        #expect(try Self.processes(naming: mark) == 0)
        #expect(Upgrades.children(of: bench.gateway.pid) == [])
        #expect(try bench.gateway.get("/dev/x").status == 200)
    }

    /// How many processes have this among their arguments.
    private static func processes(naming argument: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").count { entry in
            guard pid_t(entry) != nil, let data = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") else {
                return false
            }
            return data.split(separator: 0).contains { $0.elementsEqual(argument.utf8) }
        }
    }

    @Test("A successor that stops in the middle of taking over leaves the old one accepting")
    func dies() throws {
        // It says that it is ready, and goes when it should accept.
        let script = """
            exec python3 -c '
            import os, socket
            end = socket.socket(fileno=int(os.environ["POSTERN_HANDOVER"]))
            while end.recv(65536) != b"given\\n": pass
            end.send(b"ready\\n%d 9.9" % os.getpid())
            assert end.recv(65536) == b"accept\\n"
            os._exit(5)'
            """
        let bench = try Bench()
        try bench.program.replace(by: script)
        for _ in 0..<2 { #expect(try bench.fail().description.contains("exited with 5")) }
        #expect(try bench.gateway.admin("/ready").status == 200)
        #expect(try bench.gateway.stop() == 0)
    }

    @Test("Orders that come while another is carried out wait for it")
    func orders() throws {
        let bench = try Bench(["timeouts: {upgrade: 1s}"])
        try bench.program.replace(by: "exec sleep 1000")
        bench.gateway.child.signal(SIGUSR2)
        try eventually("the successor is there") { !Upgrades.children(of: bench.gateway.pid).isEmpty }
        let reload = try Postern.run("reload", "--admin", bench.gateway.directory.file("admin.sock"))
        #expect(reload.status == 0, "\(reload)")
        #expect(bench.gateway.errors.contains("timeouts.upgrade"))
    }
}
