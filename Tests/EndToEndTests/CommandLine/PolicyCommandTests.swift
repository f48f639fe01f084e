import Foundation
import Testing

@Suite("postern policy") struct PolicyCommandTests {
    private let directory = try! TemporaryDirectory()

    /// The answers to lines of questions.
    private func ask(_ command: String, _ lines: [String]) throws -> [String] {
        let file = directory.path + "/questions"
        try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let result = try Child.run(["/bin/sh", "-c", "exec '\(Postern.path)' policy \(command) --batch < '\(file)'"])
        #expect(result.status == 0, "\(result)")
        return result.all.split(separator: "\n").map(String.init)
    }

    private func question(_ condition: String, _ context: String, resource: String = "execute-api:/*") -> String {
        """
        {"policy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",\
        "Resource":"\(resource)","Condition":\(condition)}]},"request":{"action":"execute-api:Invoke",\
        "resource":"arn:aws:execute-api:eu-west-1:123456789012:abc/prod/GET/x","context":\(context)}}
        """
    }

    @Test("Each line has its answer, an invalid one too")
    func evaluate() throws {
        let network = #"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#
        let answers = try ask(
            "evaluate",
            [
                question(network, #"{"aws:SourceIp":"10.0.0.9"}"#), question(network, #"{"aws:SourceIp":"192.0.2.1"}"#),
                question(
                    #"{"ForAnyValue:StringEquals":{"aws:PrincipalTag/team":"b"}}"#,
                    #"{"aws:principaltag/TEAM":["a","b"]}"#),
                question(#"{"Bool":{"aws:SecureTransport":true}}"#, #"{"aws:SecureTransport":true}"#),
                question(#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/99"}}"#, "{}"), "{",
            ])
        #expect(answers.count == 6)
        #expect(answers[0] == #"{"decision":"allow","statements":[0]}"#)
        #expect(answers[1] == #"{"decision":"implicitDeny","statements":[]}"#)
        #expect(answers[2] == #"{"decision":"allow","statements":[0]}"#)
        #expect(answers[3] == #"{"decision":"allow","statements":[0]}"#)
        #expect(answers[4].contains(#""decision":"invalid""#) && answers[4].contains("10.0.0.0/99"))
        #expect(answers[5].contains(#""decision":"invalid""#) && answers[5].contains("line:1:2"))
    }

    @Test("A policy may be the path of a file, JSON or YAML; a misspelt key of a request is told, not passed over")
    func files() throws {
        let document = "Statement: {Effect: Allow, Principal: '*', Action: '*', Resource: '*'}\n"
        try document.write(toFile: directory.file("p.yaml"), atomically: true, encoding: .utf8)
        try #"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}"#
            .write(toFile: directory.file("p.json"), atomically: true, encoding: .utf8)
        func about(_ file: String, _ more: String = "") -> String {
            #"{"policy":"\#(directory.file(file))","request":{"action":"a:B","resource":"arn:aws:a:::b"\#(more)}}"#
        }
        let answers = try ask(
            "evaluate",
            [
                about("p.yaml"), about("p.json", #","account":"123456789012""#), about("none.json"),
                about("p.json", #","contex":{}"#),
            ])
        #expect(answers[0] == #"{"decision":"allow","statements":[0]}"#)
        #expect(answers[1] == #"{"decision":"explicitDeny","statements":[0]}"#)
        #expect(answers[2].contains("no such file or directory"))
        #expect(answers[3].contains("unknown key `contex` in `request`"))
    }

    @Test("A policy of an identity names no principal, and any service's actions are taken")
    func identity() throws {
        let answers = try ask(
            "evaluate",
            [
                """
                {"kind":"identity","policy":{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:Get*",\
                "Resource":"arn:aws:s3:::b/${aws:username}/*"}},"request":{"action":"s3:GetObject",\
                "resource":"arn:aws:s3:::b/bob/x","principal":"arn:aws:iam::123456789012:user/bob",\
                "context":{"aws:username":"bob"}}}
                """
            ])
        #expect(answers == [#"{"decision":"explicitDeny","statements":[0]}"#])
    }

    @Test("A network contains an address, or not, or is none")
    func contains() throws {
        let answers = try ask(
            "contains",
            [
                #"{"cidr":"10.0.0.0/8","address":"10.1.2.3"}"#, #"{"cidr":"10.0.0.0/8","address":"::ffff:10.1.2.3"}"#,
                #"{"cidr":"10.0.0.0/8","address":"fd00::1"}"#, #"{"cidr":"10.0.0.1/8","address":"10.1.2.3"}"#,
                #"{"cidr":"10.0.0.0/8","address":"010.1.2.3"}"#,
            ])
        #expect(answers[..<3] == [#"{"contains":true}"#, #"{"contains":true}"#, #"{"contains":false}"#])
        #expect(answers[3].contains(#""contains":"invalid""#) && answers[3].contains(#""error""#))
        #expect(answers[4].contains(#""contains":"invalid""#))
    }
}
