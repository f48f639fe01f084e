import Foundation
import PosternPolicy
import Testing

/// One case of a fixture file.
struct DecisionFixture: CustomTestStringConvertible {
    var file: String
    var name: String
    var policy: DocumentNode
    var kind: StandalonePolicy.Kind
    var request: PolicyRequest
    var decision: String
    var statements: [Int]

    var testDescription: String { "\(file): \(name)" }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    static func read(_ name: String) throws -> [DocumentNode] {
        let bytes = try Data(contentsOf: folder.appending(path: name))
        guard case .array(let cases) = try JSONReader.read(Array(bytes), file: name).value else { return [] }
        return cases
    }

    static func all() throws -> [DecisionFixture] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.filter { $0 != "1.4-tables.json" }.flatMap { name in
            try read(name).map { DecisionFixture($0, file: name) }
        }
    }

    init(_ node: DocumentNode, file: String) {
        self.file = file
        name = node["name"]!.text!
        policy = node["policy"]!
        kind = StandalonePolicy.Kind(rawValue: node["kind"]!.text!)!
        request = PolicyRequest(fixture: node["request"]!)!
        decision = node["decision"]!.text!
        statements = (node["statements"]?.list ?? []).map { Int($0.text!)! }
    }
}

@Suite("decision fixtures") struct FixtureTests {
    @Test(
        "every case of the files is decided as they say, by the statements they say",
        arguments: try! DecisionFixture.all())
    func decided(fixture: DecisionFixture) {
        do {
            let found = try Policy.evaluate(document: fixture.policy, kind: fixture.kind, request: fixture.request)
            #expect(found.decision.rawValue == fixture.decision)
            #expect(found.statements == fixture.statements)
        } catch {
            #expect(fixture.decision == "invalid", "\(error)")
        }
    }

    @Test("what the gateway can be asked, it decides the same; what is invalid, it refuses")
    func gateway() throws {
        var compared = 0
        for fixture in try DecisionFixture.all() where fixture.kind == .resource {
            let policy = try? Policy.compile(fixture.policy, for: testScope)
            if fixture.decision == "invalid" {
                #expect(policy == nil, "\(fixture.testDescription)")
                continue
            }
            guard let policy, let asked = GatewayQuestion(fixture.request) else { continue }
            compared += 1
            let decision = policy.decide(asked.facts, asked.request)
            #expect(decision.answer.rawValue == fixture.decision, "\(fixture.testDescription)")
            switch decision {
            case .allow(let index), .explicitDeny(let index):
                #expect(fixture.statements.contains(index), "\(fixture.testDescription)")
            case .implicitDeny: break
            }
        }
        #expect(compared >= 300, "only \(compared) were compared")
    }

    @Test("cover every table with at least 300 cases")
    func count() throws { #expect(try DecisionFixture.all().count >= 300) }

    @Test("policy and authorizer combine as tables A and B say")
    func tables() throws {
        let rows = try DecisionFixture.read("1.4-tables.json")
        #expect(rows.count == 18)
        for row in rows {
            let combined = Policy.combine(
                policy: PolicyAnswer(rawValue: row["policy"]!.text!)!,
                authorizer: PolicyAnswer(rawValue: row["authorizer"]!.text!)!,
                sameAccount: row["sameAccount"]!.text! == "true")
            #expect(combined.rawValue == row["result"]!.text!)
        }
    }
}
