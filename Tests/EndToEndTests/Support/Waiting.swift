import Foundation

struct Impatience: Error, CustomStringConvertible {
    let what: String
    let seconds: Double
    var description: String { "waited \(seconds) s in vain: \(what)" }
}

/// Waits for something that must come to be, however slow the machine is; nothing is measured by it.
func eventually(_ what: String, within seconds: Double = 30, _ condition: () throws -> Bool) throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while true {
        if try condition() { return }
        guard Date() < deadline else { throw Impatience(what: what, seconds: seconds) }
        usleep(5000)
    }
}

/// Runs `body` on a thread of its own, since the test's thread must not wait for itself.
func inBackground(_ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.stackSize = 1 << 20
    thread.start()
}
