import Glibc

/// Where log lines go.
package enum LogTarget: Sendable, Equatable {
    case standardOutput
    case standardError
    /// Opened for appending, created with mode 0640, opened anew by `LogWriter.reopen()`.
    case file(String)
    /// A descriptor of the caller's, which stays open.
    case descriptor(Int32)
    /// journald's socket, in its native protocol.
    case journal(socket: String)

    /// Where systemd has journald listen.
    package static let systemJournal = LogTarget.journal(socket: JournalSocket.path)

    package var form: LogForm {
        if case .journal = self { .journal } else { .lines }
    }

    /// For messages: `/var/log/postern/access.log`, `stderr`.
    package var name: String {
        switch self {
        case .standardOutput: "stdout"
        case .standardError: "stderr"
        case .file(let path): path
        case .descriptor(let number): "descriptor \(number)"
        case .journal: "journal"
        }
    }
}

/// The target of a log could not be opened.
package struct LogTargetError: Error, Equatable, CustomStringConvertible {
    package var path: String
    /// `errno`
    package var code: Int32

    package var description: String { "log file `\(path)` cannot be opened: \(String(cString: strerror(code)))" }
}

/// The descriptor that the writer thread writes to, and how to write to it without being held up for ever.
///
/// The flags of standard output belong to whoever shares it, so `O_NONBLOCK` is never set: a socket is written with
/// `MSG_DONTWAIT`, and a pipe or terminal in pieces of 4 KiB after `poll` said that there is room (POSIX: a write of at
/// most `PIPE_BUF` bytes to a pipe with that much room does not block). A regular file is written as it is.
struct LogSink {
    enum Outcome {
        case wrote(Int)
        /// The reader is slow: nothing was taken for `patience`.
        case stalled
        case failed(Int32)
        /// The first record, of so many bytes, is one that the receiver will never take.
        case rejected(Int, Int32)
    }

    private enum Kind { case file, socket, stream, journal }

    private static let streamPiece = 4096
    private static let patienceMilliseconds: Int32 = 250

    private let target: LogTarget
    private var descriptor: Int32
    private var kind: Kind
    private var journal = JournalSocket(path: "")
    /// When the file's name was last looked at, monotonic nanoseconds.
    private var lastLook = SystemTime.monotonicNanoseconds()

    var form: LogForm { target.form }

    init(_ target: LogTarget) throws(LogTargetError) {
        self.target = target
        switch target {
        case .standardOutput: descriptor = STDOUT_FILENO
        case .standardError: descriptor = STDERR_FILENO
        case .descriptor(let given): descriptor = given
        case .file(let path): descriptor = try Self.open(path)
        case .journal(let path):
            journal = JournalSocket(path: path)
            descriptor = -1
        }
        kind = target.form == .journal ? .journal : Self.kind(of: descriptor)
    }

    /// Opens the file of that name anew; the old descriptor is kept if that fails. Other targets have nothing to
    /// reopen.
    mutating func reopen() throws(LogTargetError) {
        journal.close()
        guard case .file(let path) = target else { return }
        lastLook = SystemTime.monotonicNanoseconds()
        let fresh = try Self.open(path)
        _ = close(descriptor)
        descriptor = fresh
        kind = Self.kind(of: fresh)
    }

    /// Whether the file's name leads to another file by now, or to none: it was removed, or moved without a word. Looked
    /// at once a second.
    mutating func isMoved(at monotonicNanoseconds: Int) -> Bool {
        guard case .file(let path) = target, kind == .file, monotonicNanoseconds - lastLook >= 1_000_000_000 else {
            return false
        }
        lastLook = monotonicNanoseconds
        var (named, held) = (stat(), stat())
        guard fstat(descriptor, &held) == 0 else { return false }
        guard stat(path, &named) == 0 else { return errno == ENOENT }
        return named.st_ino != held.st_ino || named.st_dev != held.st_dev
    }

    mutating func closeFile() {
        journal.close()
        if case .file = target { _ = close(descriptor) }
        descriptor = -1
    }

    /// - Parameter bytes: of a chunk, from the beginning of a record in the journal's form.
    mutating func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        let count: Int
        switch kind {
        case .file:
            count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        case .socket:
            count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        case .stream:
            guard awaitRoom() else { return .stalled }
            count = Glibc.write(descriptor, bytes.baseAddress, min(bytes.count, Self.streamPiece))
        case .journal:
            return sendEntry(bytes)
        }
        if count >= 0 { return .wrote(count) }
        switch errno {
        case EINTR: return .wrote(0)
        case EAGAIN: return awaitRoom() ? .wrote(0) : .stalled
        default: return .failed(errno)
        }
    }

    private mutating func sendEntry(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        let count = JournalEntry.framedCount(bytes.baseAddress!)
        let code = journal.send(UnsafeRawBufferPointer(rebasing: bytes[JournalEntry.frame..<count]))
        descriptor = journal.descriptor
        switch code {
        case 0: return .wrote(count)
        case EINTR: return .wrote(0)
        case EAGAIN: return awaitRoom() ? .wrote(0) : .stalled
        case EMSGSIZE, EINVAL, EPERM: return .rejected(count, code)
        default: return .failed(code)
        }
    }

    /// Whether the descriptor takes bytes (or reports its error at the next write) within the patience.
    private func awaitRoom() -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, Self.patienceMilliseconds) > 0
    }

    private static func open(_ path: String) throws(LogTargetError) -> Int32 {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o640)
        guard descriptor >= 0 else { throw LogTargetError(path: path, code: errno) }
        return descriptor
    }

    private static func kind(of descriptor: Int32) -> Kind {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .file }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFSOCK: .socket
        default: .stream
        }
    }
}
