import Glibc
import NIOCore
import Testing

@testable import PosternHTTP

@Suite struct HeldSocketsTests {
    private let spec = ListenerSpecification(endpointID: "vpce-a", bind: .address("127.0.0.1", port: 0))

    private func open(
        _ spec: ListenerSpecification, count: Int = 1, held: HeldSockets = .none
    ) throws(ListenerError) -> OpenListener {
        try ListenerSocket.open(spec, count: count, held: held, admits: { $0.ipAddress == "127.0.0.1" })[0]
    }

    /// What processes leave to the next: their sockets, by descriptors of their own.
    private func left(by listeners: OpenListener...) -> HeldSockets {
        HeldSockets(listeners.flatMap(\.held).map { .init(place: $0.place, descriptor: dup($0.descriptor)) })
    }

    private func inode(_ descriptor: CInt) -> UInt {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt(status.st_ino) : 0
    }

    private func inodes(_ listener: OpenListener) -> [UInt] { listener.held.map { inode($0.descriptor) } }

    private func at(_ listener: OpenListener) -> ListenerSpecification {
        var same = spec
        same.bind = .address("127.0.0.1", port: listener.address.port!)
        return same
    }

    @Test func `a listener at the same address takes the sockets over`() throws {
        let first = try open(spec, count: 3)
        let held = left(by: first)
        let second = try open(at(first), count: 3, held: held)
        #expect(inodes(second) == inodes(first))
        #expect(second.descriptorCount == 3)
        #expect(held.closeRest().isEmpty)
    }

    @Test func `more sockets than event loops are all served`() throws {
        let first = try open(spec, count: 3)
        let second = try open(at(first), count: 2, held: left(by: first))
        #expect(inodes(second) == inodes(first))
        #expect(second.takeDescriptors().map(inode) == inodes(first))
    }

    @Test func `further event loops get sockets of their own in the group`() throws {
        let first = try open(spec, count: 1)
        let second = try open(at(first), count: 3, held: left(by: first))
        #expect(Set(inodes(second)).count == 3)
        #expect(inodes(second)[0] == inodes(first)[0])
    }

    @Test func `another address takes nothing, and what is not taken is closed`() throws {
        let first = try open(spec)
        let held = left(by: first)
        let other = try open(spec, held: held)
        #expect(Set(inodes(other)).isDisjoint(with: inodes(first)))
        #expect(held.closeRest() == first.held.map(\.place))
    }

    @Test func `an address that is no longer internal is refused, held or not`() throws {
        let first = try open(spec)
        #expect(throws: ListenerError(endpointID: "vpce-a", .notInternal(first.address.listenerText))) {
            try ListenerSocket.open(at(first), count: 1, held: left(by: first), admits: { _ in false })
        }
    }

    @Test func `a socket that does not listen is not taken`() throws {
        let first = try open(spec)
        let place = first.held[0].place
        let raw = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let held = HeldSockets([.init(place: place, descriptor: raw)])
        let address = at(first)
        first.close()
        #expect(try inode(raw) != inodes(open(address, held: held))[0])
    }

    @Test func `a file's socket is taken over, and the file stays its predecessor's until it is claimed`() throws {
        let scratch = ScratchDirectory()
        var spec = spec
        spec.bind = .unix(.init(path: scratch.path + "/a.sock", mode: 0o600))
        let first = try open(spec)
        let second = try open(spec, held: left(by: first))
        #expect(inodes(second) == inodes(first))
        second.close()
        #expect(scratch.names == ["a.sock"])

        let third = try open(spec, held: left(by: first))
        third.claimFile()
        third.close()
        #expect(scratch.names.isEmpty)
    }

    @Test func `behind the name of a Unix socket there is one`() throws {
        let scratch = ScratchDirectory()
        var (spec, wildcard) = (spec, spec)
        spec.bind = .unix(.init(path: scratch.path + "/a.sock", mode: 0o600))
        wildcard.bind = .address("127.0.0.1", port: 0)
        let (first, outside) = (try open(spec), try open(wildcard))
        let forged = HeldSockets(first.held.map { .init(place: $0.place, descriptor: dup(outside.held[0].descriptor)) })
        let second = try open(spec, held: forged)
        #expect(inodes(second) != inodes(outside))

        spec.bind = .unix(.init(path: "@\(scratch.path)"))
        let abstract = HeldPlace.abstract(scratch.path)
        let third = try open(
            spec, held: HeldSockets([.init(place: abstract, descriptor: dup(outside.held[0].descriptor))]))
        #expect(inodes(third) != inodes(outside))
    }

    @Test func `a file that is kept at closing is not removed later`() throws {
        let scratch = ScratchDirectory()
        var spec = spec
        spec.bind = .unix(.init(path: scratch.path + "/a.sock"))
        let listener = try open(spec)
        listener.close(keepingFile: true)
        listener.close()
        #expect(scratch.names == ["a.sock"])
    }

    @Test func `a file of another mode, or another file, is made anew`() throws {
        let scratch = ScratchDirectory()
        var (spec, other) = (spec, spec)
        spec.bind = .unix(.init(path: scratch.path + "/a.sock", mode: 0o600))
        other.bind = .unix(.init(path: scratch.path + "/a.sock", mode: 0o660))
        let first = try open(spec)
        let second = try open(other, held: left(by: first))
        #expect(inodes(second) != inodes(first))
        // The file is the second's now.
        let third = try open(other, held: left(by: first, second))
        #expect(inodes(third) == inodes(second))
    }
}
