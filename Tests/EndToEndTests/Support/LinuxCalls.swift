import Glibc

/// C library functions that Swift's Glibc module does not show.
enum LinuxCalls {
    private static func function<F>(_ name: String, as type: F.Type) -> F {
        guard let symbol = dlsym(nil, name) else { preconditionFailure("the C library has no `\(name)`") }
        return unsafeBitCast(symbol, to: type)
    }

    /// Has a child close every descriptor from `first` on (glibc 2.34).
    static func addCloseFrom(_ actions: inout posix_spawn_file_actions_t, _ first: CInt) {
        typealias Call = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, CInt) -> CInt
        _ = function("posix_spawn_file_actions_addclosefrom_np", as: Call.self)(&actions, first)
    }

    /// Moves the calling thread into the network namespace behind a descriptor.
    static func enterNetworkNamespace(_ descriptor: CInt) throws {
        typealias Call = @convention(c) (CInt, CInt) -> CInt
        let newNetwork: CInt = 0x4000_0000
        guard function("setns", as: Call.self)(descriptor, newNetwork) == 0 else { throw SocketFailure("setns") }
    }

    /// Of the kernel's Landlock; -1 without (landlock_create_ruleset(2), which the C library has no function for).
    static var landlockVersion: Int {
        typealias Call = @convention(c) (Int, UnsafeRawPointer?, Int, UInt32) -> Int
        return function("syscall", as: Call.self)(444, nil, 0, 1)
    }

    /// Stops a thread of another process, ptrace(2), until the calling thread ends. Meanwhile the caller has to call
    /// `reapThread`, or the process could not end.
    static func stopThread(_ thread: pid_t) throws {
        typealias Call = @convention(c) (CLong, CLong, CLong, CLong) -> CLong
        let (seize, interrupt): (CLong, CLong) = (0x4206, 0x4207)
        for request in [seize, interrupt]
        where function("ptrace", as: Call.self)(request, CLong(thread), 0, 0) != 0 {
            throw SocketFailure("ptrace")
        }
    }

    /// Lets a stopped thread go that has been killed.
    static func reapThread(_ thread: pid_t) {
        let anyChild: CInt = 0x4000_0000  // __WALL
        waitpid(thread, nil, WNOHANG | anyChild)
    }
}
