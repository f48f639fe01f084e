import Glibc
import NIOCore
import PosternHTTP
import Synchronization
import Testing

@Suite struct InheritedSocketsTests {
    /// Puts sockets at consecutive numbers, as the service manager does, where nothing else of the process is.
    private final class Passed {
        private static let next = Mutex<CInt>(700)
        let first: CInt
        let count: CInt

        init(_ sockets: [ForeignSocket]) {
            count = CInt(sockets.count)
            let count = count
            first = Self.next.withLock { next in
                next += count
                return next - count
            }
            for (index, socket) in sockets.enumerated() { dup2(socket.descriptor, first + CInt(index)) }
        }

        deinit { for descriptor in first..<first + count { close(descriptor) } }

        func sockets(names: String?) throws(ListenerError) -> InheritedSockets {
            var environment = ["LISTEN_PID": "\(getpid())", "LISTEN_FDS": "\(count)"]
            environment["LISTEN_FDNAMES"] = names
            return try InheritedSockets(environment: environment, firstDescriptor: first)
        }
    }

    private func loopback(_ host: String = "127.0.0.1") throws -> SocketAddress {
        try SocketAddress(ipAddress: host, port: 0)
    }

    @Test func aSocketIsFoundByNameAndServesEveryLoop() throws {
        let foreign = ForeignSocket(try loopback())
        let passed = Passed([ForeignSocket(try loopback()), foreign])
        let inherited = try passed.sockets(names: "other:mesh")
        #expect(inherited.names == ["other", "mesh"])
        let listeners = try ListenerSocket.open(.test(.inherited(name: "mesh")), count: 3, inherited: inherited) { _ in
            true
        }
        #expect(listeners.map(\.address.port) == [foreign.port])
        #expect(listeners[0].descriptorCount == 3)
        #expect(Client.isAccepted(listeners[0].address))
        #expect(fcntl(passed.first, F_GETFD) & FD_CLOEXEC != 0)
        // The socket survives the listener: a reload may bring it back.
        listeners[0].close()
        #expect(Client.isAccepted(listeners[0].address))
        #expect(inherited.unused(by: [.test(.inherited(name: "mesh"))]) == ["other"])
    }

    @Test func socketsOfOneNameBelongTogether() throws {
        let passed = Passed([ForeignSocket(try loopback()), ForeignSocket(try loopback("::1"))])
        let inherited = try passed.sockets(names: "mesh:mesh")
        #expect(inherited.names == ["mesh"])
        let listeners = try ListenerSocket.open(.test(.inherited(name: "mesh")), count: 1, inherited: inherited) { _ in
            true
        }
        #expect(listeners.count == 2)
    }

    @Test func aUnixSocketIsInheritedAndItsFileLeftToItsOwner() throws {
        let scratch = ScratchDirectory()
        let path = scratch.path + "/a.sock"
        let passed = Passed([ForeignSocket(try SocketAddress(unixDomainSocketPath: path))])
        let inherited = try passed.sockets(names: "mesh")
        let listener = try ListenerSocket.open(.test(.inherited(name: "mesh")), count: 1, inherited: inherited) { _ in
            false
        }[0]
        #expect(listener.address.listenerText == path)
        listener.close()
        #expect(scratch.names == ["a.sock"])
    }

    @Test(arguments: ["0.0.0.0", "::"])
    func anInheritedWildcardIsRefused(_ host: String) throws {
        let passed = Passed([ForeignSocket(try loopback(host))])
        let inherited = try passed.sockets(names: "mesh")
        guard case .wildcard = problem(.inherited(name: "mesh"), inherited: inherited) else {
            Issue.record("\(host) was opened")
            return
        }
    }

    @Test func anInheritedAddressThatIsNotAdmittedIsRefused() throws {
        let foreign = ForeignSocket(try loopback())
        let passed = Passed([foreign])
        #expect(
            problem(.inherited(name: "mesh"), inherited: try passed.sockets(names: "mesh"), admits: { _ in false })
                == .notInternal("127.0.0.1:\(foreign.port)"))
    }

    @Test func whatIsNotAListeningStreamIsRefused() throws {
        let passed = Passed([
            ForeignSocket(try loopback(), listens: false),
            ForeignSocket(try loopback(), type: SOCK_DGRAM, listens: false),
        ])
        let inherited = try passed.sockets(names: "idle:datagram")
        #expect(
            problem(.inherited(name: "idle"), inherited: inherited)
                == .inheritedUnusable("idle", why: "does not listen; its unit needs `Accept=no`"))
        #expect(
            problem(.inherited(name: "datagram"), inherited: inherited)
                == .inheritedUnusable("datagram", why: "is not a stream socket; use `ListenStream=` in its unit"))
        #expect(
            problem(.inherited(name: "mesh"), inherited: inherited)
                == .noInheritedSocket("mesh", known: ["idle", "datagram"]))
    }

    @Test func aFileAmongThemIsNoSocket() throws {
        let passed = Passed([ForeignSocket(try loopback())])
        let null = Glibc.open("/dev/null", O_RDONLY)
        dup2(null, passed.first)
        close(null)
        #expect(
            problem(.inherited(name: "mesh"), inherited: try passed.sockets(names: "mesh"))
                == .inheritedUnusable("mesh", why: "is not a socket"))
    }

    @Test func variablesForAnotherProcessMeanNothing() throws {
        #expect(try InheritedSockets(environment: [:]).sockets.isEmpty)
        #expect(try InheritedSockets(environment: ["LISTEN_PID": "1", "LISTEN_FDS": "x"]).sockets.isEmpty)
        #expect(try InheritedSockets(environment: ["LISTEN_PID": "\(getpid())", "LISTEN_FDS": "0"]).sockets.isEmpty)
    }

    @Test func withoutNamesSocketsAreCalledUnknown() throws {
        #expect(try Passed([ForeignSocket(try loopback())]).sockets(names: nil).names == ["unknown"])
    }

    @Test func variablesThatContradictThemselvesAreRefused() throws {
        let pid = "\(getpid())"
        for environment in [
            ["LISTEN_PID": pid, "LISTEN_FDS": "x"], ["LISTEN_PID": pid, "LISTEN_FDS": "-1"],
            ["LISTEN_PID": pid, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "one"],
            // Descriptors that are not open.
            ["LISTEN_PID": pid, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "one"],
        ] {
            #expect(throws: ListenerError.self) {
                try InheritedSockets(environment: environment, firstDescriptor: 9000)
            }
        }
    }

    /// In a process of its own, because an environment has no lock.
    @Test func takingThemRemovesTheVariables() async {
        await #expect(processExitsWith: .success) {
            setenv("LISTEN_PID", "1", 1)
            setenv("LISTEN_FDS", "1", 1)
            setenv("LISTEN_FDNAMES", "mesh", 1)
            let taken = try InheritedSockets.takeFromProcess()
            #expect(taken.sockets.isEmpty)
            #expect(getenv("LISTEN_PID") == nil && getenv("LISTEN_FDS") == nil && getenv("LISTEN_FDNAMES") == nil)
        }
    }
}
