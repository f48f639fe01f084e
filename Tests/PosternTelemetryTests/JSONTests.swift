import Foundation
import Testing

@testable import PosternTelemetry

@Suite struct JSONTextTests {
    /// The text that a JSON reader gets back for `bytes`, and the raw line.
    private func roundTrip(_ bytes: [UInt8]) throws -> (text: String?, raw: [UInt8]) {
        let raw = bytes.withUnsafeBytes { bytes in line { $0.field("v", bytes: bytes, keeping: 2000) } }
        return (try objects(raw).first?["v"] as? String, raw)
    }

    private func check(_ bytes: [UInt8], _ note: String) throws {
        let (text, raw) = try roundTrip(bytes)
        // Foundation's reader drops U+FEFF wherever it stands.
        func marksRemoved(_ text: String) -> [UnicodeScalar] { text.unicodeScalars.filter { $0 != "\u{FEFF}" } }
        #expect(text.map(marksRemoved) == marksRemoved(String(decoding: bytes, as: UTF8.self)), "\(note): \(bytes)")
        #expect(raw.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "\(note): \(bytes)")
        #expect(String(validating: raw, as: UTF8.self) != nil, "\(note): \(bytes)")
    }

    @Test func anyBytesComeBackAsSwiftWouldDecodeThem() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let telling: [UInt8] = [
            0x00, 0x1F, 0x20, 0x22, 0x5C, 0x7E, 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0,
            0xF4, 0xF5, 0xFF,
        ]
        for _ in 0..<30_000 {
            let count = Int.random(in: 0...40, using: &random)
            let bytes = (0..<count).map { _ -> UInt8 in
                switch Int.random(in: 0..<4, using: &random) {
                case 0: telling[Int.random(in: 0..<telling.count, using: &random)]
                case 1: UInt8.random(in: 0...255, using: &random)
                default: UInt8.random(in: 0x20...0x7E, using: &random)
                }
            }
            try check(bytes, "seed \(seed)")
        }
    }

    @Test func everyByteIsRightAtEveryPlaceInAWord() throws {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<17 {
                var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 17)
                bytes[place] = byte
                try check(bytes, "place \(place)")
            }
        }
    }

    @Test func wholeCharactersStayReadable() throws {
        let text = "größe „x“ 日本 🏰 e\u{301}"
        let raw = try roundTrip(Array(text.utf8)).raw
        #expect(String(decoding: raw, as: UTF8.self) == "{\"v\":\"\(text)\"}\n")
    }

    @Test func whatATerminalWouldObeyIsEscaped() throws {
        let raw = try roundTrip(Array("\u{1B}[2J\u{7F}\u{9B}\n\t\r\u{A0}".utf8)).raw
        #expect(
            String(decoding: raw, as: UTF8.self) == "{\"v\":\"\\u001b[2J\\u007f\\u009b\\n\\t\\r\u{A0}\"}\n")
    }
}

@Suite struct JSONLineTests {
    @Test func writesEveryKindOfField() {
        let bytes = line { line in
            line.field("text", "plain")
            line.field("number", -42)
            line.field("yes", true)
            line.field("no", false)
            line.field("ms", milliseconds: 12_345_999)
        }
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"text":"plain","number":-42,"yes":true,"no":false,"ms":12.345}"# + "\n")
    }

    @Test(arguments: [
        (0, "0.000"), (999, "0.000"), (1000, "0.001"), (1_000_000, "1.000"), (29_000_000_000, "29000.000"),
        (-5, "0.000"),
        (Int.max, "9223372036854.775"),
    ])
    func millisecondsHaveThreeDecimals(_ nanoseconds: Int, _ text: String) {
        let bytes = line { $0.field("ms", milliseconds: nanoseconds) }
        #expect(String(decoding: bytes, as: UTF8.self) == "{\"ms\":\(text)}\n")
    }

    @Test func aLineWithoutFieldsIsAnEmptyObject() {
        #expect(String(decoding: line { _ in }, as: UTF8.self) == "{}\n")
    }

    @Test func longTextEndsInAMark() throws {
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 5000)
        let raw = bytes.withUnsafeBytes { bytes in line { $0.field("v", bytes: bytes) } }
        #expect(try objects(raw).first?["v"] as? String == String(repeating: "x", count: 1024) + "…")
        #expect(try objects(raw).first?["truncated"] == nil)
    }

    @Test func longTextIsNotCutInsideACharacter() throws {
        for shift in 0..<4 {
            let text = String(repeating: "a", count: shift) + String(repeating: "🏰", count: 20)
            let raw = Array(text.utf8).withUnsafeBytes { bytes in line { $0.field("v", bytes: bytes, keeping: 33) } }
            let value = try #require(try objects(raw).first?["v"] as? String)
            #expect(text.hasPrefix(value.dropLast()) && value.hasSuffix("…"), "\(value)")
        }
    }

    @Test func aLineWithoutRoomIsStillAnObject() throws {
        let nasty = [UInt8](repeating: 0x01, count: 300)
        for capacity in 64...700 {
            let raw = nasty.withUnsafeBytes { nasty in
                line(capacity: capacity) { line in
                    line.field("first", 1)
                    line.field("nasty", bytes: nasty)
                    line.field("text", "some text of ours")
                    line.field("latency", milliseconds: 1_234_567)
                    line.field("flag", true)
                    line.field("last", Int.min)
                }
            }
            let object = try #require(try objects(raw).first)
            #expect(object["first"] as? Int == 1)
            #expect(object["truncated"] as? Bool == true)
            #expect(raw.last == UInt8(ascii: "\n") && raw.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        }
    }

    @Test func theLargestLineIsNotTruncatedByPlainText() throws {
        let text = [UInt8](repeating: UInt8(ascii: "x"), count: 1024)
        let raw = text.withUnsafeBytes { text in
            line(capacity: LogChunk.mostRecordBytes) { line in
                for _ in 0..<9 { line.field("v", bytes: text) }
            }
        }
        #expect(!String(decoding: raw, as: UTF8.self).contains("truncated"))
    }
}
