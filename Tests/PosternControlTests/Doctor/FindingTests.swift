import PosternHTTP
import PosternHost
import Testing

@testable import PosternControl

@Suite struct FindingTests {
    private func descriptors(_ most: Int, ceiling: Int? = 1_048_576, connections: Int?) -> Finding {
        .descriptors(DescriptorAllowance(most: most, ceiling: ceiling), whose: "a test", connections: connections)
    }

    @Test func `each connection needs two descriptors`() {
        #expect(descriptors(20_128, connections: 10_000).verdict == .ok)
        let short = descriptors(20_127, connections: 10_000)
        #expect(short.verdict == .failed)
        #expect(short.advice == "set `LimitNOFILE=20128` in the unit, or lower `limits.connections`")
        #expect(
            descriptors(1024, ceiling: 8192, connections: 10_000).advice?.hasPrefix("raise `fs.nr_open` to 20128")
                == true)
    }

    @Test func `without a bound of connections few descriptors are only warned of`() {
        #expect(descriptors(8_192, connections: nil).verdict == .ok)
        #expect(descriptors(1_024, connections: nil).verdict == .warning)
    }

    private func backlog(
        _ perSocket: Int?, halfOpen: Int? = 4096, cookies: Bool = true, aborts: Bool = false
    ) -> Finding {
        .backlog(
            .init(mostPerSocket: perSocket, mostHalfOpen: halfOpen, hasCookies: cookies, abortsOnOverflow: aborts),
            wanted: 4096)
    }

    @Test func `queues that the kernel cuts are warned of`() {
        #expect(backlog(4096).verdict == .ok)
        #expect(backlog(nil, halfOpen: nil).verdict == .ok)
        #expect(backlog(128).advice == "set `net.core.somaxconn` to 4096")
        #expect(backlog(4096, aborts: true).verdict == .warning)
        #expect(backlog(4096, halfOpen: 128).verdict == .ok)
        #expect(backlog(4096, halfOpen: 128, cookies: false).verdict == .warning)
    }

    @Test func `ports toward one upstream suffice for the connections to it`() {
        #expect(Finding.ports(32768...60999, connections: 28_232).verdict == .ok)
        #expect(Finding.ports(32768...60999, connections: 28_233).verdict == .warning)
        #expect(Finding.ports(32768...32768, connections: 0).verdict == .ok)
    }

    @Test func `memory is judged by what connections may take`() {
        #expect(Finding.memory(limit: nil, whose: "a test", connections: 1_000_000).verdict == .ok)
        #expect(Finding.memory(limit: 1 << 30, whose: "a test", connections: 10_000).verdict == .ok)
        let short = Finding.memory(limit: 256 << 20, whose: "a test", connections: 10_000)
        #expect(short.verdict == .warning)
        #expect(short.found == "256 MiB for a test; 10000 busy connections may take 376 MiB")
        #expect(Finding.memory(limit: 1 << 30, whose: "a test", connections: 1, level: "refuse").verdict == .failed)
    }

    @Test func `a clock matters where certificates are judged by it, and a date before the build always`() {
        func clock(_ synchronized: Bool?, year: Int = 2026, needed: Bool) -> Finding.Verdict {
            Finding.clock(
                ClockState(isSynchronized: synchronized, year: year), builtIn: 2026, needsTime: needed
            ).verdict
        }
        #expect(clock(true, needed: true) == .ok)
        #expect(clock(false, needed: true) == .warning)
        #expect(clock(false, needed: false) == .ok)
        #expect(clock(nil, needed: true) == .ok)
        #expect(clock(true, year: 1970, needed: false) == .failed)
    }

    @Test func `names that fail or take long are told one by one`() {
        let good = NameLookup(name: "a", milliseconds: 3, failure: nil)
        let slow = NameLookup(name: "b", milliseconds: 4000, failure: nil)
        let bad = NameLookup(name: "c", milliseconds: 1, failure: "Name or service not known")
        #expect(Finding.names([], hasResolverFile: false).map(\.verdict) == [.ok])
        #expect(Finding.names([good], hasResolverFile: true).map(\.verdict) == [.ok])
        #expect(Finding.names([good, slow, bad], hasResolverFile: true).map(\.verdict) == [.warning, .failed])
        #expect(Finding.names([good], hasResolverFile: false).map(\.verdict) == [.warning])
    }

    @Test func `a directory that systemd makes need not be there`() {
        func directory(_ access: DirectoryState.Access, makes: Bool = false) -> Finding {
            .directory(
                DirectoryState(path: "/run/p", access: access, space: nil), purpose: "a socket", user: "p",
                makesItself: makes)
        }
        #expect(directory(.writable).verdict == .ok)
        #expect(directory(.missing).verdict == .failed)
        #expect(directory(.missing, makes: true).verdict == .ok)
        #expect(directory(.refused(at: "/run")).advice?.contains("ls -ld /run") == true)
        #expect(directory(.readOnly).verdict == .failed)
        #expect(directory(.notADirectory).verdict == .failed)
    }

    @Test func `room on the log's disk`() {
        func space(_ free: Int, of bytes: Int, files: Int? = 10) -> Finding.Verdict {
            Finding.space(.init(freeBytes: free << 20, bytes: bytes << 20, freeFiles: files), path: "/l").verdict
        }
        #expect(space(1_000, of: 2_000) == .ok)
        #expect(space(1_000, of: 100_000) == .warning)
        #expect(space(100, of: 200) == .warning)
        #expect(space(10, of: 200) == .failed)
        #expect(space(1_000, of: 2_000, files: 0) == .failed)
        #expect(space(1_000, of: 2_000, files: nil) == .ok)
    }

    @Test func `what a listener lacks comes with what helps`() {
        let error = ListenerError(endpointID: "vpce-a", .addressNotHere("10.1.1.1:80"))
        let finding = Finding.listener("vpce-a", place: "x", outcome: error)
        #expect(finding.verdict == .failed)
        #expect(finding.found == "vpce-a: `10.1.1.1:80` is not an address of this machine")
        #expect(finding.advice == "`ip address` lists those there are")
        #expect(Finding.listener("vpce-a", place: "x", taken: .served, outcome: error).verdict == .ok)
        #expect(Finding.listener("vpce-a", place: "x", taken: .stored(2), outcome: error).verdict == .ok)
        #expect(Finding.listener("vpce-a", place: "x").verdict == .ok)
    }

    @Test func `an inherited socket needs its unit`() {
        let sockets = [
            (name: "mesh", unit: "p.socket", isActive: true), (name: "old", unit: "o.socket", isActive: false),
        ]
        #expect(Finding.inherited("mesh", listener: "vpce-a", sockets: sockets).verdict == .ok)
        #expect(Finding.inherited("old", listener: "vpce-a", sockets: sockets).advice == "`systemctl start o.socket`")
        #expect(Finding.inherited("none", listener: "vpce-a", sockets: sockets).verdict == .failed)
    }

    @Test func `the running gateway is the installed one, ready, and served its last configuration`() {
        var status = StatusReport(
            version: "1", processID: 7, user: .init(uid: 0, gid: 0, name: nil), generation: 1, configuration: "",
            ready: true, uptimeSeconds: 1)
        func gateway(installed: String = "1") -> Finding {
            .gateway(status, reason: "", isRefused: false, installed: installed)
        }
        #expect(gateway().verdict == .ok)
        #expect(gateway(installed: "2").advice == "`postern upgrade` starts the installed one")
        status.lastReload = .init(
            at: "now", orderedBy: "SIGHUP", ReloadReport(succeeded: false, generation: 1, messages: ["a problem"]))
        #expect(gateway().verdict == .failed)
        status.lastReload = nil
        status.ready = false
        #expect(gateway().verdict == .failed)
        #expect(Finding.gateway(nil, reason: "r", isRefused: false, installed: "1").verdict == .warning)
        #expect(Finding.gateway(nil, reason: "r", isRefused: true, installed: "1").advice?.contains("root") == true)
    }

    @Test func `the worst finding is the report's verdict`() {
        #expect(DoctorReport(findings: [], configurationIsValid: true).verdict == .ok)
        let findings: [Finding] = [.ok("a", "b"), .failed("a", "b", "c"), .warning("a", "b", "c")]
        #expect(DoctorReport(findings: findings, configurationIsValid: true).verdict == .failed)
    }

    @Test func `a unit is confined like ours or warned of`() {
        #expect(Finding.confinement(exposure: nil, unit: "p.service") == nil)
        #expect(Finding.confinement(exposure: 1.5, unit: "p.service")?.verdict == .ok)
        #expect(Finding.confinement(exposure: 9.6, unit: "p.service")?.verdict == .warning)
    }

    @Test func `what was lost since the start is told`() {
        var status = StatusReport(
            version: "1", processID: 7, user: .init(uid: 0, gid: 0, name: nil), generation: 1, configuration: "",
            ready: true, uptimeSeconds: 1)
        status.log = .init(writtenBytes: 1, droppedRecords: 0, errors: 0, lastError: nil)
        status.acceptErrors = [.init(reason: "aborted", count: 3)]
        #expect(Finding.losses(status) == [])
        status.systemLog = .init(writtenBytes: 1, droppedRecords: 2, errors: 1, lastError: "no space left")
        status.acceptErrors.append(.init(reason: "process_descriptors", count: 4))
        #expect(
            Finding.losses(status).map(\.found) == [
                "the system log has lost 2 records, last error: no space left",
                "connections could not be taken in: 4 process_descriptors",
            ])
    }
}
