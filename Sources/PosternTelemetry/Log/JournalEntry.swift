/// Writes one entry in journald's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL) into memory of a fixed size, field
/// by field, without allocating.
///
/// A value that may be a peer's is always in the binary form: name, newline, length in 64 bits little endian, value, newline.
/// So no byte of it can begin another field. Names are constants; behind `POSTERN_` they are capitals and underscores.
/// In front of the entry stands its length in 32 bits, for the writer's thread, which sends one datagram an entry.
///
/// A field for which there is no room is cut or left out, and the entry then ends with `POSTERN_TRUNCATED=1`.
struct JournalEntry: ByteCursor {
    /// Bytes in front of an entry that tell its length.
    static let frame = 4
    /// The least memory that an entry needs.
    static let leastCapacity = 256
    private static let prefix: StaticString = "POSTERN_"
    private static let tail: StaticString = "POSTERN_TRUNCATED=1\n"

    private let start: UnsafeMutableRawPointer
    /// Fields end before this address; behind it there is room for the tail.
    private let limit: UnsafeMutableRawPointer
    var cursor: UnsafeMutableRawPointer
    private(set) var isTruncated = false

    /// - Parameter memory: at least `leastCapacity` bytes, valid until `end()`.
    init(_ memory: UnsafeMutableRawBufferPointer) {
        guard let base = memory.baseAddress, memory.count >= Self.leastCapacity else {
            preconditionFailure("a journal entry needs at least \(Self.leastCapacity) bytes")
        }
        start = base
        limit = base + (memory.count - Self.tail.utf8CodeUnitCount)
        cursor = base + Self.frame
    }

    /// The length of the entry whose frame begins at `bytes`, the frame included.
    static func framedCount(_ bytes: UnsafeRawPointer) -> Int {
        frame + Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
    }

    /// What every entry begins with.
    ///
    /// - Parameter priority: syslog(3): 3 error, 4 warning, 5 notice, 6 informational, 7 debug.
    mutating func begin(priority: Int) {
        putText("SYSLOG_IDENTIFIER=postern\nPRIORITY=")
        put(UInt8(ascii: "0") + UInt8(clamping: priority))
        putText("\n")
    }

    /// `MESSAGE`, from the pieces that `body` gives.
    mutating func message(_ body: (inout Message) -> Void) {
        putText("MESSAGE=")
        var message = Message(cursor: cursor, start: cursor, limit: limit - 1)
        body(&message)
        if message.isCut { isTruncated = true }
        cursor = message.cursor
        putText("\n")
    }

    /// The line for a person: pieces with one space between them, control characters escaped, so that it is one line
    /// wherever it is shown.
    struct Message {
        fileprivate(set) var cursor: UnsafeMutableRawPointer
        fileprivate let start: UnsafeMutableRawPointer
        fileprivate let limit: UnsafeMutableRawPointer
        fileprivate var isCut = false

        /// Nothing for an empty one.
        mutating func piece(_ bytes: UnsafeRawBufferPointer) {
            guard let base = bytes.baseAddress, bytes.count > 0 else { return }
            let room = (limit - cursor - 2 - JSONText.slack) / JSONText.mostExpansion
            let kept = JSONLine.wholeCharacters(bytes, atMost: Swift.min(room, JSONLine.valueLimit))
            isCut = isCut || kept < Swift.min(bytes.count, JSONLine.valueLimit)
            guard kept > 0 else { return }
            space()
            cursor = JSONText.write(base, count: kept, to: cursor)
        }

        /// The whole line, of which no control character is left.
        mutating func line(_ bytes: UnsafeRawBufferPointer) {
            let kept = JSONLine.wholeCharacters(bytes, atMost: Swift.max(limit - cursor, 0))
            isCut = isCut || kept < bytes.count
            guard let base = bytes.baseAddress, kept > 0 else { return }
            cursor.copyMemory(from: base, byteCount: kept)
            cursor += kept
        }

        mutating func piece(_ text: StaticString) {
            piece(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }

        mutating func piece(_ number: Int) {
            guard limit - cursor > DecimalDigits.mostBytes + 1 else { return isCut = true }
            space()
            cursor = DecimalDigits.write(number, to: cursor)
        }

        private mutating func space() {
            guard cursor > start else { return }
            cursor.storeBytes(of: UInt8(ascii: " "), as: UInt8.self)
            cursor += 1
        }
    }

    /// Closes the entry; returns how many bytes it takes, its frame included. Nothing may be written after it.
    mutating func end() -> Int {
        if isTruncated { putText(Self.tail) }
        let count = cursor - start
        start.storeBytes(of: UInt32(count - Self.frame).littleEndian, as: UInt32.self)
        return count
    }

    // MARK: Pieces

    /// A field in the binary form.
    ///
    /// - Parameter name: behind `POSTERN_`; A–Z, 0–9 and `_`.
    mutating func field(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, keeping most: Int = JSONLine.valueLimit
    ) {
        let free = limit - cursor - Self.prefix.utf8CodeUnitCount - name.count - 13
        var kept = Swift.min(value.count, most)
        if kept > free {
            isTruncated = true
            kept = free
            guard kept >= 16 else { return }
        }
        kept = JSONLine.wholeCharacters(value, atMost: kept)
        let mark: StaticString = kept < value.count ? "…" : ""
        putText(Self.prefix)
        putBytes(name)
        put(UInt8(ascii: "\n"))
        cursor.storeBytes(of: UInt64(kept + mark.utf8CodeUnitCount).littleEndian, as: UInt64.self)
        cursor += 8
        putBytes(UnsafeRawBufferPointer(rebasing: value[..<kept]))
        putText(mark)
        put(UInt8(ascii: "\n"))
    }

    /// `POSTERN_NAME=`, if there is room for it and `bytes` more with a newline.
    private mutating func beginPlain(_ name: StaticString, _ bytes: Int) -> Bool {
        guard limit - cursor >= Self.prefix.utf8CodeUnitCount + name.utf8CodeUnitCount + bytes + 2 else {
            isTruncated = true
            return false
        }
        putText(Self.prefix)
        putText(name)
        put(UInt8(ascii: "="))
        return true
    }

    @inline(__always)
    private mutating func putBytes(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        cursor.copyMemory(from: base, byteCount: bytes.count)
        cursor += bytes.count
    }
}

extension JournalEntry: RecordLine {
    mutating func text(_ json: StaticString, _ journal: StaticString, _ bytes: UnsafeRawBufferPointer) {
        field(UnsafeRawBufferPointer(start: journal.utf8Start, count: journal.utf8CodeUnitCount), bytes)
    }

    mutating func word(_ json: StaticString, _ journal: StaticString, _ word: StaticString) {
        guard beginPlain(journal, word.utf8CodeUnitCount) else { return }
        putText(word)
        put(UInt8(ascii: "\n"))
    }

    mutating func number(_ json: StaticString, _ journal: StaticString, _ value: Int) {
        guard beginPlain(journal, DecimalDigits.mostBytes) else { return }
        cursor = DecimalDigits.write(value, to: cursor)
        put(UInt8(ascii: "\n"))
    }

    mutating func mark(_ json: StaticString, _ journal: StaticString) { word(json, journal, "1") }

    mutating func duration(_ json: StaticString, _ journal: StaticString, nanoseconds: Int) {
        number(json, journal, Swift.max(nanoseconds, 0) / 1000)
    }

    mutating func moment(
        _ json: StaticString, _ journal: StaticString, epochNanoseconds: Int, _ timestamp: inout Timestamp
    ) {
        guard beginPlain(journal, Timestamp.count) else { return }
        timestamp.write(epochNanoseconds: epochNanoseconds, to: cursor)
        cursor += Timestamp.count
        put(UInt8(ascii: "\n"))
    }

    mutating func outcome(
        _ json: StaticString, _ journal: StaticString, kind: StaticString, _ outcome: PolicyOutcome
    ) {
        word(json, journal, outcome.shortText)
        switch outcome {
        case .none, .allow: break
        case .explicitDeny, .implicitDeny: word(json, kind, outcome.text)
        }
    }
}
