import Foundation

/// A network namespace with loopback and one interface `eth-in`, gone with its owner.
final class Namespace {
    let name = "postern-e2e-\(UInt32.random(in: 0 ... .max))"

    init(addresses: [String]) throws {
        try ip("netns", "add", name)
        try ip("-n", name, "link", "set", "lo", "up")
        try ip("-n", name, "link", "add", "eth-in", "type", "veth", "peer", "name", "eth-out")
        for link in ["eth-in", "eth-out"] { try ip("-n", name, "link", "set", link, "up") }
        for address in addresses {
            let more = address.contains(":") ? ["nodad"] : []
            try ip(["-n", name, "address", "add", address, "dev", "eth-in"] + more)
        }
        // The kernel gives a link-local address and looks for a while whether a neighbour has it.
        try eventually("no address is tentative") {
            try Child.run(["ip", "-n", name, "-6", "address", "show", "dev", "eth-in", "tentative"]).output.isEmpty
        }
    }

    deinit { _ = try? Child.run(["ip", "netns", "del", name]) }

    func ip(_ arguments: String...) throws { try ip(arguments) }

    func ip(_ arguments: [String]) throws {
        let result = try Child.run(["ip"] + arguments)
        if result.status != 0 { throw SocketFailure("ip \(arguments): \(result)", 0) }
    }

    /// Calls from within: a socket stays in the network where it was made.
    func get(_ target: String, at place: SocketPlace) throws -> Message {
        let box = Box()
        let path = "/run/netns/\(name)"
        let thread = Thread {
            box.result = Result {
                let descriptor = open(path, O_RDONLY | O_CLOEXEC)
                defer { close(descriptor) }
                try LinuxCalls.enterNetworkNamespace(descriptor)
                return try Wire(to: place).exchange("GET", target)
            }
            box.done.signal()
        }
        thread.start()
        box.done.wait()
        return try box.result!.get()
    }

    private final class Box: @unchecked Sendable {
        var result: Result<Message, any Error>?
        let done = DispatchSemaphore(value: 0)
    }
}
