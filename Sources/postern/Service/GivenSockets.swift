import Glibc
import PosternHTTP
import PosternHost

/// The sockets that this process was given when it began: by the service manager, or by the running gateway whose place it
/// is to take.
struct GivenSockets: Sendable {
    /// Those of the service manager's socket units.
    var inherited = InheritedSockets.none
    /// Those that the process before this one listened on.
    var held = HeldSockets.none
    /// nil at a start of its own.
    var predecessor: Predecessor?

    static let none = GivenSockets()

    /// Call it once, before other threads run.
    static func ofProcess() throws -> GivenSockets {
        guard let predecessor = try Predecessor.ofProcess() else {
            var inherited = try InheritedSockets.takeFromProcess()
            let held = inherited.takeHeld()
            return GivenSockets(inherited: inherited, held: held)
        }
        var inherited: [InheritedSockets.Socket] = []
        var held: [HeldSockets.Socket] = []
        for socket in predecessor.sockets {
            if socket.isInherited {
                inherited.append(.init(name: socket.name, descriptor: socket.descriptor))
            } else if let place = HeldPlace(name: socket.name) {
                held.append(.init(place: place, descriptor: socket.descriptor))
            } else {
                close(socket.descriptor)
            }
        }
        return GivenSockets(
            inherited: InheritedSockets(inherited), held: HeldSockets(held), predecessor: predecessor)
    }
}

/// How this process was started, to start its successor the same way.
struct StartedProgram: Sendable {
    /// Of the file that was run. Read before another takes its place: then the kernel knows no path of ours any more.
    var path: String
    var arguments: [String]

    /// nil where the kernel does not tell (no `/proc`).
    static func ofProcess() -> StartedProgram? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes {
            readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard count > 0, count < buffer.count, let path = String(validating: buffer[..<count], as: UTF8.self) else {
            return nil
        }
        return StartedProgram(path: path, arguments: CommandLine.arguments)
    }
}
