package import PosternPolicy

/// An API as its file declares it: each part well formed, the whole not yet checked. `PlanCompiler` does that.
package struct APIDeclaration: Sendable {
    /// What the callers' side speaks. HTTP and WebSocket APIs come later.
    package enum Kind: String, Sendable, CaseIterable { case rest }

    /// Where the API stands in ARNs; its `apiID` is the API's id.
    package var scope: PolicyScope
    package var idPosition: SourcePosition
    package var kind: Kind
    /// For people; nil when the file gives none.
    package var name: String?
    package var routes: [RouteDeclaration]
    package var stages: [StageDeclaration]
    /// nil: the API refuses every request.
    package var policy: Policy?
    /// False when the file names a policy that could not be used: its problems are reported already.
    package var mayLackPolicy: Bool

    package var id: String { scope.apiID }

    package init(
        scope: PolicyScope, idPosition: SourcePosition, kind: Kind = .rest, name: String? = nil,
        routes: [RouteDeclaration], stages: [StageDeclaration], policy: Policy?, mayLackPolicy: Bool = true
    ) {
        self.scope = scope
        self.idPosition = idPosition
        self.kind = kind
        self.name = name
        self.routes = routes
        self.stages = stages
        self.policy = policy
        self.mayLackPolicy = mayLackPolicy
    }
}

/// A name under which an API answers, the first segment of request paths, with values for its integrations.
package struct StageDeclaration: Sendable {
    package var name: String
    package var position: SourcePosition
    /// A nil value was written but cannot be used, which is reported already; it counts as defined.
    package var variables: [String: String?]
    /// Presented to every `https` integration that has none of its own (AWS: `clientCertificateId`).
    package var clientCertificate: KeyPairSource?

    package init(
        name: String, position: SourcePosition, variables: [String: String?] = [:],
        clientCertificate: KeyPairSource? = nil
    ) {
        self.name = name
        self.position = position
        self.variables = variables
        self.clientCertificate = clientCertificate
    }
}

/// `GET /order/{id}` and what answers it.
package struct RouteDeclaration: Sendable {
    package var verb: RouteVerb
    package var path: ResourcePath
    package var position: SourcePosition
    package var integration: IntegrationDeclaration

    package init(verb: RouteVerb, path: ResourcePath, position: SourcePosition, integration: IntegrationDeclaration) {
        self.verb = verb
        self.path = path
        self.position = position
        self.integration = integration
    }
}

package enum IntegrationDeclaration: Sendable {
    case httpProxy(HTTPProxyDeclaration)
    case mock(MockIntegration)
    /// What was written cannot be used, which is reported already; the route still counts for the resource tree.
    case unusable
}

/// An `HTTP_PROXY` integration before its stage variables are filled in.
package struct HTTPProxyDeclaration: Sendable {
    package var uri: StageTemplate
    /// Addresses to spread over instead of the URI's; empty when the URI's is used.
    package var targets: [StageTemplate]
    /// nil: the client's.
    package var method: HTTPMethodName?
    /// To the response head; 50 ms and more, 29 s by default (reference 2.5).
    package var timeoutMilliseconds: Int
    package var connectTimeoutMilliseconds: Int
    /// nil where the file says nothing of TLS: an `https` URI then has the defaults.
    package var tls: UpstreamTLSDeclaration?
    package var forwardClientCertificate: ClientCertificateForwarding

    package init(
        uri: StageTemplate, targets: [StageTemplate] = [], method: HTTPMethodName? = nil,
        timeoutMilliseconds: Int = 29_000, connectTimeoutMilliseconds: Int = 2_000,
        tls: UpstreamTLSDeclaration? = nil, forwardClientCertificate: ClientCertificateForwarding = .off
    ) {
        self.uri = uri
        self.targets = targets
        self.method = method
        self.timeoutMilliseconds = timeoutMilliseconds
        self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        self.tls = tls
        self.forwardClientCertificate = forwardClientCertificate
    }
}
