import PosternControl
import PosternModel
import PosternPolicy
import Testing

@Suite("Loading a configuration")
struct LoadingTests {
    @Test("Two routes to two services, two stages and a policy fit in twenty lines")
    func twentyLines() throws {
        let file = """
            id: shop
            policy:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Principal: "*"
                  Action: execute-api:Invoke
                  Resource: execute-api:/*
                  Condition: {StringEquals: {"aws:SourceVpce": vpce-mesh}}
            stages:
              dev:
                variables: {orders: "127.0.0.1:9001", carts: "127.0.0.1:9002"}
              prod:
                variables: {orders: "orders.internal:80", carts: "carts.internal:80"}
            routes:
              ANY /order/{id}: http://${stageVariables.orders}/order/{id}
              ANY /cart/{proxy+}: http://${stageVariables.carts}/cart/{proxy}
            """
        #expect(file.split(separator: "\n").count <= 20)
        let tree = ConfigurationTree(["postern.yaml": plainProcess, "apis.d/shop.yaml": file])
        let loaded = try tree.load()
        #expect(loaded.warnings == [])
        #expect(
            loaded.plan.routes.map { "\($0.stage) \($0.verb) \($0.resourcePath)" } == [
                "dev ANY /order/{id}", "dev ANY /cart/{proxy+}", "prod ANY /order/{id}", "prod ANY /cart/{proxy+}",
            ])
        #expect(
            loaded.plan.targets.map(\.description) == [
                "127.0.0.1:9001", "127.0.0.1:9002", "orders.internal:80", "carts.internal:80",
            ])
        #expect(loaded.plan.apis[0].policy != nil)
        let match = RouteMatch.find(method: "GET", target: "/prod/order/7", in: loaded.plan.apis[0])
        #expect(match.reason == "served by `ANY /order/{id}`")
    }

    @Test("Every default is as documented")
    func defaults() throws {
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": allowAll,
        ])
        let loaded = try tree.load()
        var expected = ProcessConfiguration()
        expected.listeners = [
            ListenerConfiguration(id: "vpce-mesh", binding: .address(try #require(IPAddress("127.0.0.1")), port: 8080))
        ]
        #expect(loaded.process == expected)
        #expect(loaded.process.limits.fields == 100)
        #expect(loaded.process.timeouts.keepAlive == 180_000)
        #expect(loaded.process.admin.socket.path == "/run/postern/admin.sock")
        #expect(loaded.apis.map(\.scope) == [PolicyScope(region: "local", account: "000000000000", apiID: "shop")])
        #expect(loaded.file == tree.directory + "/postern.yaml")
        #expect(loaded.listenerPositions["vpce-mesh"]?.line == 2)
    }

    @Test("An empty list of listeners serves nothing, and a warning says so")
    func noListeners() throws {
        let tree = ConfigurationTree(["postern.yaml": "listeners: []"])
        let loaded = try tree.load()
        #expect(loaded.process.listeners.isEmpty)
        #expect(loaded.plan.apis.isEmpty)
        let warning = try #require(loaded.warnings.first { $0.message == "`listeners` is empty, so nothing is served" })
        #expect(warning.position.line == 1)
    }

    @Test("Every key of postern.yaml is read")
    func everyProcessKey() throws {
        let tree = ConfigurationTree([
            "postern.yaml": """
            account: "123456789012"
            region: eu-1
            apis: apis.d/
            loops: 2
            internalRanges: [10.0.0.0/8, "fd00::/8", 127.0.0.1]
            listeners:
              - id: vpce-a
                vpc: vpc-core
                address: 10.1.2.3
                port: 8080
                defaultApi: shop
                maxConnections: 5
                maxRequestsPerConnection: 6
                underscoreHeaders: true
                proxyProtocol: {from: [10.1.0.0/24]}
              - {id: vpce-b, interface: eth1, family: ipv4, port: 8080}
              - {id: vpce-c, interface: eth1, address: "fd00::1", port: 0}
              - {id: vpce-d, unix: /run/p.sock, mode: 0600, owner: postern, group: 42, proxyProtocol: {from: [unix]}}
              - {id: vpce-e, unix: "@postern"}
              - {id: vpce-f, inherit: mesh}
            limits: {connections: 7, requestHeadBytes: 20000, fields: 8, fieldBytes: 9000, targetBytes: 1000, bodyBytes: 11}
            timeouts: {requestHead: 1s, bodyGap: 2s, keepAlive: 3m, upstreamKeepAlive: 500ms, streamIdle: 1h, drain: 0s}
            admin: {socket: /run/a.sock, mode: "0600", owner: root, group: adm, port: 9901}
            accessLog: {path: /var/log/postern/access.log}
            systemLog: {path: /var/log/postern/system.log, format: json, level: warning}
            overload: {memory: 2GiB, shrinkTimers: 70, stopKeepAlive: 80, refuse: 90}
            """,
            "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": allowAll,
        ])
        let process = try tree.load().process
        #expect(process.account == "123456789012")
        #expect(process.region == "eu-1")
        #expect(process.loops == 2)
        #expect(process.internalRanges.networks.map(\.description) == ["10.0.0.0/8", "fd00::/8", "127.0.0.1/32"])
        var first = ListenerConfiguration(
            id: "vpce-a", binding: .address(try #require(IPAddress("10.1.2.3")), port: 8080))
        first.vpc = "vpc-core"
        first.defaultAPI = "shop"
        first.maxConnections = 5
        first.maxRequestsPerConnection = 6
        first.underscoreHeaders = true
        first.proxyProtocol = ProxyProtocolConfiguration(networks: [try CIDR("10.1.0.0/24")])
        #expect(process.listeners[0] == first)
        #expect(
            process.listeners.dropFirst().map(\.binding) == [
                .interface(name: "eth1", family: .ipv4, address: nil, port: 8080),
                .interface(name: "eth1", family: .any, address: IPAddress("fd00::1"), port: 0),
                .unix(UnixSocketConfiguration(path: "/run/p.sock", mode: 0o600, owner: "postern", group: "42")),
                .unix(UnixSocketConfiguration(path: "@postern")), .inherited(name: "mesh"),
            ])
        #expect(process.listeners[3].proxyProtocol == ProxyProtocolConfiguration(networks: []))
        #expect(process.limits.connections == 7)
        #expect(process.limits.requestHeadBytes == 20_000)
        #expect(process.limits.fields == 8)
        #expect(process.limits.fieldBytes == 9_000)
        #expect(process.limits.targetBytes == 1_000)
        #expect(process.limits.bodyBytes == 11)
        #expect(process.timeouts.requestHead == 1_000)
        #expect(process.timeouts.bodyGap == 2_000)
        #expect(process.timeouts.keepAlive == 180_000)
        #expect(process.timeouts.upstreamKeepAlive == 500)
        #expect(process.timeouts.streamIdle == 3_600_000)
        #expect(process.timeouts.drain == 0)
        #expect(
            process.admin.socket
                == UnixSocketConfiguration(path: "/run/a.sock", mode: 0o600, owner: "root", group: "adm"))
        #expect(process.admin.port == 9901)
        #expect(process.accessLog == .file("/var/log/postern/access.log"))
        #expect(process.systemLog.place == .file("/var/log/postern/system.log"))
        #expect(process.systemLog.format == .json)
        #expect(process.systemLog.level == .warning)
        #expect(process.overload.memory == 2 << 30)
        #expect(
            [process.overload.shrinkTimers, process.overload.stopKeepAlive, process.overload.refuse] == [70, 80, 90])
    }

    @Test("Every key of an integration is read")
    func everyIntegrationKey() throws {
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess, "apis.d/allow.json": allowAll,
            "apis.d/shop.yaml": """
            id: shop
            kind: rest
            name: The shop
            policy: allow.json
            stages: {dev: }
            routes:
              GET /order/{id}:
                type: HTTP_PROXY
                uri: http://orders/{id}?v=1
                targets: [10.0.0.1:8080, "unix:/run/o2.sock"]
                method: POST
                timeout: 50ms
                connectTimeout: 1s
              PUT /order/{id}: {uri: "http://h/", method: ANY}
              GET /health:
                type: MOCK
                status: 201
                headers: {Content-Type: application/json, X-Number: 5}
                body: '{"ok":true}'
            """,
        ])
        let plan = try tree.load().plan
        guard case .httpProxy(let proxy) = plan.routes[0].integration,
            case .httpProxy(let any) = plan.routes[1].integration,
            case .mock(let mock) = plan.routes[2].integration
        else { return #expect(Bool(false)) }
        #expect(proxy.targets.map(\.description) == ["10.0.0.1:8080", "unix:/run/o2.sock"])
        #expect(proxy.hostHeader == Array("orders".utf8))
        #expect(proxy.query == Array("v=1".utf8))
        #expect(proxy.method == .post)
        #expect(proxy.timeoutMilliseconds == 50)
        #expect(proxy.connectTimeoutMilliseconds == 1_000)
        #expect(any.method == nil)
        #expect(mock.status == 201)
        #expect(mock.headers.map { "\($0.name): \($0.value)" } == ["Content-Type: application/json", "X-Number: 5"])
        #expect(mock.body == Array("{\"ok\":true}".utf8))
    }

    @Test("The argument may be the file as well as its directory")
    func fileOrDirectory() throws {
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": allowAll,
        ])
        let file = tree.directory + "/postern.yaml"
        #expect(try ConfigurationLoader.load(path: file).file == file)
        #expect(try ConfigurationLoader.load(path: tree.directory + "/", generation: 4).plan.generation == 4)
    }

    @Test("APIs are read in the order of their names; dot files, backups and other files are not")
    func order() throws {
        func api(_ id: String) -> String {
            "id: \(id)\npolicy: allow.json\nstages: {dev: {}}\nroutes: {GET /: {type: MOCK}}\n"
        }
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess, "apis.d/allow.json": allowAll, "apis.d/b.yaml": api("b"),
            "apis.d/a.yml": api("a"),
            "apis.d/C.yaml": api("c"), "apis.d/.b.yaml.swp": "[", "apis.d/.hidden.yaml": "[", "apis.d/b.yaml~": "[",
            "apis.d/README.md": "[",
        ])
        #expect(try tree.load().plan.apis.map(\.id) == ["c", "a", "b"])
    }

    @Test("An API without a policy loads with a warning")
    func noPolicy() {
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess,
            "apis.d/shop.yaml": "id: shop\nstages: {dev: {}}\nroutes: {GET /: {type: MOCK}}\n",
        ])
        #expect(
            tree.report() == [
                "apis.d/shop.yaml:1:5: warning: API `shop` has no policy and refuses every request (add `policy:` with a file or a policy document)"
            ])
    }

    @Test("A directory without APIs loads with a warning")
    func noAPI() {
        let tree = ConfigurationTree(["postern.yaml": plainProcess])
        #expect(
            tree.report() == ["postern.yaml:1:1: warning: no API in `\("apis.d")` (each `*.yaml` in it is one API)"])
    }

    @Test("A policy's warnings come with the configuration's")
    func policyWarnings() throws {
        let policy = """
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
             "Resource": "arn:aws:execute-api:local:000000000000:other/*"}]}
            """
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess, "apis.d/shop.yaml": plainAPI, "apis.d/allow.json": policy,
        ])
        let warnings = try tree.load().warnings
        #expect(warnings.count == 1)
        #expect(warnings.first?.position.file.hasSuffix("apis.d/allow.json") == true)
    }

    @Test("A policy may be a YAML file, beside the API or elsewhere")
    func policyFiles() throws {
        let yaml = """
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*"}]
            """
        let tree = ConfigurationTree([
            "postern.yaml": plainProcess, "policy.yaml": yaml,
            "apis.d/shop.yaml": "id: shop\npolicy: ../policy.yaml\nstages: {dev: {}}\nroutes: {GET /: {type: MOCK}}\n",
        ])
        #expect(try tree.load().apis[0].policy != nil)
    }
}
