@preconcurrency import Dispatch
import Glibc

/// Keys, signals and the time, one after another.
final class TerminalEvents {
    enum Event {
        case key(UInt8)
        /// The window has another size.
        case resized
        /// Somebody orders the program to pause (TSTP).
        case suspended
        /// It goes on after a pause (CONT); the terminal may be as others left it.
        case continued
        /// TERM, HUP or INT, or nobody is at the keyboard any more.
        case ended
        case timeout
    }

    /// A signal becomes a byte in it; reading end and writing end.
    private var pipe: (read: CInt, write: CInt) = (-1, -1)
    private var sources: [any DispatchSourceSignal] = []

    init() {
        var ends: [CInt] = [-1, -1]
        if Glibc.pipe(&ends) == 0 {
            // A signal that finds it full has been told of already.
            for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
            pipe = (ends[0], ends[1])
        }
        let write = pipe.write
        sources = [(SIGWINCH, "w"), (SIGTSTP, "z"), (SIGCONT, "c"), (SIGTERM, "t"), (SIGHUP, "t"), (SIGINT, "t")].map {
            number, mark in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { _ = Glibc.write(write, mark, 1) }
            source.activate()
            return source
        }
    }

    /// The pipe stays open: a handler may still be on its way to it, and the command ends here anyway.
    deinit { for source in sources { source.cancel() } }

    /// - Parameter milliseconds: to wait for.
    func next(within milliseconds: Int) -> Event {
        var entries = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: pipe.read, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&entries, 2, Int32(clamping: milliseconds)) > 0 else { return .timeout }
        var byte: UInt8 = 0
        if entries[1].revents != 0, read(pipe.read, &byte, 1) == 1 {
            switch byte {
            case UInt8(ascii: "w"): return .resized
            case UInt8(ascii: "z"): return .suspended
            case UInt8(ascii: "c"): return .continued
            default: return .ended
            }
        }
        guard entries[0].revents != 0 else { return .timeout }
        return read(STDIN_FILENO, &byte, 1) == 1 ? .key(byte) : .ended
    }
}
