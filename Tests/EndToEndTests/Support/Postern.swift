import Foundation

/// The program under test.
enum Postern {
    /// `POSTERN` in the environment, or the program built beside these tests.
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["POSTERN"] { return path }
        let places = [CommandLine.arguments[0], "/proc/self/exe"].map { URL(filePath: $0).resolvingSymlinksInPath() }
        for place in places {
            var folder = place.deletingLastPathComponent()
            for _ in 0..<4 {
                let candidate = folder.appending(path: "postern").path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
                    return candidate
                }
                folder.deleteLastPathComponent()
            }
        }
        return "postern"
    }()

    /// Serves, as root too where the tests run as root.
    static func serve(_ directory: TemporaryDirectory, program: String = path) -> [String] {
        [program, "serve", "--config", directory.path] + (Machine.isRoot ? ["--allow-root"] : [])
    }

    @discardableResult
    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Child.Result {
        try Child.run([path] + arguments, environment: environment)
    }
}

/// What the machine lacks for a test, said plainly where the test is skipped.
enum Machine {
    static let isRoot = geteuid() == 0

    static func has(_ tool: String) -> Bool {
        let folders =
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + [
                "/usr/bin", "/usr/sbin", "/sbin",
            ]
        return folders.contains { access("\($0)/\(tool)", X_OK) == 0 }
    }

    static let hasIPv6: Bool = (try? Socket.listening(at: .tcp("::1", 0))) != nil

    static let canMakeNamespaces: Bool = {
        guard isRoot, has("ip"), let made = try? Child.run(["unshare", "-n", "true"]) else { return false }
        return made.status == 0
    }()
}
