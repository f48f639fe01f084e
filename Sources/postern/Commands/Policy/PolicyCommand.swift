import ArgumentParser

struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Ask policies questions, through the code that serves requests.",
        subcommands: [
            Evaluate.self, Contains.self, Simulate.self, TestPolicies.self, Lint.self, Widen.self, Shadow.self,
        ])
}
