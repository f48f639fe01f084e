import Glibc
import NIOCore
import PosternHTTP
import Testing

@Suite struct UnixListenerTests {
    private let scratch = ScratchDirectory()
    private var path: String { scratch.path + "/a.sock" }

    private func open(
        _ binding: ListenerSpecification.UnixBinding, count: Int = 1, replacing: [OpenListener] = []
    ) throws -> OpenListener {
        try ListenerSocket.open(.test(.unix(binding)), count: count, replacing: replacing) { _ in false }[0]
    }

    private func problem(at path: String) -> ListenerError.Problem? {
        PosternHTTPTests.problem(.unix(.init(path: path)))
    }

    @Test func everyLoopGetsADescriptorOfOneSocket() throws {
        let listener = try open(.init(path: path), count: 3)
        #expect(listener.address.pathname == path)
        #expect(scratch.names == ["a.sock"])
        let descriptors = listener.takeDescriptors()
        #expect(Set(descriptors).count == 3)
        #expect(descriptors.allSatisfy { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 && fcntl($0, F_GETFL) & O_NONBLOCK != 0 })
        let client = try Client.connect(listener.address).get()
        #expect(accept(descriptors[0], nil, nil) >= 0 || accept(descriptors[1], nil, nil) >= 0)
        for descriptor in descriptors + [client] { close(descriptor) }
    }

    @Test(arguments: [0o600, 0o660, 0o666, 0o777, 0o000] as [UInt32])
    func theFileHasTheModeAskedForWhateverTheUmask(_ mode: UInt32) throws {
        let listener = try open(.init(path: path, mode: mode))
        #expect(scratch.status("a.sock").map { $0.st_mode & 0o7777 } == mode)
        listener.close()
    }

    @Test func theFileBelongsToWhomIsAskedFor() throws {
        // Only root may give files away; everyone may name themselves.
        let target = getuid() == 0 ? "1" : String(getuid())
        let listener = try open(.init(path: path, owner: target, group: String(getgid())))
        let status = try #require(scratch.status("a.sock"))
        #expect(String(status.st_uid) == target && status.st_gid == getgid())
        listener.close()
        let byName = try open(.init(path: path, owner: String(cString: getpwuid(getuid()).pointee.pw_name)))
        #expect(scratch.status("a.sock")?.st_uid == getuid())
        byName.close()
        #expect(
            PosternHTTPTests.problem(.unix(.init(path: path, owner: "no such user"))) == .unknownUser("no such user"))
        #expect(
            PosternHTTPTests.problem(.unix(.init(path: path, group: "no such group"))) == .unknownGroup("no such group")
        )
        #expect(PosternHTTPTests.problem(.unix(.init(path: path, mode: 0o2660))) == .badMode(0o2660))
    }

    @Test func `whoever locks the directory holds nobody up for long`() throws {
        let lock = Glibc.open(scratch.path, O_RDONLY | O_DIRECTORY)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX) == 0)
        let listener = try open(.init(path: path))
        #expect(scratch.names == ["a.sock"])
        listener.close()
    }

    @Test func aStaleSocketIsReplaced() throws {
        do { _ = ForeignSocket(try SocketAddress(unixDomainSocketPath: path)) }
        #expect(scratch.names == ["a.sock"])
        let listener = try open(.init(path: path))
        #expect(Client.isAccepted(listener.address))
        #expect(scratch.names == ["a.sock"])
    }

    @Test func aLiveSocketIsRefusedAndKeepsWorking() throws {
        let foreign = ForeignSocket(try SocketAddress(unixDomainSocketPath: path))
        #expect(problem(at: path) == .servedByAnotherProcess(path))
        #expect(Client.isAccepted(try SocketAddress(unixDomainSocketPath: path)))
        #expect(scratch.names == ["a.sock"])
        _ = foreign
    }

    @Test func aSocketOfAnotherTypeIsRefused() throws {
        let foreign = ForeignSocket(try SocketAddress(unixDomainSocketPath: path), type: SOCK_DGRAM, listens: false)
        #expect(problem(at: path) == .servedByAnotherProcess(path))
        _ = foreign
    }

    @Test func whatIsNotASocketIsLeftAlone() throws {
        scratch.write("a.sock")
        #expect(problem(at: path) == .notASocket(path))
        #expect(problem(at: scratch.path) == .notASocket(scratch.path))
        symlink("/nowhere", scratch.path + "/link")
        #expect(problem(at: scratch.path + "/link") == .notASocket(scratch.path + "/link"))
        #expect(scratch.names == ["a.sock", "link"])
    }

    @Test func aListenerToBeReplacedGivesItsPathWithoutAGap() throws {
        let old = try open(.init(path: path))
        let new = try open(.init(path: path, mode: 0o600), replacing: [old])
        old.close()
        #expect(Client.isAccepted(new.address))
        #expect(scratch.status("a.sock").map { $0.st_mode & 0o777 } == 0o600)
        #expect(scratch.names == ["a.sock"])
    }

    @Test func closingRemovesTheFileOnlyWhileItIsOurs() throws {
        let listener = try open(.init(path: path))
        listener.close()
        #expect(scratch.names.isEmpty)

        let lost = try open(.init(path: path))
        unlink(path)
        scratch.write("a.sock")
        lost.close()
        #expect(scratch.names == ["a.sock"])
    }

    @Test func theFileGoesFirstWhenChannelsOwnTheDescriptors() throws {
        let listener = try open(.init(path: path))
        let descriptors = listener.takeDescriptors()
        listener.close()
        #expect(scratch.names.isEmpty)
        for descriptor in descriptors { close(descriptor) }
    }

    @Test func pathsThatCannotBeAreNamed() {
        #expect(problem(at: "/nowhere/at/all.sock") == .noDirectory("/nowhere/at"))
        #expect(problem(at: "relative.sock") == .badSocketPath("relative.sock"))
        #expect(problem(at: "/run/") == .badSocketPath("/run/"))
        #expect(problem(at: "@") == .badSocketPath("@"))
        #expect(problem(at: "") == .badSocketPath(""))
        #expect(problem(at: "/run/a\0b") == .badSocketPath("/run/a\0b"))
        let long = "/tmp/" + String(repeating: "a", count: 103)
        #expect(problem(at: long) == .socketPathTooLong(long, limit: 107))
    }

    @Test func aPathMayHave107Bytes() throws {
        let path = scratch.path + "/" + String(repeating: "a", count: 107 - scratch.path.utf8.count - 1)
        let listener = try open(.init(path: path))
        #expect(listener.address.listenerText == path)
        #expect(FileName.exists(path))
        listener.close()
        #expect(scratch.names.isEmpty)
    }

    @Test func anAbstractSocketHasNoFileAndSaysThatAnyoneMayConnect() throws {
        let name = "@postern-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let listener = try open(.init(path: name))
        #expect(listener.address.listenerText == name)
        #expect(Client.isAccepted(listener.address))
        #expect(listener.notes.count == 1)
        #expect(problem(at: name) == .servedByAnotherProcess(name))
        listener.close()
        #expect(!Client.isAccepted(listener.address))
    }
}

private enum FileName {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
