import Glibc

/// The text of small files of /proc and of control groups.
enum FileText {
    /// At most 64 KiB; nil when it cannot be read.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { _ = close(descriptor) }
        var isWhole = true
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { memory, count in
            while count < memory.count {
                let more = Glibc.read(descriptor, memory.baseAddress! + count, memory.count - count)
                if more < 0 { isWhole = false }
                if more <= 0 { break }
                count += more
            }
        }
        return isWhole ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// The number that the file consists of; nil for `max` as well.
    static func number(_ path: String) -> Int? {
        guard let text = read(path) else { return nil }
        return Int(text.split(whereSeparator: \.isWhitespace).first ?? "")
    }

    /// The number behind `name ` at the beginning of a line.
    static func number(_ name: String, in path: String) -> Int? {
        guard let text = read(path) else { return nil }
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2, parts[0] == name { return Int(parts[1]) }
        }
        return nil
    }
}
