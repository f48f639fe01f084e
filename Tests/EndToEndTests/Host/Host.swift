import Foundation

/// A host on which our package is installed, as an administrator would: nothing is made by hand but files of /etc.
final class Host: Sendable {
    let container: Container

    init() throws {
        container = try Container()
        try install(HostTools.package!)
    }

    @discardableResult
    func install(_ package: String) throws -> String {
        let inside = "/root/\((package as NSString).lastPathComponent)"
        try container.copy(package, to: inside)
        let result = try container.run("dpkg", "--install", inside)
        guard result.status == 0 else { throw Container.Failure("dpkg: \(result)") }
        return result.all
    }

    /// Writes a configuration with one API, `shop`, for everyone; nobody is told.
    func configure(listeners: [String], process: [String] = [], routes: [String: String]) throws {
        var lines = ["admin: {group: postern-admin}"] + process + ["listeners:"]
        lines += listeners.map { "  - {defaultApi: shop, \($0)}" }
        try container.write(lines.joined(separator: "\n") + "\n", to: "/etc/postern/postern.yaml")
        try container.write(API("shop", routes).text, to: "/etc/postern/apis.d/shop.yaml")
    }

    /// Further lines of `postern.service`.
    func extend(_ lines: String..., unit: String = "postern.service") throws {
        let text = lines.joined(separator: "\n") + "\n"
        try container.write(text, to: "/etc/systemd/system/\(unit).d/test.conf")
        try container.must("systemctl", "daemon-reload")
    }

    /// Opens sockets of `postern@.socket` with the service stopped, as systemd wants it, and starts the service.
    func openSockets(_ instances: String...) throws {
        try container.must("systemctl", "stop", "postern.service")
        for instance in instances {
            try container.must("systemctl", "enable", "--now", "postern@\(instance).socket")
        }
        try container.must("systemctl", "start", "postern.service")
    }

    var mainPID: String { get throws { try container.property("MainPID") } }

    var isActive: Bool { (try? container.property("ActiveState")) == "active" }

    /// The Unix socket at a path of the container.
    func unix(_ path: String) -> SocketPlace { .unix(container.path(path)) }

    /// One exchange on a connection of its own, made in the host's network.
    func get(_ target: String, at place: SocketPlace, _ fields: [String] = []) throws -> Message {
        try container.inNetwork { try Wire(to: place).exchange("GET", target, fields + ["Connection: close"]) }
    }

    /// A back end on the host's loopback that answers with `answer` and the target it was asked for.
    func backEnd(port: Int, answer: String = "back end") throws -> BackEnd {
        try container.inNetwork {
            try BackEnd(at: .tcp("127.0.0.1", port)) { reply("\(answer) \($0.target)") }
        }
    }

    /// A metric without labels.
    func metric(_ name: String) throws -> Double {
        let message = try get("/metrics", at: unix("/run/postern/admin.sock"))
        let line = message.text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        guard let value = line?.split(separator: " ").last.flatMap({ Double($0) }) else {
            throw Container.Failure("no metric `\(name)` in \(message.text)")
        }
        return value
    }
}
