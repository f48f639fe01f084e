import Foundation
import Testing

/// The policies that are shipped to start from.
@Suite("policy library") struct PolicyLibraryTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Policies")

    private struct Report: Decodable {
        struct File: Decodable {
            var policy: String
            var cases: [Case]
            var undecided: [String]
        }

        struct Case: Decodable {
            var name: String
            var passed: Bool
        }

        var files: [File]
        var failed: Int
    }

    private func report() throws -> Report {
        let result = try Postern.run("policy", "test", Self.folder.path, "--json")
        #expect(result.status == 0, "\(result)")
        return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    }

    private func policies() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix(".json") && !$0.hasSuffix(".test.json") }.sorted()
    }

    @Test func `every policy has tests, and all of them pass`() throws {
        let report = try report()
        #expect(report.failed == 0 && report.files.allSatisfy { !$0.cases.isEmpty && $0.cases.allSatisfy(\.passed) })
        let tested = Set(report.files.map { ($0.policy as NSString).lastPathComponent })
        let policies = try policies()
        #expect(!policies.isEmpty && tested == Set(policies))
    }

    @Test func `every statement decides a case`() throws {
        for file in try report().files { #expect(file.undecided.isEmpty, "\(file.policy): \(file.undecided)") }
    }

    @Test func `every policy is described`() throws {
        let text = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
        for name in try policies() {
            #expect(text.contains("\n## \(name.dropLast(".json".count))\n"), "\(name) has no section")
        }
    }
}
