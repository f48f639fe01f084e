import PosternModel
import PosternPolicy
import Testing

/// `message (hint)` of what the body throws.
private func problem(_ body: () throws -> some Any) -> String? {
    do {
        _ = try body()
        return nil
    } catch let problem as DeclarationProblem {
        return problem.message + (problem.hint.map { " (\($0))" } ?? "")
    } catch {
        return "\(error)"
    }
}

@Suite("Resource paths")
struct ResourcePathTests {
    @Test(
        "Well-formed paths read back as written",
        arguments: [
            "/", "/order", "/order/{id}", "/cart/{proxy+}", "/a.b,c:d_e-f/{x-y.z_1}", "/{proxy+}",
        ])
    func roundTrip(_ text: String) throws {
        #expect(try ResourcePath(text).text == text)
    }

    @Test("Parameters are numbered from the left")
    func parameters() throws {
        #expect(try ResourcePath("/a/{b}/c/{d}/{e+}").parameterNames == ["b", "d", "e"])
    }

    @Test(
        "Malformed paths are refused with what is wrong",
        arguments: [
            ("", "`` is not a resource path (it begins with `/`)"),
            ("order", "`order` is not a resource path (it begins with `/`)"),
            ("/order/", "`/order/` ends with a slash (write `/order`; it answers with and without one)"),
            ("//", "`//` ends with a slash (write `/`; it answers with and without one)"),
            ("/a//b", "`/a//b` has an empty segment (two slashes in a row never match)"),
            ("/a/../b", "`/a/../b` has a dot segment (requests with dot segments are refused, so it never matches)"),
            ("/a b", "`a b` is not a path part (letters, digits and `_-.,:`, or `{name}`, or `{name+}`)"),
            ("/a%20b", "`a%20b` is not a path part (letters, digits and `_-.,:`, or `{name}`, or `{name+}`)"),
            ("/é", "`é` is not a path part (letters, digits and `_-.,:`, or `{name}`, or `{name+}`)"),
            ("/pets{id}", "`pets{id}` is not a path part (a parameter is a whole segment: `{name}` or `{name+}`)"),
            ("/{}", "`{}` is not a path part (a parameter is a whole segment: `{name}` or `{name+}`)"),
            ("/{+}", "`{+}` is not a path parameter (its name has letters, digits and `_-.`)"),
            ("/{a b}", "`{a b}` is not a path parameter (its name has letters, digits and `_-.`)"),
            (
                "/{id}/a/{id}",
                "`/{id}/a/{id}` names the parameter `id` twice (each parameter of a path has its own name)"
            ),
            (
                "/{a+}/b",
                "`/{a+}/b` has a child under the greedy part `{a+}` (a greedy part takes the rest of the path, so it stands last)"
            ),
        ])
    func refused(_ text: String, _ message: String) {
        #expect(problem { try ResourcePath(text) } == message)
    }

    @Test("More than sixteen parameters or sixty-four segments are refused")
    func bounds() {
        let parameters = (1...17).map { "/{p\($0)}" }.joined()
        #expect(problem { try ResourcePath(parameters) }?.hasSuffix("has 17 parameters (at most 16)") == true)
        let segments = String(repeating: "/a", count: 65)
        #expect(problem { try ResourcePath(segments) }?.hasSuffix("has 65 segments (at most 64)") == true)
    }
}

@Suite("Stage templates")
struct StageTemplateTests {
    @Test("Variables are found and filled in")
    func resolve() throws {
        let template = try StageTemplate(
            "http://${stageVariables.host}/${stageVariables.p}/${stageVariables.host}$5", at: here)
        #expect(template.variables == ["host", "p"])
        #expect(template.resolved { ["host": "h:1", "p": "x"][$0] } == "http://h:1/x/h:1$5")
        #expect(template.resolved { ["host": "h:1"][$0] } == nil)
    }

    @Test(
        "Other references are refused",
        arguments: [
            ("${stageVariable.a}", "`${stageVariable.a}` is not known here (write `${stageVariables.name}`)"),
            ("x${stageVariables.a", "`${stageVariables.a` is not closed (write `${stageVariables.name}`)"),
            ("${stageVariables.}", "`` is not a stage variable's name (letters, digits, `_`, up to 64)"),
            ("${stageVariables.a-b}", "`a-b` is not a stage variable's name (letters, digits, `_`, up to 64)"),
        ])
    func refused(_ text: String, _ message: String) {
        #expect(problem { try StageTemplate(text, at: here) } == message)
    }
}

@Suite("Upstream targets")
struct UpstreamTargetTests {
    @Test(
        "Addresses read back in one form",
        arguments: [
            ("127.0.0.1:80", "127.0.0.1:80"), ("Orders.Internal:8080", "orders.internal:8080"),
            ("[FD00:0::1]:80", "[fd00::1]:80"),
            ("unix:/run/o.sock", "unix:/run/o.sock"), ("a_b-c.:1", "a_b-c.:1"),
        ])
    func roundTrip(_ text: String, _ description: String) throws {
        #expect(try UpstreamTarget(text).description == description)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "host", ":80", "host:", "host:0", "host:65536", "host:080000", "host:8o", "::1:80", "[::1", "[::1]x",
            "[::1]",
            "[host]:80", "[1.2.3.4]:80", "ho st:80", "host..x:80", ".host:80", "user@host:80", "999.1.1.1:80",
            "1.2.3:80", "host/x:80",
            "unix:", "unix:run.sock", "unix:/", "unix:/" + String(repeating: "x", count: 107), "höst:80",
        ])
    func refused(_ text: String) {
        #expect(problem { try UpstreamTarget(text) } != nil)
    }
}

@Suite("Integration URIs")
struct IntegrationURITests {
    struct Case: Sendable {
        var uri: String
        var target: String
        var host: String
        var path: String
        var query = ""
        var usesTLS = false
    }

    @Test(
        "Every form gives its target, Host, path and query",
        arguments: [
            Case(uri: "http://h", target: "h:80", host: "h", path: "/"),
            Case(uri: "HTTP://H.x:81/a/b?c=d&e", target: "h.x:81", host: "H.x:81", path: "/a/b", query: "c=d&e"),
            Case(uri: "http://h/{id}", target: "h:80", host: "h", path: "/<0>"),
            Case(uri: "http://h/a/{rest}-{id}/c", target: "h:80", host: "h", path: "/a/<1>-<0>/c"),
            Case(uri: "http://h/{id}?x=%20y", target: "h:80", host: "h", path: "/<0>", query: "x=%20y"),
            Case(uri: "http://h?q", target: "h:80", host: "h", path: "/", query: "q"),
            Case(uri: "http://[::1]:9/x", target: "[::1]:9", host: "[::1]:9", path: "/x"),
            Case(
                uri: "http://unix:/run/o.sock:/a/{id}?q", target: "unix:/run/o.sock", host: "localhost", path: "/a/<0>",
                query: "q"),
            Case(uri: "https://h", target: "h:443", host: "h", path: "/", usesTLS: true),
            Case(uri: "HTTPS://h:8443/{id}", target: "h:8443", host: "h:8443", path: "/<0>", usesTLS: true),
            Case(
                uri: "https://unix:/run/o.sock:/a", target: "unix:/run/o.sock", host: "localhost", path: "/a",
                usesTLS: true),
            Case(uri: "http://unix:/run/o.sock", target: "unix:/run/o.sock", host: "localhost", path: "/"),
            Case(
                uri: "http://unix:/run/o.sock?q", target: "unix:/run/o.sock", host: "localhost", path: "/", query: "q"),
        ])
    func forms(_ test: Case) throws {
        let uri = try IntegrationURI(test.uri, parameters: ["id", "rest"])
        let path = uri.path.map { piece in
            switch piece {
            case .literal(let bytes): String(decoding: bytes, as: UTF8.self)
            case .parameter(let index): "<\(index)>"
            }
        }
        #expect(uri.target.description == test.target)
        #expect(uri.hostHeader == test.host)
        #expect(path.joined() == test.path)
        #expect(uri.query == test.query)
        #expect(uri.usesTLS == test.usesTLS)
    }

    @Test(
        "What cannot be sent is refused with what is wrong",
        arguments: [
            (
                "ftp://h/",
                "`ftp://h/` is not an integration address (`http://host:port/path`, `https://host:port/path` or `http://unix:/socket:/path`)"
            ),
            (
                "h:80/x",
                "`h:80/x` is not an integration address (`http://host:port/path`, `https://host:port/path` or `http://unix:/socket:/path`)"
            ),
            ("http://", "the host is empty (write `host` or `host:port`)"),
            ("http://h/#x", "`http://h/#x` has a fragment (a fragment is never sent; remove `#` and what follows)"),
            (
                "http://u:p@h/",
                "`http://u:p@h/` holds a user name (credentials do not belong in an address (RFC 9110, 4.2.4))"
            ),
            ("http://h:x/", "`x` is not a port (1 to 65535)"),
            ("http://h/{ad}", "`{ad}` is not a parameter of the route's path (did you mean `id`?)"),
            (
                "http://h/{zzz}",
                "`{zzz}` is not a parameter of the route's path (path parameters of this route: `id`, `rest`)"
            ),
            ("http://h/{rest+}", "`{rest+}` is written without `+` in an address (write `{rest}`)"),
            ("http://h/{id", "`{id` is not closed (write `{name}`)"),
            (
                "http://h/a?x={id}",
                "`http://h/a?x={id}` has a path parameter in its query (parameters may stand in the path only)"
            ),
            (
                "http://h/a b",
                "the path `/a b` has a character that cannot be sent as it is (percent-encode it, as `%20` for a space)"
            ),
            (
                "http://h/%2",
                "the path `/%2` has a character that cannot be sent as it is (percent-encode it, as `%20` for a space)"
            ),
            (
                "http://h/a\r\nX: y",
                "the path `/a\u{FFFD}\u{FFFD}X: y` has a character that cannot be sent as it is (percent-encode it, as `%20` for a space)"
            ),
            (
                "http://h/?é",
                "the query `é` has a character that cannot be sent as it is (percent-encode it, as `%20` for a space)"
            ),
            ("http://unix:/s:x", "`x` is not a path (it begins with `/`)"),
            ("http://unix:s:/x", "`s` is not a socket path (an absolute path, `unix:/run/name.sock`)"),
        ])
    func refused(_ uri: String, _ message: String) {
        #expect(problem { try IntegrationURI(uri, parameters: ["id", "rest"]) } == message)
    }
}

@Suite("Names")
struct NameRuleTests {
    @Test(
        "Names are allowed",
        arguments: [
            (NameRule.apiID, "shop"), (.apiID, "a1b2c3d4e5"), (.apiID, "a-b"),
            (.apiID, String(repeating: "a", count: 64)),
            (.stage, "dev"), (.stage, "Prod_2-x"), (.stage, String(repeating: "s", count: 128)),
            (.stageVariable, "a_B9"),
            (.stageVariableValue, "h:80/x?y#z&=,~"),
        ])
    func allowed(_ rule: NameRule, _ text: String) {
        #expect(rule.problem(in: text) == nil)
    }

    @Test(
        "Names are refused",
        arguments: [
            (NameRule.apiID, ""), (.apiID, "Shop"), (.apiID, "-a"), (.apiID, "a-"), (.apiID, "a_b"), (.apiID, "a.b"),
            (.apiID, "shop-vpce-1"), (.apiID, String(repeating: "a", count: 65)), (.stage, ""), (.stage, "a.b"),
            (.stage, "a/b"),
            (.stage, String(repeating: "s", count: 129)), (.stageVariable, "a-b"), (.stageVariable, ""),
            (.stageVariableValue, ""),
            (.stageVariableValue, "a b"), (.stageVariableValue, "{x}"), (.stageVariableValue, "a\nb"),
            (.stageVariableValue, String(repeating: "v", count: 513)),
        ])
    func refused(_ rule: NameRule, _ text: String) {
        #expect(rule.problem(in: text) != nil)
    }
}

@Suite("Internal ranges")
struct InternalRangesTests {
    @Test(
        "Internal by default",
        arguments: [
            "10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "127.0.0.1", "127.9.9.9",
            "::1",
            "169.254.1.1", "fe80::1", "febf::1", "100.64.0.1", "100.127.255.255", "fc00::1", "fdff::1",
            "::ffff:10.0.0.1",
        ])
    func isInternal(_ text: String) throws {
        #expect(InternalRanges.standard.contains(try #require(IPAddress(text))))
    }

    @Test(
        "Not internal by default",
        arguments: [
            "0.0.0.0", "::", "8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
            "100.63.255.255", "100.128.0.0", "128.0.0.1", "::2", "2001:db8::1", "fec0::1", "fe00::1", "255.255.255.255",
            "224.0.0.1",
            "::ffff:8.8.8.8",
        ])
    func isPublic(_ text: String) throws {
        #expect(!InternalRanges.standard.contains(try #require(IPAddress(text))))
    }

    @Test("A wildcard is never internal, whatever the configuration says")
    func wildcard() throws {
        let all = InternalRanges([try CIDR("0.0.0.0/0"), try CIDR("::/0")])
        #expect(all.contains(try #require(IPAddress("8.8.8.8"))))
        #expect(!all.contains(try #require(IPAddress("0.0.0.0"))))
        #expect(!all.contains(try #require(IPAddress("::"))))
        #expect(!all.contains(try #require(IPAddress("::ffff:0.0.0.0"))))
    }
}
