import Glibc

/// The process whose place this one takes, seen from the successor.
package final class Predecessor: Sendable {
    /// What the predecessor could not be understood in.
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    /// A listening socket that was handed over.
    package struct Socket: Sendable {
        /// The place it listens at, or its name among inherited ones.
        package var name: String
        package var isInherited: Bool
        package var descriptor: CInt
    }

    package let sockets: [Socket]
    /// How it is confined, and so this process, which it executed; nil where it is not.
    package let confinement: LandlockStatus?
    private let channel: HandoverChannel

    private init(_ channel: HandoverChannel, sockets: [Socket], confinement: LandlockStatus?) {
        self.channel = channel
        self.sockets = sockets
        self.confinement = confinement
    }

    /// Whether the process was started to take another's place.
    package static var isThere: Bool { getenv(HandoverChannel.variable) != nil }

    /// Takes what the predecessor hands over, and removes the variable so that children do not claim it; waits until all has come.
    /// Call it once, before other threads run: the environment of a C program has no lock, and this returns in another process
    /// (``Usher``).
    ///
    /// - Returns: nil where nobody's place is to be taken.
    /// - Throws: where the variable or what comes cannot be understood, which the predecessor is told.
    package static func ofProcess() throws(Failure) -> Predecessor? {
        guard let variable = getenv(HandoverChannel.variable) else { return nil }
        let text = String(cString: variable)
        unsetenv(HandoverChannel.variable)
        guard let descriptor = CInt(text), descriptor > 2, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw Failure(
                description:
                    "`\(HandoverChannel.variable)` is `\(text)`, no descriptor of ours; only `postern upgrade` sets it")
        }
        do { try Usher.splitOff(closing: descriptor) } catch {
            let why = "the new process cannot be split off: \(error)"
            try? HandoverChannel(owning: descriptor).send(.failed, why)
            throw Failure(description: why)
        }
        return try take(HandoverChannel(owning: descriptor))
    }

    static func take(_ channel: HandoverChannel) throws(Failure) -> Predecessor {
        var sockets: [Socket] = []
        var confinement: [String] = []
        func fail(_ channel: HandoverChannel, _ why: String) -> Failure {
            for socket in sockets { close(socket.descriptor) }
            // Whether it hears this or not, it will see that we end.
            try? channel.send(.failed, why)
            return Failure(description: why)
        }
        guard case .packet(let first) = channel.receive(waits: true), first.word == .postern else {
            throw fail(channel, "what the running gateway says first is not understood")
        }
        guard first.text == "\(HandoverChannel.protocolNumber)" else {
            throw fail(
                channel,
                "the running gateway hands over by protocol \(first.text), this version by "
                    + "\(HandoverChannel.protocolNumber); restart it instead")
        }
        while true {
            guard case .packet(let packet) = channel.receive(waits: true) else {
                throw fail(channel, "the running gateway stopped handing over")
            }
            switch packet.word {
            case .confined:
                confinement.append(packet.text)
            case .held, .inherited:
                sockets += packet.descriptors.map {
                    Socket(name: packet.text, isInherited: packet.word == .inherited, descriptor: $0)
                }
            case .given:
                return Predecessor(
                    channel, sockets: sockets, confinement: LandlockStatus(told: confinement))
            case .postern, .ready, .failed, .accept, .serving, .replaced:
                throw fail(channel, "the running gateway says `\(packet.word.rawValue)` where a socket is due")
            }
        }
    }

    /// Everything is checked and open; nothing is accepted before the predecessor says so.
    /// - Parameter version: of this program.
    package func reportReady(version: String) { try? channel.send(.ready, "\(getpid()) \(version)") }

    package func reportServing() { try? channel.send(.serving) }

    package func reportFailure(_ problems: [String]) {
        // A packet has a bound; what is beyond it is in the log.
        try? channel.send(
            .failed, String(decoding: problems.joined(separator: "\n").utf8.prefix(16_384), as: UTF8.self))
    }

    package enum Answer: Sendable {
        /// It has stopped accepting.
        case accept
        /// Its place is ours.
        case replaced
        case nothing
        /// It has ended, or says what is not understood.
        case gone
    }

    package func answer() -> Answer {
        switch channel.receive() {
        case .packet(let packet) where packet.word == .accept: .accept
        case .packet(let packet) where packet.word == .replaced: .replaced
        case .packet, .end: .gone
        case .nothing: .nothing
        }
    }
}
