import PosternPolicy
import Testing

@Suite("CIDR") struct CIDRTests {
    @Test(
        "holds its first and last address and none beyond",
        arguments: [
            ("10.0.0.0/8", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
            ("192.0.2.0/24", "192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"),
            ("192.0.2.128/25", "192.0.2.128", "192.0.2.255", "192.0.2.127", "192.0.3.0"),
            ("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.0", "10.0.0.2"),
            ("10.0.0.1/32", "10.0.0.1", "10.0.0.1", "10.0.0.0", "10.0.0.2"),
            ("fd00::/8", "fd00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fcff::", "fe00::"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::1", "2001:db8::", "2001:db8::2"),
            ("2001:db8::/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff", "2001:db7::", "2001:db8:0:1::"),
            ("::ffff:10.0.0.0/104", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
        ])
    func edges(network: String, first: String, last: String, before: String, after: String) throws {
        let cidr = try CIDR(network)
        #expect(cidr.contains(address(first)) && cidr.contains(address(last)))
        #expect(!cidr.contains(address(before)) && !cidr.contains(address(after)))
        let set = CIDRSet([cidr])
        #expect(set.contains(address(first)) && set.contains(address(last)))
        #expect(!set.contains(address(before)) && !set.contains(address(after)))
    }

    @Test("keeps the two families apart, the widest networks included")
    func families() throws {
        let v4 = try CIDR("0.0.0.0/0")
        let v6 = try CIDR("::/0")
        for holds in [v4.contains, CIDRSet([v4]).contains] {
            #expect(holds(address("255.255.255.255")) && holds(address("0.0.0.0")) && !holds(address("::1")))
            #expect(holds(address("::ffff:1.2.3.4")))
        }
        for holds in [v6.contains, CIDRSet([v6]).contains] {
            #expect(holds(address("::")) && holds(address("ffff::")) && !holds(address("1.2.3.4")))
            #expect(!holds(address("::ffff:1.2.3.4")))
        }
    }

    @Test("refuses bits behind the prefix and names the network meant")
    func hostBits() {
        #expect(
            throws: CIDRError.hostBits("10.1.2.3/8", network: "10.0.0.0/8", address: "10.1.2.3")
        ) { try CIDR("10.1.2.3/8") }
        #expect(
            throws: CIDRError.hostBits("2001:db8::1/64", network: "2001:db8::/64", address: "2001:db8::1")
        ) { try CIDR("2001:db8::1/64") }
        #expect(throws: CIDRError.hostBits("0.0.0.1/0", network: "0.0.0.0/0", address: "0.0.0.1")) {
            try CIDR("0.0.0.1/0")
        }
        #expect(
            throws: CIDRError.hostBits("::ffff:10.1.2.3/104", network: "10.0.0.0/8", address: "10.1.2.3")
        ) { try CIDR("::ffff:10.1.2.3/104") }
    }

    @Test(
        "refuses malformed networks",
        arguments: [
            "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/-1", "10.0.0.0/8/8",
            "10.0.0.0/ 8",
            "10/8", "10.0.0/8", "010.0.0.0/8", "::/129", "::/1000", "::/x", "10.0.0.0/255.0.0.0", "fe80::%eth0/64", "*",
            "10.0.0.0/99999999999999999999", "::ffff:10.0.0.0/95",
        ])
    func malformed(text: String) { #expect(throws: CIDRError.self) { try CIDR(text) } }
}

@Suite("CIDR set") struct CIDRSetTests {
    @Test("joins networks that overlap or touch")
    func joins() throws {
        func count(_ texts: String...) throws -> Int { CIDRSet(try texts.map { try CIDR($0) }).rangeCount }
        #expect(try count() == 0)
        #expect(try count("10.0.0.0/9", "10.128.0.0/9") == 1)
        #expect(try count("10.0.0.0/8", "10.1.2.0/24", "10.0.0.0/8") == 1)
        #expect(try count("10.0.0.0/32", "10.0.0.2/32") == 2)
        #expect(try count("0.0.0.0/0", "10.0.0.0/8", "255.255.255.255") == 1)
        #expect(try count("::/0", "fd00::/8", "0.0.0.0/0") == 2)
        #expect(try count("255.255.255.255", "::") == 2)
    }

    @Test("agrees with asking each network in turn")
    func agrees() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("CIDR set seed: \(seed)")
        var random = SeededGenerator(state: seed)
        for _ in 0..<200 {
            let networks = try (0..<Int.random(in: 0...30, using: &random)).map { _ in
                let length = UInt32.random(in: 0...8, using: &random)
                let bits = UInt32.random(in: 0...0xFF, using: &random) & (0xFF << (8 - length))
                let text =
                    Bool.random(using: &random)
                    ? "10.0.0.\(bits & 0xFF)/\(24 + length)" : "fd00::\(hex(bits))/\(120 + length)"
                return try CIDR(text)
            }
            let set = CIDRSet(networks)
            for last in 0...255 {
                for probe in ["10.0.0.\(last)", "fd00::\(hex(UInt32(last)))"].map(address) {
                    #expect(set.contains(probe) == networks.contains { $0.contains(probe) }, "seed \(seed): \(probe)")
                }
            }
        }
    }

    private func hex(_ bits: UInt32) -> String { String(bits & 0xFF, radix: 16) }

    @Test("holds a hundred thousand networks in a policy")
    func large() throws {
        let networks = (0..<100_000).map { "\"\(10 + $0 >> 16).\($0 >> 8 & 0xFF).\($0 & 0xFF).64/26\"" }
        let condition = #"{"IpAddress":{"aws:VpcSourceIp":[\#(networks.joined(separator: ","))]}}"#
        let policy = try compile(allowing(condition: condition))
        #expect(policy.decide(ConnectionFacts(sourceIP: address("10.5.6.64"))) == .allow(statement: 0))
        #expect(policy.decide(ConnectionFacts(sourceIP: address("10.5.6.63"))) == .implicitDeny)
        #expect(policy.decide(ConnectionFacts(sourceIP: address("11.134.159.127"))) == .allow(statement: 0))
        #expect(policy.decide(ConnectionFacts(sourceIP: address("11.134.160.127"))) == .implicitDeny)
    }
}
