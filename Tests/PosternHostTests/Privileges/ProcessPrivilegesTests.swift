import CLibcap
import Foundation
import Testing

@testable import PosternHost

@Suite struct ProcessPrivilegesTests {
    @Test func `the process's own are what the kernel says by its calls`() throws {
        let own = try ProcessPrivileges.ofProcess()
        #expect(own.userID == geteuid())
        #expect(own.groupID == getegid())
        #expect(own.noNewPrivileges == (cap_prctl(Int(PR_GET_NO_NEW_PRIVS), 0, 0, 0, 0, 0) == 1))
        for (number, name) in [(CAP_CHOWN, "cap_chown"), (CAP_NET_BIND_SERVICE, "cap_net_bind_service")] {
            #expect(own.bounding.contains(name) == (cap_get_bound(number) == 1))
            #expect(own.ambient.contains(name) == (cap_get_ambient(number) == 1))
        }
    }

    @Test func `every thread is told of`() throws {
        let threads = try ProcessPrivileges.ofThreads()
        #expect(threads.contains(try ProcessPrivileges.ofProcess()))
    }

    @Test func `a status is read by the names of its lines`() throws {
        let status = try #require(ThreadStatus(Self.text))
        let privileges = ProcessPrivileges(status, secureBits: 0b1010_1111)
        #expect(
            privileges
                == ProcessPrivileges(
                    userID: 65534, groupID: 65533, permitted: ["cap_net_bind_service"],
                    effective: ["cap_net_bind_service", "cap_net_raw"], inheritable: [],
                    bounding: ["cap_chown", "cap_checkpoint_restore"], ambient: ["63"], noNewPrivileges: true,
                    secureBits: [
                        "noroot", "noroot_locked", "no_setuid_fixup", "no_setuid_fixup_locked", "keep_caps_locked",
                        "no_cap_ambient_raise_locked",
                    ], seccomp: "filter"))
        #expect(status.users == [1, 65534, 3, 4])
        #expect(status.supplementaryGroups == [12, 100])
    }

    @Test(arguments: ["Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs"])
    func `a status without a line is no status`(name: String) {
        let text = Self.text.split(separator: "\n").filter { !$0.hasPrefix(name) }.joined(separator: "\n")
        #expect(ThreadStatus(text) == nil)
    }

    @Test func `a kernel without seccomp filters nothing`() throws {
        let text = Self.text.split(separator: "\n").filter { !$0.hasPrefix("Seccomp") }.joined(separator: "\n")
        #expect(try #require(ThreadStatus(text)).seccomp == 0)
    }

    private static let text = """
        Name:\tpostern
        Uid:\t1\t65534\t3\t4
        Gid:\t5\t65533\t7\t8
        Groups:\t12 100 
        CapInh:\t0000000000000000
        CapPrm:\t0000000000000400
        CapEff:\t0000000000002400
        CapBnd:\t0000010000000001
        CapAmb:\t8000000000000000
        NoNewPrivs:\t1
        Seccomp:\t2
        Seccomp_filters:\t1

        """
}
