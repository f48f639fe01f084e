import PosternPolicy

/// Where the lines of a text begin, to turn libyaml's marks (line, character) into positions (line, byte).
///
/// Marks come in order, so it goes on from the last one: a file of one endless line costs no more than any other.
final class LineTable {
    let file: String
    private let bytes: [UInt8]
    private let starts: [Int]
    /// The last mark with its byte.
    private var cursor = (line: 0, character: 0, index: 0)

    init(_ bytes: [UInt8], file: String) {
        self.file = file
        self.bytes = bytes
        starts = LineTable.starts(bytes)
    }

    /// - parameters: line and character count from 0.
    func position(line: Int, character: Int) -> SourcePosition {
        let line = min(line, starts.count - 1)
        if line != cursor.line || character < cursor.character { cursor = (line, 0, starts[line]) }
        while cursor.character < character, cursor.index < bytes.count {
            cursor.index += 1
            while cursor.index < bytes.count, bytes[cursor.index] & 0xC0 == 0x80 { cursor.index += 1 }
            cursor.character += 1
        }
        return SourcePosition(file: file, line: line + 1, column: cursor.index - starts[line] + 1)
    }

    /// The first byte that no YAML text may hold: bad UTF-8, or a control character other than tab and line ends.
    func characterProblem() -> Diagnostic? {
        if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) {
            return Diagnostic(at: position(ofByte: 0), "the file is UTF-16", hint: "save it as UTF-8")
        }
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                if byte == 0x7F || (byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D) {
                    let code = String(byte, radix: 16, uppercase: true)
                    return Diagnostic(
                        at: position(ofByte: index),
                        "the control character U+\(byte < 16 ? "000" : "00")\(code) may not stand here",
                        hint: "in double quotes write `\\x\(byte < 16 ? "0" : "")\(code)`")
                }
                index += 1
            } else if let length = LineTable.scalarLength(bytes[index...]) {
                index += length
            } else {
                return Diagnostic(
                    at: position(ofByte: index), "the file is not UTF-8 from here", hint: "save it as UTF-8")
            }
        }
        return nil
    }

    private func position(ofByte index: Int) -> SourcePosition {
        let line = starts.lastIndex { $0 <= index } ?? 0
        return SourcePosition(file: file, line: line + 1, column: index - starts[line] + 1)
    }

    /// Lines end as libyaml ends them: LF, CR, CR LF, and the three of Unicode, NEL, LS and PS.
    private static func starts(_ bytes: [UInt8]) -> [Int] {
        var starts = [0]
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case 0x0A: starts.append(index + 1)
            case 0x0D where index + 1 >= bytes.count || bytes[index + 1] != 0x0A: starts.append(index + 1)
            case 0x85 where index >= 1 && bytes[index - 1] == 0xC2: starts.append(index + 1)
            case 0xA8, 0xA9:
                if index >= 2, bytes[index - 1] == 0x80, bytes[index - 2] == 0xE2 { starts.append(index + 1) }
            default: break
            }
        }
        return starts
    }

    /// The length of the well-formed scalar that begins the slice (Unicode, table 3-7), or nil.
    private static func scalarLength(_ bytes: ArraySlice<UInt8>) -> Int? {
        let lead = bytes[bytes.startIndex]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        let tail = bytes.dropFirst().prefix(length - 1)
        guard tail.count == length - 1, let first = tail.first, second.contains(first) else { return nil }
        return tail.dropFirst().allSatisfy { $0 & 0xC0 == 0x80 } ? length : nil
    }
}
