package import PosternPolicy

/// A listener's policy, as `postern.yaml` declares it.
package struct EndpointDeclaration: Sendable {
    package var id: String
    /// nil: none was written.
    package var policy: Policy?

    package init(id: String, policy: Policy? = nil) {
        self.id = id
        self.policy = policy
    }
}

/// A private custom domain as `postern.yaml` declares it; that its mappings lead somewhere is for `PlanCompiler` to check.
package struct DomainDeclaration: Sendable {
    package struct Mapping: Sendable {
        /// One path segment; empty for the root.
        package var basePath: String
        package var api: String
        package var apiPosition: SourcePosition
        /// nil: the next segment of the path names it.
        package var stage: String?
        package var stagePosition: SourcePosition

        package init(
            basePath: String, api: String, apiPosition: SourcePosition, stage: String?, stagePosition: SourcePosition
        ) {
            self.basePath = basePath
            self.api = api
            self.apiPosition = apiPosition
            self.stage = stage
            self.stagePosition = stagePosition
        }
    }

    /// Lower case.
    package var name: String
    package var position: SourcePosition
    package var scope: PolicyScope
    /// The sixth segment of the domain's ARN.
    package var resource: String
    package var policy: Policy?
    package var mappings: [Mapping]

    /// `arn:aws:execute-api:{region}:{account}:/domainnames/{name}+{domain-id}` (reference, section 1.2).
    package var arn: String { scope.arnPrefix + resource }

    /// The sixth segment of the ARN of a domain.
    package static func resource(name: String, id: String) -> String { "/domainnames/\(name)+\(id)" }

    package init(
        name: String, position: SourcePosition, scope: PolicyScope, resource: String, policy: Policy?,
        mappings: [Mapping]
    ) {
        self.name = name
        self.position = position
        self.scope = scope
        self.resource = resource
        self.policy = policy
        self.mappings = mappings
    }
}
