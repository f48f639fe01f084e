/// Configuration files in the making; defaults serve one API, `shop`, to everyone on loopback.
struct Configuration {
    var listeners: [Listener]
    /// Further lines of `postern.yaml`.
    var process: [String] = []
    var loops = 1
    /// File name within `apis.d` → text.
    var apis: [String: String] = [:]
    var accessLog: String?

    static let account = "123456789012"

    init(listeners: [Listener]? = nil, _ process: [String] = []) throws {
        self.listeners = try listeners ?? [Listener("vpce-mesh", options: "defaultApi: shop")]
        self.process = process
    }

    init(
        _ routes: [String: String], stages: String = "{dev: {}}", policy: String = Policies.open,
        options: String = "defaultApi: shop", _ process: [String] = []
    ) throws {
        try self.init(listeners: [Listener("vpce-mesh", options: options)], process)
        add(API("shop", stages: stages, policy: policy, routes))
    }

    mutating func add(_ api: API) { apis["\(api.id).yaml"] = api.text }

    func text(in directory: TemporaryDirectory) -> String {
        let log = accessLog ?? directory.file("access.log")
        let socket = directory.file("admin.sock")
        let has = { (key: String) in process.contains { $0.hasPrefix("\(key):") } }
        var lines = ["account: \"\(Self.account)\"", "region: us-east-1", "loops: \(loops)"] + process
        if !has("admin") { lines.append("admin: {socket: \(socket)}") }
        if !has("accessLog") { lines.append("accessLog: {path: \(log)}") }
        lines.append("listeners:")
        lines += listeners.map { "  - \($0.text)" }
        return lines.joined(separator: "\n") + "\n"
    }

    func write(to directory: TemporaryDirectory) throws {
        try directory.write(text(in: directory), to: "postern.yaml")
        for (name, text) in apis { try directory.write(text, to: "apis.d/\(name)") }
    }
}

/// One entry of `listeners`.
struct Listener {
    let id: String
    let place: SocketPlace
    var text: String

    /// On loopback, on a free port.
    init(_ id: String, host: String = "127.0.0.1", options: String = "") throws {
        let port = try FreePort.next(at: host)
        self.init(id, at: .tcp(host, port), "address: \"\(host)\", port: \(port)", options)
    }

    /// - Parameter place: where clients find what `binding` opens.
    init(_ id: String, at place: SocketPlace, _ binding: String, _ options: String = "") {
        self.id = id
        self.place = place
        text = "{id: \(id), \(binding)\(options.isEmpty ? "" : ", \(options)")}"
    }
}

/// One file of `apis.d`.
struct API {
    let id: String
    let text: String

    init(_ id: String, stages: String = "{dev: {}}", policy: String? = Policies.open, _ routes: [String: String]) {
        self.id = id
        var lines = ["id: \(id)", "kind: rest", "stages: \(stages)", "routes:"]
        lines += routes.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
        if let policy { lines.append("policy: \(policy)") }
        text = lines.joined(separator: "\n") + "\n"
    }
}

/// Resource policies, as one line each: JSON is a way to write YAML.
enum Policies {
    static let open = policy(statement("Allow"))

    static func policy(_ statements: String...) -> String {
        #"{"Version":"2012-10-17","Statement":[\#(statements.joined(separator: ","))]}"#
    }

    static func statement(
        _ effect: String, sid: String? = nil, resource: String = "execute-api:/*", _ condition: String? = nil
    ) -> String {
        let sid = sid.map { #""Sid":"\#($0)","# } ?? ""
        let condition = condition.map { #","Condition":\#($0)"# } ?? ""
        return #"{\#(sid)"Effect":"\#(effect)","Principal":"*","Action":"execute-api:Invoke","#
            + #""Resource":"\#(resource)"\#(condition)}"#
    }
}
