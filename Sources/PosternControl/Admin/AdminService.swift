/// What the admin socket can ask of the running program; the program composes the answers.
package protocol AdminService: Sendable {
    /// Whether new requests are served: a plan is published, listeners are open, and no drain has begun.
    func isReady() async -> Bool
    /// The answer of `/metrics`, in Prometheus' text format.
    func metrics() async -> [UInt8]
    func status() async -> StatusReport
    /// The busiest routes of the last seconds.
    func top() async -> TopReport
    func certificates() async -> CertificatesReport
    /// Loads the configuration and serves it, or keeps the old one and says why.
    func reload(by caller: AdminCaller) async -> ReloadReport
    /// Has a new process take this one's place, or keeps serving and says why.
    func upgrade(by caller: AdminCaller) async -> UpgradeReport
    /// Why a request that was remembered ended as it did.
    func explain(_ id: String) async -> ExplainAnswer
    /// What statements in shadow mode would have done.
    func shadow() async -> ShadowReport
}
