import Foundation
import Synchronization

/// Callers of a host who make one connection after another, until told to stop: each asks once and wants its answer.
final class SteadyCallers: Sendable {
    private let state = Mutex((answered: 0, failures: [String]()))
    private let isOver = Flag()
    private let threads: Int
    private let ended = Atomic(0)

    /// Calls `place` for `target` from threads in the host's network; `answer` is the body that each must get.
    init(of host: Host, at places: [SocketPlace], target: String, answer: String) throws {
        threads = places.count
        for place in places {
            try host.container.inNetwork {
                // This thread ends; the one it starts is in the same network.
                inBackground { self.call(place, target, answer) }
            }
        }
        try waitForAnswers()
    }

    private func call(_ place: SocketPlace, _ target: String, _ answer: String) {
        defer { ended.add(1, ordering: .releasing) }
        while !isOver.isRaised {
            do {
                let message = try Wire(to: place).exchange("GET", target, ["Connection: close"])
                state.withLock { state in
                    if message.status == 200, message.text == answer {
                        state.answered += 1
                    } else {
                        state.failures.append("\(place): \(message.startLine) \(message.text)")
                    }
                }
            } catch {
                state.withLock { $0.failures.append("\(place): \(error)") }
            }
            usleep(2000)
        }
    }

    var answered: Int { state.withLock { $0.answered } }

    /// What went wrong so far, the first few.
    var failures: [String] { state.withLock { Array($0.failures.prefix(5)) } }

    /// Waits for many answers to questions that are yet to be asked.
    func waitForAnswers(_ count: Int = 50) throws {
        let before = answered
        try eventually("\(count) more answers; failures: \(failures)", within: 60) { answered >= before + count }
    }

    /// Ends the calls under way.
    func stop() throws {
        isOver.raise()
        try eventually("the callers end", within: 60) { ended.load(ordering: .acquiring) == threads }
    }
}
