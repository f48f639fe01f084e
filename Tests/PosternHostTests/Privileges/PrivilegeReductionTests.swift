import Testing

@testable import PosternHost

@Suite struct PrivilegeReductionTests {
    private let bind = CapabilityMask([.netBindService])
    private let reduction = PrivilegeReduction(
        account: Account(user: 7, group: 8, supplementaryGroups: [8, 9]), keeping: [.netBindService])

    private func status(_ change: (inout ThreadStatus) -> Void = { _ in }) throws -> ThreadStatus {
        var status = try #require(
            ThreadStatus(
                """
                Uid:\t7\t7\t7\t7
                Gid:\t8\t8\t8\t8
                Groups:\t8 9
                CapInh:\t0000000000000400
                CapPrm:\t0000000000000400
                CapEff:\t0000000000000400
                CapBnd:\t0000000000000400
                CapAmb:\t0000000000000400
                NoNewPrivs:\t1
                """))
        change(&status)
        return status
    }

    @Test func `a thread that is as ordered has no difference`() throws {
        #expect(bind.names == ["cap_net_bind_service"])
        #expect(reduction.difference(try status(), isLimited: true) == nil)
    }

    @Test func `one capability more or fewer in any set is a difference`() throws {
        let sets: [WritableKeyPath<ThreadStatus, CapabilityMask>] = [
            \.permitted, \.effective, \.inheritable, \.ambient, \.bounding,
        ]
        for set in sets {
            for bits: UInt64 in [0, 1 << 10 | 1 << 21] {
                let other = try status { $0[keyPath: set].bits = bits }
                #expect(reduction.difference(other, isLimited: true) != nil)
            }
        }
    }

    @Test func `one of the four users or groups that stays behind is a difference`() throws {
        for index in 0..<4 {
            #expect(reduction.difference(try status { $0.users[index] = 0 }, isLimited: true) != nil)
            #expect(reduction.difference(try status { $0.groups[index] = 0 }, isLimited: true) != nil)
        }
    }

    @Test func `a further group too many or too few is a difference`() throws {
        for groups: [UInt32] in [[], [8], [8, 9, 0]] {
            #expect(reduction.difference(try status { $0.supplementaryGroups = groups }, isLimited: true) != nil)
        }
    }

    @Test func `a process that stays the user it was is held to one user in all four places`() throws {
        let staying = PrivilegeReduction(account: nil, keeping: [.netBindService])
        #expect(staying.difference(try status(), isLimited: true) == nil)
        #expect(staying.difference(try status { $0.users[2] = 0 }, isLimited: true) != nil)
    }

    @Test func `programs that may gain privileges are a difference`() throws {
        #expect(reduction.difference(try status { $0.noNewPrivileges = false }, isLimited: true) != nil)
    }

    @Test func `a bounding set that could not be changed is none`() throws {
        #expect(reduction.difference(try status { $0.bounding.bits = .max }, isLimited: false) == nil)
    }

    @Test func `with more than one thread nothing is given up`() throws {
        // This process has several, and keeps what it has.
        let before = try ProcessPrivileges.ofThreads()
        #expect(throws: PrivilegeError.self) {
            _ = try PrivilegeReduction(account: nil, keeping: []).apply()
        }
        #expect(try ProcessPrivileges.ofProcess() == before.first)
    }
}
