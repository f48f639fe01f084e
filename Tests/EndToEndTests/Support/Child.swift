import Foundation
import Synchronization

/// A process that a test has started: killed, and waited for, with its owner at the latest.
final class Child: Sendable {
    let pid: pid_t
    private let ended = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - output: files for standard output and standard error.
    ///   - inherited: descriptors that the child finds at 3, 4, …
    init(
        _ arguments: [String], environment: [String: String] = [:], output: (String, String),
        inherited: [CInt] = []
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output.0, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, output.1, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        // Twice, over places that nothing uses: a descriptor may itself be where another one has to go.
        for (index, descriptor) in inherited.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, 900 + CInt(index))
        }
        for index in inherited.indices {
            posix_spawn_file_actions_adddup2(&actions, 900 + CInt(index), 3 + CInt(index))
        }
        // Whatever other tests have open at this moment is not the child's.
        LinuxCalls.addCloseFrom(&actions, 3 + CInt(inherited.count))
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (arguments, variableList) = (arguments, variables.map { "\($0)=\($1)" })
        var pid: pid_t = 0
        let code = arguments.withCStrings { arguments in
            variableList.withCStrings { posix_spawnp(&pid, arguments[0]!, &actions, nil, arguments, $0) }
        }
        guard code == 0 else { throw SocketFailure("starting \(arguments)", code) }
        self.pid = pid
    }

    deinit {
        if status == nil {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
    }

    func signal(_ number: CInt) {
        if status == nil { kill(pid, number) }
    }

    /// The exit status once it has ended, 128 and more for a signal.
    var status: Int32? {
        ended.withLock { ended in
            if ended != nil { return ended }
            var raw: Int32 = 0
            guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
            ended = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
            return ended
        }
    }

    func exit(within seconds: Double = 60) throws -> Int32 {
        try eventually("process \(pid) ends", within: seconds) { status != nil }
        return status!
    }

    struct Result: CustomStringConvertible {
        let status: Int32
        let output: String
        let errors: String
        var all: String { output + errors }
        var description: String { "exit \(status)\n\(output)\n\(errors)" }
    }

    /// Runs a program to its end.
    @discardableResult
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Result {
        let directory = try TemporaryDirectory()
        let files = (directory.file("out"), directory.file("err"))
        let child = try Child(arguments, environment: environment, output: files)
        let status = try child.exit()
        return Result(status: status, output: directory.read("out"), errors: directory.read("err"))
    }
}

extension [String] {
    fileprivate func withCStrings<R>(_ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
        let copies = map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return body(copies)
    }
}
