import Glibc
import Testing

@testable import PosternHost

@Suite struct DescriptorMessageTests {
    private func pair() -> (CInt, CInt) {
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    private func inode(_ descriptor: CInt) -> UInt {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt(status.st_ino) : 0
    }

    @Test(arguments: [0, 1, 2, 3, DescriptorMessage.mostDescriptors])
    func `bytes and descriptors arrive together, closed on exec`(count: Int) throws {
        let (one, other) = pair()
        defer { for end in [one, other] { close(end) } }
        let sent = (0..<count).map { _ in dup(one) }
        defer { for descriptor in sent { close(descriptor) } }
        #expect(DescriptorMessage([1, 2, 3], descriptors: sent).send(on: one) == 0)
        guard case .message(let message) = DescriptorMessage.receive(on: other, waits: true) else {
            Issue.record("nothing came")
            return
        }
        defer { for descriptor in message.descriptors { close(descriptor) } }
        #expect(message.bytes == [1, 2, 3])
        #expect(message.descriptors.count == count)
        #expect(message.descriptors.allSatisfy { inode($0) == inode(one) && fcntl($0, F_GETFD) == FD_CLOEXEC })
    }

    @Test func `nothing to take, and the other side's end, are told apart`() {
        let (one, other) = pair()
        if case .failed(EAGAIN) = DescriptorMessage.receive(on: other, waits: false) {
        } else {
            Issue.record("not EAGAIN")
        }
        close(one)
        if case .end = DescriptorMessage.receive(on: other, waits: false) {} else { Issue.record("no end") }
        #expect(DescriptorMessage([1]).send(on: other) == EPIPE)
        close(other)
    }

    @Test func `a message that is too long is dropped, and its descriptors are closed`() throws {
        let (one, other) = pair()
        defer { for end in [one, other] { close(end) } }
        let next = dup(0)
        close(next)
        #expect(DescriptorMessage(Array(repeating: 0, count: 70_000), descriptors: [one]).send(on: one) == 0)
        guard case .failed(EMSGSIZE) = DescriptorMessage.receive(on: other, waits: true) else {
            Issue.record("it was taken")
            return
        }
        #expect(fcntl(next, F_GETFD) == -1 || inode(next) != inode(one))
    }
}
