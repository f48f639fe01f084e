import PosternPolicy
import Testing

@Suite("policy compiler") struct PolicyCompilerTests {
    /// One statement on a line of its own, so that columns are easy to count: it begins at 1:15.
    private func statement(_ body: String) -> String { "{\"Statement\":{\(body)}}" }

    private let tail = #""Effect":"Allow","Principal":"*","Action":"*","Resource":"*""#

    @Test(
        "accepts every form of the language that is evaluated",
        arguments: [
            #"{"Version":"2008-10-17","Id":"x","Statement":[{"Sid":"a","Effect":"Deny","Principal":{"AWS":"*"},"Action":["execute-api:*"],"Resource":["*"]}]}"#,
            #"{"Statement":{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"EXECUTE-API:INVOKE","Resource":"*","Condition":{}}}"#,
            #"{"Statement":[{"Sid":"","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Sid":"","Effect":"Deny","Principal":"*","Action":"execute-api:In?oke","Resource":"arn:*"}]}"#,
            allowing(condition: #"{"stringequals":{"AWS:sourcevpce":"a"},"BOOL":{"aws:securetransport":true}}"#),
            allowing(condition: #"{"StringLike":{"aws:UserAgent":[1,true,"x"]}}"#),
            allowing(condition: #"{"Null":{"aws:SourceIp":["true",false]}}"#),
            allowing(condition: #"{"NotIpAddress":{"aws:SourceIp":["10.0.0.1","fd00::/8"]}}"#),
        ])
    func accepted(json: String) { #expect(problems(json) == []) }

    @Test(
        "refuses a document of the wrong shape",
        arguments: [
            ("[]", "1:1: a policy must be a mapping, found a list"),
            ("{}", "1:1: the policy has no `Statement`"),
            (#"{"Statement":[]}"#, "1:14: `Statement` is empty"),
            (#"{"Statement":"x"}"#, "1:14: `Statement` must be a mapping or a list of mappings, found text"),
            (#"{"Statement":[1]}"#, "1:15: a statement must be a mapping, found a number"),
            (
                #"{"Version":"2012-10-18","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#,
                "1:12: unknown policy version `2012-10-18` (expected `2012-10-17` or `2008-10-17`)"
            ),
            (
                #"{"Version":2012,"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#,
                "1:12: `Version` must be text, found a number"
            ),
            (
                #"{"Id":1,"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#,
                "1:7: `Id` must be text, found a number"
            ),
            (
                #"{"version":"x","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#,
                "1:2: unknown element `version` of a policy (did you mean `Version`)"
            ),
        ])
    func shape(json: String, expected: String) { #expect(problems(json) == [expected]) }

    @Test("finds all problems in one pass, in the document's order")
    func all() {
        let json = """
            {"Version": "2012-10-17", "Statment": [],
             "Statement": [
              {"Sid": "a", "Effect": "allow", "Principal": "*", "Action": "execute-api:Invok", "Resource": "x"},
              {"Sid": "a", "Effect": "Deny", "NotPrincipal": "*", "Action": [], "Resorce": "*",
               "Condition": {"IpAdress": {"aws:SourceIpp": "10.0.0.0/8"},
                             "IpAddress": {"aws:SourceIp": ["10.0.0.1/8", "10.0.0.0/33", "x", null]},
                             "StringEquals": {"aws:SourceIp": "10.0.0.1", "aws:SourceVpce": "${aws:usernam}"}}},
              {"Effect": "Allow"}
             ]}
            """
        #expect(
            problems(json) == [
                "1:27: unknown element `Statment` of a policy (did you mean `Statement`)",
                "3:26: unknown effect `allow` (did you mean `Allow`)",
                "3:63: `execute-api:Invok` is not an action of an API (did you mean `execute-api:Invoke`)",
                "3:96: `x` is not a resource (expected `*`, `execute-api:/…` or `arn:aws:execute-api:…`)",
                "4:3: the statement has no `Resource`",
                "4:11: two statements have the `Sid` `a` (first at p.json:3:11)",
                "4:65: the list under `Action` is empty (expected a value)",
                "4:69: unknown element `Resorce` of a statement (did you mean `Resource`)",
                "5:18: unknown operator `IpAdress` (did you mean `IpAddress`)",
                "5:31: unknown condition key `aws:SourceIpp` (did you mean `aws:SourceIp`)",
                "6:49: `10.0.0.1/8` has bits set behind its prefix (write `10.0.0.0/8` for the network, `10.0.0.1` for one address)",
                "6:63: `10.0.0.0/33` has a prefix length that does not fit its address (expected `/0` to `/32` for IPv4, `/0` to `/128` for IPv6)",
                "6:78: `x` is not an address or a network (expected `10.0.0.0/8`, `10.0.0.1`, `fd00::/8` or the like)",
                "6:83: a value of `aws:SourceIp` must be text, found nothing",
                "7:35: the operator `StringEquals` does not fit `aws:SourceIp` (use `IpAddress`, `NotIpAddress`, `Null`)",
                "7:81: unknown condition key `aws:usernam` (did you mean `aws:username`)",
                "8:3: the statement has no `Principal`",
                "8:3: the statement has no `Action`",
                "8:3: the statement has no `Resource`",
            ])
    }

    @Test(
        "refuses both of a pair, and `NotPrincipal` with `Allow`",
        arguments: [
            (
                #""NotPrincipal":{"AWS":"*"},"Effect":"Allow","Action":"*","Resource":"*""#,
                "1:15: `NotPrincipal` with `Allow`"
            ),
            (#""NotAction":"*","Effect":"Deny","Principal":"*","Resource":"*","Action":"*""#, "the statement has both"),
            (
                #""NotResource":"*","Effect":"Deny","Principal":"*","Action":"*","Resource":"*""#,
                "the statement has both"
            ),
        ])
    func negatedElements(body: String, expected: String) {
        let found = problems(statement(body))
        #expect(found.count == 1)
        #expect(found.first?.contains(expected) == true)
    }

    @Test(
        "calls an operator that the language does not have unknown",
        arguments: ["NullIfExists", "ForAllValues:Null", "ForSomeValues:StringLike", "Equals", "IfExists"])
    func unknownOperators(name: String) {
        let json = "{\"Statement\":{\"Condition\":{\"\(name)\":{\"aws:UserAgent\":\"x\"}},\(tail)}}"
        #expect(problems(json).count == 1)
        #expect(problems(json).first?.hasPrefix("1:28: unknown operator `\(name)`") == true)
    }

    @Test(
        "refuses keys that no request carries, with the nearest that one does",
        arguments: [
            ("aws:CurentTime", " (did you mean `aws:CurrentTime`)"),
            ("aws:PrincipalArm", " (did you mean `aws:PrincipalArn`)"),
            ("aws:PrincipalTag/", ""), ("aws:RequestTag/x", ""),
            ("postern:UnixUsr", " (did you mean `postern:UnixUser`)"),
        ])
    func keys(name: String, hint: String) {
        let json = "{\"Statement\":{\"Condition\":{\"StringEquals\":{\"\(name)\":\"x\"}},\(tail)}}"
        #expect(problems(json).count == 1)
        #expect(problems(json).first?.hasPrefix("1:44: unknown condition key `\(name)`\(hint)") == true)
    }

    @Test(
        "refuses an operator that does not fit its key",
        arguments: [
            ("StringEquals", "aws:SourceIp"), ("StringLike", "aws:VpcSourceIp"), ("IpAddress", "aws:UserAgent"),
            ("NotIpAddress", "aws:SourceVpce"), ("Bool", "aws:SourceIp"), ("StringEquals", "aws:SecureTransport"),
            ("Bool", "aws:Referer"), ("IpAddress", "aws:SecureTransport"),
        ])
    func fit(comparison: String, key: String) {
        let found = problems(allowing(condition: "{\"\(comparison)\":{\"\(key)\":\"true\"}}"))
        #expect(found.count == 1)
        #expect(found.first?.contains("the operator `\(comparison)` does not fit `\(key)`") == true)
    }

    @Test(
        "refuses what is no principal",
        arguments: [
            (
                #""123456789012""#,
                "1:27: `123456789012` is not a principal (expected `\"*\"` or a mapping such as `{\"AWS\": \"*\"}`)"
            ),
            (
                #"{"AWS":"12345678901"}"#,
                "1:34: `12345678901` is not an AWS principal (expected `*`, an account of twelve digits, or the ARN of a root, user, role or session)"
            ),
            (
                #"{"AWS":["*","arn:aws:iam::1:root"]}"#,
                "1:39: `arn:aws:iam::1:root` is not an AWS principal (expected `*`, an account of twelve digits, or the ARN of a root, user, role or session)"
            ),
            (
                #"{"AWS":"arn:aws:iam::123456789012:role/*"}"#,
                "1:34: the principal `arn:aws:iam::123456789012:role/*` holds a wildcard (`*` is only ever the whole principal)"
            ),
            (
                #"{"AWS":"arn:aws:iam::123456789012:user/${aws:username}"}"#,
                "1:34: the principal `arn:aws:iam::123456789012:user/${aws:username}` holds a variable (a principal is written out)"
            ),
            (#"{"SPIFFE":"prod"}"#, "1:37: `prod` is not a SPIFFE ID (expected `spiffe://trust-domain/path`)"),
            (#"{"aws":"*"}"#, "1:28: unknown kind of principal `aws` (did you mean `AWS`)"),
            ("{}", "1:27: `Principal` names nobody"),
            (#"{"AWS":[]}"#, "1:34: the list under `AWS` is empty (expected a value)"),
            (#"["*"]"#, "1:27: `Principal` must be `\"*\"` or a mapping, found a list"),
            ("null", "1:27: `Principal` must be `\"*\"` or a mapping, found nothing"),
        ])
    func principals(written: String, expected: String) {
        let json = "{\"Statement\":{\"Principal\":\(written),\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}}"
        #expect(problems(json) == [expected])
    }

    @Test(
        "refuses actions that are none of an API's",
        arguments: [
            "execute-api:Invok", "s3:GetObject", "Invoke", "execute-api", "execute*", "execute-api:Invoke:x", "", "**",
        ])
    func actions(written: String) {
        let json =
            "{\"Statement\":{\"Action\":\"\(written)\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Resource\":\"*\"}}"
        #expect(problems(json).count == 1)
        #expect(problems(json).first?.hasPrefix("1:24: `\(written)` is not an action of an API") == true)
    }

    @Test(
        "refuses resources that are no ARNs",
        arguments: [
            "", "prod/GET/pets", "execute-api:*", "execute-api:prod", "a*", "**", "/prod/*", "Arn:aws:execute-api:*",
        ])
    func resources(written: String) {
        let json =
            "{\"Statement\":{\"Resource\":\"\(written)\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\"}}"
        #expect(problems(json).count == 1)
        #expect(problems(json).first?.hasPrefix("1:26: `\(written)` is not a resource") == true)
    }

    @Test("refuses names that differ in case only within one mapping")
    func repeats() {
        let keys =
            "{\"Statement\":{\(tail),\n\"Condition\":{\"StringEquals\":{\"aws:Referer\":\"a\",\"AWS:referer\":\"b\"}}}}"
        #expect(
            problems(keys) == ["2:48: the key `AWS:referer` stands twice (first, as `aws:Referer`, at p.json:2:30)"])
        let operators =
            "{\"Statement\":{\(tail),\n\"Condition\":{\"Null\":{\"aws:Referer\":true},\"NULL\":{\"aws:Referer\":false}}}}"
        #expect(problems(operators) == ["2:42: the operator `NULL` stands twice (first, as `Null`, at p.json:2:14)"])
    }

    @Test("refuses conditions that say nothing or are misshapen")
    func conditions() {
        #expect(problems(allowing(condition: "[]")).first?.contains("must be a mapping of operators") == true)
        #expect(problems(allowing(condition: #"{"Bool":true}"#)).first?.contains("must be a mapping of keys") == true)
        #expect(problems(allowing(condition: #"{"Bool":{}}"#)).first?.contains("`Bool` names no key") == true)
        #expect(
            problems(allowing(condition: #"{"Bool":{"aws:SecureTransport":"yes"}}"#)).first?.contains(
                "`yes` is not a truth value") == true)
        #expect(
            problems(allowing(condition: #"{"IpAddress":{"aws:SourceIp":[]}}"#)).first?.contains("is empty") == true)
        #expect(
            problems(allowing(condition: #"{"StringLike":{"aws:Referer":[["a"]]}}"#)).first?.contains("found a list")
                == true)
    }

    @Test("takes `${` for text in the older version, with a warning, and refuses unknown keys in the newer")
    func variables() throws {
        let old = allowing(resource: "execute-api:/*/${x}", version: "2008-10-17")
        #expect(try compile(old).decide(ConnectionFacts(), Request("a1b2c3d4e5/prod/GET/${x}")) == .allow(statement: 0))
        #expect(try warnings(old).count == 1)
        #expect(problems(allowing(resource: "execute-api:/*/${x}")).count == 1)
        #expect(problems(allowing(resource: "execute-api:/*/$x{}")).isEmpty)
    }

    @Test(
        "warns of resources that can never match",
        arguments: [
            ("arn:aws:execute-api:us-east-1:123456789012:zzzzz/*", true),
            ("arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e/*", true),
            ("arn:aws:execute-api:eu-west-1:123456789012:*", true),
            ("arn:aws:execute-api:us-east-1:000000000000:*", true),
            ("arn:aws-cn:execute-api:*", true),
            ("arn:aws:s3:::bucket/*", true),
            ("arn:aws:execute-api", true),
            ("arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/", true),
            ("arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5", true),
            ("execute-api:/", true),
            ("execute-api:/prod", true),
            ("execute-api:/prod/GET", true),
            ("execute-api://GET/x", true),
            ("execute-api:/prod/GET/", false),
            ("execute-api:/prod*", false),
            ("execute-api:/prod/GET?", false),
            ("execute-api:/prod?GET?x", false),
            ("arn:aws:execute-api:us-*:*:a1*5/*/GET/*", false),
            ("arn:aws:execute-api:*:*:*", false),
            ("arn:aws:execute-api:*:*:*/pets", false),
            ("arn:aws:execute-api:*", false),
            ("*", false),
        ])
    func unreachable(resource: String, warns: Bool) throws {
        let policy = try compile(allowing(resource: resource))
        #expect(policy.warnings.isEmpty == !warns)
        #expect(policy.warnings.allSatisfy { $0.severity == .warning })
    }

    @Test("warns of a statement whose actions nobody asks for, and never applies it")
    func otherActions() throws {
        let json =
            #"{"Statement":{"Effect":"Allow","Principal":"*","Action":["execute-api:InvalidateCache","execute-api:Manage*"],"Resource":"*"}}"#
        let policy = try compile(json)
        #expect(policy.warnings.count == 1)
        #expect(policy.decide() == .implicitDeny)
    }

    @Test("labels statements by `Sid`, or by number from one")
    func labels() throws {
        let policy = try compile("{\"Statement\":[{\(tail)},{\"Sid\":\"named\",\(tail)},{\"Sid\":\"\",\(tail)}]}")
        #expect(policy.statements.map(\.label) == ["#1", "named", "#3"])
        #expect(policy.statements.map(\.sid) == [nil, "named", nil])
        #expect(policy.statements.map(\.position.column) == [15, 78, 155])
    }
}

@Suite("nearest name") struct NearestNameTests {
    @Test("finds the name that was meant, and none when all are far")
    func nearest() {
        let names = ["Action", "Effect", "Principal", "Resource", "Condition"]
        #expect(NearestName.of("Efect", among: names) == "Effect")
        #expect(NearestName.of("action", among: names) == "Action")
        #expect(NearestName.of("Prinicpal", among: names) == "Principal")
        #expect(NearestName.of("Conditions", among: names) == "Condition")
        #expect(NearestName.of("Banana", among: names) == nil)
        #expect(NearestName.of("", among: names) == nil)
        #expect(NearestName.of(String(repeating: "x", count: 1_000_000), among: names) == nil)
    }
}
