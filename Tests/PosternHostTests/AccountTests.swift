import Glibc
import Testing

@testable import PosternHost

@Suite struct AccountTests {
    @Test func `names and numbers are users and groups, and what is neither is none`() {
        #expect(AccountDatabase.user("root") == 0)
        #expect(AccountDatabase.group("root") == 0)
        #expect(AccountDatabase.user("4000001") == 4_000_001)
        #expect(AccountDatabase.group("4000001") == 4_000_001)
        for name in ["no-such-name", "", "4294967295", "-1"] {
            #expect(AccountDatabase.user(name) == nil, "\(name)")
            #expect(AccountDatabase.group(name) == nil, "\(name)")
        }
    }

    @Test func `a user brings the groups of the database, and another main group where one is named`() throws {
        let root = try #require(Account.ofUser(0, group: nil))
        #expect(root.group == 0)
        #expect(root.supplementaryGroups.contains(0))
        let other = try #require(Account.ofUser(0, group: 77))
        #expect(other.group == 77)
        #expect(other.isMember(of: 77))
        #expect(!other.isMember(of: 78))
    }

    @Test func `a number without an entry needs a group`() {
        #expect(Account.ofUser(4_000_001, group: nil) == nil)
        #expect(
            Account.ofUser(4_000_001, group: 9) == Account(user: 4_000_001, group: 9, supplementaryGroups: [9]))
    }

    @Test func `the process's own account is what its calls say`() {
        let own = Account.ofProcess()
        #expect(own.user == geteuid())
        #expect(own.isMember(of: getegid()))
    }

    @Test func `another process's account is what the kernel says, and nobody's is none`() {
        let own = Account.ofProcess()
        #expect(Account.of(process: getpid()) == own)
        #expect(Account.of(process: -1) == nil)
    }
}
