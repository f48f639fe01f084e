/// One message for the operator: what the program has to say about itself, apart from its traffic.
package struct SystemRecord {
    /// The forms that a system log can have. A journal has its own.
    package enum Form: Sendable, Equatable {
        /// `2026-11-22T10:34:28.123Z warning postern: message key=value`. With priorities, for a stream that journald
        /// reads, `<4>warning: message key=value` (sd-daemon(3)): journald knows the rest itself.
        case text(hasPriorities: Bool)
        /// `{"time":…,"level":…,"message":…,"metadata":{…}}`
        case json
        case journal
    }

    /// Nanoseconds since 1970.
    package var epochNanoseconds: Int
    /// Of syslog(3): 2 critical, 3 error, 4 warning, 5 notice, 6 informational, 7 debug.
    package var priority: Int
    /// `warning`
    package var level: String
    package var message: String
    package var metadata: [(name: String, value: String)]

    package init(
        epochNanoseconds: Int, priority: Int, level: String, message: String,
        metadata: [(name: String, value: String)] = []
    ) {
        self.epochNanoseconds = epochNanoseconds
        self.priority = priority
        self.level = level
        self.message = message
        self.metadata = metadata
    }

    /// Bytes of a message that are kept, and of a value.
    private static let messageLimit = 2_048
    private static let valueLimit = 1_024

    /// Appends the record as one line, or one entry: whatever its texts hold, nothing in them ends it.
    package func write(into buffer: LogBuffer, as form: Form) {
        switch form {
        case .text(let hasPriorities): buffer.appendText { copy(text(hasPriorities, &$1), to: $0) }
        case .json: buffer.appendText { copy(json(&$1), to: $0) }
        case .journal: buffer.appendEntry { entry, _ in write(to: &entry) }
        }
    }

    /// The line without its newline, as text.
    package func text(hasPriorities: Bool) -> [UInt8] {
        var timestamp = Timestamp()
        return text(hasPriorities, &timestamp)
    }

    private func copy(_ line: [UInt8], to memory: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(line.count, memory.count - 1)
        memory.copyBytes(from: line[..<count])
        memory[count] = UInt8(ascii: "\n")
        return count + 1
    }

    // MARK: Text

    private func text(_ hasPriorities: Bool, _ timestamp: inout Timestamp) -> [UInt8] {
        (hasPriorities ? Array("<\(priority)>\(level): ".utf8) : time(&timestamp) + Array(" \(level) postern: ".utf8))
            + sentence
    }

    /// The message and what belongs to it, on one line.
    private var sentence: [UInt8] {
        var line: [UInt8] = []
        Self.put(message.prefix(bytes: Self.messageLimit), into: &line)
        for (name, value) in metadata {
            line.append(UInt8(ascii: " "))
            Self.put(name[...], into: &line)
            line.append(UInt8(ascii: "="))
            let value = value.prefix(bytes: Self.valueLimit)
            // Else one value could look like several.
            let quote = UInt8(ascii: "\"")
            let isPlain =
                !value.isEmpty && value.utf8.first != quote
                && !value.utf8.contains { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "=") }
            if isPlain {
                Self.put(value, into: &line)
            } else {
                Self.putJSON(value, into: &line)
            }
        }
        return line
    }

    private func time(_ timestamp: inout Timestamp) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Timestamp.count) { memory, count in
            timestamp.write(epochNanoseconds: epochNanoseconds, to: UnsafeMutableRawPointer(memory.baseAddress!))
            count = Timestamp.count
        }
    }

    /// Text on one line: control characters, which a terminal would obey, are escaped as in JSON.
    private static func put(_ text: Substring, into line: inout [UInt8]) {
        for scalar in text.unicodeScalars {
            if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
                putJSON(Substring(String(scalar)), quoted: false, into: &line)
            } else {
                line.append(contentsOf: UTF8.encode(scalar)!)
            }
        }
    }

    // MARK: JSON

    private func json(_ timestamp: inout Timestamp) -> [UInt8] {
        var line = Array("{\"time\":\"".utf8) + time(&timestamp) + Array("\",\"level\":\"\(level)\",\"message\":".utf8)
        Self.putJSON(message.prefix(bytes: Self.messageLimit), into: &line)
        if !metadata.isEmpty {
            var members: [UInt8] = []
            for (name, value) in metadata {
                var member: [UInt8] = members.isEmpty ? [] : [UInt8(ascii: ",")]
                Self.putJSON(name[...], into: &member)
                member.append(UInt8(ascii: ":"))
                Self.putJSON(value.prefix(bytes: Self.valueLimit), into: &member)
                // The line must end as JSON; what is too much is left out.
                guard line.count + members.count + member.count < LogChunk.mostRecordBytes - 64 else { break }
                members += member
            }
            line += Array(",\"metadata\":{".utf8) + members + [UInt8(ascii: "}")]
        }
        line.append(UInt8(ascii: "}"))
        return line
    }

    private static func putJSON(_ text: Substring, quoted: Bool = true, into line: inout [UInt8]) {
        let bytes = Array(text.utf8)
        if quoted { line.append(UInt8(ascii: "\"")) }
        line += [UInt8](unsafeUninitializedCapacity: bytes.count * JSONText.mostExpansion + JSONText.slack) {
            memory, count in
            let start = UnsafeMutableRawPointer(memory.baseAddress!)
            bytes.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                count = JSONText.write(base, count: bytes.count, to: start) - start
            }
        }
        if quoted { line.append(UInt8(ascii: "\"")) }
    }

    // MARK: Journal

    private func write(to entry: inout JournalEntry) {
        entry.begin(priority: priority)
        entry.message { message in sentence.withUnsafeBytes { message.line($0) } }
        for (name, value) in metadata {
            let name = Array(name.utf8.map(Self.journalCharacter))
            name.withUnsafeBytes { name in
                var value = value
                value.withUTF8 { entry.field(name, UnsafeRawBufferPointer($0)) }
            }
        }
    }

    /// Names of fields are A–Z, 0–9 and `_`.
    private static func journalCharacter(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
        default: UInt8(ascii: "_")
        }
    }
}

extension String {
    /// At most so many bytes, without cutting a character.
    fileprivate func prefix(bytes most: Int) -> Substring {
        guard utf8.count > most else { return self[...] }
        var end = utf8.index(utf8.startIndex, offsetBy: most)
        while end.samePosition(in: self) == nil { end = utf8.index(before: end) }
        return self[..<end]
    }
}
