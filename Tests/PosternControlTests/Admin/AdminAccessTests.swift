import PosternHTTP
import Testing

@testable import PosternControl

@Suite struct AdminAccessTests {
    private func peer(_ user: UInt32, _ group: UInt32, _ more: UInt32...) -> UnixPeer {
        UnixPeer(
            credentials: PeerCredentials(processID: 1, userID: user, groupID: group), supplementaryGroups: more)
    }

    private let access = AdminAccess(
        writers: AccountSet(users: [10], groups: [20]), readers: AccountSet(users: [30], groups: [40]), ownUser: 999)

    @Test func `root and the gateway's own user always write`() {
        let nobody = AdminAccess(writers: AccountSet(), readers: AccountSet(), ownUser: 999)
        #expect(nobody.role(of: peer(0, 0)) == .write)
        #expect(nobody.role(of: peer(999, 5)) == .write)
        #expect(nobody.role(of: peer(998, 0, 999)) == nil)
    }

    @Test func `a role comes by user, by primary group and by a supplementary one`() {
        #expect(access.role(of: peer(10, 1)) == .write)
        #expect(access.role(of: peer(1, 20)) == .write)
        #expect(access.role(of: peer(1, 1, 7, 20)) == .write)
        #expect(access.role(of: peer(30, 1)) == .read)
        #expect(access.role(of: peer(1, 40)) == .read)
        #expect(access.role(of: peer(1, 1, 40)) == .read)
    }

    @Test func `numbers of users are none of groups`() {
        #expect(access.role(of: peer(20, 10, 30)) == nil)
        #expect(access.role(of: peer(40, 1)) == nil)
    }

    @Test func `whoever may both, writes`() { #expect(access.role(of: peer(30, 20)) == .write) }

    @Test func `a refusal tells whom it was taken for and which key admits`() {
        #expect(
            access.refusal(of: peer(5, 6, 7, 8), needed: .read)
                == "uid 5, gid 6, groups 7, 8, has no role here; list the user or one of its groups under `admin.readers` in postern.yaml"
        )
        #expect(
            access.refusal(of: peer(30, 6), needed: .write)
                == "uid 30, gid 6, has the role `read` only; list the user or one of its groups under `admin.writers` in postern.yaml"
        )
    }
}

@Suite struct AdminDecodingTests {
    private func admin(_ text: String) throws -> AdminConfiguration {
        try ConfigurationTree([
            "postern.yaml": plainProcess + "\nadmin: \(text)", "apis.d/shop.yaml": plainAPI,
            "apis.d/allow.json": allowAll,
        ]).load().process.admin
    }

    private func report(_ text: String) -> [String] {
        ConfigurationTree([
            "postern.yaml": plainProcess + "\nadmin: \(text)", "apis.d/shop.yaml": plainAPI,
            "apis.d/allow.json": allowAll,
        ]).report()
    }

    @Test func `names and numbers stand for accounts`() throws {
        let admin = try admin("{writers: {users: [root, 4711], groups: [4712]}, readers: {groups: [root]}}")
        #expect(admin.writers == AccountSet(users: [0, 4711], groups: [4712]))
        #expect(admin.readers == AccountSet(groups: [0]))
    }

    @Test func `without readers the members of the socket's group read`() throws {
        #expect(try admin("{group: \"4713\"}").readers == AccountSet(groups: [4713]))
        #expect(try admin("{group: \"4713\", readers: {users: [1]}}").readers == AccountSet(users: [1]))
        #expect(try admin("{}").readers == AccountSet())
    }

    @Test func `an account that the machine does not know is an error at its place`() {
        #expect(
            report("{readers: {users: [no-such-user]}, writers: {groups: [no-such-group]}}") == [
                "postern.yaml:3:27: error: no user `no-such-user` on this machine (a name that `getent passwd` lists, or a number)",
                "postern.yaml:3:62: error: no group `no-such-group` on this machine (a name that `getent group` lists, or a number)",
            ])
        #expect(
            report("{readers: {user: [root]}}") == [
                "postern.yaml:3:19: error: unknown key `user` in `readers` (did you mean `users`?)"
            ])
    }

    @Test func `roles change with a reload, sockets do not`() throws {
        let before = try admin("{readers: {users: [1]}}")
        #expect(try admin("{readers: {users: [2]}}").hasSockets(of: before))
        #expect(try !admin("{mode: \"0600\"}").hasSockets(of: before))
        #expect(try !admin("{port: 9000}").hasSockets(of: before))
    }
}
