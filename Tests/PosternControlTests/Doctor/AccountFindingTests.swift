import PosternHost
import PosternPolicy
import Testing

@testable import PosternControl

@Suite struct AccountFindingTests {
    private func account(
        by starter: String = "root", _ runAs: RunAsConfiguration? = nil, known: (Bool, Bool) = (true, true),
        allowsRoot: Bool = false
    ) -> Finding {
        .account(
            startedBy: .init(name: starter, isRoot: starter == "root"), runAs: runAs, isKnown: known,
            isSame: runAs?.user == starter, isRoot: runAs?.user == "root", allowsRoot: allowsRoot)
    }

    @Test func `root without a user is refused unless it is allowed`() {
        #expect(account().verdict == .failed)
        #expect(account(allowsRoot: true).verdict == .ok)
        #expect(account(RunAsConfiguration(user: "root")).verdict == .failed)
        #expect(account(RunAsConfiguration(user: "root"), allowsRoot: true).verdict == .ok)
    }

    @Test func `root becomes another user, and another user stays who it is`() {
        #expect(account(RunAsConfiguration(user: "p")).found == "runs as `p`, started as root")
        #expect(account(by: "p").found == "runs as `p`")
        #expect(account(by: "p", RunAsConfiguration(user: "p")).found == "runs as `p`")
        #expect(account(by: "q", RunAsConfiguration(user: "p")).found == "`user` is `p`, whom `q` cannot become")
    }

    @Test func `a user or group that nobody knows`() {
        let runAs = RunAsConfiguration(user: "p", group: "g")
        #expect(account(runAs, known: (false, true)).found == "no user `p` on this machine")
        #expect(account(runAs, known: (true, false)).found == "no group `g` on this machine")
        #expect(Finding.unknownAccount(user: nil, group: nil, isKnown: (true, true)) == nil)
    }

    @Test func `a running gateway should not be root`() {
        #expect(Finding.account(running: "root", isRoot: true, allowsRoot: false).verdict == .warning)
        #expect(Finding.account(running: "root", isRoot: true, allowsRoot: true).verdict == .ok)
        #expect(Finding.account(running: "p", isRoot: false, allowsRoot: false).verdict == .ok)
    }

    @Test func `a capability that is needed must be there`() {
        let need = CapabilityNeed(
            capability: .netBindService, position: SourcePosition(file: "postern.yaml", line: 1, column: 1),
            reason: "listener `a` needs CAP_NET_BIND_SERVICE for port 80", alternative: "or use a port from 1024 on")
        let missing = Finding.capabilities([need], held: [.chown], holder: "the unit")
        #expect(missing.verdict == .failed)
        #expect(missing.found == "listener `a` needs CAP_NET_BIND_SERVICE for port 80, which the unit does not have")
        #expect(missing.advice?.contains("AmbientCapabilities=CAP_NET_BIND_SERVICE") == true)
        let held = Finding.capabilities([need, need], held: [.netBindService], holder: "the unit")
        #expect(held.found == "the unit has CAP_NET_BIND_SERVICE")
        #expect(Finding.capabilities([], held: [], holder: "x").verdict == .ok)
    }

    @Test func `Landlock is judged by kernel, configuration and the running gateway`() {
        func landlock(_ version: Int, _ mode: SandboxConfiguration.Landlock, confined: Bool? = nil) -> Finding.Verdict {
            let running = confined.map { LandlockStatus(abi: version, confined: $0) }
            return Finding.landlock(version: version, mode: mode, running: running).verdict
        }
        #expect(landlock(4, .auto) == .ok)
        #expect(landlock(4, .auto, confined: true) == .ok)
        #expect(landlock(4, .auto, confined: false) == .warning)
        #expect(landlock(4, .off, confined: false) == .ok)
        #expect(landlock(0, .auto) == .warning)
        #expect(landlock(0, .required) == .failed)
    }
}
