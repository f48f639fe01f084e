/// What a ticket carries so that the verdict can be found, or made again, when the session is resumed.
///
/// A byte for the format, the fingerprint of what was sent (32), the name that a server had to have, then the
/// intermediate certificates of the verified chain in DER, each text and each certificate behind its length in two
/// bytes. The ticket is encrypted and authenticated, but its keys may be shared with an older build, so that everything
/// is checked again.
struct ResumptionData {
    /// What `VerifiedPeer.resumptionData` allows.
    static let mostBytes = 4096
    private static let format: UInt8 = 1

    let presented: Fingerprint
    /// Only a name that came from the handshake; what a verifier expects by itself it knows.
    let expected: ExpectedPeer?
    /// In DER, not decoded: that costs more than a look-up. nil if they did not fit: the session resumes only while the
    /// verdict is remembered.
    let intermediates: [[UInt8]]?

    init(presented: Fingerprint, expected: ExpectedPeer?, intermediates: [[UInt8]]) {
        self.presented = presented
        self.expected = expected
        self.intermediates = intermediates
    }

    /// nil for bytes that `bytes` did not write.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 34, bytes[0] == Self.format else { return nil }
        presented = Fingerprint(bytes[1..<33])
        var rest = bytes[34...]
        guard let name = Self.field(&rest) else { return nil }
        expected = name.isEmpty ? nil : ExpectedPeer(named: String(decoding: name, as: UTF8.self))
        guard bytes[33] == 1 else {
            intermediates = nil
            return
        }
        var found: [[UInt8]] = []
        while !rest.isEmpty {
            guard let der = Self.field(&rest) else { return nil }
            found.append(Array(der))
        }
        intermediates = found
    }

    var bytes: [UInt8] {
        let name = Array((expected?.description ?? "").utf8)
        let head = [Self.format] + presented.bytes
        let whole = (intermediates ?? []).reduce(into: head + [1] + Self.field(name)) { $0 += Self.field($1) }
        return whole.count <= Self.mostBytes ? whole : head + [0] + Self.field(name)
    }

    private static func field(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)] + bytes
    }

    private static func field(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard rest.count >= 2 else { return nil }
        let count = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
        guard rest.count >= count else { return nil }
        defer { rest.removeFirst(count) }
        return rest.prefix(count)
    }
}
