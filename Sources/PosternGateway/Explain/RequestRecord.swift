package import PosternModel
package import PosternPolicy
package import PosternTelemetry

/// What is remembered of one request that ended: enough to decide it again and to say why it ended as it did.
package struct RequestRecord: Sendable {
    /// A part of a request; long ones are remembered in part.
    package struct Part: Sendable {
        package let bytes: [UInt8]
        package let isCut: Bool

        static let empty = Part(bytes: [], isCut: false)

        /// What is not UTF-8 is shown as U+FFFD, what is missing as `…`.
        package var text: String { String(decoding: bytes, as: UTF8.self) + (isCut ? "…" : "") }
    }

    package let requestID: String
    package let extendedID: String
    /// When the request's head was complete, in nanoseconds since 1970.
    package let wallNanoseconds: Int
    package let origin: RequestOrigin
    /// Of the plan it was served by.
    package let generation: Int
    /// Empty when none was found.
    package let apiID: String
    package let stage: String
    package let resourcePath: String
    /// The route's, `GET` or `ANY`.
    package let verb: String
    /// The private custom domain it came by; empty for none.
    package let domain: String
    package let host: Part
    /// What the policies were asked about, `{api-id}/{stage}/{METHOD}/{path}`; nil when they could not be.
    package let resource: Part?
    package let method: Part
    package let path: Part
    /// nil when the field was not sent.
    package let userAgent: Part?
    package let referer: Part?
    /// What the policies said together.
    package let decision: PolicyOutcome
    /// The policy that refused; nil when none did.
    package let refusedBy: PolicyKind?
    /// The gateway response; empty for an answer of the integration.
    package let refusal: String
    /// Which rule or failure, as the access log has it.
    package let reason: String
    /// 0 when nothing was sent.
    package let status: Int

    /// Whether nothing that a policy can ask for is missing.
    package var isWhole: Bool {
        resource?.isCut == false && userAgent?.isCut != true && referer?.isCut != true
    }

    /// Lends the request's facts as the policies had them, in the time of the request.
    package func withFacts<Result>(_ body: (RequestFacts) -> Result) -> Result? {
        guard let resource else { return nil }
        return resource.bytes.withUnsafeBytes { resource in
            (userAgent?.bytes ?? []).withUnsafeBytes { agent in
                (referer?.bytes ?? []).withUnsafeBytes { origin in
                    body(
                        RequestFacts(
                            resource: resource, userAgent: userAgent == nil ? nil : agent,
                            referer: referer == nil ? nil : origin, time: PolicyTime(wallNanoseconds: wallNanoseconds)))
                }
            }
        }
    }
}

extension PolicyTime {
    package init(wallNanoseconds: Int) {
        let (seconds, rest) = wallNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.init(seconds: Int64(seconds), nanoseconds: Int32(rest))
    }
}
