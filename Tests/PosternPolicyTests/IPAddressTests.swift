import PosternPolicy
import Testing

@Suite("IP address") struct IPAddressTests {
    @Test(
        "reads and writes the canonical forms",
        arguments: [
            ("0.0.0.0", "0.0.0.0"), ("10.0.0.1", "10.0.0.1"), ("255.255.255.255", "255.255.255.255"),
            ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("fd00::", "fd00::"),
            ("2001:DB8::A", "2001:db8::a"), ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
            ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"), ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
            ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
            ("::10.0.0.1", "::a00:1"),
        ])
    func canonical(text: String, expected: String) {
        #expect(IPAddress(text)?.description == expected)
        #expect(IPAddress(expected) == IPAddress(text))
    }

    @Test(
        "refuses spellings that programs read differently, and everything malformed",
        arguments: [
            "", " ", "10", "10.1", "10.0.1", "10.0.0.1.", ".10.0.0.1", "10..0.1", "10.0.0.0.1", "010.0.0.1",
            "10.00.0.1",
            "10.0.0.01", "0x0a.0.0.1", "0x0a000001", "167772161", "256.0.0.1", "10.0.0.999", "10.0.0.-1", "10.0.0.1 ",
            " 10.0.0.1", "10.0.0.1/32", "1O.0.0.1", ":", ":::", "1", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "::g", "fe80::1%eth0", "[::1]",
            "::1.2.3", "::1.2.3.4.5", "::01.2.3.4", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:5", "1:::2",
            "::1 ",
            "１0.0.0.1", "10.0.0.1\u{0}",
        ])
    func refused(text: String) { #expect(IPAddress(text) == nil) }

    @Test("takes an IPv4-mapped address for the IPv4 address that it is")
    func mapped() {
        for text in ["::ffff:10.0.0.1", "::FFFF:0a00:1", "0:0:0:0:0:ffff:a00:1"] {
            #expect(IPAddress(text) == address("10.0.0.1"))
            #expect(address(text).isV4)
            #expect(address(text).hashValue == address("10.0.0.1").hashValue)
        }
        #expect(IPAddress(v6: (high: 0, low: 0xFFFF_0A00_0001)) == IPAddress(v4: 0x0A00_0001))
        #expect(!address("::fffe:10.0.0.1").isV4)
        #expect(!address("::10.0.0.1").isV4)
    }

    @Test("gives back its bits in host order")
    func bits() {
        #expect(address("10.0.0.1").v4 == 0x0A00_0001)
        #expect(address("2001:db8::1").v4 == nil)
        #expect(address("2001:db8::1").v6 == (0x2001_0DB8_0000_0000, 1))
        #expect(address("10.0.0.1").v6 == (0, 0xFFFF_0A00_0001))
    }

    @Test("reads back whatever it writes")
    func roundTrip() {
        var random = SeededGenerator(state: 7)
        for _ in 0..<2000 {
            // Zero groups are common, so that every kind of run is seen.
            let groups = (0..<8).map { _ in
                Bool.random(using: &random) ? 0 : UInt64.random(in: 0...0xFFFF, using: &random)
            }
            let high = groups[..<4].reduce(0) { $0 << 16 | $1 }
            let low = groups[4...].reduce(0) { $0 << 16 | $1 }
            let address = IPAddress(v6: (high, low))
            #expect(IPAddress(address.description) == address)
            let v4 = IPAddress(v4: UInt32(truncatingIfNeeded: low))
            #expect(IPAddress(v4.description) == v4)
        }
    }
}
