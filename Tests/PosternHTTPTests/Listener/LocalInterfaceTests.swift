import Glibc
import NIOCore
import Testing

@testable import PosternHTTP

@Suite struct LocalInterfaceTests {
    private func interface(_ bind: ListenerSpecification.Bind) throws -> String? {
        try ListenerSocket.open(.test(bind), count: 1) { _ in true }[0].localInterface
    }

    @Test(arguments: ["127.0.0.1", "127.0.0.2", "127.255.0.9"])
    func allOfTheLoopbackNetworkIsLo(host: String) throws {
        #expect(try interface(.address(host, port: 0)) == "lo")
    }

    @Test func anInterfaceListenerHasItsName() throws {
        #expect(try interface(.interface(name: "lo", family: .ipv4, port: 0)) == "lo")
    }

    @Test func aUnixSocketHasNone() throws {
        #expect(try interface(.unix(.init(path: UnixPeerBench.socketName))) == nil)
    }

    @Test func everyAddressOfThisMachineIsFoundWhereItIs() throws {
        let spec = ListenerSpecification.test(.unix(.init(path: "@")))
        let entries = try InterfaceEntry.all(for: spec, subject: "all")
        let held = entries.compactMap { entry in entry.address.map { (entry.interface, $0) } }
        #expect(held.contains { $0.0 == "lo" })
        for (interface, address) in held where held.count(where: { $0.1.ipAddress == address.ipAddress }) == 1 {
            #expect(try NetworkInterface.holding(address, for: spec) == interface)
        }
    }

    @Test func anAddressOfNobodyHasNone() throws {
        let spec = ListenerSpecification.test(.unix(.init(path: "@")))
        for text in ["192.0.2.77", "2001:db8::77", "fe80::77"] {
            #expect(try NetworkInterface.holding(SocketAddress(ipAddress: text, port: 0), for: spec) == nil)
        }
    }

    private func entry(_ interface: String, _ address: String, _ mask: String, loopback: Bool = false) throws
        -> InterfaceEntry
    {
        InterfaceEntry(
            interface: interface, address: try SocketAddress(ipAddress: address, port: 0),
            mask: try SocketAddress(ipAddress: mask, port: 0), isLoopback: loopback)
    }

    @Test func aNetworkCoversItsAddressesAndNoOthers() throws {
        let lo = try entry("lo", "127.0.0.1", "255.0.0.0", loopback: true)
        #expect(lo.coversNetwork(of: try SocketAddress(ipAddress: "127.9.9.9", port: 1)))
        #expect(!lo.coversNetwork(of: try SocketAddress(ipAddress: "128.0.0.1", port: 1)))
        let sixth = try entry("lo", "::1", "ffff::", loopback: true)
        #expect(!sixth.coversNetwork(of: try SocketAddress(ipAddress: "::2", port: 1)))
    }
}
