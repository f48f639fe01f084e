import Foundation
import Testing

@testable import PosternTelemetry

@Suite struct RequestIDGeneratorTests {
    private func text(_ count: Int, _ write: (UnsafeMutableRawPointer) -> Void) -> String {
        // One byte more on each side, to see that nothing else is touched.
        var bytes = [UInt8](repeating: 0xEE, count: count + 2)
        bytes.withUnsafeMutableBytes { write($0.baseAddress! + 1) }
        #expect(bytes.first == 0xEE && bytes.last == 0xEE)
        return String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self)
    }

    @Test func requestIDsAreVersion4UUIDs() throws {
        var generator = RequestIDGenerator()
        for _ in 0..<1000 {
            let id = text(RequestIDGenerator.requestIDCount) { generator.writeRequestID(to: $0) }
            #expect(
                try #/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/#.wholeMatch(in: id) != nil)
            #expect(UUID(uuidString: id) != nil)
        }
    }

    @Test func extendedIDsAreElevenBytesInBase64() throws {
        var generator = RequestIDGenerator()
        var characters: Set<Character> = []
        for _ in 0..<1000 {
            let id = text(RequestIDGenerator.extendedIDCount) { generator.writeExtendedID(to: $0) }
            #expect(id.hasSuffix("="))
            #expect(Data(base64Encoded: id)?.count == 11)
            characters.formUnion(id)
        }
        #expect(characters.count == 65)
    }

    @Test func traceRootsCarryTheTime() throws {
        var generator = RequestIDGenerator()
        let root = text(RequestIDGenerator.traceRootCount) {
            generator.writeTraceRoot(epochSecond: 0x5759_e988, to: $0)
        }
        #expect(try #/1-5759e988-[0-9a-f]{24}/#.wholeMatch(in: root) != nil)
    }

    @Test func identifiersDoNotRepeat() {
        var (first, second) = (RequestIDGenerator(), RequestIDGenerator())
        var seen: Set<String> = []
        for _ in 0..<20_000 {
            seen.insert(text(36) { first.writeRequestID(to: $0) })
            seen.insert(text(36) { second.writeRequestID(to: $0) })
        }
        #expect(seen.count == 40_000)
    }

    @Test func randomWordsAreXoshiro256StarStar() {
        // The first values of the authors' reference program from the state 1, 2, 3, 4.
        var words = RandomWords(state: (1, 2, 3, 4))
        #expect(words.next() == 11_520)
        #expect(words.next() == 0)
        #expect(words.next() == 1_509_978_240)
        #expect(words.next() == 1_215_971_899_390_074_240)
    }

    @Test func theStateIsReplacedInTime() {
        var (one, other) = (RandomWords(state: (1, 2, 3, 4)), RandomWords(state: (1, 2, 3, 4)))
        for _ in 0..<RandomWords.wordsPerSeed { #expect(one.next() == other.next()) }
        #expect(one.next() != other.next())
    }

    @Test func hexDigitsAreWhatSwiftWrites() {
        for word: UInt32 in [0, 1, 0x0123_4567, 0x89AB_CDEF, 0xFFFF_FFFF, 0xA0B9_0F9A] {
            let written = text(8) { HexDigits.write(word, to: $0) }
            #expect(
                written == String(repeating: "0", count: 8 - String(word, radix: 16).count) + String(word, radix: 16))
        }
    }
}
