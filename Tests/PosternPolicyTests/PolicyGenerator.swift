import PosternPolicy

/// Random policies and requests from small vocabularies, so that they often meet.
struct PolicyGenerator {
    var random: SeededGenerator

    private let paths = ["", "a", "a/b", "pets/1", "é", "a:b", "aab", "xabab"]
    private let texts = ["", "a", "ab", "aab", "abab", "é", "aé😀", "*", "a*b", "a?b", "vpce-mesh"]
    private let addresses = [
        "10.0.0.1", "10.0.1.1", "10.128.0.1", "192.0.2.9", "::1", "fd00::1", "fd00:0:0:1::1", "2001:db8::9",
    ]
    private let networks = [
        "10.0.0.0/8", "10.0.0.0/24", "10.0.0.1", "10.128.0.0/9", "0.0.0.0/0", "192.0.2.8/31", "::/0", "fd00::/8",
        "fd00::/64",
        "fd00::1", "2001:db8::8/125", "::1/128", "0.0.0.0/1",
    ]

    private let people = ["bob", "alice", "*", "a?"]
    private let numbers = ["1", "1.0", "0.5", "-2", "10", "1e1", "-0", "0", "10.25"]
    private let arns = [
        "arn:aws:iam::123456789012:user/bob", "arn:aws:iam::999999999999:role/x", "arn:aws:s3:::b/a:c",
    ]

    private let dates = [
        "2026", "2026-01", "2026-01-01", "1767225600", "2026-01-01T00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-02",
        "1767312000", "1709164800", "2026-01-01T23:59:59.5Z", "1969-12-31T23:59:59Z", "0", "2024-02-29",
        "2000-03-01T00:00:00-00:30",
    ]

    private let times = ["00:00", "00:01", "09:00", "12:30", "17:00", "23:59", "24:00"]
    private let days = ["Monday", "Tuesday", "Thursday", "Friday", "Sunday"]
    private let names = ["orders", "web", "orders.service", "eth0"]

    /// The only principals, so that they often meet.
    static let callers: [CallerIdentity] = [
        .aws(arn: "arn:aws:iam::123456789012:user/bob"), .aws(arn: "arn:aws:iam::123456789012:role/team/Admin"),
        .aws(arn: "arn:aws:sts::123456789012:assumed-role/Admin/s"), .aws(arn: "arn:aws:iam::999999999999:user/bob"),
        .aws(arn: "arn:aws:iam::123456789012:root"), .service("events.amazonaws.com"), .federated("example.com"),
        .canonicalUser("abc"), .spiffe("spiffe://prod/ns/orders"), .unixUser("orders"), .unixUser("web"),
    ]

    // MARK: Facts

    /// A question to the gateway, as keys and values; absent keys are absent.
    mutating func question() -> PolicyRequest {
        var context: [String: [String]] = ["aws:securetransport": [pick(["true", "false"])]]
        let time = pick(["1767225600", "1767312000", "0", "1709164800", "1767258000", "1767312059", "-1", "1767311999"])
        context["aws:epochtime"] = [time]
        context["aws:currenttime"] = [time]
        if !chance(4) {
            context["aws:sourceip"] = [pick(addresses)]
            context["aws:vpcsourceip"] = context["aws:sourceip"]
        }
        for key in ["aws:sourcevpc", "aws:sourcevpce", "aws:useragent", "aws:referer"] where !chance(4) {
            context[key] = [pick(texts)]
        }
        if chance(2) { context["aws:username"] = [pick(people)] }
        if chance(2) { context["aws:principaltag/team"] = several(texts) }
        if chance(2) { context["aws:multifactorauthage"] = several(numbers) }
        if chance(2) { context["aws:principalarn"] = several(arns) }
        if chance(2) { context["aws:tokenissuetime"] = several(dates) }
        addPeer(&context)
        return PolicyRequest(
            action: "execute-api:Invoke", resource: testScope.arnPrefix + resource(),
            principal: chance(3) ? pick(PolicyGenerator.callers) : nil, context: context)
    }

    /// What is known of who connected a Unix socket, and of the listening socket.
    private mutating func addPeer(_ context: inout [String: [String]]) {
        if chance(2) {
            for key in ["postern:unixuid", "postern:unixgid"] where chance(2) {
                context[key] = [pick(["0", "7", "10"])]
            }
            for key in ["postern:unixuser", "postern:unixgroup", "postern:systemdunit"] where chance(2) {
                context[key] = [pick(names)]
            }
        }
        if chance(2) { context["postern:localinterface"] = [pick(names)] }
        if chance(3) { context["postern:certificatespiffeid"] = ["spiffe://prod/\(pick(names))"] }
    }

    /// The same question about another action, of other services too.
    mutating func anyAction(_ request: PolicyRequest) -> PolicyRequest {
        var request = request
        request.action = pick([
            "execute-api:Invoke", "EXECUTE-API:invoke", "s3:GetObject", "execute-api:InvalidateCache",
        ])
        if chance(4) { request.resource = pick(arns) }
        // What the gateway works out from the time, tools are told.
        if !chance(3) { request.context["postern:timeofday"] = several(times + ["9:00", "540", "25:00"]) }
        if !chance(3) { request.context["postern:dayofweek"] = several(days) }
        return request
    }

    private mutating func several(_ values: [String]) -> [String] {
        (0..<pick([0, 1, 1, 1, 2, 3])).map { _ in pick(values) }
    }

    private mutating func resource() -> String {
        "a1b2c3d4e5/\(pick(["dev", "prod"]))/\(pick(["GET", "POST"]))/\(pick(paths))"
    }

    // MARK: Documents

    mutating func version() -> String { chance(6) ? "2008-10-17" : "2012-10-17" }

    mutating func policy() -> [String] { (0..<Int.random(in: 1...5, using: &random)).map { _ in statement() } }

    static func document(_ statements: [String], version: String = "2012-10-17") -> String {
        "{\"Version\":\"\(version)\",\"Statement\":[\(statements.joined(separator: ","))]}"
    }

    private mutating func statement() -> String {
        let effect = pick(["Allow", "Allow", "Deny"])
        let actions = list([
            "execute-api:Invoke", "*", "execute-api:*", "EXECUTE-api:in?oke", "execute-api:InvalidateCache",
        ])
        let resources = (0..<Int.random(in: 1...3, using: &random)).map { _ in quote(resourcePattern()) }
        let condition = chance(4) ? "" : ",\"Condition\":{\(conditions())}"
        let mode = chance(6) ? ",\"postern:Mode\":\"shadow\"" : ""
        let not = chance(5) && effect == "Deny" ? "Not" : ""
        return "{\"Effect\":\"\(effect)\",\"\(not)Principal\":\(principal()),"
            + "\"\(chance(6) ? "Not" : "")Action\":\(actions),"
            + "\"\(chance(6) ? "Not" : "")Resource\":[\(resources.joined(separator: ","))]\(condition)\(mode)}"
    }

    private mutating func principal() -> String {
        if chance(2) { return pick([#""*""#, #"{"AWS":"*"}"#, #"{"AWS":["*"]}"#]) }
        let aws = list([
            "123456789012", "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:user/bob",
            "arn:aws:iam::123456789012:role/team/Admin", "arn:aws:sts::123456789012:assumed-role/Admin/s",
            "arn:aws:iam::999999999999:role/Admin", "*",
        ])
        return pick([
            "{\"AWS\":\(aws)}", "{\"AWS\":\(aws),\"Service\":\"events.amazonaws.com\"}",
            #"{"Federated":["example.com","x"],"CanonicalUser":"abc"}"#, #"{"Service":"*"}"#,
            #"{"UnixUser":"orders","SPIFFE":"spiffe://prod/*"}"#, #"{"UnixUser":["*"]}"#,
            #"{"SPIFFE":["spiffe://prod/ns/?rders","spiffe://prod/web"]}"#, #"{"UnixUser":"web"}"#,
        ])
    }

    private mutating func resourcePattern() -> String {
        let tail = chance(4) ? filled(resource()) : holes(resource())
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return "*"
        case 1: return "execute-api:/*"
        case 2: return pick(["arn:aws:execute-api:*", "arn:*", "arn:aws:execute-api", "arn:aws:execute-?pi:*:1*:*"])
        case 3:
            return
                "arn:aws:execute-api:\(pick(["us-east-1", "*", "us-*-?", "eu-west-1"])):\(pick(["123456789012", "*", "999999999999"])):\(tail)"
        default:
            return tail.hasPrefix("a1b2c3d4e5/")
                ? "execute-api:/" + tail.dropFirst("a1b2c3d4e5/".count) : "arn:aws:execute-api:*:*:" + tail
        }
    }

    private mutating func conditions() -> String {
        var operators: [String: [String: String]] = [:]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let (comparison, key, values) = condition()
            operators[comparison, default: [:]][key] = values
        }
        return operators.sorted { $0.key < $1.key }.map { comparison, keys in
            let members = keys.sorted { $0.key < $1.key }.map { "\"\(anyCase($0.key))\":\($0.value)" }
            return "\"\(anyCase(comparison))\":{\(members.joined(separator: ","))}"
        }.joined(separator: ",")
    }

    private mutating func condition() -> (String, String, String) {
        let text = ["aws:SourceVpc", "aws:SourceVpce", "aws:UserAgent", "aws:Referer"]
        let address = ["aws:SourceIp", "aws:VpcSourceIp"]
        let decoration = pick(["", "", "ForAllValues:", "ForAnyValue:"])
        let tail = pick(["", "", "IfExists"])
        let (name, key, values) = plainCondition(text, address)
        return name == "Null" ? (name, key, values) : (decoration + name + tail, key, values)
    }

    private mutating func plainCondition(_ text: [String], _ address: [String]) -> (String, String, String) {
        let text = text + ["aws:PrincipalTag/team", "aws:username"]
        let ordered = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]
        switch Int.random(in: 0..<16, using: &random) {
        case 13: return ("Numeric" + pick(ordered), "postern:TimeOfDay", list(times))
        case 14:
            return (
                pick(["StringEquals", "StringNotEquals", "StringLike", "StringEqualsIgnoreCase"]), "postern:DayOfWeek",
                list(days + ["*day", "T*", "monday"])
            )
        case 15: return peerCondition(ordered)
        case 8: return ("Numeric" + pick(ordered), "aws:MultiFactorAuthAge", list(numbers))
        case 9:
            return (
                "Date" + pick(ordered), pick(["aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime"]),
                list(dates)
            )
        case 10:
            return (
                pick(["ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"]), "aws:PrincipalArn",
                list(
                    arns + ["arn:aws:iam::*:user/*", "arn:*:?am::*", "arn:aws:iam::123456789012:user/${aws:username}"])
            )
        case 11:
            return (
                pick(["StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"]), pick(text),
                list(texts + ["AB", "É", "${aws:username}"])
            )
        case 12:
            let filled = (0..<Int.random(in: 1...3, using: &random)).map { _ in quote(self.filled(pick(texts))) }
            return (
                pick(["StringLike", "StringNotLike", "StringEquals", "StringNotEquals"]), pick(text),
                "[\(filled.joined(separator: ","))]"
            )
        case 0: return ("Null", pick(text + address + ["aws:SecureTransport"]), list(["true", "false"]))
        case 1: return ("Bool", "aws:SecureTransport", pick(["true", "false", "\"True\"", "[true,false]"]))
        case 2, 3: return (pick(["IpAddress", "NotIpAddress"]), pick(address), list(networks))
        case 4: return (pick(["StringEquals", "StringNotEquals"]), pick(text), list(texts))
        default:
            let patterns = (0..<Int.random(in: 1...3, using: &random)).map { _ in holes(pick(texts)) }
            return (
                pick(["StringLike", "StringNotLike"]), pick(text), "[\(patterns.map(quote).joined(separator: ","))]"
            )
        }
    }

    private mutating func peerCondition(_ ordered: [String]) -> (String, String, String) {
        if chance(3) {
            return (
                "Numeric" + pick(ordered), pick(["postern:UnixUid", "postern:UnixGid"]), list(["0", "7", "7.0", "8"])
            )
        }
        let keys = ["UnixUser", "UnixGroup", "SystemdUnit", "LocalInterface", "CertificateSpiffeId", "UnixUid"]
        if chance(4) { return ("Null", "postern:" + pick(keys), list(["true", "false"])) }
        return (
            pick(["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"]), "postern:" + pick(keys),
            list(names + ["*", "orders*", "spiffe://prod/*", "7"])
        )
    }

    /// Puts wildcards in the place of some characters and runs.
    private mutating func holes(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let start = Int.random(in: 0...scalars.count, using: &random)
            let end = Int.random(in: start...scalars.count, using: &random)
            if chance(3), start < scalars.count {
                scalars[start] = "?"
            } else {
                scalars.replaceSubrange(start..<end, with: ["*"])
            }
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    /// Puts variables into the place of some parts.
    private mutating func filled(_ text: String) -> String {
        let variables = [
            "${aws:username}", "${aws:username, 'b'}", "${*}", "${?}", "${$}", "${aws:SourceVpce}", "${aws:UserAgent}",
            "${AWS:PrincipalTag/team, 'a'}", "*",
        ]
        let slashes = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        return slashes.map { part in
            chance(3) && part != "a1b2c3d4e5" ? String(part.prefix(1)) + pick(variables) : part
        }.joined(separator: "/")
    }

    // MARK: Choices

    private mutating func chance(_ outOf: Int) -> Bool { Int.random(in: 0..<outOf, using: &random) == 0 }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements.randomElement(using: &random)! }

    private mutating func anyCase(_ text: String) -> String {
        chance(4) ? text.uppercased() : chance(4) ? text.lowercased() : text
    }

    /// A value alone, or a list of up to three.
    private mutating func list(_ texts: [String]) -> String {
        if chance(3) { return quote(pick(texts)) }
        return "[\((0..<Int.random(in: 1...3, using: &random)).map { _ in quote(pick(texts)) }.joined(separator: ","))]"
    }

    private func quote(_ text: String) -> String { "\"\(text)\"" }
}
