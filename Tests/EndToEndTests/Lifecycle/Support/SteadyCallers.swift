import Synchronization

/// Threads that call without a pause, each call on a connection of its own or all on one that is kept, and count what did not
/// go as it must: a caller of a kept connection opens a new one only where it was told `Connection: close`.
final class SteadyCallers: Sendable {
    private struct Count {
        var running: Int
        var answered = 0
        var failed: [String] = []
    }

    private let count: Mutex<Count>
    private let enough = Flag()

    init(to places: [SocketPlace]) {
        count = Mutex(Count(running: places.count * 4))
        for place in places {
            for keeps in [true, false, true, false] {
                inBackground { [self] in
                    var wire: Wire?
                    while !enough.isRaised { call(place, keeps: keeps, &wire) }
                    count.withLock { $0.running -= 1 }
                }
            }
        }
    }

    private func call(_ place: SocketPlace, keeps: Bool, _ wire: inout Wire?) {
        do {
            let used = try wire ?? Wire(to: place)
            let response = try used.exchange("GET", "/dev/x", keeps ? [] : ["Connection: close"])
            wire = response["Connection"] == "close" ? nil : used
            count.withLock { response.status == 200 ? $0.answered += 1 : $0.failed.append(response.startLine) }
        } catch {
            wire = nil
            count.withLock { $0.failed.append("\(error)") }
        }
    }

    var answered: Int { count.withLock { $0.answered } }
    var failed: [String] { count.withLock { $0.failed } }

    /// Waits for calls that begin from now on.
    func waitForMore() throws {
        let now = answered
        try eventually("more calls are answered; failed: \(failed.prefix(3))") { answered > now + 20 }
    }

    func end() { enough.raise() }

    /// - Returns: what failed.
    func endAndWait() throws -> [String] {
        end()
        try eventually("the callers have ended", within: 60) { count.withLock { $0.running } == 0 }
        return failed
    }
}
