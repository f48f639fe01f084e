import Foundation
import Testing

@Suite("postern policy test") struct PolicyTestCommandTests {
    private let directory = try! TemporaryDirectory()

    private let policy = """
        {"Version": "2012-10-17", "Statement": [
          {"Sid": "Office", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
           "Condition": {"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}},
          {"Sid": "Night", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "execute-api:/prod/POST/*"}
        ]}
        """

    private func write(_ name: String, _ text: String) throws {
        let path = directory.file(name)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func run(_ arguments: String...) throws -> Child.Result {
        try Child.run([Postern.path, "policy", "test", directory.path] + arguments)
    }

    @Test func `cases pass in every directory, with the policy beside them or named`() throws {
        try write("a/shop.json", policy)
        try write(
            "a/shop.test.yaml",
            """
            defaults: {stage: prod, sourceIp: 10.1.0.9}
            cases:
              - {name: office, expect: allow, by: Office}
              - {name: writing, request: {method: POST}, expect: deny, by: "Night"}
              - {name: nobody, request: {sourceIp: ~}, expect: implicitDeny}
            """)
        try write(
            "b/other.test.json",
            #"{"policy": "../a/shop.json", "cases": [{"name": "x", "request": {"stage": "dev"}, "expect": "deny"}]}"#)
        let result = try run()
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("a/shop.test.yaml: 3 of 3 cases passed\n"), "\(result)")
        #expect(
            result.output.contains("other.test.json: 1 of 1 case passed; decides no case: Office, Night\n"), "\(result)"
        )
        #expect(result.output.hasSuffix("\n4 cases passed\n"), "\(result)")
    }

    @Test func `a failed case is explained and exits 1`() throws {
        try write("shop.json", policy)
        try write(
            "shop.test.yaml",
            """
            cases:
              - {name: outside, request: {stage: prod, sourceIp: 10.9.0.7}, expect: allow}
              - {name: inside, request: {stage: prod, sourceIp: 10.1.0.7}, expect: allow, by: Night}
            """)
        let result = try run()
        #expect(result.status == 1, "\(result)")
        #expect(
            result.output.contains("shop.test.yaml:2:12: `outside` failed: expected allow, found implicitDeny"),
            "\(result)")
        #expect(result.output.contains("add `10.9.0.7/32` to `IpAddress aws:SourceIp` of `Office`"), "\(result)")
        #expect(
            result.output.contains("`inside` failed: expected allow by `Night`, found allow by `Office`"), "\(result)")
        #expect(result.output.hasSuffix("2 of 2 cases failed\n"), "\(result)")

        let json = try run("--json")
        #expect(json.status == 1)
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(report["passed"] as? Int == 0 && report["failed"] as? Int == 2)
    }

    @Test func `every mistake is told with its place, and nothing is run`() throws {
        try write("shop.json", policy)
        try write(
            "shop.test.yaml",
            """
            default: {stage: prod}
            cases:
              - {name: a, request: {stage: prod, sourceIP: 10.1.0.7}, expect: allow}
              - {name: a, request: {stage: prod, at: soon}, expect: alow}
              - {name: b, request: {stage: prod}, expect: allow, by: Offices}
              - {name: c, request: {headers: {X: y}}, expect: deny}
              - {name: d, expect: deny}
              - {request: {stage: prod, uid: 7, sourceIp: 10.0.0.1}, expect: deny}
              - {name: e, request: {stage: prod, certificate: {sanDns: [a, b], subjct: x}, user: [a]}, expect: deny}
            """)
        let result = try run()
        #expect(result.status == 78 && result.output.isEmpty, "\(result)")
        for problem in [
            "shop.test.yaml:1:1: error: unknown key `default` in a test file (did you mean `defaults`?)",
            "shop.test.yaml:3:38: error: unknown key `sourceIP` in `request` (did you mean `sourceIp`?)",
            ":4:12: error: two cases have the name `a`", ":4:42: error: `soon` is not a date",
            "`alow` is not a value of `expect` (did you mean `allow`?)",
            ":5:58: error: the policy has no statement `Offices` (did you mean `Office`?)",
            "no condition key reads the header", ":7:5: error: the request has no stage",
            ":9:68: error: unknown key `subjct` in `certificate` (did you mean `subject`?)",
            ":9:86: error: `user` is a list, expected one value",
            "a case has no `name`", "a caller on a Unix socket has no address",
        ] { #expect(result.errors.contains(problem), "\(problem) in \(result)") }
    }

    @Test func `a directory without tests, a missing policy and an invalid one exit 78`() throws {
        let empty = try run()
        #expect(empty.status == 78 && empty.errors.contains("there are no tests in"), "\(empty)")
        try write("shop.test.yaml", "cases: [{name: a, request: {stage: prod}, expect: deny}]\n")
        let missing = try run()
        #expect(missing.status == 78 && missing.errors.contains("cannot read the policy"), "\(missing)")
        try write("shop.json", #"{"Statement": []}"#)
        let invalid = try run()
        #expect(
            invalid.status == 78 && invalid.errors.contains("shop.json:1:15: error: `Statement` is empty"), "\(invalid)"
        )
    }
}
