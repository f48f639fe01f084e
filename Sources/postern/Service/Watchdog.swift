import Glibc
import Logging
import NIOCore
import PosternHost
import Synchronization

/// Feeds the service manager's watchdog, but only while everything that requests depend on answers: every event loop, and the
/// service's own order of changes (sd_watchdog_enabled(3)).
struct Watchdog: Sendable {
    /// Something that must answer, and its name in the log.
    private struct Subject: Sendable {
        var name: String
        /// Runs the answer where the subject's work is done.
        var ask: @Sendable (_ answer: @escaping @Sendable () -> Void) -> Void
    }

    /// Who has answered since the last sign of life.
    private final class Answers: Sendable {
        private let known: Mutex<Set<String>> = Mutex([])

        func add(_ name: String) { known.withLock { _ = $0.insert(name) } }
        func reset() { known.withLock { $0 = [] } }
        func contain(_ name: String) -> Bool { known.withLock { $0.contains(name) } }
    }

    private let interval: Duration
    private let subjects: [Subject]
    private let logger: Logger

    /// - Parameter interval: without a sign of life for so long, the service is ended.
    init(interval: Duration, service: Service, logger: Logger) async throws {
        self.interval = interval
        self.logger = logger
        var subjects = [Subject(name: "service") { answer in Task { await service.answer(answer) } }]
        for eventLoop in service.eventLoops {
            let thread = try await eventLoop.submit { Self.threadName }.get()
            subjects.append(Subject(name: thread) { eventLoop.execute($0) })
        }
        self.subjects = subjects
    }

    /// Of the calling thread, as `top -H` shows it (proc(5)).
    private static var threadName: String {
        guard let file = fopen("/proc/thread-self/comm", "re") else { return "event loop ?" }
        defer { fclose(file) }
        var name = [UInt8](repeating: 0, count: 32)
        let count = fread(&name, 1, name.count, file)
        return "event loop " + String(decoding: name[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Asks at once, and tells the service manager after half the interval, or as soon as the last has answered. Runs until
    /// cancelled.
    func run() async {
        let answers = Answers()
        var silent: [String] = []
        while !Task.isCancelled {
            answers.reset()
            for subject in subjects { subject.ask { [name = subject.name] in answers.add(name) } }
            try? await Task.sleep(for: interval / 2)
            while !Task.isCancelled {
                let missing = subjects.map(\.name).filter { !answers.contain($0) }
                if missing != silent { report(missing) }
                silent = missing
                if missing.isEmpty { break }
                try? await Task.sleep(for: interval / 20)
            }
            if !Task.isCancelled { notifyServiceManager("WATCHDOG=1") }
        }
    }

    private func report(_ missing: [String]) {
        if missing.isEmpty { return logger.notice("everything answers again") }
        logger.critical("no answer for half the watchdog's time", metadata: ["silent": "\(missing)"])
    }
}
