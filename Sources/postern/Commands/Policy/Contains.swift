import ArgumentParser
import PosternPolicy

struct Contains: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell whether networks contain addresses: {\"cidr\": \"…\", \"address\": \"…\"} a line.",
        discussion: """
            The answer is a line of JSON, {"contains": true}, {"contains": false} or {"contains": "invalid", "error": "…"}.
            """)

    @OptionGroup var batch: BatchOption

    private struct Answer: Encodable {
        var contains: Bool?
        var error: String?

        private enum CodingKeys: String, CodingKey { case contains, error }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            if let contains {
                try container.encode(contains, forKey: .contains)
            } else {
                try container.encode("invalid", forKey: .contains)
            }
            try container.encodeIfPresent(error, forKey: .error)
        }
    }

    func run() throws { try batch.answerLines(answer) }

    private func answer(_ line: String) -> Answer {
        do {
            let question = try QuestionReader(JSONReader.read(Array(line.utf8), file: "line"), as: "the question")
            let network = try CIDR(question.text("cidr"))
            let written = try question.text("address")
            guard let address = IPAddress(written) else { throw QuestionError("`\(written)` is not an address") }
            return Answer(contains: network.contains(address))
        } catch let error as CIDRError {
            return Answer(error: "\(error.message) (\(error.hint))")
        } catch {
            return Answer(error: "\(error)")
        }
    }
}
