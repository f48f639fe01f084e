import Glibc

/// One look-up of a host name, as a connection to an upstream needs it (getaddrinfo(3)).
package struct NameLookup: Sendable, Equatable {
    package var name: String
    package var milliseconds: Int
    /// The system's words; nil: it has an address.
    package var failure: String?

    package init(name: String, milliseconds: Int, failure: String?) {
        self.name = name
        self.milliseconds = milliseconds
        self.failure = failure
    }

    /// Blocks until the name servers answer or the C library gives up.
    package static func of(_ name: String) -> NameLookup {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let begin = milliseconds()
        let code = getaddrinfo(name, nil, &hints, &found)
        let end = milliseconds()
        if let found { freeaddrinfo(found) }
        return NameLookup(
            name: name, milliseconds: end - begin, failure: code == 0 ? nil : String(cString: gai_strerror(code)))
    }

    private static func milliseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}
