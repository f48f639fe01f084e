import PosternPolicy
import Testing

@Suite("bound policy") struct BoundPolicyTests {
    private func statement(_ effect: String, _ resource: String, _ condition: String = "{}") -> String {
        #"{"Effect":"\#(effect)","Principal":"*","Action":"*","Resource":"\#(resource)","Condition":\#(condition)}"#
    }

    private func policy(_ statements: String...) throws -> Policy {
        try compile("{\"Statement\":[\(statements.joined(separator: ","))]}")
    }

    @Test("a deny wins wherever it stands")
    func denyWins() throws {
        let deny = statement("Deny", "execute-api:/prod/*")
        let allow = statement("Allow", "*")
        #expect(try policy(deny, allow).decide() == .explicitDeny(statement: 0))
        #expect(try policy(allow, deny).decide() == .explicitDeny(statement: 1))
        #expect(
            try policy(allow, deny).decide(ConnectionFacts(), Request("a1b2c3d4e5/dev/GET/")) == .allow(statement: 0))
    }

    @Test("names the statement that needs nothing of the request, else the first of the document")
    func attribution() throws {
        let conditional = statement("Allow", "execute-api:/prod/*")
        let always = statement("Allow", "*")
        #expect(try policy(conditional, conditional).decide() == .allow(statement: 0))
        #expect(try policy(conditional, always).decide() == .allow(statement: 1))
        let deny = statement("Deny", "execute-api:/prod/*")
        let alwaysDeny = statement("Deny", "*")
        #expect(try policy(conditional, deny, deny).decide() == .explicitDeny(statement: 1))
        #expect(try policy(always, deny, alwaysDeny).decide() == .explicitDeny(statement: 2))
    }

    @Test("keeps what the connection settled for every request of it")
    func partial() throws {
        let fromTen = statement("Allow", "execute-api:/prod/*", #"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#)
        let noCurl = statement(
            "Deny", "*", #"{"StringLike":{"aws:UserAgent":"curl*"},"Bool":{"aws:SecureTransport":false}}"#)
        let policy = try policy(fromTen, noCurl)
        let inside = policy.bind(ConnectionFacts(sourceIP: address("10.0.0.1")))
        let tls = policy.bind(ConnectionFacts(sourceIP: address("10.0.0.1"), secureTransport: true))
        let outside = policy.bind(ConnectionFacts(sourceIP: address("11.0.0.1")))
        let plain = Request()
        let curl = Request(userAgent: "curl/8")
        let dev = Request("a1b2c3d4e5/dev/GET/")
        #expect(plain.withFacts { inside.decide($0) } == .allow(statement: 0))
        #expect(curl.withFacts { inside.decide($0) } == .explicitDeny(statement: 1))
        #expect(dev.withFacts { inside.decide($0) } == .implicitDeny)
        #expect(curl.withFacts { tls.decide($0) } == .allow(statement: 0))
        #expect(plain.withFacts { outside.decide($0) } == .implicitDeny)
        #expect(curl.withFacts { outside.decide($0) } == .explicitDeny(statement: 1))
    }

    @Test("decides on any bytes")
    func anyBytes() throws {
        let policy = try policy(statement("Allow", "*", #"{"StringLike":{"aws:UserAgent":["?é*","*x?y*?","a*"]}}"#))
        let bound = policy.bind(ConnectionFacts())
        var random = SeededGenerator(state: 3)
        for length in 0..<64 {
            for _ in 0..<50 {
                var request = Request()
                request.userAgent = (0..<length).map { _ in
                    [0x61, 0xC3, 0xA9, 0x78, 0x79, 0xFF, 0xFE, 0xF0, 0x80].randomElement(using: &random)!
                }
                _ = request.withFacts { bound.decide($0) }
            }
        }
        var request = Request()
        request.userAgent = [0x61, 0xFF, 0xFE]
        #expect(request.withFacts { bound.decide($0) } == .allow(statement: 0))
        request.userAgent = [0xFF, 0xC3, 0xA9]
        #expect(request.withFacts { bound.decide($0) } == .allow(statement: 0), "a stray byte is one character")
    }

    @Test("a pattern made to backtrack costs no more than its length times the text's")
    func pathological() throws {
        let stars = String(repeating: "a*", count: 40)
        let policy = try policy(
            statement("Allow", "execute-api:/prod/GET/\(stars)b"),
            statement("Allow", "*", #"{"StringLike":{"aws:UserAgent":"*\#(stars)?*b"}}"#))
        let letters = String(repeating: "a", count: 8000)
        let request = Request("a1b2c3d4e5/prod/GET/\(letters)", userAgent: letters)
        // Trying every star's choices would take more steps than there are atoms; this returns.
        #expect(policy.decide(ConnectionFacts(), request) == .implicitDeny)
        let match = Request("a1b2c3d4e5/prod/GET/\(letters)b", userAgent: letters)
        #expect(policy.decide(ConnectionFacts(), match) == .allow(statement: 0))
    }

    @Test("ten thousand statements decide as one does")
    func many() throws {
        let statements = (0..<10_000).map { statement($0 % 2 == 0 ? "Allow" : "Deny", "execute-api:/prod/GET/r\($0)") }
        let policy = try compile("{\"Statement\":[\(statements.joined(separator: ","))]}")
        #expect(policy.decide(ConnectionFacts(), Request("a1b2c3d4e5/prod/GET/r9998")) == .allow(statement: 9998))
        #expect(
            policy.decide(ConnectionFacts(), Request("a1b2c3d4e5/prod/GET/r9999")) == .explicitDeny(statement: 9999))
        #expect(policy.decide(ConnectionFacts(), Request("a1b2c3d4e5/prod/GET/r")) == .implicitDeny)
    }
}
