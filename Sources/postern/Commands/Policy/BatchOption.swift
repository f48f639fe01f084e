import ArgumentParser

/// Questions a line on standard input, answers a line on standard output.
struct BatchOption: ParsableArguments {
    @Flag(help: "Read questions from standard input until it ends.") var batch = false

    func validate() throws {
        guard batch else { throw ValidationError("questions are read with --batch") }
    }

    /// Answers each line that is not empty.
    func answerLines(_ answer: (String) -> some Encodable) throws {
        while let line = readLine() {
            if !line.isEmpty { try printJSONLine(answer(line)) }
        }
    }
}
