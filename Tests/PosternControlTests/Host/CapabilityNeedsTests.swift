import PosternHost
import PosternPolicy
import Testing

@testable import PosternControl

@Suite("Capabilities that a configuration needs")
struct CapabilityNeedsTests {
    private let user = Account(user: 1000, group: 1000, supplementaryGroups: [1000, 27])
    private let standard = KernelRules(firstUnprivilegedPort: 1024, confiningToInterfaceNeedsCapability: false)

    private func needs(_ lines: [String], kernel: KernelRules? = nil, as account: Account? = nil) throws -> [String] {
        let tree = ConfigurationTree(["postern.yaml": lines.joined(separator: "\n")])
        let needs = CapabilityNeeds.all(of: try tree.load(), as: account ?? user, kernel: kernel ?? standard)
        return needs.map { "\($0.position.line):\($0.position.column): \($0.reason)" }
    }

    private func listener(_ binding: String) -> [String] { ["listeners:", "  - {id: vpce-a, \(binding)}"] }

    @Test(
        "A port below the first unprivileged one needs CAP_NET_BIND_SERVICE, and no other",
        arguments: [
            ("address: 127.0.0.1, port: 1023", 1024, true), ("address: 127.0.0.1, port: 1024", 1024, false),
            ("address: 127.0.0.1, port: 80", 80, false), ("address: 127.0.0.1, port: 1", 0, false),
            ("address: 127.0.0.1, port: 0", 1024, false), ("interface: lo, port: 443", 1024, true),
            ("inherit: web", 1024, false), ("unix: /run/a.sock", 1024, false),
        ])
    func ports(binding: String, first: Int, isNeeded: Bool) throws {
        let kernel = KernelRules(firstUnprivilegedPort: first, confiningToInterfaceNeedsCapability: false)
        let found = try needs(listener(binding), kernel: kernel)
        #expect(found.count == (isNeeded ? 1 : 0))
        for need in found { #expect(need.hasPrefix("2:5: listener `vpce-a` needs CAP_NET_BIND_SERVICE for port")) }
    }

    @Test("The admin port is held to the same")
    func adminPort() throws {
        #expect(
            try needs(["admin: {port: 90}"] + listener("inherit: web"))
                == ["1:8: the admin port needs CAP_NET_BIND_SERVICE for port 90"])
    }

    @Test("An interface needs CAP_NET_RAW only where the kernel asks for it")
    func interface() throws {
        let old = KernelRules(firstUnprivilegedPort: 1024, confiningToInterfaceNeedsCapability: true)
        #expect(try needs(listener("interface: eth0, port: 8080")) == [])
        #expect(
            try needs(listener("interface: eth0, port: 8080"), kernel: old)
                == ["2:5: listener `vpce-a` needs CAP_NET_RAW to be confined to the interface `eth0` by this kernel"])
        #expect(try needs(listener("address: 127.0.0.1, port: 8080"), kernel: old) == [])
    }

    @Test(
        "A socket's file needs CAP_CHOWN for another owner, or a group that the process is not in",
        arguments: [
            ("owner: \"1000\"", nil), ("group: \"1000\"", nil), ("group: \"27\"", nil),
            ("owner: \"1001\"", "the user `1001`"), ("group: \"28\"", "the group `28`, which the process is not in"),
            ("owner: root", "the user `root`"), ("owner: no-such-user", nil),
        ])
    func ownership(options: String, whom: String?) throws {
        let expected = whom.map { ["2:5: listener `vpce-a` needs CAP_CHOWN to give its file to \($0)"] } ?? []
        #expect(try needs(listener("unix: /run/a.sock, \(options)")) == expected)
    }

    @Test("So does the admin socket")
    func adminSocket() throws {
        #expect(
            try needs(["admin: {socket: /run/a.sock, group: \"28\"}"] + listener("inherit: web"))
                == [
                    "1:8: the admin socket needs CAP_CHOWN to give its file to the group `28`, which the process is not in"
                ]
        )
    }

    @Test("What is not held is told with its place and what to do")
    func problem() throws {
        let tree = ConfigurationTree(["postern.yaml": listener("address: 127.0.0.1, port: 443").joined(separator: "\n")]
        )
        let need = try #require(CapabilityNeeds.all(of: try tree.load(), as: user, kernel: standard).first)
        #expect(
            need.problem.description
                == "\(tree.directory)/postern.yaml:2:5: error: listener `vpce-a` needs CAP_NET_BIND_SERVICE for port 443, and the "
                + "process does not hold it (grant it in the unit (`AmbientCapabilities=CAP_NET_BIND_SERVICE`), inherit the "
                + "socket, or use a port from 1024 on)")
    }
}
