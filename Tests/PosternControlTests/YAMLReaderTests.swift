import PosternControl
import PosternPolicy
import Testing

@Suite("Reading YAML")
struct YAMLReaderTests {
    /// Everything in one line: `{a@1:1: text@1:4, …}`.
    private func outline(_ node: DocumentNode) -> String {
        let place = "@\(node.position.line):\(node.position.column)"
        switch node.value {
        case .object(let members):
            return "{"
                + members.map { "\($0.key)@\($0.keyPosition.line):\($0.keyPosition.column): \(outline($0.value))" }
                .joined(separator: ", ") + "}" + place
        case .array(let elements): return "[" + elements.map(outline).joined(separator: ", ") + "]" + place
        case .string(let text): return "\"\(text)\"" + place
        case .number(let text): return text + place
        case .bool(let value): return "\(value)" + place
        case .null: return "null" + place
        }
    }

    private func read(_ text: String) -> String { read(Array(text.utf8)) }

    private func read(_ bytes: [UInt8]) -> String {
        do throws(Diagnostics) {
            return outline(try YAMLReader.read(bytes, file: "f"))
        } catch {
            return error.description
        }
    }

    @Test(
        "Values know their places, in lines and bytes",
        arguments: [
            ("a: 1\nb:\n  - x\n  - {c: d}\n", "{a@1:1: 1@1:4, b@2:1: [\"x\"@3:5, {c@4:6: \"d\"@4:9}@4:5]@3:3}@1:1"),
            ("é: ü  # ö\nä: [é, x]\n", "{é@1:1: \"ü\"@1:5, ä@2:1: [\"é\"@2:6, \"x\"@2:10]@2:5}@1:1"),
            ("a: x\r\nb: y\r\n", "{a@1:1: \"x\"@1:4, b@2:1: \"y\"@2:4}@1:1"),
            ("# comment\n\n---\na: |\n  x\n  y\n", "{a@4:1: \"x\ny\n\"@4:4}@4:1"),
            ("", "null@1:1"), ("# nothing\n", "null@1:1"), ("a:\nb: ", "{a@1:1: null@1:3, b@2:1: null@2:3}@1:1"),
        ])
    func positions(_ text: String, _ outline: String) { #expect(read(text) == outline) }

    @Test(
        "Plain scalars are of the core schema, and nothing more",
        arguments: [
            ("true", "true"), ("False", "false"), ("null", "null"), ("~", "null"), ("yes", "\"yes\""), ("on", "\"on\""),
            ("0", "0"),
            ("-12", "-12"), ("1.50", "1.50"), ("1e3", "1e3"), ("0660", "\"0660\""), ("0x1F", "\"0x1F\""),
            ("1_000", "\"1_000\""),
            ("1:30", "\"1:30\""), ("+1", "\"+1\""), (".5", "\".5\""), ("1.", "\"1.\""), ("10.0.0.1", "\"10.0.0.1\""),
            ("-", "[null@1:2]"),
            ("\"5\"", "\"5\""), ("'true'", "\"true\""), ("!!str 5", "\"5\""), ("2012-10-17", "\"2012-10-17\""),
            (".inf", "\".inf\""),
        ])
    func scalars(_ text: String, _ outline: String) { #expect(read(text) == outline + "@1:1") }

    @Test("Aliases stand for what they name, at its place")
    func aliases() {
        #expect(read("a: &x [1]\nb: *x\n") == "{a@1:1: [1@1:8]@1:4, b@2:1: [1@1:8]@1:4}@1:1")
        #expect(read("&k a: 1\nb: *k\n") == "{a@1:1: 1@1:7, b@2:1: \"a\"@1:1}@1:1")
    }

    @Test(
        "What is not read is refused at its place",
        arguments: [
            (
                "a: 1\na: 2\nb: 1\nb: 1",
                "f:2:1: error: `a` stands twice in one mapping (first at f:1:1)\nf:4:1: error: `b` stands twice in one mapping (first at f:3:1)"
            ),
            ("a: !foo x", "f:1:4: error: the tag `!foo` is not supported (remove it, or quote what is text)"),
            (
                "a: !!int 5",
                "f:1:4: error: the tag `tag:yaml.org,2002:int` is not supported (remove it, or quote what is text)"
            ),
            (
                "a: !!set {x}",
                "f:1:4: error: the tag `tag:yaml.org,2002:set` is not supported (remove it, or quote what is text)"
            ),
            ("a: &x {b: 1}\nc: {<<: *x}", "f:2:5: error: merge keys are not supported (write the keys out)"),
            ("? [a]\n: b", "f:1:3: error: a key is not text (write `name: value`)"),
            ("a: *x", "f:1:4: error: nothing is anchored as `&x` before here"),
            ("a: &x [*x]", "f:1:8: error: nothing is anchored as `&x` before here"),
            ("a: 1\n---\nb: 1", "f:2:1: error: a second document begins here (one file holds one document)"),
            ("a: b: c", "f:1:5: error: invalid YAML: mapping values are not allowed in this context"),
            (
                "a: [1",
                "f:1:1: error: invalid YAML: did not find expected ',' or ']' (while parsing a flow sequence that begins in line 1)"
            ),
            (
                "a:\n\t- b",
                "f:2:1: error: invalid YAML: found character that cannot start any token (while scanning for the next token that begins in line 2)"
            ),
            (
                "a: \"x",
                "f:1:6: error: invalid YAML: found unexpected end of stream (while scanning a quoted scalar that begins in line 1)"
            ),
            (
                "a: \u{1}",
                "f:1:4: error: the control character U+0001 may not stand here (in double quotes write `\\x01`)"
            ),
            (
                "a: x\u{0}y",
                "f:1:5: error: the control character U+0000 may not stand here (in double quotes write `\\x00`)"
            ),
        ])
    func refused(_ text: String, _ report: String) { #expect(read(text) == report) }

    @Test(
        "What is not UTF-8 is refused at its byte",
        arguments: [
            ([0x61, 0x3A, 0x20, 0xFF], "f:1:4"), ([0x61, 0x0A, 0xC3], "f:2:1"), ([0xC0, 0x80], "f:1:1"),
            ([0xED, 0xA0, 0x80], "f:1:1"),
            ([0xF4, 0x90, 0x80, 0x80], "f:1:1"), ([0xE2, 0x82], "f:1:1"), ([0xFE, 0xFF, 0x00, 0x61], "f:1:1"),
        ] as [([UInt8], String)])
    func notUTF8(_ bytes: [UInt8], _ place: String) {
        #expect(read(bytes).hasPrefix(place + ": error: the file is "))
    }
}

@Suite("Hostile YAML")
struct HostileYAMLTests {
    private func problem(_ text: String) -> String {
        do throws(Diagnostics) {
            _ = try YAMLReader.read(Array(text.utf8), file: "f")
            return "none"
        } catch {
            return error.all.last?.message ?? ""
        }
    }

    @Test("Deep nesting is refused, in every notation")
    func deep() {
        for depth in [65, 999, 20_000] {
            for opening in ["[", "{a: ", "- ", "? ", "[\n", "- - ? "] {
                #expect(problem(String(repeating: opening, count: depth)) != "none")
            }
        }
        for depth in [65, 500] {
            let lists = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(problem(lists) == "values are nested deeper than 64 levels")
        }
        #expect(problem(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) == "none")
    }

    @Test("Aliases do not multiply without end, in values or keys")
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...20 {
            let row = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(row)]\n"
        }
        #expect(problem(text) == "the document holds more than 200000 values")
        #expect(problem(text + "? *a20\n: x\n") == "the document holds more than 200000 values")
        var chain = "a0: &a0 [x]\n"
        for level in 1...100 { chain += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(problem(chain) == "values are nested deeper than 64 levels")
    }

    @Test("More values than the bound are refused")
    func many() {
        #expect(
            problem("[" + String(repeating: "1,", count: 200_001) + "]") == "the document holds more than 200000 values"
        )
    }

    @Test(
        "Random bytes and broken documents are errors or documents, never a crash",
        arguments: [1, 2, UInt64.random(in: 0 ... .max)])
    func random(seed: UInt64) {
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces = [
            "[", "]", "{", "}", ": ", "- ", "\n", "  ", "&a ", "*a", "!x ", "|\n", ">", "'", "\"", "#", "? ", "a", "é",
            "---\n", "%", "\t", "\u{85}",
        ]
        for _ in 0..<2_000 {
            let text = (0..<next(40)).map { _ in pieces[next(pieces.count)] }.joined()
            _ = problem(text)
        }
        for _ in 0..<500 {
            let bytes = (0..<next(60)).map { _ in UInt8(next(256)) }
            _ = try? YAMLReader.read(bytes, file: "f")
        }
    }
}

@Suite("Files of a configuration")
struct ConfigurationFileTests {
    @Test("A missing postern.yaml is one clear error")
    func missing() {
        let tree = ConfigurationTree([:])
        #expect(tree.report() == ["postern.yaml:1:1: error: cannot read `postern.yaml`: no such file or directory"])
    }

    @Test("A FIFO and a directory where a file should be are refused without waiting")
    func notAFile() {
        let tree = ConfigurationTree(["postern.yaml": plainProcess])
        tree.makeFIFO("apis.d/a.yaml")
        tree.makeDirectory("apis.d/b.yaml")
        #expect(
            tree.report() == [
                "apis.d/a.yaml:1:1: error: cannot read `apis.d/a.yaml`: not a regular file",
                "apis.d/b.yaml:1:1: error: cannot read `apis.d/b.yaml`: not a regular file",
            ])
    }

    @Test("A file over 6 MB is refused")
    func huge() {
        let bytes = [UInt8](repeating: UInt8(ascii: "#"), count: 6 * 1024 * 1024 + 1)
        let tree = ConfigurationTree(bytes: ["postern.yaml": Array(plainProcess.utf8), "apis.d/a.yaml": bytes])
        #expect(tree.report() == ["apis.d/a.yaml:1:1: error: cannot read `apis.d/a.yaml`: larger than 6 MB"])
    }

    @Test("A missing directory of APIs is an error")
    func noDirectory() {
        let tree = ConfigurationTree(["postern.yaml": plainProcess])
        tree.remove("apis.d")
        #expect(
            tree.report() == [
                "postern.yaml:1:1: error: cannot read the directory of APIs `apis.d`: no such file or directory (`apis:` names it, relative to this file)"
            ])
    }
}
