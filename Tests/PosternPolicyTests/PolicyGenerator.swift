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

    // MARK: Facts

    mutating func facts() -> ConnectionFacts {
        ConnectionFacts(
            sourceIP: optional(addresses).map(address), sourceVpce: optional(texts), sourceVpc: optional(texts),
            secureTransport: chance(2))
    }

    mutating func request() -> (resource: String, userAgent: String?, referer: String?) {
        (resource(), optional(texts), optional(texts))
    }

    private mutating func resource() -> String {
        "a1b2c3d4e5/\(pick(["dev", "prod"]))/\(pick(["GET", "POST"]))/\(pick(paths))"
    }

    // MARK: Documents

    mutating func policy() -> [String] { (0..<Int.random(in: 1...5, using: &random)).map { _ in statement() } }

    static func document(_ statements: [String]) -> String {
        "{\"Version\":\"2012-10-17\",\"Statement\":[\(statements.joined(separator: ","))]}"
    }

    private mutating func statement() -> String {
        let effect = pick(["Allow", "Allow", "Deny"])
        let principal = pick([#""*""#, #"{"AWS":"*"}"#, #"{"AWS":["*"]}"#])
        let actions = list([
            "execute-api:Invoke", "*", "execute-api:*", "EXECUTE-api:in?oke", "execute-api:InvalidateCache",
        ])
        let resources = (0..<Int.random(in: 1...3, using: &random)).map { _ in quote(resourcePattern()) }
        let condition = chance(4) ? "" : ",\"Condition\":{\(conditions())}"
        return "{\"Effect\":\"\(effect)\",\"Principal\":\(principal),\"Action\":\(actions),"
            + "\"Resource\":[\(resources.joined(separator: ","))]\(condition)}"
    }

    private mutating func resourcePattern() -> String {
        let tail = holes(resource())
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
        switch Int.random(in: 0..<8, using: &random) {
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

    // MARK: Choices

    private mutating func chance(_ outOf: Int) -> Bool { Int.random(in: 0..<outOf, using: &random) == 0 }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements.randomElement(using: &random)! }

    private mutating func optional(_ texts: [String]) -> String? { chance(4) ? nil : pick(texts) }

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
