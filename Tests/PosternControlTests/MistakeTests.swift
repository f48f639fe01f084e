import Testing

/// One mistake, and the report it must give: place, message and hint.
struct Mistake: Sendable, CustomTestStringConvertible {
    var text: String
    var report: [String]

    init(_ text: String, _ report: String...) {
        self.text = text
        self.report = report
    }

    var testDescription: String { report.first ?? text }
}

@Suite("Mistakes in postern.yaml")
struct ProcessMistakeTests {
    @Test(
        "Each is reported at its place with what is right",
        arguments: [
            Mistake(
                "",
                "1:1: error: the configuration has no `listeners` (add `listeners: [{id: vpce-mesh, address: 127.0.0.1, port: 8080}]`)"
            ),
            Mistake("[]", "1:1: error: the configuration is a list (expected a mapping, `key: value`)"),
            Mistake("listeners: 5", "1:12: error: `listeners` is a number, expected a list"),
            Mistake("listeners: [x]", "1:13: error: a listener is text (expected a mapping, `key: value`)"),
            Mistake(
                "listenrs: []",
                "1:1: error: the configuration has no `listeners` (add `listeners: [{id: vpce-mesh, address: 127.0.0.1, port: 8080}]`)",
                "1:1: error: unknown key `listenrs` in the configuration (did you mean `listeners`?)"),
        ])
    func whole(_ mistake: Mistake) { check(mistake.text, mistake) }

    @Test(
        "Settings of the process",
        arguments: [
            Mistake(
                "account: 12345", "3:10: error: `12345` is not an account (twelve digits in quotes: `\"123456789012\"`)"
            ),
            Mistake("account: true", "3:10: error: `account` is true or false, expected text"),
            Mistake("region: EU", "3:9: error: `EU` is not a region (lower-case letters, digits and `-`, up to 64)"),
            Mistake("loops: two", "3:8: error: `loops` is text, expected a number (1 to 1024)"),
            Mistake("loops: 0", "3:8: error: `0` is out of range for `loops` (expected 1 to 1024)"),
            Mistake("loops: 1.5", "3:8: error: `1.5` is out of range for `loops` (expected 1 to 1024)"),
            Mistake("loops:", "3:7: error: `loops` is nothing, expected a number (1 to 1024)"),
            Mistake(
                "internalRanges: [10.0.0.1/8]",
                "2:30: error: `127.0.0.1` is not an internal address (`internalRanges` lists what is internal)",
                "3:18: error: `10.0.0.1/8` has bits set behind its prefix (write `10.0.0.0/8` for the network, `10.0.0.1` for one address)"
            ),
            Mistake("user: a b", "3:7: error: `a b` is not a user (a name as in `/etc/passwd`, or a number)"),
            Mistake("group: web", "3:8: error: `group` stands without `user` (add `user: postern`)"),
            Mistake(
                "sandbox: {landlock: on}",
                "3:21: error: `on` is not a value of `landlock` (values: `auto`, `required`, `off`)"),
            Mistake(
                "sandbox: {landlock: off, read: [/a]}",
                "3:26: error: `read` has no meaning with `landlock: off` (every file is within reach)"),
            Mistake(
                "sandbox: {read: [tls]}", "3:18: error: `tls` is not a place in the file system (an absolute path)"),
            Mistake("sandbox: {reed: []}", "3:11: error: unknown key `reed` in `sandbox` (did you mean `read`?)"),
            Mistake("limits: {feilds: 1}", "3:10: error: unknown key `feilds` in `limits` (did you mean `fields`?)"),
            Mistake(
                "limits: {targetBytes: 1}", "3:23: error: `1` is out of range for `targetBytes` (expected 64 to 65535)"),
            Mistake(
                "limits: {requestHeadBytes: 65536}",
                "3:28: error: `65536` is out of range for `requestHeadBytes` (expected 1024 to 65535)"),
            Mistake(
                "limits: {requestHeadBytes: 2048, fieldBytes: 4096, targetBytes: 1024}",
                "3:46: error: `fieldBytes` of 4096 is more than `requestHeadBytes` of 2048 (the whole head must hold it)"
            ),
            Mistake(
                "timeouts: {drain: 30}",
                "3:19: error: `30` is not a duration for `drain` (a whole number with its unit: `500ms`, `10s`, `5m`, `1h`)"
            ),
            Mistake(
                "timeouts: {drain: 1d}",
                "3:19: error: `1d` is not a duration for `drain` (a whole number with its unit: `500ms`, `10s`, `5m`, `1h`)"
            ),
            Mistake(
                "timeouts: {keepAlive: 0s}", "3:23: error: `0s` is out of range for `keepAlive` (expected 1ms to 24h)"),
            Mistake(
                "timeouts: {keepAlive: 99999999999999999999h}",
                "3:23: error: `99999999999999999999h` is not a duration for `keepAlive` (a whole number with its unit: `500ms`, `10s`, `5m`, `1h`)"
            ),
            Mistake(
                "admin: {socket: run/a.sock}",
                "3:17: error: `run/a.sock` is not a socket's path (an absolute path or `@name`, up to 107 bytes)"),
            Mistake(
                "admin: {mode: \"0888\"}", "3:15: error: `0888` is not a mode (octal digits in quotes: `\"0660\"`)"),
            Mistake("admin: {port: 99999}", "3:15: error: `99999` is out of range for `port` (expected 0 to 65535)"),
            Mistake(
                "accessLog: {path: logs/a}",
                "3:19: error: `logs/a` is not a place for the access log (`stdout`, `stderr`, `journal`, `off`, or an absolute path)"
            ),
            Mistake(
                "systemLog: {path: off}",
                "3:19: error: `off` is not a place for the system log (`stderr`, `stdout`, `journal`, or an absolute path)"
            ),
            Mistake(
                "systemLog: {path: journal, format: json}",
                "3:28: error: `format` has no meaning in the journal, whose entries have fields"),
            Mistake(
                "systemLog: {level: warn}",
                "3:20: error: `warn` is not a value of `level` (values: `debug`, `info`, `notice`, `warning`, `error`)"
            ),
            Mistake(
                "overload: {stopKeepAlive: 80}",
                "3:27: error: `stopKeepAlive` of 80 is not more than `shrinkTimers` of 85 (percent of the memory limit, in the order `shrinkTimers`, `stopKeepAlive`, `refuse`)"
            ),
            Mistake(
                "overload: {refuse: 101}", "3:20: error: `101` is out of range for `refuse` (expected 1 to 100)"),
            Mistake(
                "overload: {memory: 2GB}",
                "3:20: error: `2GB` is not a value of `memory` (bytes, or a number with `KiB`, `MiB`, `GiB` or `TiB`; at least 16 MiB)"
            ),
            Mistake(
                "overload: {memory: 1MiB}",
                "3:20: error: `1MiB` is not a value of `memory` (bytes, or a number with `KiB`, `MiB`, `GiB` or `TiB`; at least 16 MiB)"
            ),
            Mistake("accessLog: off", "3:12: error: `accessLog` is text (expected a mapping, `key: value`)"),
            Mistake(
                "loops: 1\nloops: 2", "4:1: error: `loops` stands twice in one mapping (first at postern.yaml:3:1)"),
            Mistake(
                "apis: nowhere",
                "3:7: error: cannot read the directory of APIs `nowhere`: no such file or directory (`apis:` names it, relative to this file)"
            ),
            Mistake(
                "zzz: 1",
                "3:1: error: unknown key `zzz` in the configuration (known keys: `account`, `region`, `apis`, `loops`, `internalRanges`, `limits`, `timeouts`, `admin`, `user`, `group`, `sandbox`, `accessLog`, `systemLog`, `overload`, `explain`, `listeners`, `domains`)"
            ),
        ])
    func settings(_ mistake: Mistake) { check(plainProcess + "\n" + mistake.text, mistake) }

    @Test(
        "Listeners",
        arguments: [
            Mistake("{address: 127.0.0.1, port: 1}", "2:5: error: a listener has no `id` (add `id: vpce-mesh`)"),
            Mistake(
                "{id: mesh, address: 127.0.0.1, port: 1}",
                "2:10: error: `mesh` is not an endpoint id (`vpce-` and lower-case letters, digits, `-`)"),
            Mistake(
                "{id: vpce-, address: 127.0.0.1, port: 1}",
                "2:10: error: `vpce-` is not an endpoint id (`vpce-` and lower-case letters, digits, `-`)"),
            Mistake(
                "{id: vpce-a}",
                "2:5: error: a listener has no place to bind to (exactly one of `address`, `interface`, `unix`, `inherit`)"
            ),
            Mistake(
                "{id: vpce-a, unix: /a, address: 127.0.0.1, port: 1}",
                "2:5: error: a listener has `unix` and `address` (exactly one of `address`, `interface`, `unix`, `inherit`)"
            ),
            Mistake("{id: vpce-a, address: 127.0.0.1}", "2:5: error: a listener has no `port` (add `port: 8080`)"),
            Mistake(
                "{id: vpce-a, address: 127.0.0.1, prot: 1}", "2:5: error: a listener has no `port` (add `port: 8080`)",
                "2:38: error: unknown key `prot` in a listener (did you mean `port`?)"),
            Mistake(
                "{id: vpce-a, address: localhost, port: 1}",
                "2:27: error: `localhost` is not an IP address (such as `127.0.0.1` or `fd00::1`, without a port)"),
            Mistake(
                "{id: vpce-a, address: 0.0.0.0, port: 1}",
                "2:27: error: `0.0.0.0` is a wildcard: it would listen on every address of the machine (name one internal address, or an interface)"
            ),
            Mistake(
                "{id: vpce-a, address: '::', port: 1}",
                "2:27: error: `::` is a wildcard: it would listen on every address of the machine (name one internal address, or an interface)"
            ),
            Mistake(
                "{id: vpce-a, address: 'fe80::1', port: 1}",
                "2:27: error: `fe80::1` is a link-local address, which means nothing without its interface (write `interface: eth1` beside `address`)"
            ),
            Mistake(
                "{id: vpce-a, address: 8.8.8.8, port: 1}",
                "2:27: error: `8.8.8.8` is not an internal address (`internalRanges` lists what is internal)"),
            Mistake(
                "{id: vpce-a, interface: eth0, address: 8.8.8.8, port: 1}",
                "2:44: error: `8.8.8.8` is not an internal address (`internalRanges` lists what is internal)"),
            Mistake(
                "{id: vpce-a, interface: eth0, family: ipv5, port: 1}",
                "2:43: error: `ipv5` is not a value of `family` (did you mean `ipv4`?)"),
            Mistake(
                "{id: vpce-a, interface: eth0, family: ipv6, address: 10.0.0.1, port: 1}",
                "2:58: error: `10.0.0.1` is not an address of the family `ipv6`"),
            Mistake(
                "{id: vpce-a, interface: a-name-too-long-for-linux, port: 1}",
                "2:29: error: `a-name-too-long-for-linux` is not an interface (a name as in `ip link`, such as `eth1`)"),
            Mistake(
                "{id: vpce-a, address: 127.0.0.1, family: ipv4, port: 1}",
                "2:38: error: `family` has a meaning only beside `interface`"),
            Mistake(
                "{id: vpce-a, address: 127.0.0.1, port: 65536}",
                "2:44: error: `65536` is out of range for `port` (expected 0 to 65535)"),
            Mistake(
                "{id: vpce-a, address: 127.0.0.1, port: \"80\"}",
                "2:44: error: `port` is text, expected a number (0 to 65535)"),
            Mistake(
                "{id: vpce-a, unix: run.sock}",
                "2:24: error: `run.sock` is not a socket's path (an absolute path or `@name`, up to 107 bytes)"),
            Mistake("{id: vpce-a, unix: /run/a, port: 1}", "2:32: error: `port` has no meaning for a Unix socket"),
            Mistake(
                "{id: vpce-a, unix: \"@a\", mode: \"0600\"}",
                "2:30: error: `mode` has no meaning for an abstract socket (the kernel gives it no permissions)"),
            Mistake(
                "{id: vpce-a, inherit: a, mode: \"0600\"}",
                "2:30: error: `mode` has no meaning for an inherited socket (its unit sets it)"),
            Mistake(
                "{id: vpce-a, address: 127.0.0.1, port: 1, mode: \"0600\"}",
                "2:47: error: unknown key `mode` in a listener (known keys: `id`, `vpc`, `interface`, `unix`, `inherit`, `address`, `family`, `port`, `defaultApi`, `maxConnections`, `maxRequestsPerConnection`, `underscoreHeaders`, `policy`, `proxyProtocol`, `tls`)"
            ),
            Mistake(
                "{id: vpce-a, inherit: \"a:b\"}",
                "2:27: error: `a:b` is not a socket's name (as in `FileDescriptorName=`, without `:`)"),
            Mistake(
                "{id: vpce-a, inherit: a, vpc: core}",
                "2:35: error: `core` is not a VPC id (`vpc-` and lower-case letters, digits, `-`)"),
            Mistake(
                "{id: vpce-a, inherit: a, underscoreHeaders: yes}",
                "2:49: error: `underscoreHeaders` is text, expected true or false"),
            Mistake(
                "{id: vpce-a, inherit: a, proxyProtocol: {}}",
                "2:45: error: `proxyProtocol` has no `from` (add `from: [10.1.0.0/24]`)"),
            Mistake(
                "{id: vpce-a, inherit: a, proxyProtocol: {from: []}}",
                "2:52: error: `from` is empty, so nobody could connect (write `from: [10.1.0.0/24]`)"),
            Mistake(
                "{id: vpce-a, inherit: a, proxyProtocol: {from: [10.1.0.0/33]}}",
                "2:53: error: `10.1.0.0/33` has a prefix length that does not fit its address (expected `/0` to `/32` for IPv4, `/0` to `/128` for IPv6)"
            ),
            Mistake(
                "{id: vpce-a, unix: /a, proxyProtocol: {from: [10.1.0.0/24]}}",
                "2:51: error: the peers of a Unix socket have no address (write `from: [unix]`)"),
            Mistake(
                "{id: vpce-a, inherit: a, defaultApi: shpo}",
                "2:42: error: no API has the id `shpo` (did you mean `shop`?)"),
            Mistake(
                "{id: vpce-a, inherit: a}\n  - {id: vpce-a, inherit: b}",
                "3:10: error: listener id `vpce-a` is used twice (first at postern.yaml:2:5)"),
            Mistake(
                "{id: vpce-a, inherit: a}\n  - {id: vpce-b, inherit: a}",
                "3:5: error: two listeners bind to the same place (the first is at postern.yaml:2:5)"),
        ])
    func listeners(_ mistake: Mistake) { check("listeners:\n  - \(mistake.text)", mistake) }

    private func check(_ process: String, _ mistake: Mistake) {
        let tree = ConfigurationTree([
            "postern.yaml": process, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": allowAll,
        ])
        #expect(tree.report() == mistake.report.map { "postern.yaml:" + $0 })
    }
}

@Suite("Mistakes in an API's file")
struct APIMistakeTests {
    @Test(
        "The API itself",
        arguments: [
            Mistake(
                "", "1:1: error: an API has no `id` (add `id: shop`)",
                "1:1: error: an API has no `stages` (add `stages: {dev: {}}`)",
                "1:1: error: an API has no `routes` (add `routes: {GET /health: {type: MOCK}}`)"),
            Mistake("shop", "1:1: error: an API is text (expected a mapping, `key: value`)"),
            Mistake(
                "id: Shop\nstages: {d: }\nroutes: {GET /: {type: MOCK}}",
                "1:5: error: `Shop` is not an API id (lower-case letters, digits, `-` inside, up to 64)"),
            Mistake(
                "id: shop\nkind: http\nstages: {d: }\nroutes: {GET /: {type: MOCK}}",
                "2:7: error: APIs of kind `http` are not supported yet (expected `rest`)"),
            Mistake(
                "id: shop\nkind: rset\nstages: {d: }\nroutes: {GET /: {type: MOCK}}",
                "2:7: error: `rset` is not a value of `kind` (did you mean `rest`?)"),
            Mistake(
                "id: shop\nstage: {d: }\nroutes: {GET /: {type: MOCK}}",
                "1:1: error: an API has no `stages` (add `stages: {dev: {}}`)",
                "2:1: error: unknown key `stage` in an API (did you mean `stages`?)"),
            Mistake(
                "id: shop\nstages: {}\nroutes: {}",
                "2:9: error: `stages` is empty, so nothing could be called (add `dev: {}`)",
                "3:9: error: `routes` is empty, so nothing could be called (add `routes: {GET /health: {type: MOCK}}`)"),
            Mistake(
                "id: shop\npolicy: none.json\nstages: {d: }\nroutes: {GET /: {type: MOCK}}",
                "2:9: error: cannot read the policy `apis.d/none.json`: no such file or directory (the path is relative to this file)"
            ),
            Mistake(
                "id: shop\npolicy: true\nstages: {d: }\nroutes: {GET /: {type: MOCK}}",
                "2:9: error: `policy` is true or false, expected a file or a policy document"),
        ])
    func whole(_ mistake: Mistake) { check(mistake.text, mistake) }

    @Test(
        "Stages",
        arguments: [
            Mistake("{de.v: {}}", "2:10: error: `de.v` is not a stage name (letters, digits, `-`, `_`, up to 128)"),
            Mistake(
                "{dev: {variable: {}}}", "2:16: error: unknown key `variable` in a stage (did you mean `variables`?)"),
            Mistake("{dev: [a]}", "2:15: error: a stage is a list (expected a mapping, `key: value`)"),
            Mistake(
                "{dev: {variables: {a-b: x}}}",
                "2:28: error: `a-b` is not a stage variable's name (letters, digits, `_`, up to 64)"),
            Mistake(
                "{dev: {variables: {a: \"x y\"}}}",
                "2:31: error: `x y` is not a stage variable's value (letters, digits and `-._~:/?#&=,`, at least one, up to 512)"
            ),
            Mistake("{dev: {variables: {a: true}}}", "2:31: error: `a` is true or false, expected text"),
            Mistake(
                "{dev: {}, dev: {}}", "2:19: error: `dev` stands twice in one mapping (first at apis.d/shop.yaml:2:10)"),
        ])
    func stages(_ mistake: Mistake) {
        check("id: shop\nstages: \(mistake.text)\nroutes: {GET /: {type: MOCK}}", mistake)
    }

    @Test(
        "Routes",
        arguments: [
            Mistake("/a: {type: MOCK}", "4:3: error: `/a` is not a route (write `GET /a` or `ANY …`)"),
            Mistake("GET: {type: MOCK}", "4:3: error: `GET` is not a route (write `GET /path` or `ANY /path`)"),
            Mistake("get /a: {type: MOCK}", "4:3: error: `get` is not a verb of a route (did you mean `GET`?)"),
            Mistake(
                "FETCH /a: {type: MOCK}",
                "4:3: error: `FETCH` is not a verb of a route (verbs: `DELETE`, `GET`, `HEAD`, `OPTIONS`, `PATCH`, `POST`, `PUT`, `ANY`)"
            ),
            Mistake(
                "GET /a/: {type: MOCK}",
                "4:3: error: `/a/` ends with a slash (write `/a`; it answers with and without one)"),
            Mistake(
                "GET /{a+}/b: {type: MOCK}",
                "4:3: error: `/{a+}/b` has a child under the greedy part `{a+}` (a greedy part takes the rest of the path, so it stands last)"
            ),
            Mistake(
                "GET /a: {type: MOCK}\n  GET /a: {type: MOCK}",
                "5:3: error: `GET /a` stands twice in one mapping (first at apis.d/shop.yaml:4:3)"),
            Mistake(
                "GET /a: {type: MOCK}\n  GET  /a: {type: MOCK}",
                "5:3: error: `GET /a` is declared twice (first at apis.d/shop.yaml:4:3)"),
            Mistake(
                "GET /a/{x}: {type: MOCK}\n  GET /a/{y}: {type: MOCK}",
                "5:3: error: `{y}` is a second variable part under `/a`, beside `{x}` (a resource has at most one; the other is at apis.d/shop.yaml:4:3)"
            ),
        ])
    func routes(_ mistake: Mistake) { checkRoutes(mistake) }

    @Test(
        "Integrations",
        arguments: [
            Mistake(
                "GET /a: 5",
                "4:11: error: `the integration` is a number, expected an address or a mapping (`http://host:port/path`)"
            ),
            Mistake(
                "GET /a:",
                "4:10: error: `the integration` is nothing, expected an address or a mapping (`http://host:port/path`)"),
            Mistake("GET /a: {}", "4:11: error: an integration has no `uri` (add `uri: http://127.0.0.1:9000/`)"),
            Mistake(
                "GET /a: {type: AWS_PROXY}",
                "4:18: error: integrations of type `AWS_PROXY` are not supported yet (expected `HTTP_PROXY` or `MOCK`)"),
            Mistake(
                "GET /a: {type: HTTP_PORXY}",
                "4:18: error: `HTTP_PORXY` is not an integration type (did you mean `HTTP_PROXY`?)"),
            Mistake(
                "GET /a: {url: \"http://h/\"}",
                "4:11: error: an integration has no `uri` (add `uri: http://127.0.0.1:9000/`)",
                "4:12: error: unknown key `url` in an integration (did you mean `uri`?)"),
            Mistake("GET /a: {type: MOCK, uri: \"http://h/\"}", "4:24: error: `uri` has no meaning for type `MOCK`"),
            Mistake(
                "GET /a: {uri: \"http://h/\", status: 200}", "4:30: error: `status` has a meaning only for type `MOCK`"),
            Mistake(
                "GET /a: http://${stageVariables.order}/",
                "4:11: error: stage variable `order` is not defined in stage `dev` (did you mean `orders`?)"),
            Mistake(
                "GET /a: http://${stage.orders}/",
                "4:11: error: `${stage.orders}` is not known here (write `${stageVariables.name}`)"),
            Mistake(
                "GET /{id}: http://h/{di}",
                "4:14: error: `{di}` is not a parameter of the route's path (did you mean `id`?)"),
            Mistake(
                "GET /a: {uri: \"http://h/\", targets: []}",
                "4:39: error: `targets` is empty (add `host:port` or `unix:/path`, or leave it out)"),
            Mistake(
                "GET /a: {uri: \"http://h/\", targets: [h]}",
                "4:40: error: `h` has no port (write `host:port` or `unix:/path`)"),
            Mistake(
                "GET /a: {uri: \"http://h/\", targets: [5]}",
                "4:40: error: `5` is not an IPv4 address (four numbers from 0 to 255)"),
            Mistake("GET /a: {uri: \"http://h/\", targets: [[]]}", "4:40: error: `targets` is a list, expected text"),
            Mistake(
                "GET /a: {uri: \"http://h/\", method: GTE}",
                "4:38: error: `GTE` is not a method for an integration (did you mean `GET`?)"),
            Mistake(
                "GET /a: {uri: \"http://h/\", timeout: 49ms}",
                "4:39: error: `49ms` is out of range for `timeout` (expected 50ms to 24h)"),
            Mistake(
                "GET /a: {uri: \"http://h/\", connectTimeout: 6m}",
                "4:46: error: `6m` is out of range for `connectTimeout` (expected 1ms to 5m)"),
            Mistake(
                "GET /a: {type: MOCK, status: 100}",
                "4:32: error: `100` is out of range for `status` (expected 200 to 599)"),
            Mistake(
                "GET /a: {type: MOCK, status: 204, body: x}",
                "4:43: error: a response with status 204 has no body (RFC 9110, 6.4.1)"),
            Mistake(
                "GET /a: {type: MOCK, headers: {A b: x}}",
                "4:34: error: `A b` is not a field name (a token of RFC 9110, 5.6.2)"),
            Mistake(
                "GET /a: {type: MOCK, headers: {Content-Length: 5}}",
                "4:34: error: `Content-Length` is written by the gateway itself (remove it)"),
            Mistake(
                "GET /a: {type: MOCK, headers: {A: \"x\\r\\nB: y\"}}",
                "4:37: error: the value of `A` cannot be sent (no control characters, no space at its ends)"),
            Mistake("GET /a: {type: MOCK, headers: {A: [x]}}", "4:37: error: `A` is a list, expected text"),
        ])
    func integrations(_ mistake: Mistake) { checkRoutes(mistake) }

    @Test("A value that makes a bad address is reported with stage and value")
    func resolvedAddress() {
        let text =
            "id: shop\nstages: {dev: {variables: {o: \"h:0\"}}, prod: {variables: {o: h}}}\nroutes:\n  GET /: http://${stageVariables.o}/"
        check(text, Mistake("", "4:10: error: `0` is not a port, in stage `dev` where `o` is `h:0` (1 to 65535)"))
    }

    @Test("A policy that does not parse is reported in its own file")
    func brokenPolicy() {
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": "{\n  \"Version\": }",
        ])
        let report = tree.report()
        #expect(report.count == 1)
        #expect(report.first?.hasPrefix("apis.d/allow.json:2:14: error: ") == true)
    }

    @Test("Two files with one id are an error")
    func sameID() {
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess, "apis.d/a.yaml": plainAPI, "apis.d/b.yaml": plainAPI,
            "apis.d/allow.json": allowAll,
        ])
        #expect(tree.report() == ["apis.d/b.yaml:1:5: error: API id `shop` is used twice (first at apis.d/a.yaml:1:5)"])
    }

    private func checkRoutes(_ mistake: Mistake) {
        check("id: shop\nstages: {dev: {variables: {orders: h}}}\nroutes:\n  \(mistake.text)", mistake)
    }

    private func check(_ api: String, _ mistake: Mistake) {
        let tree = ConfigurationTree(["postern.yaml": plainProcess, "apis.d/shop.yaml": api])
        #expect(tree.report() == mistake.report.map { "apis.d/shop.yaml:" + $0 })
    }
}
