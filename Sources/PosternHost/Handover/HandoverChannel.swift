import Glibc

/// What two processes of this program say to each other while one takes the other's place: packets of a word and, on the
/// lines behind it, whatever the word is about.
///
/// | Word | From | Meaning |
/// | --- | --- | --- |
/// | `postern` | predecessor | the first packet: the protocol's number |
/// | `confined` | predecessor | a line of how Landlock confines it, and with it every program that it executes |
/// | `held` | predecessor | a listening socket and, as text, the place it listens at |
/// | `inherited` | predecessor | a socket that the service manager passed, and its name |
/// | `given` | predecessor | there are no more |
/// | `ready` | successor | everything is checked and open, and it accepts nothing yet; its process number and version |
/// | `failed` | successor | it cannot; a problem a line |
/// | `accept` | predecessor | it has stopped accepting |
/// | `serving` | successor | it accepts |
/// | `replaced` | predecessor | the service manager knows its new main process; the predecessor goes |
///
/// So a connection is accepted by the one or by the other, and until `serving` has come the predecessor can go on as before.
package final class HandoverChannel: Sendable {
    package enum Word: String, Sendable {
        case postern, confined, held, inherited, given, ready, failed, accept, serving, replaced
    }

    package struct Packet {
        package var word: Word
        package var text: String
        package var descriptors: [CInt]
    }

    package enum Received {
        case packet(Packet)
        /// Nothing has come yet.
        case nothing
        /// The other process has closed its end, or what it says cannot be understood.
        case end
    }

    /// Of this conversation. A process that speaks another one takes nobody's place.
    package static let protocolNumber = 1
    /// The environment variable with the number of the successor's end.
    package static let variable = "POSTERN_HANDOVER"

    let descriptor: CInt

    /// - Parameter descriptor: closed with the channel.
    init(owning descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Two ends. The predecessor's gives up sending after a few seconds to a successor that takes nothing.
    static func pair() throws(SystemCallFailure) -> (predecessor: HandoverChannel, successor: HandoverChannel) {
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_SEQPACKET.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SystemCallFailure("socketpair") }
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return (HandoverChannel(owning: ends[0]), HandoverChannel(owning: ends[1]))
    }

    /// - Throws: `EPIPE` where the other process is gone.
    package func send(
        _ word: Word, _ text: String = "", descriptors: [CInt] = []
    ) throws(SystemCallFailure) {
        let packet = DescriptorMessage(Array("\(word.rawValue)\n\(text)".utf8), descriptors: descriptors)
        let code = packet.send(on: descriptor)
        guard code == 0 else { throw SystemCallFailure("sendmsg", code: code) }
    }

    package func receive(waits: Bool = false) -> Received {
        switch DescriptorMessage.receive(on: descriptor, waits: waits) {
        case .failed(EAGAIN): return .nothing
        case .failed, .end: return .end
        case .message(let message):
            let text = String(decoding: message.bytes, as: UTF8.self)
            let end = text.firstIndex(of: "\n") ?? text.endIndex
            guard let word = Word(rawValue: String(text[..<end])) else {
                for descriptor in message.descriptors { close(descriptor) }
                return .end
            }
            return .packet(
                Packet(word: word, text: String(text[end...].dropFirst()), descriptors: message.descriptors))
        }
    }
}
