import PosternModel
package import PosternPolicy
import PosternTLS

/// Reads everything that the TLS settings of a configuration name and makes it ready to serve: all of it, or a report of
/// everything that is wrong with it. Blocks on the file system.
package struct TLSMaterialLoader {
    private let environment: MaterialEnvironment
    private let previous: TLSMaterials?
    private let rereads: Bool
    private let generation: Int
    private let snapshot: MaterialSnapshot
    private let revocation: RevocationService?
    private let now: @Sendable () -> Int
    private let report = ProblemReport()

    /// - Parameters:
    ///   - previous: what is served; parts of it that did not change are kept, with their sessions' tickets and staples.
    ///   - rereads: also reads again what cannot be watched, keys in stores; for a reload that somebody ordered.
    ///   - revocation: who asks OCSP responders; nil where nothing will be served, as in `postern check`.
    ///   - now: seconds since 1970.
    package static func load(
        _ configuration: LoadedConfiguration, environment: MaterialEnvironment, after previous: TLSMaterials? = nil,
        rereads: Bool = true, revocation: RevocationService? = nil,
        now: @escaping @Sendable () -> Int = TLSMaterialLoader.wallSeconds
    ) throws(Diagnostics) -> TLSMaterials {
        let listeners = configuration.process.listeners.filter { $0.tls != nil }
        var profiles: [UpstreamTLSProfile: SourcePosition] = [:]
        let start = SourcePosition(file: configuration.file, line: 1, column: 1)
        for target in configuration.plan.targets {
            if let profile = target.tls { profiles[profile] = profile.sources.first?.position ?? start }
        }
        let paths =
            listeners.flatMap { $0.tls.map(environment.paths) ?? [] } + profiles.keys.flatMap(environment.paths)
        var observer = previous?.observer ?? MaterialObserver()
        // Before anything is read: what changes from here on is another change.
        let snapshot = observer.observe(paths.sorted())
        let loader = TLSMaterialLoader(
            environment: environment, previous: previous, rereads: rereads, snapshot: snapshot, revocation: revocation,
            now: now)
        return try loader.load(listeners, profiles, observer)
    }

    package static func wallSeconds() -> Int { Clock.wallSeconds }

    private init(
        environment: MaterialEnvironment, previous: TLSMaterials?, rereads: Bool, snapshot: MaterialSnapshot,
        revocation: RevocationService?, now: @escaping @Sendable () -> Int
    ) {
        self.environment = environment
        self.previous = previous
        self.rereads = rereads
        self.generation = (previous?.generation ?? 0) + 1
        self.snapshot = snapshot
        self.revocation = revocation
        self.now = now
    }

    private func load(
        _ listeners: [ListenerConfiguration], _ profiles: [UpstreamTLSProfile: SourcePosition],
        _ observer: MaterialObserver
    ) throws(Diagnostics) -> TLSMaterials {
        var loadedListeners: [String: ListenerTLS] = [:]
        for listener in listeners {
            guard let tls = listener.tls else { continue }
            loadedListeners[listener.id] = self.listener(listener.id, tls)
        }
        var loadedUpstreams: [UpstreamTLSProfile: UpstreamTLS] = [:]
        for (profile, position) in profiles { loadedUpstreams[profile] = upstream(profile, at: position) }
        guard report.errors.isEmpty else { throw Diagnostics(report.errors.sorted(by: Self.isBefore)) }
        let materials = TLSMaterials(
            generation: generation, listeners: loadedListeners, upstreams: loadedUpstreams, warnings: [],
            snapshot: snapshot, observer: observer)
        let notices = MaterialNotice.all(in: materials, now: now()).map(\.diagnostic)
        return TLSMaterials(
            generation: generation, listeners: loadedListeners, upstreams: loadedUpstreams,
            warnings: notices.sorted(by: Self.isBefore), snapshot: snapshot, observer: observer)
    }

    private static func isBefore(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
        let (a, b) = (left.position, right.position)
        return (a.file, a.line, a.column, left.message) < (b.file, b.line, b.column, right.message)
    }

    /// Whether a part may be kept as it is.
    private func isUnchanged(_ part: MaterialSnapshot, _ before: MaterialSnapshot, _ sources: [MaterialSource]) -> Bool
    {
        guard part == before else { return false }
        return !rereads || !sources.contains { if case .store = $0.place { true } else { false } }
    }

    // MARK: Listeners

    private func listener(_ id: String, _ tls: ListenerTLSConfiguration) -> ListenerTLS? {
        let part = snapshot.restricted(to: environment.paths(of: tls))
        let before = previous?.listeners[id]
        if let before, before.declared == tls, isUnchanged(part, before.snapshot, tls.sources) { return before }
        let credentialLoader = CredentialLoader(environment: environment, now: now(), report: report)
        let credentials = tls.certificates.map(credentialLoader.load)
        let client = tls.clientCertificate
        let trust =
            client.mode == .off
            ? nil : TrustLoader(environment: environment, generation: generation, report: report).load(client)
        let ticketKeys =
            tls.tickets.mode == .on ? tls.tickets.keys.flatMap { self.ticketKeys($0, credentialLoader) } : nil
        // They outlive the set, or every change of a file would end all sessions.
        let sessions =
            tls.tickets.mode == .on && tls.tickets.keys == nil ? before?.sessions ?? ServerSessions() : nil
        guard report.errors.isEmpty else { return nil }
        let position = tls.certificates[0].certificate.position
        do throws(TLSConfigurationError) {
            let verifier = trust.map {
                CertificateVerifier(ChainVerifier(trust: $0, settings: .init(client)), now: now)
            }
            var settings = TLSServerSettings()
            settings.minimumVersion = TLSVersion(tls.minimumVersion)
            settings.clientAuthentication = ClientAuthentication(client.mode)
            settings.verifier = verifier.map { revocation?.verifier(over: $0, client.ocsp) ?? $0 }
            settings.ticketKeys = ticketKeys
            settings.sessions = sessions
            settings.sessionScope = id
            let loaded = credentials.compactMap(\.self)
            return ListenerTLS(
                endpointID: id, declared: tls, generation: generation,
                context: try TLSContext(server: settings, credentials: loaded.map(\.credential)), credentials: loaded,
                trust: trust, verifier: verifier, sessions: sessions, snapshot: part)
        } catch {
            report.error(at: position, error.description)
            return nil
        }
    }

    private func ticketKeys(_ file: MaterialSource, _ loader: CredentialLoader) -> TicketKeys? {
        do throws(TLSConfigurationError) {
            return try loader.bytes(of: file).map { bytes throws(TLSConfigurationError) in try TicketKeys(file: bytes) }
        } catch {
            report.error(at: file.position, error.description)
            return nil
        }
    }

    // MARK: Upstreams

    private func upstream(_ profile: UpstreamTLSProfile, at position: SourcePosition) -> UpstreamTLS? {
        let part = snapshot.restricted(to: environment.paths(of: profile))
        if let before = previous?.upstreams[profile], isUnchanged(part, before.snapshot, profile.sources) {
            return before
        }
        let credential = profile.keyPair.map { pair in
            CredentialLoader(environment: environment, now: now(), report: report).load(pair)
        }
        let trust = TrustLoader(environment: environment, generation: generation, report: report)
            .load(profile, at: position)
        guard report.errors.isEmpty, let trust else { return nil }
        do throws(TLSConfigurationError) {
            let verifier = CertificateVerifier(
                ChainVerifier(trust: trust, settings: .init(profile)), expecting: ExpectedPeer(profile.expected),
                now: now)
            var settings = TLSClientSettings()
            settings.minimumVersion = TLSVersion(profile.minimumVersion)
            settings.verifier = verifier
            settings.credential = credential??.credential
            return UpstreamTLS(
                profile: profile, generation: generation, context: try TLSContext(client: settings),
                credential: credential ?? nil, trust: trust, verifier: verifier, snapshot: part)
        } catch {
            report.error(at: position, error.description)
            return nil
        }
    }
}
