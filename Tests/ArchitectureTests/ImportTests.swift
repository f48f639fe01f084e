import Foundation
import Testing

/// The walls between the libraries, kept by a test so that nobody has to remember them.
@Suite struct ImportTests {
    /// What each target may import of ours, and why.
    static let allowed: [(target: String, imports: Set<String>, reason: String)] = [
        ("PosternPolicy", [], "decisions are pure: the same facts give the same answer wherever they are asked for"),
        (
            "PosternTLS", [],
            "certificates are judged by what is in them and in the files named, wherever they came from"
        ),
        (
            "PosternHost", [],
            "what the machine grants and holds the process to is asked of the kernel and the service manager alone"
        ),
        (
            "PosternHTTP", ["PosternHost", "PosternTLS"],
            "the wire knows no API and no policy, so that no shortcut past them can be taken there"
        ),
        ("PosternTelemetry", ["PosternHost"], "a record is plain values: what is told cannot depend on who tells it"),
        ("PosternModel", ["PosternPolicy"], "what is declared holds a policy and nothing that runs"),
        (
            "PosternGateway", ["PosternModel", "PosternPolicy", "PosternTLS", "PosternHTTP", "PosternTelemetry"],
            "the data plane reads a published plan and never asks the control plane"
        ),
        (
            "PosternControl",
            ["PosternHost", "PosternModel", "PosternPolicy", "PosternHTTP", "PosternTelemetry", "PosternTLS"],
            "the control plane publishes a plan and never touches a request"
        ),
        (
            "postern",
            [
                "PosternControl", "PosternGateway", "PosternHost", "PosternModel", "PosternPolicy", "PosternTLS",
                "PosternHTTP", "PosternTelemetry",
            ],
            "only the program joins both planes"
        ),
    ]

    /// What the request path stays free of: Foundation's cost in memory, and types that allocate where bytes would do.
    static let dataPlane = [
        "PosternPolicy", "PosternModel", "PosternTLS", "PosternHost", "PosternHTTP", "PosternTelemetry",
        "PosternGateway",
    ]

    @Test(arguments: allowed.map(\.target)) func `a target imports only what its place allows`(target: String) throws {
        let rule = try #require(Self.allowed.first { $0.target == target })
        for (file, imports) in try Self.imports(of: target) {
            let ours = imports.filter { $0.hasPrefix("Postern") }
            let extra = ours.subtracting(rule.imports)
            #expect(extra.isEmpty, "\(file) imports \(extra.sorted()), but \(rule.reason)")
        }
    }

    @Test(arguments: dataPlane) func `the data plane does without Foundation`(target: String) throws {
        for (file, imports) in try Self.imports(of: target) {
            #expect(
                imports.isDisjoint(with: ["Foundation", "FoundationEssentials", "Dispatch"]),
                "\(file) imports Foundation or Dispatch, which the request path does not need")
        }
    }

    @Test func `every target has its rule`() throws {
        let targets = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
            .filter { $0 == "postern" || $0.hasPrefix("Postern") }
        #expect(Set(targets) == Set(Self.allowed.map(\.target)))
    }

    // MARK: Reading

    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources")

    private static func imports(of target: String) throws -> [(file: String, imports: Set<String>)] {
        let folder = sources.appendingPathComponent(target)
        let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        let swift = files.filter { $0.hasSuffix(".swift") }
        try #require(!swift.isEmpty, "no sources in \(target)")
        return try swift.map { file in
            let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            let names = text.split(separator: "\n").compactMap(importedModule)
            return ("\(target)/\(file)", Set(names))
        }
    }

    /// `[access] import Module` with whatever attributes stand before it.
    private static func importedModule(_ line: Substring) -> String? {
        let words = line.split(separator: " ")
        guard let place = words.firstIndex(of: "import"), place <= 2, place + 1 < words.count else { return nil }
        let access: Set<Substring> = ["package", "public", "internal", "fileprivate", "private", "@preconcurrency"]
        guard words[..<place].allSatisfy({ access.contains($0) || $0.hasPrefix("@") }) else { return nil }
        return String(words[place + 1].prefix { $0 != "." })
    }
}
