import Foundation
import Testing

@Suite("postern policy lint") struct PolicyLintCommandTests {
    private let directory = try! TemporaryDirectory()

    private func write(_ text: String) throws -> String {
        let path = directory.path + "/policy.json"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func lint(_ arguments: String...) throws -> Child.Result {
        try Child.run([Postern.path, "policy", "lint"] + arguments)
    }

    private let wide = """
        {"Version": "2012-10-17", "Statement": [
          {"Sid": "Wide", "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/*"}
        ]}
        """

    @Test("A finding has its place, its rule and a hint, and exits 2")
    func finding() throws {
        let path = try write(wide)
        let result = try lint(path)
        #expect(result.status == 2)
        #expect(
            result.all
                == "\(path):2:3: admits-everyone: statement `Wide` admits everyone who can reach a listener"
                + " (add a condition such as `StringEquals` on `aws:SourceVpce`, or a Deny that fences it)\n")
        let json = try lint(path, "--json")
        let rows = try #require(JSONSerialization.jsonObject(with: Data(json.all.utf8)) as? [[String: Any]], "\(json)")
        #expect(json.status == 2 && rows.count == 1)
        #expect(rows[0]["rule"] as? String == "admits-everyone" && rows[0]["line"] as? Int == 2)
    }

    @Test("A policy without findings exits 0 and says nothing")
    func clean() throws {
        let fenced = wide.replacingOccurrences(
            of: #""execute-api:/prod/*""#,
            with: #""execute-api:/prod/*", "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}"#)
        let result = try lint(try write(fenced))
        #expect(result.status == 0 && result.all.isEmpty, "\(result)")
    }

    @Test("Policies that stand in APIs' files and in postern.yaml are looked through in their places")
    func configuration() throws {
        let listener = try Listener(
            "vpce-a",
            options: "policy: {Statement: {Effect: Allow, Principal: '*', Action: '*', Resource: '*', "
                + "Condition: {StringEqualsIfExists: {aws:SourceVpce: vpce-a}}}}")
        var configuration = try Configuration(listeners: [listener])
        let policy = Policies.policy(
            Policies.statement(
                "Allow", sid: "Own", resource: "execute-api:/dev/GET/orders/*",
                #"{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","10.1.0.0/16"]}}"#))
        configuration.add(API("shop", policy: policy, ["GET /order/{id}": "{type: MOCK}"]))
        try configuration.write(to: directory)
        let api = try lint(directory.file("apis.d/shop.yaml"))
        #expect(api.status == 2 && api.all.contains("/apis.d/shop.yaml:"), "\(api)")
        #expect(api.all.contains("shadowed-cidr") && api.all.contains("resource-without-route"), "\(api)")
        let all = try lint("--config", directory.path)
        #expect(all.status == 2 && all.all.contains("resource-without-route"), "\(all)")
        #expect(all.all.contains("postern.yaml:") && all.all.contains("needless-if-exists"), "\(all)")
        #expect(!all.all.contains("admits-everyone"), "\(all)")
        let none = try lint("--config", directory.file("nowhere"))
        #expect(none.status == 78, "\(none)")
    }

    @Test("NotPrincipal with Allow is a finding; what else cannot be compiled exits 78, no file 64")
    func invalid() throws {
        let excluding = try lint(
            try write(
                wide.replacingOccurrences(of: #""Principal": "*""#, with: #""NotPrincipal": {"AWS": "123456789012"}"#)))
        #expect(excluding.status == 2 && excluding.all.contains("not-principal-allow"), "\(excluding)")
        #expect(try lint(try write(wide.replacingOccurrences(of: "Invoke", with: "Invok"))).status == 78)
        #expect(try lint().status == 64)
    }
}
