import PosternPolicy
import Testing

/// The API of the examples: `files` takes any path, `order` one segment.
let shopRoutes = AnalysedRoutes(
    stages: ["prod", "dev"],
    routes: [
        AnalysedRoutes.Route(verb: "GET", path: [.literal("order")]),
        AnalysedRoutes.Route(verb: "GET", path: [.literal("order"), .parameter("id")]),
        AnalysedRoutes.Route(verb: "ANY", path: [.literal("files"), .greedy("path")]),
    ])

func denying(_ sid: String, resource: String = "execute-api:/prod/*", condition: String = "{}") -> String {
    statement(sid, resource: resource, condition: condition, effect: "Deny")
}

func statement(
    _ sid: String, resource: String = "execute-api:/prod/*", condition: String = "{}",
    principal: String = #""*""#, effect: String = "Allow"
) -> String {
    #"{"Sid":"\#(sid)","Effect":"\#(effect)","Principal":\#(principal),"Action":"execute-api:Invoke","#
        + #""Resource":"\#(resource)","Condition":\#(condition)}"#
}

func analysed(_ statements: [String]) throws -> AnalysedPolicy {
    try AnalysedPolicy.compile(document(PolicyGenerator.document(statements)), for: testScope)
}

@Suite("comparison of policies") struct AccessComparisonTests {
    /// Changes as `allowed: address=10.0.0.0/8 → GET /prod/order by New`.
    private func changes(
        _ old: [String], _ new: [String], routes: AnalysedRoutes? = shopRoutes
    ) throws -> [String] {
        let found = AccessComparison.compare(try analysed(old), try analysed(new), routes: routes)
        #expect(found.problems.isEmpty, "\(found.problems)")
        return found.changes.map { change in
            let source = change.source.map { "\($0.fact)=\($0.values.joined(separator: ","))" }.joined(separator: " ")
            let routes = change.routes.joined(separator: ", ")
            let may = change.isCertain ? "" : "may be "
            return "\(may)\(change.kind.rawValue): \(source) → \(routes) by \(change.statement?.label ?? "none")"
        }
    }

    private func network(_ networks: String) -> String { #"{"IpAddress":{"aws:VpcSourceIp":[\#(networks)]}}"# }

    @Test("A network that grows is told by what it gains, in networks")
    func networks() throws {
        let old = [statement("A", condition: network(#""10.0.0.0/9""#))]
        let new = [statement("A", condition: network(#""10.0.0.0/8""#))]
        #expect(try changes(old, new) == ["allowed: address=10.128.0.0/9 → every route of stage prod by A"])
        #expect(try changes(new, old) == ["denied: address=10.128.0.0/9 → every route of stage prod by none"])
    }

    @Test("Order, spelling of lists and Sid change nothing")
    func spelling() throws {
        let one = statement("A", condition: network(#""10.0.0.0/8","fd00::/8""#))
        let two = statement("B", condition: network(#""fd00::/8","10.0.0.0/8""#))
        let deny = denying("C", resource: "execute-api:/dev/*")
        #expect(try changes([one, deny], [deny, two]) == [])
        // Two halves are the whole, though no statement is the same.
        #expect(
            try changes(
                [statement("A", condition: network(#""10.0.0.0/8""#))],
                [statement("A", condition: network(#""10.0.0.0/9","10.128.0.0/9""#))]) == [])
    }

    @Test("An endpoint, a network and a pattern of paths are told together, and only for routes that the API has")
    func mesh() throws {
        let mesh = statement(
            "Mesh", resource: "execute-api:/prod/GET/order/*",
            condition: #"{"StringEquals":{"aws:SourceVpce":"vpce-mesh"},"IpAddress":{"aws:SourceIp":"10.9.0.0/16"}}"#)
        let office = statement("Office", condition: network(#""10.1.0.0/16""#))
        #expect(
            try changes([office], [office, mesh]) == [
                "allowed: aws:SourceVpce=vpce-mesh address=10.9.0.0/16 → GET /prod/order/{id} by Mesh"
            ])
    }

    @Test("A deny that loses its condition denies the rest; one that goes lets in what an allow admits")
    func denies() throws {
        let all = statement("All")
        let fence = denying("Fence", condition: #"{"StringNotEquals":{"aws:SourceVpce":["a","b"]}}"#)
        #expect(
            try changes([all, fence], [all]) == [
                "allowed: aws:SourceVpce=any but a, b → every route of stage prod by All"
            ])
        let narrower = denying("Fence", condition: #"{"StringNotEquals":{"aws:SourceVpce":"a"}}"#)
        #expect(
            try changes([all, fence], [all, narrower]) == [
                "denied: aws:SourceVpce=b → every route of stage prod by Fence"
            ])
    }

    @Test("Part of a greedy route is told by the pattern that names it")
    func patterns() throws {
        let files = statement("F", resource: "execute-api:/prod/GET/files/a*")
        #expect(
            try changes(
                [statement("X", resource: "execute-api:/dev/GET/order")],
                [
                    statement("X", resource: "execute-api:/dev/GET/order"), files,
                ]) == ["allowed:  → GET /prod/files/{path+} in execute-api:/prod/GET/files/a* by F"])
    }

    @Test("A shadow statement and a resource that no route has change nothing")
    func nothing() throws {
        let base = statement("A", condition: network(#""10.0.0.0/8""#))
        let shadow = base.replacing(#""Sid":"A""#, with: #""Sid":"S","postern:Mode":"shadow""#)
            .replacing("10.0.0.0/8", with: "0.0.0.0/0")
        #expect(try changes([base], [base, shadow]) == [])
        #expect(try changes([base], [base, statement("N", resource: "execute-api:/prod/GET/none")]) == [])
        #expect(
            try changes([base], [base, statement("N", resource: "execute-api:/prod/GET/none")], routes: nil).count == 1)
    }

    @Test("Users, SPIFFE IDs, transport, times and unknown outcomes of variables each have their words")
    func facts() throws {
        let base = statement("Base", resource: "execute-api:/dev/GET/order")
        let added: [(String, String, [String])] = [
            ("{}", #"{"UnixUser":"orders"}"#, ["allowed: postern:UnixUser=orders"]),
            (
                "{}", #"{"SPIFFE":"spiffe://prod/*"}"#,
                ["allowed: postern:CertificateSpiffeId=spiffe://prod/* (such as spiffe://prod/)"]
            ),
            (#"{"Bool":{"aws:SecureTransport":true}}"#, #""*""#, ["allowed: aws:SecureTransport=TLS"]),
            (
                #"{"DateLessThan":{"aws:CurrentTime":"2026-01-01"}}"#, #""*""#,
                ["allowed: time=before 2026-01-01T00:00:00Z"]
            ),
            (#"{"Null":{"aws:VpcSourceIp":true}}"#, #""*""#, ["allowed: address=none (a Unix socket)"]),
            (#"{"NumericGreaterThan":{"postern:UnixUid":999}}"#, #""*""#, ["allowed: postern:UnixUid=1000–4294967295"]),
            (
                #"{"StringEquals":{"aws:Referer":"${aws:UserAgent}"}}"#, #""*""#,
                ["may be allowed: `StringEquals aws:Referer ${aws:UserAgent}` holds=true"]
            ),
            (
                #"{"StringEquals":{"aws:SourceVpce":"a","aws:SourceVpc":"b"}}"#, #""*""#,
                ["allowed: aws:SourceVpc=b aws:SourceVpce=a"]
            ),
            // No peer is without an address and on no Unix socket; no certificate comes without TLS.
            (#"{"Null":{"aws:VpcSourceIp":true,"postern:UnixUid":true}}"#, #""*""#, []),
            (#"{"Bool":{"aws:SecureTransport":false}}"#, #"{"SPIFFE":"spiffe://prod/*"}"#, []),
        ]
        for (condition, principal, expected) in added {
            let new = [
                base,
                statement("New", resource: "execute-api:/prod/GET/order", condition: condition, principal: principal),
            ]
            #expect(
                try changes([base], new) == expected.map { "\($0) → GET /prod/order by New" },
                "\(condition) \(principal)")
        }
    }

    @Test("A change of one statement among 10,000, with 100,000 networks in them, is found")
    func large() throws {
        func networks(_ index: Int) -> String {
            network((0..<10).map { "\"10.\(index >> 8).\(index & 255).\($0 * 16)/28\"" }.joined(separator: ","))
        }
        let statements = (0..<10_000).map { index in
            statement("S\(index)", resource: "execute-api:/prod/*", condition: networks(index))
        }
        var changed = statements
        changed[77] = statement("S77", condition: network(#""192.0.2.0/24""#))
        // Apart from the expectation, which would write out 10,000 statements.
        let found = try changes(statements, changed)
        #expect(
            found == [
                "allowed: address=192.0.2.0/24 → every route of stage prod by S77",
                "denied: address=10.0.77.0/25,10.0.77.128/27 → every route of stage prod by none",
            ])
    }

    @Test("Policies that distinguish too much are told apart from those that are the same, and count as more access")
    func limit() throws {
        let patterns = (0..<18).map { number in
            statement("S\(number)", condition: #"{"ForAnyValue:StringEquals":{"aws:PrincipalTag/t":"\#(number)"}}"#)
        }
        let found = AccessComparison.compare(try analysed([patterns[0]]), try analysed(patterns), routes: shopRoutes)
        #expect(found.problems.count == 1 && found.widens && found.changes.isEmpty, "\(found.problems)")
    }
}
