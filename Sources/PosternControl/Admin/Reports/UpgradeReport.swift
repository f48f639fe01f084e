/// How an upgrade ended.
package struct UpgradeReport: Codable, Sendable, Equatable {
    package struct Program: Codable, Sendable, Equatable {
        package var version: String
        package var processID: Int

        package init(version: String, processID: Int) {
            self.version = version
            self.processID = processID
        }
    }

    package var succeeded: Bool
    /// The process that served, and the one that serves now; nil where nothing has changed.
    package var from: Program?
    package var to: Program?
    /// Lines for a person.
    package var messages: [String]

    package init(from: Program, to: Program) {
        succeeded = true
        (self.from, self.to) = (from, to)
        messages = [
            "process \(to.processID) (\(to.version)) serves; process \(from.processID) (\(from.version)) lets its requests end"
        ]
    }

    package init(failed problems: [String]) {
        succeeded = false
        messages = problems + ["nothing was changed; the running process keeps serving"]
    }
}
