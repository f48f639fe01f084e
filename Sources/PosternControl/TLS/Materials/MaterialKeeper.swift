package import Logging
import NIOPosix
import PosternModel
package import PosternPolicy

/// Keeps the TLS material that is served: watches its files, checks what they change to as a whole, and publishes what can be
/// used. What cannot changes nothing but a warning, a metric and the answer of `postern certs`.
///
/// Off the event loops; files are read on a thread of its own.
package actor MaterialKeeper {
    /// How the last change of files ended.
    package struct Reloads: Sendable, Equatable {
        package var succeeded = 0
        package var failed = 0
        /// Why what the files hold now is not served; empty where it is.
        package var problems: [Diagnostic] = []
    }

    package typealias Publish = @Sendable (TLSMaterials) async -> Void

    private let environment: MaterialEnvironment
    private let revocation: RevocationService?
    private let staples: StapleKeeper?
    private let logger: Logger
    private let now: @Sendable () -> Int
    private let interval: Duration
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private var configuration: LoadedConfiguration
    private var watcher: MaterialWatcher?
    private var publish: Publish?
    private var told: Set<String> = []
    private var notices: Task<Void, Never>?

    package private(set) var materials: TLSMaterials
    package private(set) var reloads = Reloads()

    /// - Parameters:
    ///   - materials: loaded from `configuration`, about to be served.
    ///   - interval: between two looks at the files.
    package init(
        _ materials: TLSMaterials, of configuration: LoadedConfiguration, environment: MaterialEnvironment,
        revocation: RevocationService?, staples: StapleKeeper?, logger: Logger, every interval: Duration = .seconds(1),
        now: @escaping @Sendable () -> Int = TLSMaterialLoader.wallSeconds
    ) {
        self.materials = materials
        self.configuration = configuration
        self.environment = environment
        self.revocation = revocation
        self.staples = staples
        self.logger = logger
        self.interval = interval
        self.now = now
    }

    /// Begins to watch.
    ///
    /// - Parameter publish: serves a changed set; the files are looked at again when it has returned.
    package func start(publish: @escaping Publish) {
        self.publish = publish
        pool.start()
        watch()
        staples?.keep(materials)
        tellNotices()
        notices = Task { [weak self] in
            // Thresholds are days: an hour late is early enough.
            while (try? await Task.sleep(for: .seconds(3600))) != nil { await self?.tellNotices() }
        }
    }

    /// Ends watching; nothing is published when this has returned.
    package func stop() async {
        publish = nil
        notices?.cancel()
        watcher?.stop()
        staples?.stop()
        try? await pool.shutdownGracefully()
    }

    /// Loads what another configuration names, for a reload that somebody ordered: nothing changes yet.
    package func load(_ next: LoadedConfiguration) throws(Diagnostics) -> TLSMaterials {
        try TLSMaterialLoader.load(
            next, environment: environment, after: materials, revocation: revocation, now: now)
    }

    /// The set that `load` gave is served from now on.
    package func adopt(_ materials: TLSMaterials, of configuration: LoadedConfiguration) {
        self.configuration = configuration
        self.materials = materials
        reloads.problems = []
        watch()
        staples?.keep(materials)
        tellNotices()
    }

    private func watch() {
        watcher?.stop()
        watcher = nil
        guard !materials.isEmpty, publish != nil else { return }
        let watcher = MaterialWatcher(
            materials.snapshot.roots, served: materials.snapshot, observer: materials.observer)
        self.watcher = watcher
        watcher.start(on: pool, every: interval) { [weak self] _ in await self?.filesChanged() }
    }

    private func filesChanged() async {
        let (configuration, environment, materials) = (configuration, environment, materials)
        let (revocation, now) = (revocation, now)
        let result = try? await pool.runIfActive {
            Result { () throws(Diagnostics) in
                try TLSMaterialLoader.load(
                    configuration, environment: environment, after: materials, rereads: false, revocation: revocation,
                    now: now)
            }
        }
        // Somebody else has published meanwhile: the next look finds whatever is still to be done.
        guard let result, self.materials === materials, let publish else { return }
        switch result {
        case .failure(let problems):
            reloads.failed += 1
            reloads.problems = problems.all
            for problem in problems.all { logger.warning("certificates keep their old state: \(problem)") }
        case .success(let next):
            reloads.succeeded += 1
            reloads.problems = []
            self.materials = next
            let changes = next.changes(since: materials)
            logger.notice(
                changes.isEmpty
                    ? "the files hold the certificates that are served again"
                    : "certificates have changed: \(changes.joined(separator: ", "))")
            await publish(next)
            staples?.keep(next)
            tellNotices()
        }
    }

    /// Each once.
    private func tellNotices() {
        for notice in MaterialNotice.all(in: materials, now: now()) where told.insert(notice.key).inserted {
            logger.warning("\(notice.diagnostic)")
        }
    }

    package func report() -> CertificatesReport {
        CertificatesReport(materials, reloads, staples: staples?.states ?? [:], now: now())
    }
}

extension TLSMaterials {
    /// What a set serves anew, in words.
    fileprivate func changes(since before: TLSMaterials) -> [String] {
        let ofListeners = listeners.values.filter { before.listeners[$0.endpointID] !== $0 }.map(\.endpointID).sorted()
        let ofUpstreams = upstreams.values.filter { before.upstreams[$0.profile] !== $0 }.map(\.name).sorted()
        return ofListeners + ofUpstreams.map { "upstream \($0)" }
    }
}
