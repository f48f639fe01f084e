package import PosternHost
package import PosternPolicy

/// What a configuration needs a capability for.
package struct CapabilityNeed: Sendable, Equatable {
    package var capability: Capability
    /// Of the listener, or of `admin`.
    package var position: SourcePosition
    /// Such as "listener `vpce-mesh` needs CAP_CHOWN to …".
    package var reason: String
    /// What else could be written.
    package var alternative: String

    /// That the process has not got it.
    package var problem: Diagnostic {
        Diagnostic(
            at: position, "\(reason), and the process does not hold it",
            hint: "grant it in the unit (`AmbientCapabilities=\(capability.name)`), \(alternative)")
    }
}

/// Works out which capabilities a configuration needs: no other one is kept.
package struct CapabilityNeeds {
    let configuration: LoadedConfiguration
    let account: Account
    let kernel: KernelRules

    /// - Parameter account: whom the process runs as when sockets are opened.
    package static func all(
        of configuration: LoadedConfiguration, as account: Account, kernel: KernelRules
    ) -> [CapabilityNeed] {
        CapabilityNeeds(configuration: configuration, account: account, kernel: kernel).all
    }

    private var all: [CapabilityNeed] {
        let process = configuration.process
        var needs: [CapabilityNeed] = []
        for listener in process.listeners {
            let position = configuration.listenerPositions[listener.id] ?? configuration.position(of: "listeners")
            let name = "listener `\(listener.id)`"
            switch listener.binding {
            case .address(_, let port): needs += self.port(port, name, position)
            case .interface(let interface, _, _, let port):
                needs += self.port(port, name, position) + confinement(interface, name, position)
            case .unix(let socket): needs += ownership(socket, name, position)
            case .inherited: break
            }
        }
        let position = configuration.position(of: "admin")
        return needs + ownership(process.admin.socket, "the admin socket", position)
            + (process.admin.port.map { port($0, "the admin port", position) } ?? [])
    }

    /// 0 takes a free port, which is never a low one.
    private func port(_ port: Int, _ name: String, _ position: SourcePosition) -> [CapabilityNeed] {
        guard port > 0, port < kernel.firstUnprivilegedPort else { return [] }
        return [
            CapabilityNeed(
                capability: .netBindService, position: position,
                reason: "\(name) needs CAP_NET_BIND_SERVICE for port \(port)",
                alternative: "inherit the socket, or use a port from \(kernel.firstUnprivilegedPort) on")
        ]
    }

    private func confinement(_ interface: String, _ name: String, _ position: SourcePosition) -> [CapabilityNeed] {
        guard kernel.confiningToInterfaceNeedsCapability else { return [] }
        return [
            CapabilityNeed(
                capability: .netRaw, position: position,
                reason: "\(name) needs CAP_NET_RAW to be confined to the interface `\(interface)` by this kernel",
                alternative: "inherit the socket (`BindToDevice=`), or name an address")
        ]
    }

    /// The owner of a file may give it to a group that he is in, and to nobody else (chown(2)). Unknown names are told of
    /// when the socket opens.
    private func ownership(
        _ socket: UnixSocketConfiguration, _ name: String, _ position: SourcePosition
    ) -> [CapabilityNeed] {
        let owner = socket.owner.flatMap(AccountDatabase.user)
        let group = socket.group.flatMap(AccountDatabase.group)
        let what: String
        if let owner, owner != account.user {
            what = "give its file to the user `\(socket.owner ?? "")`"
        } else if let group, !account.isMember(of: group) {
            what = "give its file to the group `\(socket.group ?? "")`, which the process is not in"
        } else {
            return []
        }
        return [
            CapabilityNeed(
                capability: .chown, position: position, reason: "\(name) needs CAP_CHOWN to \(what)",
                alternative: "inherit the socket, or run in that group (`SupplementaryGroups=`)")
        ]
    }
}

extension LoadedConfiguration {
    /// Whether the running process can open what this configuration asks for: what was given up at the start never comes
    /// back.
    package func checkCapabilities() throws(Diagnostics) {
        do {
            let held = try Capability.held()
            let needs = CapabilityNeeds.all(of: self, as: .ofProcess(), kernel: try .ofMachine())
            let missing = needs.filter { !held.contains($0.capability) }
            guard missing.isEmpty else { throw Diagnostics(missing.map(\.problem)) }
        } catch let problems as Diagnostics {
            throw problems
        } catch {
            throw Diagnostics([Diagnostic(at: position(of: "listeners"), "\(error)")])
        }
    }
}
