package import PosternModel
package import PosternPolicy

/// A configuration that has no errors.
package struct LoadedConfiguration: Sendable {
    /// The path of `postern.yaml`.
    package let file: String
    /// Where the APIs' files are.
    package let apisDirectory: String
    package let process: ProcessConfiguration
    package let apis: [APIDeclaration]
    /// Compiled from `apis`.
    package let plan: Plan
    /// What is no error but probably not meant, in the order of the files.
    package let warnings: [Diagnostic]
    /// Where each listener stands in the file, by id, for problems that show when it opens.
    package let listenerPositions: [String: SourcePosition]
    /// Where `admin`, `user`, `group` and `sandbox` stand, those that are written.
    package let keyPositions: [String: SourcePosition]

    /// Where a key of `postern.yaml` stands, else the file's beginning.
    package func position(of key: String) -> SourcePosition {
        keyPositions[key] ?? SourcePosition(file: file, line: 1, column: 1)
    }
}

/// Reads `postern.yaml` and every API beside it, and compiles the plan: all of it or a report of everything wrong with
/// it.
package struct ConfigurationLoader {
    private let report = ProblemReport()
    /// In the order read, which is the order of the report.
    private var files: [String] = []

    /// - Parameters:
    ///   - path: `postern.yaml`, or the directory that holds it.
    ///   - generation: the number of the plan.
    /// - Throws: every problem of the whole tree, file by file.
    package static func load(path: String, generation: Int = 1) throws(Diagnostics) -> LoadedConfiguration {
        var loader = ConfigurationLoader()
        return try loader.load(path, generation)
    }

    private mutating func load(_ path: String, _ generation: Int) throws(Diagnostics) -> LoadedConfiguration {
        let isDirectory = ConfigurationFile.isDirectory(path)
        let file = isDirectory ? (path.hasSuffix("/") ? path : path + "/") + "postern.yaml" : path
        let start = SourcePosition(file: file, line: 1, column: 1)
        var isComplete = false
        var process = ProcessDecoder.Result()
        if let document = document(file, at: start) {
            process = ProcessDecoder.decode(document, report)
            isComplete = true
        }
        let directory = ConfigurationFile.path(process.apisDirectory?.value ?? "apis.d", besides: file)
        let settings = process.configuration
        let decoder = APIDecoder(account: settings.account, region: settings.region, report: report)
        // Without a readable postern.yaml the directory is a guess, so its absence is not another problem.
        let names =
            isComplete || ConfigurationFile.isDirectory(directory)
            ? apiFiles(directory, at: process.apisDirectory?.position ?? start) : []
        let apis = names.compactMap { name in document(name, at: nil).flatMap { decoder.decode($0) } }
        checkDefaults(process.defaultAPIs, apis, isComplete: apis.count == names.count)

        let plan = self.plan(apis, process, generation, isComplete: apis.count == names.count)
        guard report.errors.isEmpty, let plan else { throw Diagnostics(sorted(report.errors)) }
        return LoadedConfiguration(
            file: file, apisDirectory: directory, process: settings, apis: apis, plan: plan,
            warnings: sorted(report.warnings),
            listenerPositions: process.listenerPositions, keyPositions: process.keyPositions)
    }

    /// Domains are not looked at while some API cannot be read: what they lead to is not known then.
    private func plan(
        _ apis: [APIDeclaration], _ process: ProcessDecoder.Result, _ generation: Int, isComplete: Bool
    ) -> Plan? {
        let domains = isComplete && !apis.contains { $0.id.isEmpty } ? process.domains : []
        do throws(Diagnostics) {
            let plan = try PlanCompiler.compile(
                apis, endpoints: process.endpoints, domains: domains, generation: generation)
            report.add(plan.warnings)
            return plan
        } catch {
            report.add(error.all)
            return nil
        }
    }

    private mutating func apiFiles(_ directory: String, at position: SourcePosition) -> [String] {
        do throws(ConfigurationFile.Failure) {
            let names = try ConfigurationFile.names(in: directory)
            let files = names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
            if files.isEmpty {
                report.warn(at: position, "no API in `\(directory)`", hint: "each `*.yaml` in it is one API")
            }
            return files.map { (directory.hasSuffix("/") ? directory : directory + "/") + $0 }
        } catch {
            report.error(
                at: position, "cannot read the directory of APIs `\(directory.abbreviated)`: \(error.reason)",
                hint: "`apis:` names it, relative to this file")
            return []
        }
    }

    /// - parameter position: where to report that the file cannot be read; nil: in the file itself.
    private mutating func document(_ file: String, at position: SourcePosition?) -> DocumentNode? {
        files.append(file)
        let position = position ?? SourcePosition(file: file, line: 1, column: 1)
        do {
            return try YAMLReader.read(try ConfigurationFile.read(file), file: file)
        } catch let failure as ConfigurationFile.Failure {
            report.error(at: position, "cannot read `\(file.abbreviated)`: \(failure.reason)")
        } catch let diagnostics as Diagnostics {
            report.add(diagnostics.all)
        } catch {
            report.error(at: position, "cannot read `\(file.abbreviated)`")
        }
        return nil
    }

    /// A listener's `defaultApi` must be one of the APIs; not checked while some of them cannot be read.
    private func checkDefaults(_ names: [Positioned<String>], _ apis: [APIDeclaration], isComplete: Bool) {
        let known = Set(apis.map(\.id)).sorted()
        guard isComplete, !known.contains("") else { return }
        for name in names where !known.contains(name.value) {
            report.error(
                at: name.position, "no API has the id `\(name.value.abbreviated)`",
                hint: NearestName.hint(for: name.value, among: known, called: "APIs"))
        }
    }

    /// File by file in the order read (policies after the files that name them), then by place.
    private func sorted(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        func rank(_ diagnostic: Diagnostic) -> Int { files.firstIndex(of: diagnostic.position.file) ?? files.count }
        return diagnostics.sorted { left, right in
            let (a, b) = (left.position, right.position)
            return (rank(left), a.file, a.line, a.column) < (rank(right), b.file, b.line, b.column)
        }
    }
}
