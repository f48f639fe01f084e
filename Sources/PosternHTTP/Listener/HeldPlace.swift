import PosternHost

/// Where a listening socket that outlives its process is, as a name that the next process reads: in the service manager's
/// store (`FDNAME=`) and in a handover.
///
///     held tcp 10.0.0.1%3A8080 eth1
///     held unix 26-1873-1765432100000000000 /run/postern/mesh.sock
///     held abstract mesh
///
/// The kernel itself tells the address of an IP socket; the name only keeps sockets apart. It does not tell a Unix socket's
/// path, for ours are bound under another one and renamed.
package enum HeldPlace: Sendable, Hashable {
    /// - Parameters:
    ///   - address: as administrators write it, with its port.
    ///   - device: the interface that the socket is confined to.
    case ip(address: String, device: String?)
    /// The file, and which one of that path it was.
    case file(path: String, FileIdentity)
    /// A name of the abstract name space, without the `@`.
    case abstract(String)

    package var name: String {
        let words: [String] =
            switch self {
            case .ip(let address, let device): ["tcp", address] + (device.map { [$0] } ?? [])
            case .file(let path, let identity): ["unix", identity.text, path]
            case .abstract(let name): ["abstract", name]
            }
        return (["held"] + words.map(Self.escaped)).joined(separator: " ")
    }

    /// - Returns: nil for a name that is not of this form.
    package init?(name: String) {
        let words = name.split(separator: " ", omittingEmptySubsequences: false).map { Self.unescaped($0) }
        guard words.count >= 3, words[0] == "held", let subject = words[2] else { return nil }
        switch (words[1], words.count) {
        case ("tcp", 3): self = .ip(address: subject, device: nil)
        case ("tcp", 4):
            guard let device = words[3] else { return nil }
            self = .ip(address: subject, device: device)
        case ("unix", 4):
            guard let identity = FileIdentity(text: subject), let path = words[3] else { return nil }
            self = .file(path: path, identity)
        case ("abstract", 3): self = .abstract(subject)
        default: return nil
        }
    }

    /// Whether the service manager can hold it: an unusual path may be too long for a name there.
    package var isStorable: Bool { DescriptorStore.isName(name) }

    // MARK: Words

    /// `%` and two digits for what separates names and words, for `%`, and for everything beyond printable ASCII.
    private static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "%"), UInt8(ascii: ":"), ...0x20, 0x7F...:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func unescaped(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digits.firstIndex), let low = rest.popFirst().flatMap(digits.firstIndex)
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension FileIdentity {
    fileprivate var text: String { "\(device)-\(inode)-\(modified)" }

    fileprivate init?(text: String) {
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        guard numbers.count == 3, let device = numbers[0], let inode = numbers[1], let modified = numbers[2] else {
            return nil
        }
        self.init(device: device, inode: inode, modified: modified)
    }
}
