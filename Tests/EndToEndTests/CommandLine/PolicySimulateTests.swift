import Foundation
import Testing

@Suite("postern policy simulate") struct PolicySimulateTests {
    private let directory = try! TemporaryDirectory()

    private func write(_ name: String, _ text: String) throws -> String {
        let path = directory.file(name)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func policy() throws -> String {
        try write(
            "policy.json",
            """
            {"Version": "2012-10-17", "Statement": [
              {"Sid": "Office", "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
               "Resource": "execute-api:/prod/*",
               "Condition": {"IpAddress": {"aws:SourceIp": ["10.1.0.0/16", "10.2.0.0/16"]}}},
              {"Sid": "NoAdmin", "Effect": "Deny", "Principal": "*", "Action": "*",
               "Resource": ["execute-api:/prod/GET/admin", "execute-api:/prod/GET/secret"]}
            ]}
            """)
    }

    private func simulate(_ arguments: String...) throws -> Child.Result {
        try Child.run([Postern.path, "policy", "simulate"] + arguments)
    }

    @Test func `an allowed request exits 0 and names the statement that allows it`() throws {
        let result = try simulate("--policy", policy(), "--source-ip", "10.2.3.4", "--stage", "prod")
        #expect(result.status == 0, "\(result)")
        #expect(result.output.hasPrefix("GET /prod/ of `api` from 10.2.3.4\nallowed by `Office`, "), "\(result)")
        #expect(result.output.contains("meets `10.2.0.0/16` at 4:64"), "\(result)")
        #expect(!result.output.contains("would allow it"), "\(result)")
    }

    @Test func `a denied request exits 77 and is told the one edit, with its place`() throws {
        let path = try policy()
        let result = try simulate("--policy", path, "--source-ip", "10.9.0.7", "--stage", "prod", "--path", "/orders/7")
        #expect(result.status == 77, "\(result)")
        #expect(result.output.contains("denied: no statement allows it\n"), "\(result)")
        #expect(result.output.contains("  no   4:32"), "\(result)")
        #expect(
            result.output.hasSuffix(
                "one change would allow it:\n  \(path):4:48  add `10.9.0.7/32` to `IpAddress aws:SourceIp` of `Office`\n"
            ),
            "\(result)")
        let denied = try simulate(
            "--policy", path, "--source-ip", "10.1.0.7", "--stage", "prod", "--path", "/admin")
        #expect(denied.status == 77 && denied.output.contains("denied by `NoAdmin`, \(path):5:3"), "\(denied)")
        #expect(
            denied.output.contains("remove `execute-api:/prod/GET/admin` from `Resource` of `NoAdmin`"), "\(denied)")
    }

    @Test func `as JSON the edit is a patch`() throws {
        let result = try simulate("--policy", policy(), "--source-ip", "10.9.0.7", "--stage", "prod", "--json")
        #expect(result.status == 77)
        let answer = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let explanation = try #require(answer["explanation"] as? [String: Any])
        #expect(explanation["decision"] as? String == "implicitDeny")
        #expect((explanation["statements"] as? [Any])?.count == 2)
        let change = try #require((explanation["changes"] as? [[String: Any]])?.first)
        #expect(change["op"] as? String == "add" && change["value"] as? String == "10.9.0.7/32")
        #expect(change["path"] as? String == "/Statement/0/Condition/IpAddress/aws:SourceIp/-")
    }

    @Test func `Unix peers, certificates, interfaces, headers and times are known`() throws {
        let path = try write(
            "rare.json",
            """
            {"Version": "2012-10-17", "Statement": [
              {"Sid": "Peer", "Effect": "Allow", "Principal": {"UnixUser": "orders"}, "Action": "*", "Resource": "*",
               "Condition": {"StringEquals": {"postern:SystemdUnit": "orders.service", "aws:UserAgent": "curl: 8"},
                             "NumericEquals": {"postern:UnixUid": 990}}},
              {"Sid": "Mesh", "Effect": "Allow", "Principal": {"SPIFFE": "spiffe://prod/*"}, "Action": "*", "Resource": "*",
               "Condition": {"Bool": {"aws:SecureTransport": true}, "StringEquals": {"postern:LocalInterface": "eth1"},
                             "NumericLessThan": {"postern:TimeOfDay": "06:00"}}}
            ]}
            """)
        let peer = try simulate(
            "--policy", path, "--stage", "prod", "--user", "orders", "--uid", "990", "--unit", "orders.service",
            "--header",
            "User-Agent: curl: 8")
        #expect(peer.status == 0 && peer.output.contains("allowed by `Peer`"), "\(peer)")
        func mesh(_ time: String) throws -> Child.Result {
            try simulate(
                "--policy", path, "--stage", "prod", "--spiffe", "spiffe://prod/a", "--interface", "eth1", "--at", time)
        }
        #expect(try mesh("2026-11-22T05:59:59Z").status == 0)
        let late = try mesh("2026-11-22T06:00:00Z")
        #expect(late.status == 77 && late.output.contains("write `06:01` for `06:00`"), "\(late)")
    }

    @Test func `without a stage the path begins with it, as callers write it`() throws {
        let result = try simulate("--policy", policy(), "--source-ip", "10.1.0.7", "--path", "/prod/admin")
        #expect(result.status == 77 && result.output.hasPrefix("GET /prod/admin of `api`"), "\(result)")
        let none = try simulate("--policy", policy(), "--source-ip", "10.1.0.7")
        #expect(none.status == 64 && none.errors.contains("the request has no stage"), "\(none)")
    }

    @Test func `what is not given is absent, a peer's number too, which is told`() throws {
        let path = try write(
            "uid.json",
            #"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*","#
                + #" "Condition": {"NumericEquals": {"postern:UnixUid": 7}}}}"#)
        let named = try simulate("--policy", path, "--path", "/prod", "--user", "orders")
        #expect(named.status == 77 && named.output.contains("NumericEquals postern:UnixUid  absent"), "\(named)")
        #expect(named.errors.contains("without --uid `postern:UnixUid` is absent"), "\(named)")
        let numbered = try simulate("--policy", path, "--path", "/prod", "--uid", "7")
        #expect(numbered.status == 0 && numbered.errors.isEmpty, "\(numbered)")
        #expect(try simulate("--policy", path, "--path", "/prod", "--uid", "4294967295").status == 64)
    }

    @Test func `what is malformed or contradicts itself is told and exits 64`() throws {
        let path = try policy()
        for (arguments, message) in [
            (["--source-ip", "010.0.0.1"], "--source-ip: `010.0.0.1` is not an address"),
            (["--at", "yesterday"], "--at: `yesterday` is not a date"),
            (["--method", "get"], "--method: `get` is not a method"),
            (["--header", "X-Api-Key: a"], "no condition key reads the header `X-Api-Key`"),
            (["--uid", "7", "--source-ip", "10.0.0.1"], "a caller on a Unix socket has no address"),
            (["--spiffe", "spiffe://a/b", "--no-tls"], "a client certificate comes with TLS only"),
            (["--config", "x"], "give one of --policy and --config"),
        ] {
            let result = try Child.run(
                [Postern.path, "policy", "simulate", "--policy", path, "--stage", "prod"] + arguments)
            #expect(result.status == 64 && result.errors.contains(message), "\(arguments): \(result)")
        }
    }

    @Test func `an invalid policy exits 78 with every problem`() throws {
        let path = try write(
            "bad.json", #"{"Statement": {"Effect": "Allw", "Principal": "*", "Action": "*", "Resource": "x"}}"#)
        let result = try simulate("--policy", path, "--stage", "prod")
        #expect(result.status == 78, "\(result)")
        #expect(result.errors.contains("\(path):1:26: error: unknown effect `Allw`"), "\(result)")
        #expect(result.errors.contains("`x` is not a resource"), "\(result)")
    }

    @Test func `a configuration's policy is taken with its region and account, from its own file too`() throws {
        _ = try write(
            "etc/postern.yaml",
            """
            region: berlin
            account: "123456789012"
            listeners:
              - id: vpce-a
                vpc: vpc-core
                address: 127.0.0.1
                port: 8080
                policy: {Version: "2012-10-17", Statement: [
                  {Sid: Door, Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "*",
                   Condition: {StringEquals: {aws:SourceVpc: vpc-core}}},
                  {Sid: NoRobots, Effect: Deny, Principal: "*", Action: "*", Resource: "*",
                   Condition: {StringLike: {aws:UserAgent: "robot*"}}}]}
            """)
        _ = try write(
            "etc/apis.d/shop.yaml",
            """
            id: shop
            stages: {dev: {}}
            routes: {GET /health: {type: MOCK}}
            policy:
              Version: "2012-10-17"
              Statement:
                - {Sid: Own, Effect: Allow, Principal: "*", Action: "execute-api:Invoke",
                   Resource: "arn:aws:execute-api:berlin:123456789012:shop/dev/GET/health"}
            """)
        let config = directory.file("etc")
        let allowed = try simulate("--config", config, "--api", "shop", "--stage", "dev", "--path", "/health")
        #expect(allowed.status == 0 && allowed.output.contains("allowed by `Own`"), "\(allowed)")
        let denied = try simulate("--config", config, "--stage", "dev", "--path", "/orders")
        #expect(denied.status == 77, "\(denied)")
        #expect(
            denied.output.contains("shop.yaml:8:18  add `execute-api:/dev/GET/orders` to `Resource` of `Own`"),
            "\(denied)")
        let health = ["--config", config, "--path", "/dev/health", "--endpoint", "vpce-a"]
        let door = try Child.run([Postern.path, "policy", "simulate"] + health)
        #expect(door.status == 0 && door.output.contains("allowed by `Own`"), "\(door)")
        let robot = try Child.run([Postern.path, "policy", "simulate", "--header", "User-Agent: robot/1"] + health)
        #expect(
            robot.status == 77 && robot.output.contains(", policy of the listener `vpce-a`\ndenied by `NoRobots`"),
            "\(robot)")
        let stage = try simulate("--config", config, "--path", "/prod/health")
        #expect(stage.status == 64 && stage.errors.contains("`shop` has no stage `prod`; there are: dev"), "\(stage)")
        let file = try simulate(
            "--policy", directory.file("etc/apis.d/shop.yaml"), "--path", "/dev/health", "--account", "123456789012",
            "--region", "berlin")
        #expect(file.status == 0 && file.output.hasPrefix("GET /dev/health of `shop`"), "\(file)")
        let unknown = try simulate("--config", config, "--api", "shp", "--stage", "dev")
        #expect(unknown.status == 64 && unknown.errors.contains("there is no API `shp`; there are: shop"), "\(unknown)")
    }
}
