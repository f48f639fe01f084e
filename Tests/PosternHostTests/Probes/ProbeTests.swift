import Glibc
import Testing

@testable import PosternHost

@Suite struct ProbeTests {
    @Test func `the kernel's settings are read by name`() {
        #expect(KernelSetting.number("fs.nr_open") ?? 0 > 0)
        #expect(KernelSetting.numbers("net.ipv4.ip_local_port_range")?.count == 2)
        #expect(KernelSetting.number("no.such.setting") == nil)
    }

    @Test func `the descriptors of a process are its hard limit`() throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let own = try #require(DescriptorAllowance.of())
        #expect(own.most == Int(clamping: limit.rlim_max))
        #expect(DescriptorAllowance.of(process: Int(getpid())) == own)
        #expect(DescriptorAllowance.of(process: 0) == nil)
    }

    @Test func `the clock has this year`() { #expect(ClockState.now().year >= 2026) }

    @Test func `a name is looked up, and one that cannot be says why`() {
        #expect(NameLookup.of("localhost").failure == nil)
        #expect(NameLookup.of("no-such-host.invalid").failure != nil)
    }

    @Test func `a program's output is read to its end, and one that fails, hangs or is missing has none`() {
        #expect(ProgramOutput.of(["echo", "a", "b"]) == "a b\n")
        #expect(ProgramOutput.of(["sh", "-c", "printf $LC_ALL"]) == "C")
        #expect(ProgramOutput.of(["false"]) == nil)
        #expect(ProgramOutput.of(["no-such-program-anywhere"]) == nil)
        #expect(ProgramOutput.of(["sleep", "1000"], within: 1) == nil)
    }

    @Test func `a unit's exposure is the number behind its name`() {
        let text = """
              NAME            DESCRIPTION            EXPOSURE
            ✗ PrivateNetwork= Service has access     0.5

            → Overall exposure level for postern.service: 1.2 OK :-)
            """
        #expect(ServiceUnit.exposure(in: text) == 1.2)
        #expect(ServiceUnit.exposure(in: "Unit postern.service not found.") == nil)
    }
}

@Suite struct DirectoryStateTests {
    private final class Directory {
        let path: String

        init() {
            var template = Array("/tmp/postern-probe-XXXXXX".utf8CString)
            precondition(mkdtemp(&template) != nil)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        deinit { rmdir(path) }
    }

    private func access(_ directory: Directory, _ user: uid_t, _ group: gid_t, _ more: [gid_t] = [])
        -> DirectoryState.Access
    {
        DirectoryState.of(directory.path, for: Account(user: user, group: group, supplementaryGroups: more)).access
    }

    @Test func `owner, group and others each have their own bits`() {
        let directory = Directory()
        chmod(directory.path, 0o730)
        let (own, group) = (getuid(), getgid())
        #expect(access(directory, own, 4_000_001) == .writable)
        #expect(access(directory, 4_000_001, group) == .writable)
        #expect(access(directory, 4_000_001, 4_000_001, [group]) == .writable)
        #expect(access(directory, 4_000_001, 4_000_001) == .refused(at: directory.path))
        chmod(directory.path, 0o711)
        #expect(access(directory, 4_000_001, group) == .refused(at: directory.path))
        #expect(access(directory, 0, 0) == .writable)
    }

    @Test func `the way there counts`() {
        let directory = Directory()
        chmod(directory.path, 0o700)
        let inner = directory.path + "/inner"
        mkdir(inner, 0o777)
        chmod(inner, 0o777)
        defer { rmdir(inner) }
        let stranger = Account(user: 4_000_001, group: 4_000_001)
        #expect(DirectoryState.of(inner, for: stranger).access == .refused(at: directory.path))
        chmod(directory.path, 0o701)
        #expect(DirectoryState.of(inner, for: stranger).access == .writable)
    }

    @Test func `what is not there, and what is no directory`() {
        let root = Account(user: 0, group: 0)
        #expect(DirectoryState.of("/no/such/directory", for: root).access == .missing)
        #expect(DirectoryState.of("/no/such/directory", for: root).space == nil)
        #expect(DirectoryState.of("/proc/self/status", for: root).access == .notADirectory)
        #expect(DirectoryState.of("/tmp", for: root).space?.bytes ?? 0 > 0)
    }
}
