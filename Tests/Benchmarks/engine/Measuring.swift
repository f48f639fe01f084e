import Allocations
import Glibc

/// Nanoseconds a call of the fastest of some rounds, which is the one that the machine's other work disturbed least, and
/// allocations a call over all of them.
func measure(rounds: Int = 100, calls: Int, _ body: (Int) -> Void) -> (nanoseconds: Double, allocations: Double) {
    var fastest = Double.infinity
    let before = engine_allocations()
    for _ in 0..<rounds {
        let start = processorTime()
        for call in 0..<calls { body(call) }
        fastest = min(fastest, processorTime() - start)
    }
    let allocations = engine_allocations() - before
    return (fastest / Double(calls), Double(allocations) / Double(rounds * calls))
}

/// Nanoseconds that this thread has had a processor: time in which others had it does not count.
private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

/// A result, the milliseconds of the fastest of some rounds, and the bytes that the result holds.
struct Built<Result> {
    var result: Result
    var milliseconds: Double
    var bytes: Int
}

func build<Result>(rounds: Int = 3, _ body: () -> Result) -> Built<Result> {
    let before = engine_bytes_held()
    let result = body()
    let bytes = Int(engine_bytes_held()) - Int(before)
    let time = measure(rounds: rounds, calls: 1) { _ in keep(body()) }
    return Built(result: result, milliseconds: time.nanoseconds / 1e6, bytes: bytes)
}

/// Keeps the optimiser from leaving out what makes a value.
@inline(never) @_optimize(none)
func keep<Value>(_ value: Value) {}

/// Prints what was measured, and remembers whether every promise was met.
struct Report {
    private(set) var isMet = true

    mutating func show(_ name: String, _ measured: String, promise: String? = nil, isMet: Bool = true) {
        let verdict = promise.map { "\(isMet ? "met" : "MISSED"): \($0)" } ?? ""
        print("  " + padded(name, 40) + padded(measured, 34) + verdict)
        self.isMet = self.isMet && isMet
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}

func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
