import Foundation
import Testing

@Suite("What the service manager is told")
struct NotificationTests {
    @Test("Ready, reloading and stopping, each with a status in words")
    func states() throws {
        let manager = try ServiceManager()
        let gateway = try manager.start(Configuration(["GET /x": "{type: MOCK}"]), options: [])
        #expect(manager.values("STATUS") == ["serving generation 1: 1 API, 1 stage, 1 route on 1 listener"])
        var configuration = gateway.configuration
        configuration.apis["shop.yaml"] = API("shop", ["GET /x": "{type: MOCK}", "GET /y": "{type: MOCK}"]).text
        #expect(try gateway.reloadAndWait(configuration).status == 0)
        try eventually("it is ready again") { manager.values("READY").count == 2 }
        #expect(manager.values("STATUS").last == "serving generation 2: 1 API, 1 stage, 2 routes on 1 listener")
        let reloading = try #require(manager.messages.first { $0["RELOADING"] == "1" })
        #expect(try #require(reloading["MONOTONIC_USEC"].flatMap { Int($0) }) > 0)
        #expect(try gateway.stop() == 0)
        #expect(manager.values("STOPPING") == ["1"])
        #expect(manager.values("STATUS").last == "draining: 0 connections")
    }

    @Test("A reload that failed says when and why, and what keeps serving")
    func failedReload() throws {
        let manager = try ServiceManager()
        let gateway = try manager.start(Configuration(["GET /x": "{type: MOCK}"]), options: [])
        var configuration = gateway.configuration
        configuration.process = ["nonsense: 1"]
        #expect(try gateway.reloadAndWait(configuration).status == 1)
        try eventually("it is ready again") { manager.values("READY").count == 2 }
        let status = try #require(manager.values("STATUS").last)
        #expect(status.hasPrefix("reload failed at 20"))
        #expect(status.contains("nonsense"))
        #expect(status.hasSuffix("; generation 1 keeps serving"))
        #expect(try gateway.get("/dev/x").status == 200)
    }
}

@Suite("The watchdog")
struct WatchdogTests {
    /// Stops one thread of a process, and lets it go on when told, as a debugger does (ptrace(2)).
    private static let stopper = """
        import ctypes, os, sys
        process, name = sys.argv[1:]
        for task in os.listdir(f"/proc/{process}/task"):
            if open(f"/proc/{process}/task/{task}/comm").read().startswith(name):
                break
        else:
            sys.exit("no such thread")
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long] * 4
        SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000
        if libc.ptrace(SEIZE, int(task), 0, 0) or libc.ptrace(INTERRUPT, int(task), 0, 0):
            sys.exit(os.strerror(ctypes.get_errno()))
        os.waitpid(int(task), WALL)
        print("stopped", flush=True)
        sys.stdin.read()
        libc.ptrace(DETACH, int(task), 0, 0)
        """

    @Test(
        "It is fed while every event loop answers, and not while one does not", .enabled(if: Machine.has("python3")),
        arguments: ["NIO-ELT-1", "NIO-ELT-2"])
    func silence(thread: String) throws {
        let manager = try ServiceManager()
        let gateway = try manager.start(
            Configuration(["GET /x": "{type: MOCK}"]), options: [], environment: ["WATCHDOG_USEC": "400000"])
        try eventually("it is fed") { manager.values("WATCHDOG").count >= 2 }
        let directory = try TemporaryDirectory()
        try directory.write(Self.stopper, to: "stop.py")
        guard mkfifo(directory.file("go"), 0o600) == 0 else { throw SocketFailure("mkfifo") }
        let stopper = try Child(
            [
                "/bin/sh", "-c",
                "exec python3 \(directory.file("stop.py")) \(gateway.pid) \(thread) < \(directory.file("go"))",
            ],
            output: (directory.file("out"), directory.file("err")))
        let end = open(directory.file("go"), O_WRONLY)
        try eventually("the thread is stopped: \(directory.read("err"))") { directory.read("out") == "stopped\n" }
        try eventually("the log says who is silent") { gateway.errors.contains(thread) }
        let fed = manager.values("WATCHDOG").count
        // Several times what would have fed it.
        usleep(1_200_000)
        #expect(manager.values("WATCHDOG").count <= fed)
        close(end)
        #expect(try stopper.exit() == 0)
        try eventually("it is fed again") { manager.values("WATCHDOG").count > fed }
        #expect(gateway.errors.contains("everything answers again"))
        #expect(try gateway.stop() == 0)
    }

    @Test("A watchdog of another process is not fed")
    func another() throws {
        let manager = try ServiceManager()
        let gateway = try manager.start(
            Configuration(["GET /x": "{type: MOCK}"]), options: [],
            environment: ["WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"])
        usleep(300_000)
        #expect(try gateway.stop() == 0)
        #expect(manager.values("WATCHDOG").isEmpty)
    }

    @Test("The successor of an upgrade feeds it")
    func successor() throws {
        let manager = try ServiceManager()
        let upgrades = Upgrades(
            try manager.start(
                Configuration(["GET /x": "{type: MOCK}"]), options: [], environment: ["WATCHDOG_USEC": "400000"]))
        #expect(try upgrades.order().status == 0)
        try upgrades.waitUntilOnlyCurrentRuns()
        let fed = manager.values("WATCHDOG").count
        try eventually("it is fed") { manager.values("WATCHDOG").count >= fed + 2 }
    }
}
