/// What the admin socket can ask of the running program; the program composes the answers.
package protocol AdminService: Sendable {
    /// Whether new requests are served: a plan is published, listeners are open, and no drain has begun.
    func isReady() async -> Bool
    /// The answer of `/metrics`, in Prometheus' text format.
    func metrics() async -> [UInt8]
    func status() async -> StatusReport
    func certificates() async -> CertificatesReport
    /// Loads the configuration and serves it, or keeps the old one and says why.
    func reload() async -> ReloadReport
    /// Has a new process take this one's place, or keeps serving and says why.
    func upgrade() async -> UpgradeReport
    /// Why a request that was remembered ended as it did.
    func explain(_ id: String) async -> ExplainAnswer
    /// What statements in shadow mode would have done.
    func shadow() async -> ShadowReport
}

/// The state of the running gateway, as `postern status` shows it.
package struct StatusReport: Codable, Sendable, Equatable {
    package struct Listener: Codable, Sendable, Equatable {
        package var endpoint: String
        package var vpc: String?
        package var addresses: [String]

        package init(endpoint: String, vpc: String?, addresses: [String]) {
            self.endpoint = endpoint
            self.vpc = vpc
            self.addresses = addresses
        }
    }

    package struct API: Codable, Sendable, Equatable {
        package var id: String
        package var stages: [String]
        package var routes: Int
        /// False: the API has no policy and refuses every request.
        package var hasPolicy: Bool

        package init(id: String, stages: [String], routes: Int, hasPolicy: Bool) {
            self.id = id
            self.stages = stages
            self.routes = routes
            self.hasPolicy = hasPolicy
        }
    }

    package var version: String
    package var processID: Int
    /// Counts the configurations that have been served since the start.
    package var generation: Int
    package var configuration: String
    package var ready: Bool
    package var uptimeSeconds: Int
    package var eventLoops: Int
    package var listeners: [Listener]
    package var apis: [API]
    package var connections: Int
    package var activeRequests: Int
    package var requests: Int
    package var refusals: Int
    package var droppedLogRecords: Int
    package var lastReload: ReloadReport?

    package init(
        version: String, processID: Int, generation: Int, configuration: String, ready: Bool, uptimeSeconds: Int,
        eventLoops: Int, listeners: [Listener], apis: [API], connections: Int, activeRequests: Int, requests: Int,
        refusals: Int, droppedLogRecords: Int, lastReload: ReloadReport?
    ) {
        self.version = version
        self.processID = processID
        self.generation = generation
        self.configuration = configuration
        self.ready = ready
        self.uptimeSeconds = uptimeSeconds
        self.eventLoops = eventLoops
        self.listeners = listeners
        self.apis = apis
        self.connections = connections
        self.activeRequests = activeRequests
        self.requests = requests
        self.refusals = refusals
        self.droppedLogRecords = droppedLogRecords
        self.lastReload = lastReload
    }
}

/// How a reload ended.
package struct ReloadReport: Codable, Sendable, Equatable {
    package var succeeded: Bool
    /// The generation that is served now.
    package var generation: Int
    /// Lines for a person: what was opened and closed, or every problem with its place.
    package var messages: [String]
    /// What the new policies would have made of the last requests; nil when no policy changed.
    package var decisionChanges: DecisionChangeReport?

    package init(
        succeeded: Bool, generation: Int, messages: [String], decisionChanges: DecisionChangeReport? = nil
    ) {
        self.succeeded = succeeded
        self.generation = generation
        self.messages = messages
        self.decisionChanges = decisionChanges
    }
}

/// Requests that were really made, decided once more by the policies before a reload and by those after it.
package struct DecisionChangeReport: Codable, Sendable, Equatable {
    package struct Group: Codable, Sendable, Equatable {
        /// `shop/prod GET /order/{id}`
        package var route: String
        /// `denied` or `allowed`, newly.
        package var change: String
        package var requests: Int
        /// The policy that decides now: `endpoint`, `domain` or `api`, and whose it is.
        package var policy: String
        package var owner: String
        /// nil: no statement allows any more.
        package var statement: String?
        package var exampleRequestID: String

        package init(
            route: String, change: String, requests: Int, policy: String, owner: String, statement: String?,
            exampleRequestID: String
        ) {
            self.route = route
            self.change = change
            self.requests = requests
            self.policy = policy
            self.owner = owner
            self.statement = statement
            self.exampleRequestID = exampleRequestID
        }
    }

    /// Requests that were remembered, and those of them that both configurations could be asked about.
    package var remembered: Int
    package var compared: Int
    /// Whether the time was up before all of them were compared.
    package var partial: Bool
    package var groups: [Group]

    package init(remembered: Int, compared: Int, partial: Bool, groups: [Group]) {
        self.remembered = remembered
        self.compared = compared
        self.partial = partial
        self.groups = groups
    }
}
