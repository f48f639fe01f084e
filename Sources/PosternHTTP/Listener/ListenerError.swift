import Glibc

/// Why a listener could not be opened, told to the administrator who has to act on it.
package struct ListenerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The listener's source endpoint; nil where the failure concerns all of them (the service manager's sockets).
    package var endpointID: String?
    package var problem: Problem

    package init(endpointID: String?, _ problem: Problem) {
        self.endpointID = endpointID
        self.problem = problem
    }

    /// True where only a changed configuration helps: the program exits 78 and need not be started again before that.
    /// False where the machine's state is at fault (an address in use, an interface not there yet): a retry may help.
    package var isConfiguration: Bool { problem.isConfiguration }

    package var description: String {
        guard let endpointID else { return problem.description }
        return "listener `\(endpointID)`: \(problem)"
    }

    package enum Problem: Sendable, Hashable {
        // What was asked for is refused, whatever the machine's state.
        case notAnAddress(String)
        case mappedAddress(String)
        case missingZone(String)
        case wildcard(String)
        case notInternal(String)
        case badPort(Int)
        case badSocketPath(String)
        case socketPathTooLong(String, limit: Int)
        case badMode(UInt32)
        case unknownUser(String)
        case unknownGroup(String)
        case noDirectory(String)
        case notASocket(String)
        case noInheritedSocket(String, known: [String])
        case inheritedUnusable(String, why: String)
        case inheritedEnvironment(String)

        // The machine does not allow it now.
        case noInterface(String, known: [String])
        case interfaceHasNoAddress(String, ListenerSpecification.Family)
        case addressNotOnInterface(String, interface: String, known: [String])
        case addressInUse(String)
        case addressNotHere(String)
        case lowPort(String)
        case servedByAnotherProcess(String)
        case system(call: String, subject: String, code: Int32)
    }
}

extension ListenerError.Problem: CustomStringConvertible {
    package var isConfiguration: Bool {
        switch self {
        case .notAnAddress, .mappedAddress, .missingZone, .wildcard, .notInternal, .badPort, .badSocketPath,
            .socketPathTooLong, .badMode, .unknownUser, .unknownGroup, .noDirectory, .notASocket, .noInheritedSocket,
            .inheritedUnusable, .inheritedEnvironment:
            true
        case .noInterface, .interfaceHasNoAddress, .addressNotOnInterface, .addressInUse, .addressNotHere, .lowPort,
            .servedByAnotherProcess, .system:
            false
        }
    }

    package var description: String {
        switch self {
        case .notAnAddress(let text):
            "`\(text)` is not an IP address; write one out, or name an interface"
        case .mappedAddress(let text):
            "`\(text)` is an IPv4 address in IPv6 form; write the IPv4 address"
        case .missingZone(let text):
            "`\(text)` is link-local and needs its interface, as in `\(text)%eth1`"
        case .wildcard(let text):
            "`\(text)` would listen on every interface: never allowed; name an internal address or an interface"
        case .notInternal(let text):
            "`\(text)` is not an internal address; listen on one that is, or list its range in `internalRanges`"
        case .badPort(let port):
            "`\(port)` is not a port; expected 0 to 65535"
        case .badSocketPath(let path):
            "`\(path)` is not a socket's path; expected an absolute path or `@name`"
        case .socketPathTooLong(let path, let limit):
            "`\(path)` has \(path.utf8.count) bytes; a socket's path has at most \(limit) here; use a shorter directory"
        case .badMode(let mode):
            "`\(String(mode, radix: 8))` is not a socket file's mode; expected permission bits from 0000 to 0777"
        case .unknownUser(let name):
            "no user `\(name)` on this machine"
        case .unknownGroup(let name):
            "no group `\(name)` on this machine"
        case .noDirectory(let path):
            "the directory `\(path)` does not exist; create it first (`RuntimeDirectory=` in the unit does)"
        case .notASocket(let path):
            "`\(path)` exists and is not a socket, so it is left alone; remove it or choose another path"
        case .noInheritedSocket(let name, let known):
            known.isEmpty
                ? "no socket `\(name)` was passed to this process, nor any other; is the socket unit active?"
                : "no socket `\(name)` was passed to this process; there is \(list(known))"
        case .inheritedUnusable(let name, let why):
            "the inherited socket `\(name)` \(why)"
        case .inheritedEnvironment(let why):
            "sockets passed by the service manager cannot be read: \(why)"
        case .noInterface(let name, let known):
            "no interface `\(name)` on this machine; there is \(list(known))"
        case .interfaceHasNoAddress(let name, let family):
            "the interface `\(name)` has no \(family == .any ? "IP" : family == .ipv4 ? "IPv4" : "IPv6") address"
        case .addressNotOnInterface(let address, let interface, let known):
            known.isEmpty
                ? "`\(address)` is not an address of `\(interface)`, which has none"
                : "`\(address)` is not an address of `\(interface)`; it has \(list(known))"
        case .addressInUse(let address):
            "`\(address)` is already in use; `ss -ltnp` shows by which process"
        case .addressNotHere(let address):
            "`\(address)` is not an address of this machine; `ip address` lists those there are"
        case .lowPort(let address):
            "may not listen on `\(address)`; grant CAP_NET_BIND_SERVICE, inherit the socket, or use another port"
        case .servedByAnotherProcess(let path):
            "`\(path)` is already served by another process; `ss -lxp` shows by which"
        case .system(let call, let subject, let code):
            "\(call) failed for `\(subject)`: \(errnoText(code))\(Self.advice(code))"
        }
    }

    private func list(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }

    private static func advice(_ code: Int32) -> String {
        switch code {
        case EMFILE: "; raise `LimitNOFILE=`"
        case ENFILE: "; raise `fs.file-max`"
        case EACCES, EPERM: "; run as a user who may, or grant the permission"
        case EROFS: "; list the directory in `ReadWritePaths=`"
        default: ""
        }
    }
}

/// The system's words for an error number, in the style of our messages.
func errnoText(_ code: Int32) -> String {
    let text = String(cString: strerror(code))
    // "Permission denied", but not "I/O error": only a word of more than one letter loses its capital.
    guard text.utf8.dropFirst().first.map({ $0 >= UInt8(ascii: "a") }) == true else { return text }
    return text.prefix(1).lowercased() + text.dropFirst()
}
