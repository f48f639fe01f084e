import PosternPolicy
import Testing

@Suite("JSON reader") struct JSONReaderTests {
    private func error(_ bytes: [UInt8]) -> String? {
        do {
            _ = try JSONReader.read(bytes, file: "p.json")
            return nil
        } catch {
            return error.description
        }
    }

    private func error(_ json: String) -> String? { error(Array(json.utf8)) }

    private func text(_ json: String) throws -> String? {
        guard case .string(let text) = try document(json).value else { return nil }
        return text
    }

    @Test("knows where every value and key stands")
    func positions() throws {
        let root = try document("{\r\n  \"é\": [1,\n\t-0.5e+3 , null]\n}")
        guard case .object(let members) = root.value, case .array(let elements) = members[0].value.value else {
            Issue.record("wrong shape")
            return
        }
        #expect(root.position == SourcePosition(file: "p.json", line: 1, column: 1))
        #expect(members[0].keyPosition == SourcePosition(file: "p.json", line: 2, column: 3))
        #expect(members[0].value.position == SourcePosition(file: "p.json", line: 2, column: 9), "columns count bytes")
        #expect(elements.map(\.position.line) == [2, 3, 3])
        #expect(elements.map(\.position.column) == [10, 2, 12])
        guard case .number(let written) = elements[1].value else {
            Issue.record("not a number")
            return
        }
        #expect(written == "-0.5e+3", "numbers keep their text")
    }

    @Test("decodes every escape")
    func escapes() throws {
        #expect(try text(#""\"\\\/\b\f\n\r\t""#) == "\"\\/\u{8}\u{C}\n\r\t")
        #expect(try text(#""\u0041é\u00e9\uD83D\ude00x""#) == "Aéé😀x")
        #expect(try text(#""a\nb\tc""#) == "a\nb\tc")
        #expect(try text(#""""#) == "")
    }

    @Test(
        "refuses what RFC 8259 does not allow, at its place",
        arguments: [
            ("", "p.json:1:1: error: the document ends too early (expected a value)"),
            ("{", "p.json:1:2: error: the document ends too early (expected a key in double quotes)"),
            ("{\"a\"", "p.json:1:5: error: the document ends too early (expected `:`)"),
            ("{\"a\":1,}", "p.json:1:8: error: unexpected `}` (expected a key in double quotes)"),
            ("[1,]", "p.json:1:4: error: unexpected `]` (expected a value)"),
            ("[1 2]", "p.json:1:4: error: unexpected `2` (expected `,` or `]`)"),
            ("{\"a\" 1}", "p.json:1:6: error: unexpected `1` (expected `:`)"),
            ("{a:1}", "p.json:1:2: error: unexpected `a` (expected a key in double quotes)"),
            ("{} {}", "p.json:1:4: error: unexpected `{` (expected the end of the document)"),
            ("// x\n{}", "p.json:1:1: error: unexpected `/` (expected a value)"),
            ("'a'", "p.json:1:1: error: unexpected `'` (expected a value)"),
            ("\u{FEFF}{}", "p.json:1:1: error: the document begins with a byte order mark (save it as plain UTF-8)"),
            ("[\n\ttru]", "p.json:2:2: error: unexpected `tru` (text is written in double quotes)"),
            ("nulll", "p.json:1:1: error: unexpected `nulll` (text is written in double quotes)"),
            ("Allow", "p.json:1:1: error: unexpected `A` (expected a value)"),
            ("01", "p.json:1:1: error: a number may not begin with `0` (quote it if it is text)"),
            ("-", "p.json:1:2: error: the document ends too early (expected a digit)"),
            ("1.", "p.json:1:3: error: the document ends too early (expected a digit)"),
            ("[1.x]", "p.json:1:4: error: unexpected `x` (expected a digit)"),
            ("1e+", "p.json:1:4: error: the document ends too early (expected a digit)"),
            ("+1", "p.json:1:1: error: unexpected `+` (expected a value)"),
            ("[\n\"ab", "p.json:2:1: error: a string is not closed (expected `\"`)"),
            ("\"a\nb\"", "p.json:1:3: error: byte 0x0A in a string (write it as `\\u000A`)"),
            ("\"\\x\"", "p.json:1:2: error: unknown escape in a string (a backslash is written `\\\\`)"),
            ("\"\\u00g0\"", "p.json:1:6: error: unexpected `g` (expected four hexadecimal digits)"),
        ])
    func grammar(json: String, expected: String) { #expect(error(json) == expected) }

    @Test("refuses half a surrogate pair", arguments: [#""\uD800""#, #""\uDC00""#, #""\uD800A""#, #""\uD800\uD800""#])
    func loneSurrogates(json: String) {
        #expect(
            error(json)
                == "p.json:1:2: error: half of a surrogate pair stands alone (expected `\\uD800\\uDC00` or the like)")
    }

    @Test(
        "refuses invalid UTF-8 at its byte",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xE2, 0x82], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        let found = error(Array("[\"a".utf8) + bytes + Array("\"]".utf8))
        let lead = String(bytes[0], radix: 16, uppercase: true)
        #expect(found == "p.json:1:4: error: byte 0x\(lead) is not valid UTF-8 here")
    }

    @Test("accepts the edges of UTF-8")
    func validUTF8() throws {
        let edges = "\u{7F}\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}"
        #expect(try text("\"\(edges)\"") == edges)
    }

    @Test("names both places of a key that stands twice, and all such keys")
    func duplicates() {
        let json = "{\"Effect\": 1,\n \"x\": {\"y\": 1, \"\\u0079\": 2},\n \"Effect\": 2}"
        #expect(
            error(json) == """
                p.json:2:16: error: `y` stands twice in one object (first at p.json:2:8)
                p.json:3:2: error: `Effect` stands twice in one object (first at p.json:1:2)
                """)
    }

    @Test("bounds the depth of nesting")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(error(nested(64)) == nil)
        #expect(error(nested(65)) == "p.json:1:65: error: the document nests deeper than 64 levels")
        #expect(error(String(repeating: "{\"a\":", count: 100_000))?.contains("deeper than 64") == true)
    }

    @Test("refuses a document cut off at any byte, and never crashes")
    func truncation() {
        let json = Array("{\"a\\u00e9\\uD83D\\uDE00é😀\": [1.5e-3, true, null, {\"b\": \"\\n\"}], \"c\": {}}".utf8)
        #expect(error(json) == nil)
        for end in json.indices { #expect(error(Array(json[..<end])) != nil) }
    }

    @Test("survives any byte in any place")
    func mutation() {
        let json = Array(allowing(condition: #"{"StringLike":{"aws:UserAgent":["é\u00e9",1.5,true]}}"#).utf8)
        for index in json.indices {
            for byte in [0, 0x0A, 0x22, 0x2C, 0x5C, 0x5B, 0x7B, 0x7D, 0x80, 0xC3, 0xED, 0xFF] as [UInt8] {
                var changed = json
                changed[index] = byte
                _ = error(changed)
            }
        }
    }
}
