package import PosternHost

/// The state of the running gateway, as `postern status` shows it. Names of fields are kept: programs read them.
///
/// A section of its own is added as one more property with a default; whoever composes the report fills it.
package struct StatusReport: Codable, Sendable, Equatable {
    /// Who it runs as.
    package struct User: Codable, Sendable, Equatable {
        package var uid: UInt32
        package var gid: UInt32
        /// nil where the system knows none.
        package var name: String?

        package init(uid: UInt32, gid: UInt32, name: String?) {
            self.uid = uid
            self.gid = gid
            self.name = name
        }
    }

    package struct Listener: Codable, Sendable, Equatable {
        package var endpoint: String
        package var vpc: String?
        package var addresses: [String]
        package var tls: Bool
        /// Open now.
        package var connections = 0
        /// Since the start; refused: at a limit.
        package var accepted = 0
        package var refused = 0

        package init(endpoint: String, vpc: String?, addresses: [String], tls: Bool) {
            self.endpoint = endpoint
            self.vpc = vpc
            self.addresses = addresses
            self.tls = tls
        }
    }

    package struct API: Codable, Sendable, Equatable {
        package struct Stage: Codable, Sendable, Equatable {
            package var name: String
            package var routes: Int

            package init(name: String, routes: Int) {
                self.name = name
                self.routes = routes
            }
        }

        package var id: String
        package var stages: [Stage]
        /// False: the API has no policy and refuses every request.
        package var hasPolicy: Bool

        package init(id: String, stages: [Stage], hasPolicy: Bool) {
            self.id = id
            self.stages = stages
            self.hasPolicy = hasPolicy
        }
    }

    /// Connections that could not be taken in, since the start.
    package struct AcceptErrors: Codable, Sendable, Equatable {
        /// `process_descriptors`, `system_descriptors`, `memory`, `aborted`, `reserve` or `other`.
        package var reason: String
        package var count: Int

        package init(reason: String, count: Int) {
            self.reason = reason
            self.count = count
        }
    }

    /// The last order to load the configuration, and what came of it.
    package struct Reload: Codable, Sendable, Equatable {
        /// `SIGHUP`, or the user at the admin socket.
        package var orderedBy: String
        /// RFC 3339; when it had ended.
        package var at: String
        package var succeeded: Bool
        package var generation: Int
        package var messages: [String]

        package init(at: String, orderedBy: String, _ report: ReloadReport) {
            self.at = at
            self.orderedBy = orderedBy
            succeeded = report.succeeded
            generation = report.generation
            messages = report.messages
        }
    }

    /// A log, since the start.
    package struct Log: Codable, Sendable, Equatable {
        package var writtenBytes: Int
        package var droppedRecords: Int
        package var errors: Int
        /// nil: there was none.
        package var lastError: String?

        package init(writtenBytes: Int, droppedRecords: Int, errors: Int, lastError: String?) {
            self.writtenBytes = writtenBytes
            self.droppedRecords = droppedRecords
            self.errors = errors
            self.lastError = lastError
        }
    }

    package var version: String
    package var processID: Int
    package var user: User
    /// Counts the configurations that have been served since the start.
    package var generation: Int
    package var configuration: String
    package var ready: Bool
    package var uptimeSeconds: Int
    package var eventLoops = 0

    package var listeners: [Listener] = []
    package var apis: [API] = []

    /// Open now.
    package var connections = 0
    package var activeRequests = 0
    /// Ended since the start.
    package var requests = 0
    package var refusals = 0
    /// Ended since the start, by class of status: `none`, `1xx` … `5xx`.
    package var statuses: [String: Int] = [:]
    /// Since the start.
    package var refusedFor: [RefusalCount] = []
    package var traffic = TrafficReport()
    package var upstreams: [UpstreamReport] = []

    /// nil: no listener and no upstream has TLS.
    package var certificates: CertificatesSummary?
    package var lastReload: Reload?
    /// The access log; nil: there is none.
    package var log: Log?
    /// Nothing is counted before the configuration is loaded, when messages go to standard error at once.
    package var systemLog: Log?
    /// Those that there were.
    package var acceptErrors: [AcceptErrors] = []
    /// nil where the kernel does not tell.
    package var privileges: ProcessPrivileges?
    /// How Landlock confines access to files.
    package var landlock: LandlockStatus?
    /// What is shed for want of memory.
    package var overload: OverloadStatus?

    package init(
        version: String, processID: Int, user: User, generation: Int, configuration: String, ready: Bool,
        uptimeSeconds: Int
    ) {
        self.version = version
        self.processID = processID
        self.user = user
        self.generation = generation
        self.configuration = configuration
        self.ready = ready
        self.uptimeSeconds = uptimeSeconds
    }
}

/// Requests that the gateway refused.
package struct RefusalCount: Codable, Sendable, Equatable {
    /// The gateway response, `ACCESS_DENIED`, or the rule of HTTP that was broken, `malformed_request_line`.
    package var reason: String
    /// `allow`, `explicitDeny`, `implicitDeny`; nil where no policy was asked.
    package var decision: String?
    package var count: Int

    package init(reason: String, decision: String?, count: Int) {
        self.reason = reason
        self.decision = decision
        self.count = count
    }
}
