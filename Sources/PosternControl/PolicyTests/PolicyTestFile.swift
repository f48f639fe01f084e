import PosternModel
package import PosternPolicy

/// Decision tests kept beside a policy: named requests, and what the policy is to say of each.
package struct PolicyTestFile: Sendable {
    /// One request and what is expected of it.
    package struct Case: Sendable {
        package var name: String
        package var position: SourcePosition
        package var request: RequestDescription
        package var scope: PolicyScope
        package var expected: Expectation
        /// The `Sid` of the statement that must decide, or `#2` for the second; nil: any.
        package var statement: String?
    }

    package enum Expectation: String, Sendable, CaseIterable {
        case allow
        /// Either of the next two.
        case deny
        case implicitDeny, explicitDeny

        package func admits(_ answer: PolicyAnswer) -> Bool {
            self == .deny ? answer != .allow : rawValue == answer.rawValue
        }
    }

    package var file: String
    /// The policy's path.
    package var policy: String
    package var document: DocumentNode
    package var cases: [Case]

    /// - Throws: every problem of the file, or of its policy.
    package static func load(_ path: String) throws(Diagnostics) -> PolicyTestFile {
        let report = ProblemReport()
        let loaded = PolicyTestDecoder(file: path, report: report).decode(try PolicyFile.read(path))
        guard report.errors.isEmpty, let loaded else {
            // What is wrong with a default is wrong with every case.
            var told: Set<Diagnostic> = []
            let problems = report.errors.filter { told.insert($0).inserted }
            throw Diagnostics(
                problems.sorted {
                    ($0.position.file, $0.position.line, $0.position.column)
                        < ($1.position.file, $1.position.line, $1.position.column)
                })
        }
        return loaded
    }

    /// The test files of a directory and the directories in it, sorted: `*.test.yaml`, `*.test.yml` and `*.test.json`.
    ///
    /// - Throws: if it cannot be read, or holds none.
    package static func files(in directory: String) throws(Diagnostics) -> [String] {
        let files = try search(directory, depth: 0)
        if files.isEmpty {
            throw problem(
                directory, "there are no tests in `\(directory.abbreviated)`", hint: "tests are in files `*.test.yaml`")
        }
        return files
    }

    private static func search(_ directory: String, depth: Int) throws(Diagnostics) -> [String] {
        guard depth < maximumDepth else {
            throw problem(directory, "the directories nest deeper than \(maximumDepth) levels", hint: nil)
        }
        let prefix = directory.hasSuffix("/") ? directory : directory + "/"
        var found: [String] = []
        do throws(ConfigurationFile.Failure) {
            found = try ConfigurationFile.names(in: directory).map { prefix + $0 }
        } catch {
            throw problem(directory, "cannot read the directory `\(directory.abbreviated)`: \(error.reason)", hint: nil)
        }
        var files: [String] = []
        for path in found {
            if ConfigurationFile.isDirectory(path) {
                files += try search(path, depth: depth + 1)
            } else if base(of: path) != nil {
                files.append(path)
            }
        }
        return files
    }

    /// The path without `.test.yaml` and the like; nil for other files.
    static func base(of path: String) -> String? {
        for suffix in [".test.yaml", ".test.yml", ".test.json"] where path.hasSuffix(suffix) {
            return String(path.dropLast(suffix.utf8.count))
        }
        return nil
    }

    private static let maximumDepth = 32

    private static func problem(_ path: String, _ message: String, hint: String?) -> Diagnostics {
        Diagnostics([Diagnostic(at: SourcePosition(file: path, line: 1, column: 1), message, hint: hint)])
    }
}
