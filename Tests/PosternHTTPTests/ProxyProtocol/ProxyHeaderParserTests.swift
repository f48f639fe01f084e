import PosternHTTP
import Testing

@Suite struct ProxyHeaderParserTests {
    private func parse(_ text: String) -> ProxyHeaderParser.Outcome { ProxyHeaderParser.parse(Array(text.utf8).span) }
    private func parse(_ bytes: [UInt8]) -> ProxyHeaderParser.Outcome { ProxyHeaderParser.parse(bytes.span) }

    // MARK: version 1

    @Test func aTextHeaderNamesBothEndsAndLeavesTheRequest() {
        let line = "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"
        let header = ProxyHeader(source: .v4(0xc0a8_0001, port: 56324), destination: .v4(0xc0a8_000b, port: 443))
        #expect(parse(line + "GET / HTTP/1.1\r\n") == .header(header, consumed: line.utf8.count))
    }

    @Test(
        arguments: [
            ("::", 0, 0), ("::1", 0, 1), ("1::", 0x1_0000_0000_0000, 0), ("fe80::a:b", 0xfe80_0000_0000_0000, 0xa_000b),
            ("1:2:3:4:5:6:7:8", 0x1_0002_0003_0004, 0x5_0006_0007_0008),
            ("1:2:3:4:5:6:7::", 0x1_0002_0003_0004, 0x5_0006_0007_0000),
            ("::2:3:4:5:6:7:8", 0x2_0003_0004, 0x5_0006_0007_0008), ("ABcd::", 0xabcd_0000_0000_0000, 0),
            ("::ffff:10.1.2.3", 0, 0xffff_0a01_0203), ("1:2:3:4:5:6:10.1.2.3", 0x1_0002_0003_0004, 0x5_0006_0a01_0203),
        ] as [(String, UInt64, UInt64)])
    func aTextHeaderReadsIPv6(_ text: String, _ high: UInt64, _ low: UInt64) {
        let line = "PROXY TCP6 \(text) fd00::1 1 2\r\n"
        let header = ProxyHeader(
            source: .v6(high: high, low: low, port: 1),
            destination: .v6(high: 0xfd00_0000_0000_0000, low: 1, port: 2))
        #expect(parse(line) == .header(header, consumed: line.utf8.count))
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1::",
        "1:::2",
        "12345::", "g::", "::1%eth0", "[::1]", "::10.1.2", "::10.1.2.3:1", "10.1.2.3::", "1:2:3:4:5:6:7:10.1.2.3",
        "10.0.0.1",
        "::010.0.0.1", "1:2:3:4:5:6:7:8:",
    ])
    func aMalformedIPv6AddressIsRefused(_ text: String) {
        #expect(parse("PROXY TCP6 \(text) fd00::1 1 2\r\n") == .refused(.badAddress))
    }

    @Test(arguments: [
        "10.0.0", "10.0.0.256", "10.0.0.01", "10.0.0.1.", "10..0.1", "0x0a.0.0.1", "167772161", "fd00::1", "10.0.0.-1",
        "10.0.0.1a", "",
    ])
    func aMalformedIPv4AddressIsRefused(_ text: String) {
        #expect(parse("PROXY TCP4 \(text) 10.0.0.1 1 2\r\n") == .refused(.badAddress))
        #expect(parse("PROXY TCP4 10.0.0.1 \(text) 1 2\r\n") == .refused(.badAddress))
    }

    @Test(arguments: ["", "01", "00", "65536", "99999", "100000", "-1", "+1", "1a", "99999999999999999999"])
    func aMalformedPortIsRefused(_ text: String) {
        #expect(parse("PROXY TCP4 10.0.0.1 10.0.0.2 \(text) 2\r\n") == .refused(.badPort))
        #expect(parse("PROXY TCP4 10.0.0.1 10.0.0.2 2 \(text)\r\n") == .refused(.badPort))
    }

    @Test(arguments: [
        "PROXY TCP4\r\n", "PROXY TCP4 10.0.0.1 10.0.0.2 1\r\n", "PROXY TCP4 10.0.0.1 10.0.0.2 1 2 3\r\n",
        "PROXY TCP4 10.0.0.1 10.0.0.2 1 2 \r\n", "PROXY  TCP4 10.0.0.1 10.0.0.2 1 2\r\n",
        "PROXY TCP4  10.0.0.1 10.0.0.2 1 2\r\n",
        "PROXY tcp4 10.0.0.1 10.0.0.2 1 2\r\n", "PROXY UDP4 10.0.0.1 10.0.0.2 1 2\r\n", "PROXY UNKNOWNS\r\n",
        "PROXY \r\n",
    ])
    func aLineOfOtherPartsIsRefused(_ line: String) {
        #expect(parse(line) == .refused(.badLine))
    }

    @Test func anUnknownClientIsTakenAndNamesNobody() {
        #expect(parse("PROXY UNKNOWN\r\n") == .header(ProxyHeader(), consumed: 15))
        #expect(parse("PROXY UNKNOWN what ever\r\n") == .header(ProxyHeader(), consumed: 25))
    }

    @Test func aLineEndsWithCRLFWithin107Bytes() {
        #expect(parse("PROXY UNKNOWN\n") == .refused(.badLineEnd))
        #expect(parse("PROXY UNKNOWN\rX") == .refused(.badLineEnd))
        #expect(parse("PROXY UNKNOWN\r") == .needMore)
        let longest = "PROXY UNKNOWN " + String(repeating: "f", count: 91)
        #expect(parse(longest + "\r\n") == .header(ProxyHeader(), consumed: 107))
        #expect(parse(longest + "f\r\n") == .refused(.lineTooLong))
        #expect(parse(longest + "ff") == .refused(.lineTooLong))
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\n", "PROXX", "PROXYTCP4", "\r\n\r\n\0\r\nQUIX", "\r\nGET", " PROXY ",
        "\u{16}\u{3}\u{1}",
    ])
    func whatIsNoHeaderIsRefusedAtItsFirstWrongByte(_ text: String) {
        #expect(parse(text) == .refused(.notProxyHeader))
    }

    // MARK: version 2

    @Test func aBinaryHeaderNamesBothEnds() {
        var wire = ProxyWire.version2(family: 0x11, ProxyWire.v4Addresses)
        let v4 = ProxyHeader(source: .v4(0x0a01_0007, port: 51442), destination: .v4(0x0a01_0009, port: 8080))
        #expect(parse(wire + Array("GET".utf8)) == .header(v4, consumed: 28))

        wire = ProxyWire.version2(family: 0x21, ProxyWire.v6Addresses)
        let v6 = ProxyHeader(
            source: .v6(high: 0xfd00_0000_0000_0000, low: 10, port: 51442),
            destination: .v6(high: 0xfd00_0000_0000_0000, low: 11, port: 8080))
        #expect(parse(wire) == .header(v6, consumed: 52))

        wire = ProxyWire.version2(family: 0x31, ProxyWire.unixAddresses)
        let unix = ProxyHeader(source: .unix(Array("/run/c".utf8)), destination: .unix([0] + Array("postern".utf8)))
        #expect(parse(wire) == .header(unix, consumed: 232))
    }

    @Test func aLocalHeaderIsSkippedWhateverItHolds() {
        #expect(
            parse(ProxyWire.version2(command: 0, family: 0, [])) == .header(ProxyHeader(isLocal: true), consumed: 16))
        let odd = ProxyWire.version2(command: 0, family: 0xf7, ProxyWire.endpoint("vpce-1"))
        #expect(parse(odd) == .header(ProxyHeader(isLocal: true), consumed: odd.count))
    }

    @Test func anUnspecifiedFamilyNamesNobody() {
        let wire = ProxyWire.version2(family: 0, ProxyWire.endpoint("vpce-1"))
        #expect(parse(wire) == .header(ProxyHeader(), consumed: wire.count))
    }

    @Test(
        arguments: [
            (0x21, 0x12, .notStream), (0x21, 0x22, .notStream), (0x21, 0x32, .notStream), (0x21, 0x10, .notStream),
            (0x21, 0x01, .notStream), (0x21, 0x13, .notStream), (0x21, 0x41, .badFamily), (0x21, 0xff, .badFamily),
            (0x22, 0x11, .badCommand), (0x2f, 0x11, .badCommand), (0x11, 0x11, .badVersion), (0x31, 0x11, .badVersion),
        ] as [(UInt8, UInt8, ProxyHeaderRefusal)])
    func whatTheSpecificationDoesNotNameIsRefused(_ command: UInt8, _ family: UInt8, _ reason: ProxyHeaderRefusal) {
        #expect(parse(ProxyWire.signature + [command, family, 0, 12] + ProxyWire.v4Addresses) == .refused(reason))
    }

    @Test func aHeaderHasRoomForItsAddressesAndAnEnd() {
        #expect(
            parse(ProxyWire.version2(family: 0x11, ProxyWire.v4Addresses.dropLast())) == .refused(.addressesTruncated))
        #expect(parse(ProxyWire.version2(family: 0x21, ProxyWire.v4Addresses)) == .refused(.addressesTruncated))
        #expect(parse(ProxyWire.version2(family: 0x31, ProxyWire.v6Addresses)) == .refused(.addressesTruncated))
        let padding = 4096 - 16 - 12 - 3
        let largest = ProxyWire.version2(
            family: 0x11, ProxyWire.v4Addresses + ProxyWire.vector(4, Array(repeating: 0, count: padding)))
        guard case .header(_, consumed: 4096) = parse(largest) else { Issue.record("largest header refused"); return }
        #expect(parse(ProxyWire.signature + [0x21, 0x11, 0x0f, 0xf1]) == .refused(.headerTooLong))
        #expect(parse(ProxyWire.signature + [0x20, 0x00, 0xff, 0xff]) == .refused(.headerTooLong))
    }

    // MARK: extensions

    private func parse(extensions: [UInt8]) -> ProxyHeaderParser.Outcome {
        parse(ProxyWire.version2(family: 0x11, ProxyWire.v4Addresses + extensions))
    }

    private func endpointID(_ outcome: ProxyHeaderParser.Outcome) -> String? {
        if case .header(let header, _) = outcome { header.endpointID } else { nil }
    }

    @Test func theEndpointIDIsFoundAmongOtherExtensions() {
        let vectors =
            ProxyWire.vector(0x20, [1, 0, 0, 0, 0]) + ProxyWire.vector(0xea, [2, 9]) + ProxyWire.endpoint("vpce-0a1b-2")
            + ProxyWire.vector(4, [0, 0, 0]) + ProxyWire.vector(0xf0, [])
        #expect(endpointID(parse(extensions: vectors)) == "vpce-0a1b-2")
    }

    @Test(arguments: [
        "", "vpce-", "vpc-1", "VPCE-1", "vpce-A", "vpce-1 ", "vpce-1\0", "vpce-1\r\n", "vpce-ä", " vpce-1",
        "vpce-" + String(repeating: "a", count: 124),
    ])
    func anEndpointIDOfAnotherShapeIsRefused(_ id: String) {
        #expect(parse(extensions: ProxyWire.endpoint(id)) == .refused(.badEndpointID))
    }

    @Test func anEndpointIDMayHave128Bytes() {
        let id = "vpce-" + String(repeating: "a", count: 123)
        #expect(endpointID(parse(extensions: ProxyWire.endpoint(id))) == id)
    }

    @Test func twoEndpointsAreRefused() {
        let twice = ProxyWire.endpoint("vpce-1") + ProxyWire.endpoint("vpce-1")
        #expect(parse(extensions: twice) == .refused(.duplicateExtension))
    }

    @Test(
        arguments: [
            [4], [4, 0], [4, 0, 1], [4, 0, 2, 9], [4, 0xff, 0xff, 1], [0xea, 0, 0], [3, 0, 3, 1, 2, 3], [4, 0, 0, 7],
        ] as [[UInt8]])
    func anExtensionThatDoesNotFitIsRefused(_ bytes: [UInt8]) {
        #expect(parse(extensions: bytes) == .refused(.badExtension))
    }

    /// Computed with an independent bitwise implementation, in the shape of an AWS network load balancer's header.
    private static let summed: [UInt8] =
        ProxyWire.signature + [0x21, 0x11, 0x00, 0x2d] + ProxyWire.v4Addresses + [3, 0, 4, 0x82, 0x25, 0x00, 0x61]
        + ProxyWire.endpoint("vpce-0a1b2c3d4e5f60718")

    @Test func aRightChecksumIsTakenAndEveryFlippedBitIsFound() {
        #expect(endpointID(parse(Self.summed)) == "vpce-0a1b2c3d4e5f60718")
        for index in 16..<Self.summed.count {
            for bit in 0..<8 {
                var flipped = Self.summed
                flipped[index] ^= 1 << bit
                // A flip in a type or length may hide the checksum; it must then break the structure, or change a type.
                if (28...30).contains(index) || (35...38).contains(index) { continue }
                #expect(parse(flipped) == .refused(.badChecksum), "bit \(bit) of byte \(index)")
            }
        }
    }

    @Test func twoChecksumsAreRefused() {
        let twice = ProxyWire.vector(3, [0, 0, 0, 0]) + ProxyWire.vector(3, [0, 0, 0, 0])
        #expect(parse(extensions: twice) == .refused(.duplicateExtension))
    }
}

/// Headers as a proxy writes them.
enum ProxyWire {
    static let signature: [UInt8] = Array("\r\n\r\n\0\r\nQUIT\n".utf8)
    static let v4Addresses: [UInt8] = [10, 1, 0, 7, 10, 1, 0, 9, 0xc8, 0xf2, 0x1f, 0x90]
    static let v6Addresses: [UInt8] =
        [0xfd] + Array(repeating: 0, count: 14) + [10, 0xfd] + Array(repeating: 0, count: 14) + [
            11, 0xc8, 0xf2, 0x1f, 0x90,
        ]
    static let unixAddresses: [UInt8] =
        Array("/run/c".utf8) + Array(repeating: 0, count: 102) + [0] + Array("postern".utf8)
        + Array(repeating: 0, count: 100)

    static func version2(command: UInt8 = 1, family: UInt8, _ rest: some Collection<UInt8>) -> [UInt8] {
        signature + [0x20 | command, family, UInt8(rest.count >> 8), UInt8(rest.count & 0xff)] + Array(rest)
    }

    static func vector(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
        [type, UInt8(value.count >> 8), UInt8(value.count & 0xff)] + value
    }

    static func endpoint(_ id: String) -> [UInt8] { vector(0xea, [1] + Array(id.utf8)) }
}
