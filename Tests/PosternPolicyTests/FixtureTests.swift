import Foundation
import PosternPolicy
import Testing

/// One case of a fixture file.
struct DecisionFixture: CustomTestStringConvertible {
    var file: String
    var name: String
    var policy: DocumentNode
    var kind: StandalonePolicy.Kind
    var request: PolicyRequest
    var decision: String
    var statements: [Int]

    var testDescription: String { "\(file): \(name)" }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    static func read(_ name: String) throws -> [DocumentNode] {
        let bytes = try Data(contentsOf: folder.appending(path: name))
        guard case .array(let cases) = try JSONReader.read(Array(bytes), file: name).value else { return [] }
        return cases
    }

    static func all() throws -> [DecisionFixture] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.filter { $0 != "1.4-tables.json" }.flatMap { name in
            try read(name).map { DecisionFixture($0, file: name) }
        }
    }

    init(_ node: DocumentNode, file: String) {
        self.file = file
        name = node["name"]!.text!
        policy = node["policy"]!
        kind = StandalonePolicy.Kind(rawValue: node["kind"]!.text!)!
        let asked = node["request"]!
        request = PolicyRequest(
            action: asked["action"]!.text!, resource: asked["resource"]!.text!,
            principal: asked["principal"].map(CallerIdentity.init(fixture:)),
            context: Dictionary(
                uniqueKeysWithValues: (asked["context"]?.members ?? []).map { ($0.key, $0.value.list.map { $0.text! }) }
            ))
        decision = node["decision"]!.text!
        statements = (node["statements"]?.list ?? []).map { Int($0.text!)! }
    }
}

extension CallerIdentity {
    init(fixture node: DocumentNode) {
        guard case .object(let members) = node.value else {
            self = .aws(arn: node.text!)
            return
        }
        let name = members[0].value.text!
        switch members[0].key {
        case "Service": self = .service(name)
        case "Federated": self = .federated(name)
        case "CanonicalUser": self = .canonicalUser(name)
        case "SPIFFE": self = .spiffe(name)
        case "UnixUser": self = .unixUser(name)
        default: fatalError("no such principal")
        }
    }
}

extension DocumentNode {
    subscript(key: String) -> DocumentNode? { members.first { $0.key == key }?.value }

    var members: [Member] { if case .object(let members) = value { members } else { [] } }

    var list: [DocumentNode] { if case .array(let nodes) = value { nodes } else { [self] } }

    var text: String? {
        switch value {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        default: nil
        }
    }
}

@Suite("decision fixtures") struct FixtureTests {
    @Test(
        "every case of the files is decided as they say, by the statements they say",
        arguments: try! DecisionFixture.all())
    func decided(fixture: DecisionFixture) {
        do {
            let found = try Policy.evaluate(document: fixture.policy, kind: fixture.kind, request: fixture.request)
            #expect(found.decision.rawValue == fixture.decision)
            #expect(found.statements == fixture.statements)
        } catch {
            #expect(fixture.decision == "invalid", "\(error)")
        }
    }

    @Test("what the gateway can be asked, it decides the same; what is invalid, it refuses")
    func gateway() throws {
        var compared = 0
        for fixture in try DecisionFixture.all() where fixture.kind == .resource {
            let policy = try? Policy.compile(fixture.policy, for: testScope)
            if fixture.decision == "invalid" {
                #expect(policy == nil, "\(fixture.testDescription)")
                continue
            }
            guard let policy, let asked = GatewayQuestion(fixture) else { continue }
            compared += 1
            let decision = policy.decide(asked.facts, asked.request)
            #expect(decision.answer.rawValue == fixture.decision, "\(fixture.testDescription)")
            switch decision {
            case .allow(let index), .explicitDeny(let index):
                #expect(fixture.statements.contains(index), "\(fixture.testDescription)")
            case .implicitDeny: break
            }
        }
        #expect(compared >= 300, "only \(compared) were compared")
    }

    @Test("cover every table with at least 300 cases")
    func count() throws { #expect(try DecisionFixture.all().count >= 300) }

    @Test("policy and authorizer combine as tables A and B say")
    func tables() throws {
        let rows = try DecisionFixture.read("1.4-tables.json")
        #expect(rows.count == 18)
        for row in rows {
            let combined = Policy.combine(
                policy: PolicyAnswer(rawValue: row["policy"]!.text!)!,
                authorizer: PolicyAnswer(rawValue: row["authorizer"]!.text!)!,
                sameAccount: row["sameAccount"]!.text! == "true")
            #expect(combined.rawValue == row["result"]!.text!)
        }
    }
}

/// A fixture's request as facts of a connection and a request; nil if this gateway cannot be asked it.
struct GatewayQuestion {
    var facts = ConnectionFacts()
    var request: Request

    init?(_ fixture: DecisionFixture) {
        self.init(fixture.request)
    }

    init?(_ asked: PolicyRequest) {
        guard asked.action.lowercased() == "execute-api:invoke", asked.resource.hasPrefix(testScope.arnPrefix) else {
            return nil
        }
        request = Request(String(asked.resource.dropFirst(testScope.arnPrefix.count)))
        facts.principal = asked.principal
        switch asked.principal {
        case .spiffe(let id): facts.certificate = CertificateFacts(spiffeID: id)
        case .unixUser(let name): facts.unix = UnixPeerFacts(uid: 1, gid: 1, user: name)
        default: break
        }
        for (key, values) in asked.context {
            let key = key.lowercased()
            if key.hasPrefix("aws:principal") || key.hasPrefix("aws:multi")
                || key.hasPrefix("aws:user")
                    && key != "aws:useragent"
                || key == "aws:tokenissuetime" || key == "aws:sourcearn"
            {
                facts.principalKeys[key] = values
                continue
            }
            guard values.count == 1 else { return nil }
            switch key {
            case "aws:sourcevpce": facts.sourceVpce = values[0]
            case "aws:sourcevpc": facts.sourceVpc = values[0]
            case "aws:vpcsourceip", "aws:sourceip":
                guard let address = IPAddress(values[0]) else { return nil }
                facts.sourceIP = address
            case "aws:useragent": request.userAgent = Array(values[0].utf8)
            case "aws:referer": request.referer = Array(values[0].utf8)
            case "aws:securetransport": facts.secureTransport = values[0] == "true"
            case "aws:currenttime", "aws:epochtime": request.time = PolicyTime(values[0])
            case "execute-api:viadomainarn": facts.viaDomainArn = values[0]
            case "postern:unixuser": facts.unix = UnixPeerFacts(uid: 1, gid: 1, user: values[0])
            case "postern:unixuid": facts.unix = UnixPeerFacts(uid: UInt32(values[0])!, gid: 1)
            case "postern:systemdunit": facts.unix = UnixPeerFacts(uid: 1, gid: 1, unit: values[0])
            case "postern:certificatesandns": facts.certificate = CertificateFacts(sanDNS: values)
            default: return nil
            }
        }
    }
}
