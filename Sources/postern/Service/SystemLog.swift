import Glibc
import Logging
import PosternControl
import PosternTelemetry
import Synchronization

/// Where the program's own messages go (`systemLog`): written by a thread of its own from a bounded queue, so that a
/// terminal, a pipe or a disk that takes nothing holds up neither an event loop nor a reload.
///
/// Loggers are made before the configuration is known, and the thread must not begin before privileges are given up: until
/// `open`, messages are written to standard error as they come.
final class SystemLog: Sendable {
    /// The process's, as `LoggingSystem` is.
    static let process = SystemLog()

    private struct State {
        var writer: LogWriter?
        var buffer: LogBuffer?
        var form = SystemRecord.Form.text(hasPriorities: StandardErrorStream.isJournal)
    }

    /// Messages are few and short; what waits for a reader takes no more than this.
    private static let bound = 1 << 20

    private let state = Mutex(State())
    private let least = Atomic<Int>(Logger.Level.notice.naturalIndex)

    private init() {}

    /// Makes loggers of swift-log write here, from this level on until `open` says another one.
    static func bootstrap(from level: Logger.Level = .notice) {
        process.least.store(level.naturalIndex, ordering: .relaxed)
        LoggingSystem.bootstrap { _ in SystemLogHandler(log: process) }
    }

    /// Goes where the configuration says from the next message on. Starts the thread.
    /// - Throws: `LogTargetError` when the file cannot be opened.
    func open(_ configuration: SystemLogConfiguration) throws(LogTargetError) {
        let writer = try LogWriter(configuration.target, bound: Self.bound)
        let form = configuration.form
        state.withLock { $0 = State(writer: writer, buffer: LogBuffer(writer: writer), form: form) }
        least.store(Logger.Level(configuration.level).naturalIndex, ordering: .relaxed)
    }

    var leastLevel: Int { least.load(ordering: .relaxed) }
    var writer: LogWriter? { state.withLock { $0.writer } }

    /// For log rotation.
    func reopen() { writer?.reopen() }

    /// Writes what waits, for two seconds at most; messages that come later go to standard error again.
    func close() {
        let writer = state.withLock { state in
            defer { state = State() }
            return state.writer
        }
        writer?.close(within: .seconds(2))
    }

    func write(_ record: SystemRecord) {
        state.withLock { state in
            if let buffer = state.buffer {
                record.write(into: buffer, as: state.form)
                buffer.flush()
            } else {
                StandardErrorStream.write(record.text(hasPriorities: StandardErrorStream.isJournal))
            }
        }
    }
}

/// What swift-log hands over, as a record.
struct SystemLogHandler: LogHandler {
    let log: SystemLog
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    /// Of this logger, where somebody gave it one.
    private var ownLevel: Logger.Level?

    init(log: SystemLog) { self.log = log }

    var logLevel: Logger.Level {
        get { ownLevel ?? Logger.Level.allCases.first { $0.naturalIndex == log.leastLevel } ?? .notice }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
        if let own = event.metadata { all.merge(own) { $1 } }
        log.write(
            SystemRecord(
                epochNanoseconds: SystemTime.wallNanoseconds(), priority: event.level.priority,
                level: event.level.rawValue, message: "\(event.message)",
                metadata: all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }))
    }
}

/// Standard error as it is before there is a writer for it.
enum StandardErrorStream {
    /// Whether journald reads it: then a priority stands before each line (sd-daemon(3), `JOURNAL_STREAM` in
    /// systemd.exec(5)).
    static var isJournal: Bool { isJournal(STDERR_FILENO) }

    static func isJournal(_ descriptor: CInt) -> Bool {
        guard let named = getenv("JOURNAL_STREAM") else { return false }
        var held = stat()
        return fstat(descriptor, &held) == 0 && String(cString: named) == "\(held.st_dev):\(held.st_ino)"
    }

    static func write(_ line: [UInt8]) {
        var line = line
        line.append(UInt8(ascii: "\n"))
        // There is nobody to tell that it failed.
        _ = line.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

extension Logger.Level {
    /// Their order; swift-log has it to itself.
    var naturalIndex: Int { Self.allCases.firstIndex(of: self)! }

    init(_ level: SystemLogConfiguration.Level) {
        self =
            switch level {
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
    }

    /// syslog(3)
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}

extension SystemLogConfiguration {
    fileprivate var target: LogTarget {
        switch place {
        case .standardError: .standardError
        case .standardOutput: .standardOutput
        case .journal: .systemJournal
        case .file(let path): .file(path)
        }
    }

    fileprivate var form: SystemRecord.Form {
        switch (place, format) {
        case (.journal, _): .journal
        case (_, .json): .json
        case (.standardError, .text): .text(hasPriorities: StandardErrorStream.isJournal(STDERR_FILENO))
        case (.standardOutput, .text): .text(hasPriorities: StandardErrorStream.isJournal(STDOUT_FILENO))
        case (.file, .text): .text(hasPriorities: false)
        }
    }
}

extension AccessLogConfiguration {
    /// nil: there is none.
    var target: LogTarget? {
        switch self {
        case .off: nil
        case .standardOutput: .standardOutput
        case .standardError: .standardError
        case .journal: .systemJournal
        case .file(let path): .file(path)
        }
    }
}
