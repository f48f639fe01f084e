import Foundation
import Testing

@Suite("postern check")
struct CheckTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Two routes to two services, two stages and a policy.
    private func writeShort(port: Int, orders: String, carts: String) throws {
        try directory.write(
            """
            listeners:
              - {id: vpce-mesh, address: 127.0.0.1, port: \(port), defaultApi: shop}
            admin: {socket: \(directory.file("admin.sock"))}
            """, to: "postern.yaml")
        try directory.write(
            """
            id: shop
            kind: rest
            stages:
              dev: {variables: {orders: "\(orders)"}}
              prod: {variables: {orders: "\(orders)"}}
            routes:
              ANY /order: http://${stageVariables.orders}/order
              ANY /cart/{proxy+}: http://\(carts)/cart/{proxy}
            policy:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Principal: "*"
                  Action: execute-api:Invoke
                  Resource: execute-api:/*
                  Condition: {IpAddress: {aws:SourceIp: 127.0.0.0/8}}
            """, to: "apis.d/shop.yaml")
    }

    @Test("About twenty lines are a gateway: checked, served and answering")
    func twentyLines() throws {
        let (orders, carts) = (try BackEnd.echo(), try BackEnd.echo())
        let port = try FreePort.next()
        try writeShort(port: port, orders: orders.authority, carts: carts.authority)
        let lines = (directory.read("postern.yaml") + "\n" + directory.read("apis.d/shop.yaml")).split(separator: "\n")
            .count
        #expect(lines <= 22)
        for path in [directory.path, directory.file("postern.yaml")] {
            let checked = try Postern.run("check", "--config", path)
            #expect(checked.status == 0, "\(checked)")
        }
        let files = (directory.file("out"), directory.file("err"))
        let child = try Child(Postern.serve(directory), output: files)
        let place = SocketPlace.tcp("127.0.0.1", port)
        try eventually("it answers") {
            if child.status != nil { throw SocketFailure("it ended: \(directory.read("err"))", 0) }
            return (try? Socket.connected(to: place)) != nil
        }
        let wire = try Wire(to: place)
        #expect(try wire.exchange("GET", "/dev/order").text.hasPrefix("GET /order HTTP/1.1\r\n"))
        #expect(try wire.exchange("GET", "/prod/cart/a/b").text.hasPrefix("GET /cart/a/b HTTP/1.1\r\n"))
        #expect((orders.requests.count, carts.requests.count) == (1, 1))
        child.signal(SIGTERM)
        #expect(try child.exit() == 0)
    }

    @Test("Every problem of the whole tree in one report, each with its place, and 78")
    func wholeReport() throws {
        try directory.write(
            """
            acount: "123456789012"
            loops: many
            listeners:
              - {id: mesh, address: 127.0.0.1, port: 8080}
              - {id: vpce-all, address: 0.0.0.0, port: 8081}
              - {id: vpce-out, address: 8.8.8.8, port: 8082, defaultApi: nobody}
            timeouts: {drain: soon}
            """, to: "postern.yaml")
        try directory.write(
            """
            id: shop
            kind: rest
            stages: {dev: {variables: {a: "1"}}, prod: {}}
            routes:
              GET /a: http://${stageVariables.a}/x
              GTE /b: http://127.0.0.1/b
              GET /c/{id}: http://127.0.0.1/{other}
              GET /c/{name}/d: {type: MOCK}
              GET /e/{rest+}/f: {type: MOCK}
              GET /g: {type: MOCKK}
            policy:
              Version: "2012-10-17"
              Statement: [{Effect: Alow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*"}]
            """, to: "apis.d/shop.yaml")
        try directory.write("id: shop\nstages: {dev: {}}\nroutes: {GET /x: {type: MOCK}}\n", to: "apis.d/twin.yaml")
        try directory.write(
            "id: late\nstages: {dev: {}}\nroutes: {GET /x: {type: MOCK}}\npolicy: missing.json\n", to: "apis.d/late.yml"
        )
        let result = try Postern.run("check", "--config", directory.path)
        #expect(result.status == 78)
        let expected = [
            ("postern.yaml:1:1", "account"), ("postern.yaml:2:8", "loops"), ("postern.yaml:4:", "mesh"),
            ("postern.yaml:5:", "0.0.0.0"), ("postern.yaml:6:", "8.8.8.8"), ("postern.yaml:6:", "nobody"),
            ("postern.yaml:7:", "soon"), ("shop.yaml:5:", "prod"), ("shop.yaml:6:", "GET"), ("shop.yaml:7:", "other"),
            ("shop.yaml:8:", "{id}"), ("shop.yaml:9:", "{rest+}"), ("shop.yaml:10:", "MOCK"),
            ("shop.yaml:13:", "Allow"),
            ("twin.yaml:1:", "shop"), ("late.yml:4:", "missing.json"),
        ]
        let lines = result.all.split(separator: "\n")
        for (place, word) in expected {
            #expect(lines.contains { $0.contains(place) && $0.contains(word) }, "\(place) \(word) in\n\(result.all)")
        }
        let json = try Postern.run("check", "--json", "--config", directory.path)
        #expect(json.status == 78)
        let problems = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        #expect(problems.count >= expected.count)
        #expect(problems.allSatisfy { $0["line"] is Int && $0["column"] is Int && $0["file"] is String })

        let files = (directory.file("out"), directory.file("err"))
        let serving = try Child(Postern.serve(directory), output: files)
        #expect(try serving.exit() == 78)
        #expect(directory.read("err").contains("shop.yaml:13:"))
    }

    @Test("Duplicate keys and duplicate routes are told")
    func duplicates() throws {
        let listener = "listeners: [{id: vpce-a, address: 127.0.0.1, port: 8080}]\n"
        try directory.write(listener + listener, to: "postern.yaml")
        try directory.write(
            """
            id: shop
            stages: {dev: {}}
            routes:
              GET /x: {type: MOCK}
              GET /x: {type: MOCK}
              ANY /y/{a}: {type: MOCK}
              ANY /y/{a}/: {type: MOCK}
            """, to: "apis.d/shop.yaml")
        let result = try Postern.run("check", "--config", directory.path)
        #expect(result.status == 78)
        #expect(result.all.contains("postern.yaml:2:1"))
        #expect(result.all.contains("shop.yaml:5:3"))
    }

    @Test(
        "What a policy misspells or cannot mean is refused, never ignored",
        arguments: [
            #"{"NumericLessThan":{"postern:UnixUid":"one"}}"#,
            #"{"StringEqualsIfExists":{"postern:CertificateSubjects":"a"}}"#,
            #"{"ForAllValues:NumericEquals":{"postern:CertificateSanDns":"1"}}"#,
            #"{"StringLike":{"aws:UserAgent":"${postern:CertificateIssuers}*"}}"#,
            #"{"StringEquals":{"aws:Nonsense":"a"}}"#,
            #"{"IpAddress":{"aws:SourceIp":"10.0.0.0/99"}}"#, #"{"IpAddress":{"aws:SourceIp":"10.0.0.1/8"}}"#,
            #"{"StringEqual":{"aws:SourceVpce":"a"}}"#,
        ])
    func refusedConditions(condition: String) throws {
        let configuration = try Configuration(
            ["GET /x": "{type: MOCK}"],
            policy: Policies.policy(Policies.statement("Allow"), Policies.statement("Deny", condition)))
        try configuration.write(to: directory)
        let result = try Postern.run("check", "--config", directory.path)
        #expect(result.status == 78)
        #expect(result.all.contains("shop.yaml:"))
    }

    @Test("An API without a policy is told, and is no error")
    func noPolicy() throws {
        var configuration = try Configuration(["GET /x": "{type: MOCK}"])
        configuration.add(API("shop", policy: nil, ["GET /x": "{type: MOCK}"]))
        try configuration.write(to: directory)
        let result = try Postern.run("check", "--config", directory.path)
        #expect(result.status == 0)
        #expect(result.all.contains("shop.yaml:"))
        #expect(result.all.contains("policy"))
        #expect(result.all.contains("refuse"))
    }

    @Test("A configuration that is not there is 78")
    func missing() throws {
        let result = try Postern.run("check", "--config", directory.file("nowhere"))
        #expect(result.status == 78)
        #expect(result.all.contains("nowhere"))
    }
}
