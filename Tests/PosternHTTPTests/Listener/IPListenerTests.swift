import Glibc
import NIOCore
import PosternHTTP
import Testing

@Suite struct IPListenerTests {
    private func open(
        _ bind: ListenerSpecification.Bind, count: Int = 1, replacing: [OpenListener] = []
    ) throws -> [OpenListener] {
        try ListenerSocket.open(.test(bind), count: count, replacing: replacing) { _ in true }
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func everyLoopGetsASocketOnTheSameFreePort(_ host: String) throws {
        let listener = try #require(try open(.address(host, port: 0), count: 3).first)
        #expect((listener.address.port ?? 0) > 0)
        let descriptors = listener.takeDescriptors()
        #expect(descriptors.count == 3 && Set(descriptors).count == 3)
        #expect(listener.takeDescriptors().isEmpty)
        for descriptor in descriptors {
            #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(socketOption(descriptor, SOL_SOCKET, SO_ACCEPTCONN) == 1)
            #expect(socketOption(descriptor, SOL_SOCKET, SO_REUSEPORT) == 1)
            if host == "::1" { #expect(socketOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) == 1) }
        }
        for descriptor in descriptors { close(descriptor) }
        // The listener keeps one of each to itself.
        #expect(Client.isAccepted(listener.address))
        listener.close()
        #expect(!Client.isAccepted(listener.address))
    }

    @Test func theKernelSpreadsConnectionsOverTheSockets() throws {
        let listener = try #require(try open(.address("127.0.0.1", port: 0), count: 2).first)
        let descriptors = listener.takeDescriptors()
        let clients = (0..<64).compactMap { _ in try? Client.connect(listener.address).get() }
        let accepted = descriptors.map { descriptor in
            sequence(state: ()) { _ in
                let connection = accept(descriptor, nil, nil)
                return connection < 0 ? nil : connection
            }.map { close($0) }.count
        }
        #expect(accepted.reduce(0, +) == 64)
        #expect(accepted.allSatisfy { $0 > 0 })
        for descriptor in clients + descriptors { close(descriptor) }
    }

    @Test func closingAListenerClosesWhatNobodyTook() throws {
        let listener = try #require(try open(.address("127.0.0.1", port: 0), count: 2).first)
        listener.close()
        #expect(listener.descriptorCount == 0)
        #expect(!Client.isAccepted(listener.address))
    }

    @Test(arguments: ["0.0.0.0", "::", "::ffff:0.0.0.0"])
    func aWildcardIsRefusedWhateverIsAdmitted(_ host: String) {
        guard case .wildcard = problem(.address(host, port: 0)) else { Issue.record("\(host) was not refused"); return }
    }

    @Test func anAddressThatIsNotAdmittedIsRefusedEvenIfItIsNotOfThisMachine() {
        #expect(problem(.address("203.0.113.9", port: 80), admits: { _ in false }) == .notInternal("203.0.113.9:80"))
        #expect(problem(.address("127.0.0.1", port: 0), admits: { _ in false }) == .notInternal("127.0.0.1:0"))
    }

    @Test func admissionIsAskedAgainForTheAddressBound() throws {
        var asked: [SocketAddress] = []
        let listener = try ListenerSocket.open(.test(.address("127.0.0.1", port: 0)), count: 1) {
            asked.append($0)
            return true
        }[0]
        #expect(asked.last == listener.address)
        #expect(problem(.address("127.0.0.1", port: 0), admits: { $0.port == 0 }) != nil)
    }

    @Test(arguments: ["", "localhost", "10.0.0", "10.0.0.1/8", "[::1]", "127.0.0.1\0", "127.1"])
    func whatIsNoAddressIsRefused(_ host: String) {
        #expect(problem(.address(host, port: 0)) == .notAnAddress(host))
    }

    @Test func otherMistakesAreNamed() {
        #expect(problem(.address("127.0.0.1", port: 65536)) == .badPort(65536))
        #expect(problem(.interface(name: "lo", port: -1)) == .badPort(-1))
        #expect(problem(.address("::ffff:127.0.0.1", port: 0)) == .mappedAddress("::ffff:127.0.0.1"))
        #expect(problem(.address("fe80::1", port: 0)) == .missingZone("fe80::1"))
        #expect(problem(.address("203.0.113.9", port: 0)) == .addressNotHere("203.0.113.9:0"))
    }

    @Test func anAddressInUseIsRefusedEvenIfItsUserWouldShare() throws {
        let foreign = ForeignSocket(try SocketAddress(ipAddress: "127.0.0.1", port: 0))
        #expect(problem(.address("127.0.0.1", port: foreign.port)) == .addressInUse("127.0.0.1:\(foreign.port)"))
        let own = try open(.address("127.0.0.1", port: 0))[0]
        let port = own.address.port ?? 0
        #expect(problem(.address("127.0.0.1", port: port)) == .addressInUse("127.0.0.1:\(port)"))
    }

    @Test func aListenerToBeReplacedSharesItsAddressUntilItCloses() throws {
        let old = try open(.address("127.0.0.1", port: 0), count: 2)
        let new = try open(.address("127.0.0.1", port: old[0].address.port ?? 0), count: 2, replacing: old)
        old[0].close()
        #expect(Client.isAccepted(new[0].address))
    }

    @Test func anInterfaceMeansAllItsAddressesOfTheFamily() throws {
        let listeners = try open(.interface(name: "lo", family: .ipv4, port: 0), count: 2)
        #expect(listeners.contains { $0.address.ipAddress == "127.0.0.1" })
        #expect(listeners.allSatisfy { if case .v4 = $0.address { true } else { false } })
        #expect(Set(listeners.map(\.address.port)).count == 1)
        #expect(Client.isAccepted(listeners[0].address))
        let one = try open(.interface(name: "lo", address: "127.0.0.1", port: 0))
        #expect(one.map(\.address.ipAddress) == ["127.0.0.1"])
        let descriptor = one[0].takeDescriptors()[0]
        // Where the kernel let us, the socket hears packets of that interface only.
        #expect(boundDevice(of: descriptor) == (one[0].notes.isEmpty ? "lo" : ""))
        close(descriptor)
    }

    @Test func anInterfaceThatCannotServeIsNamedWithWhatThereIs() {
        guard case .noInterface("nowhere0", let known) = problem(.interface(name: "nowhere0", port: 0)) else {
            Issue.record("an unknown interface was opened")
            return
        }
        #expect(known.contains("lo"))
        guard
            case .addressNotOnInterface("10.9.8.7", "lo", let own) = problem(
                .interface(name: "lo", address: "10.9.8.7", port: 0))
        else {
            Issue.record("a foreign address was opened")
            return
        }
        #expect(own.contains("127.0.0.1"))
        guard case .wildcard = problem(.interface(name: "lo", address: "0.0.0.0", port: 0)) else {
            Issue.record("a wildcard was opened")
            return
        }
    }

    @Test func equalSpecificationsAreTheSameListener() {
        let one = ListenerSpecification.test(.address("10.0.0.1", port: 80))
        var other = one
        #expect(Set([one, other]).count == 1)
        other.backlog = 1
        #expect(Set([one, other]).count == 2)
    }
}

@Suite struct ListenerErrorTests {
    @Test func textsNameTheListenerTheTextAndTheRemedy() {
        let low = ListenerError(endpointID: "vpce-mesh", .lowPort("10.0.0.1:80"))
        #expect(
            low.description
                == "listener `vpce-mesh`: may not listen on `10.0.0.1:80`; grant CAP_NET_BIND_SERVICE, inherit "
                + "the socket, or use another port")
        let failed = ListenerError(
            endpointID: "vpce-mesh", .system(call: "socket", subject: "10.0.0.1:80", code: EMFILE))
        #expect(
            failed.description
                == "listener `vpce-mesh`: socket failed for `10.0.0.1:80`: too many open files; raise `LimitNOFILE=`")
        let none = ListenerError(endpointID: nil, .noInheritedSocket("mesh", known: ["a", "b"]))
        #expect(none.description == "no socket `mesh` was passed to this process; there is `a`, `b`")
    }

    @Test func refusalsOfTheConfigurationAreToldFromTheMachinesState() {
        #expect(ListenerError(endpointID: nil, .wildcard("0.0.0.0:80")).isConfiguration)
        #expect(ListenerError(endpointID: nil, .notInternal("203.0.113.9:80")).isConfiguration)
        #expect(ListenerError(endpointID: nil, .notASocket("/etc/passwd")).isConfiguration)
        #expect(!ListenerError(endpointID: nil, .addressInUse("10.0.0.1:80")).isConfiguration)
        #expect(!ListenerError(endpointID: nil, .noInterface("eth1", known: [])).isConfiguration)
    }
}
