import Foundation
import Glibc

@testable import PosternTelemetry

/// journald's socket as a test holds it, and its protocol read strictly.
final class FakeJournal {
    let path: String
    let descriptor: Int32

    init(at path: String) {
        self.path = path
        unlink(path)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8) + [0]) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(bound == 0, "no socket at \(path)")
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// The next datagram, or what a passed file holds; throws where none comes.
    func receive() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        var control = [UInt64](repeating: 0, count: 8)
        var message = msghdr()
        let (count, file) = bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control -> (Int, Int32) in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    let count = recvmsg(descriptor, &message, 0)
                    return (count, message.msg_controllen >= 20 ? control.load(fromByteOffset: 16, as: Int32.self) : -1)
                }
            }
        }
        guard count >= 0 else { throw CocoaError(.fileReadUnknown) }
        guard file >= 0 else { return Array(bytes[..<count]) }
        defer { close(file) }
        // F_GET_SEALS: nobody may change it any more.
        guard count == 0, fcntl(file, 1034) == 15 else { throw CocoaError(.fileReadCorruptFile) }
        lseek(file, 0, SEEK_SET)
        return readAll(file)
    }

    /// The fields of an entry by systemd.io/JOURNAL_NATIVE_PROTOCOL; throws where it is not one.
    static func parse(_ entry: [UInt8]) throws -> [(name: String, value: [UInt8])] {
        var (rest, fields) = (entry[...], [(name: String, value: [UInt8])]())
        while !rest.isEmpty {
            guard let end = rest.firstIndex(of: 10) else { throw CocoaError(.formatting) }
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            let name: ArraySlice<UInt8>
            let value: [UInt8]
            if let sign = line.firstIndex(of: UInt8(ascii: "=")) {
                (name, value) = (line[..<sign], Array(line[(sign + 1)...]))
            } else {
                guard rest.count >= 8 else { throw CocoaError(.formatting) }
                let count = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                rest = rest.dropFirst(8)
                guard count < UInt64(rest.count) else { throw CocoaError(.formatting) }
                (name, value) = (line, Array(rest.prefix(Int(count))))
                rest = rest.dropFirst(Int(count))
                guard rest.popFirst() == 10 else { throw CocoaError(.formatting) }
            }
            let isName =
                !name.isEmpty && name.count <= 64 && name.first != UInt8(ascii: "_")
                && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(name.first!)
                && name.allSatisfy {
                    $0 == UInt8(ascii: "_") || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                }
            guard isName else { throw CocoaError(.formatting) }
            fields.append((String(decoding: name, as: UTF8.self), value))
        }
        return fields
    }

    /// Fields as text, by name; throws where a name stands twice.
    static func fields(_ entry: [UInt8]) throws -> [String: String] {
        try Dictionary(
            parse(entry).map { ($0.name, String(decoding: $0.value, as: UTF8.self)) },
            uniquingKeysWith: { _, _ in throw CocoaError(.formatting) })
    }

    func next() throws -> [String: String] { try Self.fields(receive()) }
}

/// Runs `body` with the bytes of a text.
func withBytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try Array(text.utf8).withUnsafeBytes(body)
}
