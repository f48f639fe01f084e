import Foundation
import Testing

@Suite("Statements in shadow mode")
struct ShadowTests {
    private static func shadow(_ statement: String) -> String {
        statement.dropLast() + #","postern:Mode":"shadow"}"#
    }

    private static let deny = shadow(
        Policies.statement("Deny", sid: "NoRobots", #"{"StringEquals":{"aws:UserAgent":"robot"}}"#))
    private static let allow = shadow(
        Policies.statement("Allow", sid: "AdmitGuests", #"{"StringEquals":{"aws:UserAgent":"guest"}}"#))
    private static let people = Policies.statement(
        "Allow", sid: "People", #"{"StringNotEquals":{"aws:UserAgent":"guest"}}"#)

    private func configuration() throws -> Configuration {
        try Configuration(
            ["GET /order/{id}": "{type: MOCK, body: fine}", "GET /x": "{type: MOCK}"],
            policy: Policies.policy(Self.people, Self.deny, Self.allow))
    }

    private struct Row: Decodable {
        var api: String
        var stage: String
        var route: String
        var policy: String
        var owner: String
        var statement: String
        var requests: Int
        var wouldDeny: Int
        var wouldAllow: Int
        var exampleRequestID: String?
        var exampleTime: String?
    }

    private struct Report: Decodable {
        var statements: Int
        var rows: [Row]
    }

    private func report(_ gateway: Gateway) throws -> Report {
        let result = try Postern.run(
            "policy", "shadow", "report", "--json", "--admin", gateway.directory.file("admin.sock"))
        #expect(result.status == 0, "\(result)")
        return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    }

    private func call(_ gateway: Gateway, _ agent: String, _ target: String = "/dev/order/7") throws -> Message {
        try gateway.get(target, ["User-Agent: \(agent)"])
    }

    @Test("They change no decision; log, metric and report tell what they would have done")
    func told() throws {
        let gateway = try Gateway(configuration())
        #expect(try report(gateway).rows.isEmpty)
        let robot = try call(gateway, "robot")
        #expect(robot.status == 200)
        let guest = try call(gateway, "guest")
        #expect(guest.status == 403)
        #expect(guest.text.hasSuffix(#"GET/order/7"}"#))
        let person = try call(gateway, "person")
        #expect(person.status == 200)

        let wouldDeny = try gateway.record(of: robot)
        #expect(wouldDeny["decision"] == "allow")
        #expect(wouldDeny["shadowDecision"] == "explicitDeny")
        #expect(wouldDeny["shadowStatement"] == "NoRobots")
        let wouldAllow = try gateway.record(of: guest)
        #expect(wouldAllow["decision"] == "implicitDeny")
        #expect(wouldAllow["shadowDecision"] == "allow")
        #expect(wouldAllow["shadowStatement"] == "AdmitGuests")
        #expect(try !gateway.record(of: person).names.contains("shadowDecision"))

        let metrics = try gateway.admin("/metrics").text.split(separator: "\n")
            .filter { $0.hasPrefix("postern_policy_shadow_divergences_total") }
        #expect(
            Set(metrics) == [
                #"postern_policy_shadow_divergences_total{api="shop",policy="api",decision="allow",shadow_decision="explicitDeny"} 1"#,
                #"postern_policy_shadow_divergences_total{api="shop",policy="api",decision="implicitDeny",shadow_decision="allow"} 1"#,
            ])

        let rows = try report(gateway).rows
        try #require(rows.map(\.statement) == ["NoRobots", "AdmitGuests"])
        #expect(rows.allSatisfy { $0.requests == 3 && $0.route == "GET /order/{id}" && $0.owner == "shop" })
        #expect(rows.map(\.wouldDeny) == [1, 0])
        #expect(rows.map(\.wouldAllow) == [0, 1])
        #expect(rows[0].exampleRequestID == robot["x-amzn-RequestId"])
        #expect(rows[1].exampleRequestID == guest["x-amzn-RequestId"])
        #expect(rows[0].exampleTime?.hasSuffix("Z") == true)
        let text = try Postern.run("policy", "shadow", "report", "--admin", gateway.directory.file("admin.sock"))
        #expect(text.output.contains("shop/dev GET /order/{id}: `NoRobots` of the api policy of `shop`"))
        #expect(text.output.contains("3 requests: would deny 1, would allow 0, last \(robot["x-amzn-RequestId"]!)"))
    }

    @Test("Counts outlive reloads that leave the policy as it is, and end with it")
    func reload() throws {
        var configuration = try configuration()
        let gateway = try Gateway(configuration)
        _ = try call(gateway, "robot")
        configuration.process.append("limits: {fields: 99}")
        #expect(try gateway.reloadAndWait(configuration).status == 0)
        _ = try call(gateway, "robot")
        #expect(try report(gateway).rows.first?.wouldDeny == 2)
        configuration.add(
            API(
                "shop", policy: Policies.policy(Self.people, Self.deny), ["GET /order/{id}": "{type: MOCK, body: fine}"]
            ))
        #expect(try gateway.reloadAndWait(configuration).status == 0)
        #expect(try report(gateway).rows.isEmpty)
        #expect(try report(gateway).statements == 1)
        _ = try call(gateway, "robot")
        #expect(try report(gateway).rows.first?.wouldDeny == 1)
        configuration.add(API("shop", ["GET /order/{id}": "{type: MOCK, body: fine}"]))
        #expect(try gateway.reloadAndWait(configuration).status == 0)
        let none = try Postern.run("policy", "shadow", "report", "--admin", gateway.directory.file("admin.sock"))
        #expect(none.output == "no statement is in shadow mode\n")
    }
}
