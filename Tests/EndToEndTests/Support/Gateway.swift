import Foundation
import Testing

/// The real program, serving a configuration of its own in a directory of its own.
final class Gateway {
    let directory: TemporaryDirectory
    private(set) var configuration: Configuration
    let child: Child
    /// What has to live as long as the gateway: back ends that only it calls.
    var company: [AnyObject] = []

    /// Starts and waits until every TCP and Unix listener accepts.
    convenience init(_ configuration: Configuration) throws {
        try self.init(configuration, launcher: [])
        try waitUntilListening()
    }

    convenience init(_ routes: [String: String]) throws { try self.init(Configuration(routes)) }

    /// Starts without waiting.
    /// - Parameter launcher: a program with arguments that runs ours.
    init(
        _ configuration: Configuration, in directory: TemporaryDirectory? = nil, launcher: [String],
        program: String = Postern.path, options: [String] = [], environment: [String: String] = [:],
        inherited: [CInt] = []
    ) throws {
        self.directory = try directory ?? TemporaryDirectory()
        self.configuration = configuration
        try configuration.write(to: self.directory)
        child = try Child(
            launcher + [program, "serve", "--config", self.directory.path] + options, environment: environment,
            output: (self.directory.file("stdout"), self.directory.file("stderr")), inherited: inherited)
    }

    func waitUntilListening() throws {
        for listener in configuration.listeners {
            try eventually("\(listener.place) answers") {
                if let status = child.status { throw Ended(status: status, errors: errors) }
                return (try? Socket.connected(to: listener.place)) != nil
            }
        }
    }

    struct Ended: Error, CustomStringConvertible {
        let status: Int32
        let errors: String
        var description: String { "the gateway has ended with \(status): \(errors)" }
    }

    /// What it has written to standard output and standard error.
    var errors: String { directory.read("stdout") + directory.read("stderr") }
    var pid: pid_t { child.pid }

    // MARK: Calling

    func place(_ listener: String? = nil) -> SocketPlace {
        let all = configuration.listeners
        return (all.first { $0.id == listener } ?? all[0]).place
    }

    func connect(_ listener: String? = nil, from source: String? = nil) throws -> Wire {
        try Wire(to: place(listener), from: source)
    }

    /// One exchange on a connection of its own.
    func call(
        _ method: String, _ target: String, _ fields: [String] = [], body: String? = nil, by listener: String? = nil,
        from source: String? = nil
    ) throws -> Message {
        try connect(listener, from: source).exchange(method, target, fields, body: body)
    }

    func get(_ target: String, _ fields: [String] = []) throws -> Message { try call("GET", target, fields) }

    /// One exchange on the admin socket.
    func admin(_ target: String) throws -> Message {
        let wire = try Wire(to: .unix(directory.file("admin.sock")))
        return try wire.exchange("GET", target, ["Host: localhost", "Connection: close"])
    }

    // MARK: Access log

    var records: [AccessRecord] {
        directory.read("access.log").split(separator: "\n").compactMap { AccessRecord(String($0)) }
    }

    /// The first record that matches, however long it takes to be written.
    func record(where isWanted: (AccessRecord) -> Bool) throws -> AccessRecord {
        var found: AccessRecord?
        try eventually("a record in \(directory.read("access.log"))") {
            found = records.first(where: isWanted)
            return found != nil
        }
        return found!
    }

    func record(of response: Message) throws -> AccessRecord {
        let id = try #require(response["x-amzn-RequestId"])
        return try record { $0["requestId"] == id }
    }

    // MARK: Reloading and stopping

    /// Writes new files and sends SIGHUP; what comes of it must be waited for.
    func reload(_ configuration: Configuration) throws {
        try replaceFiles(configuration)
        child.signal(SIGHUP)
    }

    /// Writes new files and runs `postern reload`, which ends with the reload.
    @discardableResult
    func reloadAndWait(_ configuration: Configuration) throws -> Child.Result {
        try replaceFiles(configuration)
        return try Postern.run("reload", "--admin", directory.file("admin.sock"))
    }

    private func replaceFiles(_ configuration: Configuration) throws {
        self.configuration = configuration
        // Files are replaced one by one and whole: an earlier reload may still be reading.
        for name in directory.list("apis.d") where configuration.apis[name] == nil {
            try directory.remove("apis.d/\(name)")
        }
        try configuration.write(to: directory)
    }

    /// Sends SIGTERM and waits.
    @discardableResult
    func stop() throws -> Int32 {
        child.signal(SIGTERM)
        return try child.exit()
    }

    // MARK: Looking in

    /// The most memory that it ever had resident, in KiB.
    var peakMemory: Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? Int.max
    }

    var openDescriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? -1
    }
}

/// One line of the access log.
struct AccessRecord: CustomStringConvertible {
    private let values: [String: Any]
    let description: String

    init?(_ line: String) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
            return nil
        }
        values = object
        description = line
    }

    subscript(name: String) -> String? { values[name] as? String }
    func number(_ name: String) -> Int? { values[name] as? Int }
    func flag(_ name: String) -> Bool { values[name] as? Bool ?? false }
    var names: Set<String> { Set(values.keys) }
}
