// Signal sets are of one module or the other by what the compiler has read first.
import CLinux
import Glibc

/// A process between the predecessor and the successor while one takes the other's place. Ended by the predecessor at the end, it
/// leaves the successor to the service manager, whose child a main process should be: systemd hears of a child's end at once,
/// with its exit code, and waits for it when the service is stopped. Of a process that is not its child it may know neither.
///
/// Until then it ends as the successor ends, so that the predecessor hears how. SIGTERM has it end the successor.
enum Usher {
    /// Splits the process in two: returns in the successor, a child of the process that was started. Call it before other threads
    /// run, with what the predecessor passed still unread.
    ///
    /// - Parameter channel: the successor's end, which is the successor's alone afterwards.
    static func splitOff(closing channel: CInt) throws(SystemCallFailure) {
        var awaited = sigset_t()
        sigemptyset(&awaited)
        sigaddset(&awaited, SIGCHLD)
        sigaddset(&awaited, SIGTERM)
        var former = sigset_t()
        // Before there is a child, so that neither signal is missed.
        sigprocmask(SIG_BLOCK, &awaited, &former)
        let child = fork()
        guard child >= 0 else {
            let code = errno
            sigprocmask(SIG_SETMASK, &former, nil)
            throw SystemCallFailure("fork", code: code)
        }
        if child == 0 {
            sigprocmask(SIG_SETMASK, &former, nil)
        } else {
            // The predecessor sees the successor's end by it.
            close(channel)
            attend(child, awaited)
        }
    }

    private static func attend(_ child: pid_t, _ awaited: sigset_t) -> Never {
        var awaited = awaited
        while true {
            var status: CInt = 0
            if waitpid(child, &status, WNOHANG) == child { end(as: status) }
            if sigwaitinfo(&awaited, nil) == SIGTERM { kill(child, SIGKILL) }
        }
    }

    /// - Parameter status: of wait(2): the low seven bits are the signal that ended the child, the next byte up its exit code.
    private static func end(as status: CInt) -> Never {
        let signal = status & 0x7F
        if signal != 0 {
            var mask = sigset_t()
            sigemptyset(&mask)
            sigaddset(&mask, signal)
            Glibc.signal(signal, SIG_DFL)
            kill(getpid(), signal)
            sigprocmask(SIG_UNBLOCK, &mask, nil)
        }
        _exit(signal == 0 ? status >> 8 & 0xFF : 128 + signal)
    }
}
