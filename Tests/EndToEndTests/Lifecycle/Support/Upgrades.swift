import Foundation

/// What `postern upgrade --json` prints.
struct UpgradeOutcome: Decodable, CustomStringConvertible {
    struct Program: Decodable {
        var version: String
        var processID: Int
    }

    var succeeded: Bool
    var to: Program?
    var messages: [String]
    /// Of `postern upgrade`.
    var status: Int32? = nil

    var description: String { messages.joined(separator: "\n") }
}

/// The successors of a gateway, which are nobody's children once their predecessors have ended: killed with their owner.
final class Upgrades {
    let gateway: Gateway
    private(set) var processes: [pid_t]

    init(_ gateway: Gateway) {
        self.gateway = gateway
        processes = [gateway.pid]
    }

    deinit { for process in processes.dropFirst() where Self.runs(process) { kill(process, SIGKILL) } }

    /// The process that serves now.
    var current: pid_t { processes.last! }

    /// Runs `postern upgrade`.
    /// - Parameter body: repeated until that has ended.
    @discardableResult
    func order(while body: () throws -> Void = { usleep(5_000) }) throws -> UpgradeOutcome {
        let directory = try TemporaryDirectory()
        let order = try Child(
            [Postern.path, "upgrade", "--json", "--admin", gateway.directory.file("admin.sock")],
            output: (directory.file("out"), directory.file("err")))
        while order.status == nil { try body() }
        let output = directory.read("out")
        guard !output.isEmpty else {
            throw Gateway.Ended(status: try order.exit(), errors: directory.read("err") + gateway.errors)
        }
        var outcome = try JSONDecoder().decode(UpgradeOutcome.self, from: Data(output.utf8))
        outcome.status = try order.exit()
        if let process = outcome.to?.processID { processes.append(pid_t(process)) }
        return outcome
    }

    /// Whether it runs; one that has ended and is still to be waited for does not.
    static func runs(_ process: pid_t) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return text.split(separator: ")").last?.split(separator: " ").first != "Z"
    }

    func waitUntilOnlyCurrentRuns() throws {
        try eventually("the predecessors have ended") {
            _ = gateway.child.status
            return processes.dropLast().allSatisfy { !Self.runs($0) }
        }
    }

    /// Its children, zombies included.
    static func children(of process: pid_t) -> [String] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return tasks.flatMap { task in
            ((try? String(contentsOfFile: "/proc/\(process)/task/\(task)/children", encoding: .utf8)) ?? "")
                .split(separator: " ").map(String.init)
        }
    }

    static func parent(of process: pid_t) throws -> pid_t? {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("PPid:") }
        return line.flatMap { pid_t($0.filter(\.isNumber)) }
    }

    static func descriptors(of process: pid_t) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd"))?.count ?? -1
    }

    /// Sends SIGTERM to the process that serves, and waits until it is gone.
    func stop() throws {
        kill(current, SIGTERM)
        try eventually("process \(current) ends") {
            _ = gateway.child.status
            return !Self.runs(current)
        }
    }
}

/// A name of the program's file that a test may have lead to another program.
struct ReplaceableProgram {
    let directory: TemporaryDirectory
    var path: String { directory.file("postern") }

    init() throws {
        directory = try TemporaryDirectory()
        // A hard link where the file system allows it: the kernel tells the path that was run, a symbolic link's end.
        if link(URL(fileURLWithPath: Postern.path).resolvingSymlinksInPath().path, path) != 0 {
            try FileManager.default.copyItem(atPath: Postern.path, toPath: path)
        }
    }

    /// As a package manager does: another file takes the name, the running one stays what it is.
    func replace(by script: String) throws {
        try directory.write("#!/bin/sh\n\(script)\n", to: "new")
        chmod(directory.file("new"), 0o755)
        guard rename(directory.file("new"), path) == 0 else { throw SocketFailure("rename") }
    }
}
