import PosternModel
import PosternPolicy
import PosternTelemetry
import Testing

@testable import PosternGateway

@Suite("DecisionChanges") struct DecisionChangesTests {
    private static let scope = PolicyScope(region: "local", account: "000000000000", apiID: "shop")

    private func policy(_ statements: String..., scope: PolicyScope = scope) throws -> Policy {
        let text = "{\"Statement\":[\(statements.joined(separator: ","))]}"
        return try Policy.compile(try JSONReader.read(Array(text.utf8), file: "p.json"), for: scope)
    }

    private func statement(_ effect: String, _ sid: String, agent: String? = nil) -> String {
        let condition = agent.map { ",\"Condition\":{\"StringEquals\":{\"aws:UserAgent\":\"\($0)\"}}" } ?? ""
        return
            "{\"Sid\":\"\(sid)\",\"Effect\":\"\(effect)\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"\(condition)}"
    }

    private func plan(
        _ policy: Policy?, endpoint: Policy? = nil, listener: String = "vpce-a", api: String = "shop"
    ) throws -> Plan {
        let place = SourcePosition(file: "shop.yaml", line: 1, column: 1)
        var scope = Self.scope
        scope.apiID = api
        let route = RouteDeclaration(
            verb: .method(.get), path: try ResourcePath("/x"), position: place,
            integration: .mock(MockIntegration(status: 200, headers: [], body: [])))
        let declaration = APIDeclaration(
            scope: scope, idPosition: place, routes: [route], stages: [StageDeclaration(name: "dev", position: place)],
            policy: policy, mayLackPolicy: false)
        return try PlanCompiler.compile(
            [declaration], endpoints: [EndpointDeclaration(id: listener, policy: endpoint)], generation: 1)
    }

    private func record(_ id: String, agent: String, isCut: Bool = false) -> RequestRecord {
        func part(_ text: String, _ isCut: Bool = false) -> RequestRecord.Part {
            RequestRecord.Part(bytes: Array(text.utf8), isCut: isCut)
        }
        return RequestRecord(
            requestID: id, extendedID: "", wallNanoseconds: 0,
            origin: RequestOrigin(facts: ConnectionFacts(), connectionID: 1, listenerID: "vpce-a"), generation: 1,
            apiID: "shop", stage: "dev", resourcePath: "/x", verb: "GET", domain: "", host: .empty,
            resource: part("shop/dev/GET/x"), method: part("GET"), path: part("/dev/x"),
            userAgent: part(agent, isCut), referer: nil, decision: .allow, refusedBy: nil, refusal: "", reason: "",
            status: 200)
    }

    @Test func `requests are grouped by route, change and deciding statement, the largest group first`() throws {
        let old = try plan(try policy(statement("Allow", "All"), statement("Deny", "NoGuests", agent: "guest")))
        let new = try plan(try policy(statement("Allow", "Everyone"), statement("Deny", "NoRobots", agent: "robot")))
        let records = [
            record("1", agent: "guest"), record("2", agent: "robot"), record("3", agent: "robot"),
            record("4", agent: "person"),
        ]
        let changes = DecisionChanges(records, from: old, to: new)
        #expect(changes.compared == 4)
        #expect(!changes.isPartial)
        #expect(changes.groups.map(\.requests) == [2, 1])
        #expect(changes.groups.map(\.isAllowed) == [false, true])
        #expect(changes.groups.map(\.statement) == ["NoRobots", "Everyone"])
        #expect(changes.groups.map(\.exampleID) == ["2", "1"])
        #expect(changes.groups[0].route == "shop/dev GET /x")
    }

    @Test func `an endpoint's policy that comes or goes changes decisions too`() throws {
        var scope = Self.scope
        (scope.apiID, scope.subject) = ("", .endpoint)
        let open = try policy(statement("Allow", "All"))
        let closed = try policy(statement("Allow", "Robots", agent: "robot"), scope: scope)
        let changes = DecisionChanges(
            [record("1", agent: "guest"), record("2", agent: "robot")], from: try plan(open),
            to: try plan(open, endpoint: closed))
        #expect(changes.groups.map(\.kind) == [.endpoint])
        #expect(changes.groups.map(\.owner) == ["vpce-a"])
        #expect(changes.groups.map(\.statement) == [nil])
        #expect(changes.groups.map(\.exampleID) == ["1"])
    }

    @Test func `an API that loses its policy refuses what it allowed`() throws {
        let changes = DecisionChanges(
            [record("1", agent: "a")], from: try plan(try policy(statement("Allow", "All"))), to: try plan(nil))
        #expect(changes.groups.map(\.isAllowed) == [false])
        #expect(changes.groups.map(\.owner) == ["shop"])
    }

    @Test func `what cannot be asked again is left out`() throws {
        let all = try policy(statement("Allow", "All"))
        let none = try policy(statement("Deny", "All"))
        let cut = DecisionChanges([record("1", agent: "a", isCut: true)], from: try plan(all), to: try plan(none))
        #expect((cut.remembered, cut.compared) == (1, 0))
        let listener = DecisionChanges(
            [record("1", agent: "a")], from: try plan(all), to: try plan(none, listener: "vpce-b"))
        #expect(listener.compared == 0)
        let api = DecisionChanges([record("1", agent: "a")], from: try plan(all), to: try plan(none, api: "other"))
        #expect(api.compared == 0)
    }

    @Test func `when the time is up it says so`() throws {
        let records = (0..<200).map { record("\($0)", agent: "a") }
        let open = try plan(try policy(statement("Allow", "All")))
        let changes = DecisionChanges(records, from: open, to: open, within: .zero)
        #expect(changes.isPartial)
        #expect(changes.compared < 200)
        #expect(changes.remembered == 200)
    }
}
