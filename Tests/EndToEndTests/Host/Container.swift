import Foundation
import Glibc
import Synchronization

/// A Debian with a systemd of its own, booted in a container from a folder that stays as it is: all that is written is in
/// memory and goes with the container. It has a network of its own with nothing but loopback.
final class Container: Sendable {
    private let nspawn: Child
    /// The container's first process.
    private let leader: pid_t
    private let directory: TemporaryDirectory

    /// Boots, and waits until systemd has started what it starts.
    init() throws {
        directory = try TemporaryDirectory()
        nspawn = try Child(
            [
                "systemd-nspawn", "--quiet", "--directory", HostTools.root, "--volatile=overlay", "--boot",
                "--register=no", "--keep-unit", "--private-network", "--console=pipe",
                // As on a machine of its own; nspawn's list of calls leaves them out.
                "--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self",
            ],
            output: (directory.file("console"), directory.file("console")))
        leader = try Self.firstProcess(of: nspawn, directory)
        try waitUntilUp()
    }

    private func waitUntilUp() throws {
        var state: Child.Result?
        do {
            try eventually("systemd is up") {
                if let status = nspawn.status { throw Failure("the container ended with \(status)") }
                state = try run("systemctl", "is-system-running")
                return ["running\n", "degraded\n"].contains(state?.output)
            }
        } catch {
            throw Failure("\(error), \(state?.description ?? ""): \(directory.read("console"))")
        }
    }

    /// The first process of a process namespace takes all others with it.
    deinit {
        kill(leader, SIGKILL)
        _ = try? nspawn.exit()
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ what: String) { description = what }
    }

    /// nspawn's child that is number 1 in the container; there are others for a moment.
    private static func firstProcess(of nspawn: Child, _ console: TemporaryDirectory) throws -> pid_t {
        var first: pid_t?
        try eventually("the container has a process") {
            if let status = nspawn.status { throw Failure("nspawn ended with \(status): \(console.read("console"))") }
            let children = try? String(
                contentsOfFile: "/proc/\(nspawn.pid)/task/\(nspawn.pid)/children", encoding: .utf8)
            first = (children ?? "").split(separator: " ").compactMap { pid_t($0) }.first {
                numbers(of: $0).last == "1"
            }
            return first != nil
        }
        return first!
    }

    /// A process's numbers, ours first, then those in the namespaces within.
    private static func numbers(of process: pid_t) -> [Substring] {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") }
        return Array((line ?? "").split(whereSeparator: \.isWhitespace).dropFirst())
    }

    // MARK: Commands

    /// Runs a command inside.
    @discardableResult
    func run(_ command: String...) throws -> Child.Result { try run(command) }

    func run(_ command: [String]) throws -> Child.Result {
        try Child.run(["nsenter", "--target", "\(leader)", "--all", "--wdns=/"] + command)
    }

    /// Runs a command that must succeed, and returns what it printed, without the line's end.
    @discardableResult
    func must(_ command: String...) throws -> String {
        let result = try run(command)
        guard result.status == 0 else { throw Failure("\(command.joined(separator: " ")): \(result)") }
        return result.output.trimmingCharacters(in: .newlines)
    }

    /// What systemd says of a unit, such as `MainPID`.
    func property(_ name: String, of unit: String = "postern.service") throws -> String {
        try must("systemctl", "show", "--property=\(name)", "--value", unit)
    }

    var journal: String {
        (try? run("journalctl", "--no-pager", "--output=cat", "--unit=postern.service").output) ?? ""
    }

    // MARK: Files

    /// Where a file of the container is for us.
    func path(_ path: String) -> String { "/proc/\(leader)/root\(path)" }

    func exists(_ path: String) -> Bool { access(self.path(path), F_OK) == 0 }

    func read(_ path: String) -> String { (try? String(contentsOfFile: self.path(path), encoding: .utf8)) ?? "" }

    /// Readable for everyone unless told otherwise.
    func write(_ text: String, to path: String, mode: mode_t = 0o644) throws {
        try must("mkdir", "-p", (path as NSString).deletingLastPathComponent)
        try text.write(toFile: self.path(path), atomically: false, encoding: .utf8)
        chmod(self.path(path), mode)
    }

    func copy(_ file: String, to path: String) throws {
        try FileManager.default.copyItem(atPath: file, toPath: self.path(path))
    }

    // MARK: Processes and network

    /// Our number of a process that has number `inner` inside.
    func processID(of inner: String) throws -> pid_t {
        for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            guard let process = pid_t(entry) else { continue }
            let numbers = Self.numbers(of: process)
            guard numbers.count > 1, numbers.last.map(String.init) == inner else { continue }
            if Self.processNamespace(of: process) == Self.processNamespace(of: leader) { return process }
        }
        throw Failure("no process \(inner) in the container")
    }

    private static func processNamespace(of process: pid_t) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/pid")
    }

    /// Runs `body` on a thread in the container's network; sockets made there stay there.
    func inNetwork<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let outcome = Outcome<Value>()
        let path = "/proc/\(leader)/ns/net"
        inBackground {
            outcome.set(
                Result {
                    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
                    defer { close(descriptor) }
                    try LinuxCalls.enterNetworkNamespace(descriptor)
                    return try body()
                })
        }
        return try outcome.wait()
    }

    private final class Outcome<Value: Sendable>: Sendable {
        private let result = Mutex<Result<Value, any Error>?>(nil)
        private let done = DispatchSemaphore(value: 0)

        func set(_ value: Result<Value, any Error>) {
            result.withLock { $0 = value }
            done.signal()
        }

        func wait() throws -> Value {
            done.wait()
            return try result.withLock { $0! }.get()
        }
    }
}
