import Synchronization

/// Ports that nothing listens on, below the range that the kernel gives to callers, each handed out once.
enum FreePort {
    private static let taken = Mutex<Set<Int>>([])

    static func next(at host: String = "127.0.0.1") throws -> Int {
        for _ in 0..<1000 {
            let port = Int.random(in: 18_000..<32_000)
            guard taken.withLock({ $0.insert(port).inserted }) else { continue }
            if (try? Socket.listening(at: .tcp(host, port))) != nil { return port }
        }
        throw SocketFailure("looking for a free port at \(host)", 0)
    }
}
