import Foundation
import Synchronization

/// journald as a gateway in a mount namespace of its own sees it: a datagram socket whose entries are read strictly by
/// systemd.io/JOURNAL_NATIVE_PROTOCOL.
final class FakeJournal: Sendable {
    private let directory: TemporaryDirectory
    private let descriptor: CInt
    private let received = Mutex<(entries: [[String: String]], problems: [String])>(([], []))

    init() throws {
        directory = try TemporaryDirectory()
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let bound = SocketPlace.unix(directory.file("socket")).withAddress { bind(descriptor, $0, $1) }
        guard descriptor >= 0, bound == 0 else { throw SocketFailure("binding the journal") }
        inBackground { [weak self, descriptor] in
            while let datagram = Self.receive(descriptor) { self?.take(datagram) }
        }
    }

    deinit { shutdown(descriptor, CInt(SHUT_RDWR)) }

    /// Runs a program with this journal at the place where systemd has it.
    var launcher: [String] {
        [
            "unshare", "-m", "--propagation", "private", "sh", "-c",
            "mount -t tmpfs none /run && mkdir -p /run/systemd/journal"
                + " && mount --bind \(directory.path) /run/systemd/journal && exec \"$@\"", "sh",
        ]
    }

    var entries: [[String: String]] { received.withLock { $0.entries } }
    /// Datagrams that were none of the protocol's.
    var problems: [String] { received.withLock { $0.problems } }

    func entry(where isWanted: ([String: String]) -> Bool) throws -> [String: String] {
        var found: [String: String]?
        try eventually("an entry among \(entries.map { $0["MESSAGE"] ?? "" })") {
            found = entries.first(where: isWanted)
            return found != nil
        }
        return found!
    }

    private static func receive(_ descriptor: CInt) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 18) { buffer, count in
            count = max(recv(descriptor, buffer.baseAddress!, buffer.count, 0), 0)
        }
        return bytes.isEmpty ? nil : bytes
    }

    private func take(_ datagram: [UInt8]) {
        do {
            let fields = try Self.parse(datagram)
            received.withLock { $0.entries.append(fields) }
        } catch {
            received.withLock { $0.problems.append(String(decoding: datagram, as: UTF8.self)) }
        }
    }

    private static func parse(_ datagram: [UInt8]) throws -> [String: String] {
        var (rest, fields) = (datagram[...], [String: String]())
        while !rest.isEmpty {
            guard let end = rest.firstIndex(of: 10) else { throw WireFailure.malformed("no newline") }
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            let name: ArraySlice<UInt8>
            let value: ArraySlice<UInt8>
            if let sign = line.firstIndex(of: UInt8(ascii: "=")) {
                (name, value) = (line[..<sign], line[(sign + 1)...])
            } else {
                let count = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                guard rest.count > 8 + count, count >= 0 else { throw WireFailure.malformed("a length") }
                (name, value) = (line, rest.dropFirst(8).prefix(count))
                rest = rest.dropFirst(8 + count)
                guard rest.popFirst() == 10 else { throw WireFailure.malformed("no newline behind a value") }
            }
            let text = String(decoding: name, as: UTF8.self)
            guard text.wholeMatch(of: /[A-Z][A-Z0-9_]{0,63}/) != nil, fields[text] == nil else {
                throw WireFailure.malformed("field `\(text)`")
            }
            fields[text] = String(decoding: value, as: UTF8.self)
        }
        return fields
    }
}
