import PosternHTTP
import PosternHost

/// What the service manager keeps of our listening sockets while we restart: after every change exactly those that listen.
struct StoredSockets {
    /// Whether they are to be kept at all (`serve --hold-sockets`, and a service manager to keep them).
    let isWanted: Bool
    private var names: Set<String> = []

    init(isWanted: Bool) { self.isWanted = isWanted && hasServiceManager }

    /// Puts into the store what is not there yet, and removes what listens no more.
    /// - Returns: the addresses of listeners that cannot be kept, for their names would be too long.
    mutating func update(_ listeners: [OpenListener]) -> [String] {
        guard isWanted else { return [] }
        var sockets: [String: [CInt]] = [:]
        var refused: [String] = []
        for listener in listeners {
            for socket in listener.held {
                if socket.place.isStorable {
                    sockets[socket.place.name, default: []].append(socket.descriptor)
                } else {
                    refused.append(listener.address.listenerText)
                }
            }
        }
        for name in names.subtracting(sockets.keys).sorted() { DescriptorStore.remove(name: name) }
        for (name, descriptors) in sockets.sorted(by: { $0.key < $1.key }) where !names.contains(name) {
            DescriptorStore.put(descriptors, name: name)
        }
        names = Set(sockets.keys)
        return refused
    }

    /// Whether the next process finds this listener's socket open.
    func hold(_ listener: OpenListener) -> Bool {
        let held = listener.held
        return !held.isEmpty && held.allSatisfy { names.contains($0.place.name) }
    }
}
