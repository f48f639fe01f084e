/// What a policy can know of a connection; settled once it is accepted.
package struct ConnectionFacts: Sendable, Hashable {
    /// The peer's address (from the PROXY header where the listener requires one); nil on a Unix socket.
    package var sourceIP: IPAddress?
    /// The id of the listener, or the endpoint id that a PROXY header carried.
    package var sourceVpce: String?
    package var sourceVpc: String?
    package var secureTransport: Bool

    package init(
        sourceIP: IPAddress? = nil, sourceVpce: String? = nil, sourceVpc: String? = nil, secureTransport: Bool = false
    ) {
        self.sourceIP = sourceIP
        self.sourceVpce = sourceVpce
        self.sourceVpc = sourceVpc
        self.secureTransport = secureTransport
    }
}

/// What a policy can know of one request. The buffers are the request's own: valid for the duration of the call only.
package struct RequestFacts {
    /// The sixth segment of the method's ARN: `{api-id}/{stage}/{METHOD}/{path}`, the path without its leading slash.
    package var resource: UnsafeRawBufferPointer
    /// nil if the field was not sent.
    package var userAgent: UnsafeRawBufferPointer?
    /// nil if the field was not sent.
    package var referer: UnsafeRawBufferPointer?

    package init(
        resource: UnsafeRawBufferPointer, userAgent: UnsafeRawBufferPointer? = nil,
        referer: UnsafeRawBufferPointer? = nil
    ) {
        self.resource = resource
        self.userAgent = userAgent
        self.referer = referer
    }
}

/// Connection facts with their texts as bytes, for the duration of a call.
struct ConnectionView {
    var sourceIP: IPAddress?
    var sourceVpce: UnsafeRawBufferPointer?
    var sourceVpc: UnsafeRawBufferPointer?
    var secureTransport: Bool
}

extension ConnectionFacts {
    func withView<Result>(_ body: (ConnectionView) -> Result) -> Result {
        var vpce = sourceVpce ?? ""
        var vpc = sourceVpc ?? ""
        return vpce.withUTF8 { vpceBytes in
            vpc.withUTF8 { vpcBytes in
                body(
                    ConnectionView(
                        sourceIP: sourceIP,
                        sourceVpce: sourceVpce == nil ? nil : UnsafeRawBufferPointer(vpceBytes),
                        sourceVpc: sourceVpc == nil ? nil : UnsafeRawBufferPointer(vpcBytes),
                        secureTransport: secureTransport))
            }
        }
    }
}
