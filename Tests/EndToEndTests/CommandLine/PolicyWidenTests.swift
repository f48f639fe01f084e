import Foundation
import Testing

@Suite("postern policy widen") struct PolicyWidenTests {
    private let directory = try! TemporaryDirectory()

    private func write(_ name: String, _ text: String) throws -> String {
        let path = directory.path + "/" + name
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func policy(_ name: String, networks: String, more: String = "") throws -> String {
        try write(
            name,
            """
            {"Version":"2012-10-17","Statement":[{"Sid":"Office","Effect":"Allow","Principal":"*",\
            "Action":"execute-api:Invoke","Resource":"execute-api:/prod/*",\
            "Condition":{"IpAddress":{"aws:VpcSourceIp":[\(networks)]}}}\(more)]}
            """)
    }

    private func api() throws -> String {
        try write(
            "shop.yaml",
            """
            id: shop
            stages: {prod: {}, dev: {}}
            policy:
              Statement: {Effect: Allow, Principal: "*", Action: execute-api:Invoke, Resource: "*"}
            routes:
              GET /order: {type: MOCK}
              GET /order/{id}: {type: MOCK}
              ANY /files/{path+}: {type: MOCK}
            """)
    }

    private func widen(_ arguments: String...) throws -> Child.Result {
        try Child.run([Postern.path, "policy", "widen"] + arguments)
    }

    @Test("Access that widens is told with its sources, routes and statement, and exits 2")
    func widens() throws {
        let mesh = """
            ,{"Sid":"Mesh","Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",\
            "Resource":"execute-api:/prod/GET/order/*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-mesh"},\
            "IpAddress":{"aws:VpcSourceIp":"10.9.0.0/16"}}}
            """
        let old = try policy("old.json", networks: #""10.1.0.0/16""#)
        let new = try policy("new.json", networks: #""10.1.0.0/17""#, more: mesh)
        let result = try widen(old, new, "--api", try api())
        #expect(result.status == 2, "\(result)")
        let lines = result.all.split(separator: "\n").map(String.init)
        #expect(lines.count == 2)
        #expect(lines[0] == #"newly allowed: 10.9.0.0/16 via vpce-mesh → GET /prod/order/{id}   by statement "Mesh""#)
        #expect(
            lines[1] == #"newly denied: 10.1.128.0/17 → every route of stage prod   no longer by statement "Office""#)
    }

    @Test("Access that narrows is told and exits 0, as does a change that changes nothing")
    func narrows() throws {
        let old = try policy("old.json", networks: #""10.1.0.0/16""#)
        let halves = try policy("halves.json", networks: #""10.1.0.0/17", "10.1.128.0/17""#)
        let half = try policy("half.json", networks: #""10.1.0.0/17""#)
        let narrower = try widen(old, half)
        #expect(narrower.status == 0 && narrower.all.contains("newly denied: 10.1.128.0/17"), "\(narrower)")
        let same = try widen(old, halves)
        #expect(same.status == 0 && same.all == "nobody gains or loses access\n", "\(same)")
    }

    @Test("JSON tells the same to programs")
    func json() throws {
        let old = try policy("old.json", networks: #""10.1.0.0/16""#)
        let new = try policy("new.json", networks: #""10.0.0.0/15""#)
        let result = try widen(old, new, "--api", try api(), "--json")
        #expect(result.status == 2)
        let answer = try #require(
            JSONSerialization.jsonObject(with: Data(result.all.utf8)) as? [String: Any], "\(result)")
        #expect(answer["widens"] as? Bool == true)
        let changes = try #require(answer["changes"] as? [[String: Any]])
        #expect(changes.count == 1)
        #expect(changes[0]["change"] as? String == "allowed" && changes[0]["certain"] as? Bool == true)
        #expect((changes[0]["source"] as? [String: [String]]) == ["address": ["10.0.0.0/16"]])
        #expect(changes[0]["routes"] as? [String] == ["every route of stage prod"])
        #expect(changes[0]["statement"] as? String == "Office")
    }

    @Test("A policy that cannot be read or compiled exits 78, a missing argument 64")
    func invalid() throws {
        let old = try policy("old.json", networks: #""10.1.0.0/16""#)
        let broken = try policy("broken.json", networks: #""10.1.0.1/16""#)
        #expect(try widen(old, broken).status == 78)
        #expect(try widen(old, directory.path + "/none.json").status == 78)
        #expect(try widen(old, old, "--api", try api(), "--api-id", "other").status == 78)
        #expect(try widen(old).status == 64)
    }
}
