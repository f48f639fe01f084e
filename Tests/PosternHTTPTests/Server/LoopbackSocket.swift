import Glibc

/// A blocking TCP connection on loopback: what the tests hold of the other side. It waits 10 s at most.
final class LoopbackSocket: @unchecked Sendable {
    private let descriptor: CInt
    private var isClosed = false

    init(owning descriptor: CInt) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var yes: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
    }

    convenience init(port: Int) {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let result = withLoopback(port) { connect(descriptor, $0, $1) }
        precondition(result == 0, "connect: \(errno)")
        self.init(owning: descriptor)
    }

    deinit { close() }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    /// Sends until the other side has taken nothing for a while.
    /// - Returns: how much was taken.
    func sendWhileTaken(_ bytes: [UInt8]) -> Int {
        var sent = 0
        var refusals = 0
        while sent < bytes.count, refusals < 100 {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, min($0.count, 65_536), CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            }
            if count > 0 {
                sent += count
                refusals = 0
            } else {
                refusals += 1
                usleep(2000)
            }
        }
        return sent
    }

    /// The next bytes, `count` of them unless the connection ends before.
    func receive(_ count: Int) -> String {
        var bytes: [UInt8] = []
        while bytes.count < count, let more = read(count - bytes.count) { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// All there is until the other side ends it, and whether it ended with a reset.
    func receiveToEnd() -> (text: String, wasReset: Bool) {
        var bytes: [UInt8] = []
        while let more = read(65_536) { bytes += more }
        return (String(decoding: bytes, as: UTF8.self), lastError == ECONNRESET)
    }

    private var lastError: CInt = 0

    private func read(_ most: Int) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            let got = recv(descriptor, buffer.baseAddress, most, 0)
            lastError = got < 0 ? errno : 0
            count = max(got, 0)
        }
        return bytes.isEmpty ? nil : bytes
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        Glibc.close(descriptor)
    }
}

/// A listening TCP socket on loopback.
final class LoopbackListener: @unchecked Sendable {
    let descriptor: CInt
    let port: Int
    private var isReleased = false

    init() {
        let listening = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        precondition(withLoopback(0) { bind(listening, $0, $1) } == 0, "bind: \(errno)")
        precondition(listen(listening, 64) == 0, "listen: \(errno)")
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listening, $0, &length) }
        }
        descriptor = listening
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { if !isReleased { Glibc.close(descriptor) } }

    func accept() -> LoopbackSocket { LoopbackSocket(owning: Glibc.accept(descriptor, nil, nil)) }

    /// Hands the descriptor to another owner.
    func release() -> CInt {
        isReleased = true
        return descriptor
    }
}

private func withLoopback<Result>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

/// Waits until something is so, 10 s at most.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<5000 {
        if try condition() { return true }
        usleep(2000)
    }
    return false
}
