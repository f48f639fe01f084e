import Glibc
import Synchronization

struct SocketFailure: Error, CustomStringConvertible {
    let action: String
    let code: CInt

    init(_ action: String, _ code: CInt = errno) {
        self.action = action
        self.code = code
    }

    var description: String { "\(action): \(String(cString: strerror(code)))" }
}

/// A blocking stream socket; reads and writes give up after `patience` so that no test hangs.
final class Socket: Sendable {
    static let patience = 30

    let descriptor: CInt
    /// Held while the descriptor is used by number: once closed, the number is another connection's.
    private let isClosed = Mutex(false)

    init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { close() }

    static func make(_ family: CInt) throws -> Socket {
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw SocketFailure("socket") }
        return Socket(descriptor: descriptor)
    }

    /// - Parameter source: the numeric address to call from.
    static func connected(to place: SocketPlace, from source: String? = nil) throws -> Socket {
        let socket = try make(place.family)
        if let source { try socket.bind(to: .tcp(source, 0)) }
        guard place.withAddress({ Glibc.connect(socket.descriptor, $0, $1) }) == 0 else {
            throw SocketFailure("connecting to \(place)")
        }
        try socket.prepare()
        return socket
    }

    static func listening(at place: SocketPlace) throws -> Socket {
        let socket = try make(place.family)
        socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
        try socket.bind(to: place)
        guard Glibc.listen(socket.descriptor, 512) == 0 else { throw SocketFailure("listening at \(place)") }
        return socket
    }

    func bind(to place: SocketPlace) throws {
        guard place.withAddress({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
            throw SocketFailure("binding to \(place)")
        }
    }

    func accept() throws -> Socket {
        let descriptor = Glibc.accept(self.descriptor, nil, nil)
        guard descriptor >= 0 else { throw SocketFailure("accept") }
        let socket = Socket(descriptor: descriptor)
        try socket.prepare()
        return socket
    }

    private func prepare() throws {
        var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        // Without it the halves of a split write could wait for each other's acknowledgement.
        set(CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    func set(_ level: CInt, _ option: CInt, _ value: CInt) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    var localPort: Int {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        // The port is at the same place in both families.
        return Int(in_port_t(bigEndian: address.sin6_port))
    }

    func write(_ bytes: some Sequence<UInt8>) throws {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                Glibc.send(descriptor, all.baseAddress! + sent, all.count - sent, CInt(MSG_NOSIGNAL))
            }
            guard count >= 0 else { throw SocketFailure("writing") }
            sent += count
        }
    }

    /// - Returns: no bytes where the peer has ended its side.
    func read(atMost most: Int = 65_536) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            let received = recv(descriptor, buffer.baseAddress!, most, 0)
            guard received >= 0 else { throw SocketFailure("reading") }
            count = received
        }
    }

    func endWriting() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// Ends both sides and wakes whoever waits; the descriptor stays until `close`.
    func end() {
        isClosed.withLock { isClosed in
            if !isClosed { shutdown(descriptor, CInt(SHUT_RDWR)) }
        }
    }

    /// Ends the connection with a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close()
    }

    func close() {
        isClosed.withLock { isClosed in
            if !isClosed { Glibc.close(descriptor) }
            isClosed = true
        }
    }
}
