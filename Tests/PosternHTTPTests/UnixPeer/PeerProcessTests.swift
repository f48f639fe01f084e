import Glibc
import Testing

@testable import PosternHTTP

@Suite struct PeerProcessTests {
    private func credentials(_ processID: Int32, user: UInt32 = getuid()) -> PeerCredentials {
        PeerCredentials(processID: processID, userID: user, groupID: getgid())
    }

    private func ownUnit() throws -> String? {
        let descriptor = Glibc.open("/proc/self/cgroup", O_RDONLY)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &bytes, bytes.count)
        return SystemdUnit.named(inCgroups: Array(bytes[..<max(count, 0)]))
    }

    /// A child that ends when its descriptor closes.
    private func child() -> pid_t {
        var pid: pid_t = 0
        let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
        defer { for argument in arguments { free(argument) } }
        precondition(posix_spawnp(&pid, "sleep", nil, nil, arguments, environ) == 0)
        return pid
    }

    private func end(_ pid: pid_t) {
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    @Test func ourOwnUnitIsFound() throws {
        let process = try #require(try PeerProcess.open(credentials(getpid()), .unknown))
        #expect(try process.unit() == ownUnit())
    }

    @Test func whatTheKernelCallsEndedIsNotLookedFor() throws {
        #expect(try PeerProcess.open(credentials(getpid()), .ended) == nil)
    }

    /// A descriptor of a process can be read from once the process has ended, and so can a pipe that holds a byte.
    @Test(arguments: [false, true]) func whatTheKernelVouchesForMustStillLive(hasEnded: Bool) throws {
        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { close(ends[1]) }
        if hasEnded { #expect(write(ends[1], "x", 1) == 1) }
        // Whose it is need not be compared then.
        let credentials = credentials(getpid(), user: 4_000_000)
        let process = try PeerProcess.open(credentials, .process(Descriptor(owning: ends[0])))
        #expect((process == nil) == hasEnded)
        if let process { #expect(try process.unit() == ownUnit()) }
    }

    @Test func aProcessOfAnotherNamespaceHasNoNumberAndNoUnit() throws {
        #expect(try PeerProcess.open(credentials(0), .unknown) == nil)
    }

    @Test func aProcessThatHasEndedIsNone() throws {
        let pid = child()
        end(pid)
        #expect(try PeerProcess.open(credentials(pid), .unknown) == nil)
    }

    @Test func oneThatEndsBeforeItIsReadHasNoUnit() throws {
        let pid = child()
        let process = try #require(try PeerProcess.open(credentials(pid), .unknown))
        end(pid)
        #expect(try process.unit() == nil)
    }

    /// On a kernel that cannot vouch for the number, the number must at least belong to the user who connected.
    @Test func aProcessOfAnotherUserIsNotThePeer() throws {
        let process = try #require(try PeerProcess.open(credentials(getpid(), user: 4_000_000), .unknown))
        #expect(try process.unit() == nil)
    }

    @Test func theUsersOfAProcessAreReadFromItsStatus() {
        let text = "Name:\tpostern\nUid:\t1000\t1001\t1002\t1003\nGid:\t7\t7\t7\t7\n"
        #expect(PeerProcess.users(inStatus: Array(text.utf8)) == [1000, 1001, 1002, 1003])
        #expect(PeerProcess.users(inStatus: Array("Name:\tpostern\n".utf8)).isEmpty)
    }
}
