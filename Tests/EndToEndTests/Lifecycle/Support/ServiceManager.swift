import Foundation
import PosternHost
import Synchronization

/// What a service manager is to a service: a socket that hears how it is, and a store of descriptors that it gives back to
/// the service's next process (sd_notify(3)).
final class ServiceManager: Sendable {
    private struct State {
        var messages: [[String: String]] = []
        var store: [(name: String, descriptor: CInt)] = []
    }

    private let socket: CInt
    private let path: String
    private let directory: TemporaryDirectory
    private let state = Mutex(State())
    private let isOver = Flag()

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("notify")
        socket = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let bound = SocketPlace.unix(path).withAddress { bind(socket, $0, $1) }
        guard bound == 0 else { throw SocketFailure("binding the notify socket") }
        let own = socket
        inBackground { [weak self] in
            while true {
                guard case .message(let message) = DescriptorMessage.receive(on: own, waits: true) else { break }
                guard let self, !isOver.isRaised else { break }
                take(message)
            }
            close(own)
        }
    }

    deinit {
        isOver.raise()
        // Wakes the thread, which closes the socket.
        shutdown(socket, CInt(SHUT_RDWR))
        for (_, descriptor) in store { close(descriptor) }
    }

    private func take(_ message: DescriptorMessage) {
        var fields: [String: String] = [:]
        for line in String(decoding: message.bytes, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            fields[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        state.withLock { state in
            let name = fields["FDNAME"] ?? ""
            if fields["FDSTORE"] == "1" {
                for descriptor in message.descriptors {
                    // As systemd does, one socket is kept once.
                    if state.store.contains(where: { Self.inode($0.descriptor) == Self.inode(descriptor) }) {
                        close(descriptor)
                    } else {
                        state.store.append((name, descriptor))
                    }
                }
            }
            if fields["FDSTOREREMOVE"] == "1" {
                for entry in state.store where entry.name == name { close(entry.descriptor) }
                state.store.removeAll { $0.name == name }
            }
            state.messages.append(fields)
        }
    }

    private static func inode(_ descriptor: CInt) -> UInt {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt(status.st_ino) : 0
    }

    var messages: [[String: String]] { state.withLock { $0.messages } }
    var store: [(name: String, descriptor: CInt)] { state.withLock { $0.store } }

    /// The values of a variable, in the order they came.
    func values(_ name: String) -> [String] { messages.compactMap { $0[name] } }

    func wait(for name: String, _ isWanted: (String) -> Bool = { _ in true }) throws {
        try eventually("`\(name)` among \(messages)") { values(name).contains(where: isWanted) }
    }

    /// Starts a service, with what the store holds and sockets of its units.
    func start(
        _ configuration: Configuration, in directory: TemporaryDirectory? = nil, program: String = Postern.path,
        options: [String] = ["--hold-sockets"], environment: [String: String] = [:],
        units: [(name: String, socket: Socket)] = []
    ) throws -> Gateway {
        let descriptors = units.map { ($0.name, $0.socket.descriptor) } + store.map { ($0.name, $0.descriptor) }
        var variables = environment
        variables["NOTIFY_SOCKET"] = path
        variables["LISTEN_FDS"] = "\(descriptors.count)"
        variables["LISTEN_FDNAMES"] = descriptors.map(\.0).joined(separator: ":")
        let before = values("READY").count
        let gateway = try Gateway(
            configuration, in: directory, launcher: ["/bin/sh", "-c", "LISTEN_PID=$$ exec \"$@\"", "sh"],
            program: program, options: options, environment: variables, inherited: descriptors.map(\.1))
        try eventually("it is ready") {
            if let status = gateway.child.status { throw Gateway.Ended(status: status, errors: gateway.errors) }
            return values("READY").count > before
        }
        return gateway
    }
}
