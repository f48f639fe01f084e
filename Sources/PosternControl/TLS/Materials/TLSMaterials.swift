package import PosternModel
package import PosternPolicy

/// Everything of TLS that is served at one time, checked as a whole; immutable, published whole.
package final class TLSMaterials: Sendable {
    /// Counts the sets of this process from 1; two that follow each other share what did not change.
    package let generation: Int
    /// By endpoint id; listeners without `tls` are not in it.
    package let listeners: [String: ListenerTLS]
    package let upstreams: [UpstreamTLSProfile: UpstreamTLS]
    /// What is no error but should be seen to.
    package let warnings: [Diagnostic]
    /// Of all files, before they were read.
    let snapshot: MaterialSnapshot
    /// To look for changes with, knowing what was read already.
    let observer: MaterialObserver

    init(
        generation: Int, listeners: [String: ListenerTLS], upstreams: [UpstreamTLSProfile: UpstreamTLS],
        warnings: [Diagnostic], snapshot: MaterialSnapshot, observer: MaterialObserver
    ) {
        self.generation = generation
        self.listeners = listeners
        self.upstreams = upstreams
        self.warnings = warnings
        self.snapshot = snapshot
        self.observer = observer
    }

    package var isEmpty: Bool { listeners.isEmpty && upstreams.isEmpty }

    /// Every certificate of ours, with the name of who presents it.
    var credentials: [(holder: String, loaded: LoadedCredential)] {
        let ofListeners = listeners.values.sorted { $0.endpointID < $1.endpointID }
            .flatMap { listener in listener.credentials.map { (listener.endpointID, $0) } }
        let ofUpstreams = sortedUpstreams.compactMap { upstream in
            upstream.credential.map { (upstream.name, $0) }
        }
        return ofListeners + ofUpstreams
    }

    var sortedUpstreams: [UpstreamTLS] { upstreams.values.sorted { $0.name < $1.name } }
}

extension UpstreamTLS {
    /// Whom it reaches, for people: several upstreams may have the same.
    package var name: String {
        switch profile.expected {
        case .name(let name): name
        case .address(let address): address.description
        case .spiffe(let id, _): id
        }
    }
}
