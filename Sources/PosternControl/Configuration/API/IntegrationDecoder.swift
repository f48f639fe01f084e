import PosternModel
import PosternPolicy

/// Reads what stands behind a route: a URI alone, or a mapping with a `type`.
struct IntegrationDecoder {
    let report: ProblemReport

    private static let supported = ["HTTP_PROXY", "MOCK"]
    private static let later = ["HTTP", "AWS", "AWS_PROXY"]
    private static let proxyKeys = [
        "uri", "targets", "method", "timeout", "connectTimeout", "tls", "forwardClientCertificate",
    ]
    private static let mockKeys = ["status", "headers", "body"]

    func decode(_ node: DocumentNode) -> IntegrationDeclaration {
        if case .string = node.value {
            return template(node, "the integration").map { .httpProxy(HTTPProxyDeclaration(uri: $0)) } ?? .unusable
        }
        guard case .object = node.value, let mapping = MappingReader(node, "an integration", report) else {
            node.mismatch("the integration", "an address or a mapping", report, hint: "`http://host:port/path`")
            return .unusable
        }
        let type = mapping.text("type")
        switch type?.value ?? "HTTP_PROXY" {
        case "HTTP_PROXY":
            refuse(IntegrationDecoder.mockKeys, of: mapping, because: "has a meaning only for type `MOCK`")
            return proxy(mapping)
        case "MOCK":
            refuse(IntegrationDecoder.proxyKeys, of: mapping, because: "has no meaning for type `MOCK`")
            return mock(mapping)
        default:
            if let type { unknown(type) }
            return .unusable
        }
    }

    private func unknown(_ type: Positioned<String>) {
        if IntegrationDecoder.later.contains(type.value) {
            report.error(
                at: type.position, "integrations of type `\(type.value)` are not supported yet",
                hint: "expected `HTTP_PROXY` or `MOCK`")
        } else {
            report.error(
                at: type.position, "`\(type.value.abbreviated)` is not an integration type",
                hint: NearestName.hint(for: type.value, among: IntegrationDecoder.supported, called: "types"))
        }
    }

    private func refuse(_ keys: [String], of mapping: MappingReader, because reason: String) {
        for key in keys { mapping.refuse(key, because: reason) }
    }

    private func proxy(_ mapping: MappingReader) -> IntegrationDeclaration {
        let uri = mapping.required("uri", example: "uri: http://127.0.0.1:9000/").flatMap { template($0, "uri") }
        let list = mapping.list("targets")
        if let node = mapping.node("targets"), let list, list.isEmpty {
            report.error(
                at: node.position, "`targets` is empty", hint: "add `host:port` or `unix:/path`, or leave it out")
        }
        let targets = list.map { $0.compactMap { template($0, "targets") } } ?? []
        let method = method(mapping)
        let timeout = mapping.duration("timeout", in: 50...86_400_000)
        let connectTimeout = mapping.duration("connectTimeout", in: 1...300_000)
        let tls = mapping.mapping("tls", "`tls`").map(UpstreamTLSDecoder.decode)
        let forwarding = mapping.choice("forwardClientCertificate", of: ClientCertificateForwarding.self)
        mapping.finish()
        guard let uri, targets.count == list?.count ?? 0 else { return .unusable }
        let standard = HTTPProxyDeclaration(uri: uri)
        return .httpProxy(
            HTTPProxyDeclaration(
                uri: uri, targets: targets, method: method,
                timeoutMilliseconds: timeout ?? standard.timeoutMilliseconds,
                connectTimeoutMilliseconds: connectTimeout ?? standard.connectTimeoutMilliseconds,
                tls: tls, forwardClientCertificate: forwarding ?? standard.forwardClientCertificate))
    }

    private func template(_ node: DocumentNode, _ name: String) -> StageTemplate? {
        guard let text = node.text(name, report) else { return nil }
        do throws(DeclarationProblem) {
            return try StageTemplate(text.value, at: node.position)
        } catch {
            report.add([error.diagnostic(at: node.position)])
            return nil
        }
    }

    /// nil for the client's method, which is what `ANY` means.
    private func method(_ mapping: MappingReader) -> HTTPMethodName? {
        guard let text = mapping.text("method"), text.value != RouteVerb.any.text else { return nil }
        let method = HTTPMethodName(text.value)
        if method != .other { return method }
        let known = HTTPMethodName.routable.map(\.text) + ["ANY"]
        report.error(
            at: text.position, "`\(text.value.abbreviated)` is not a method for an integration",
            hint: NearestName.hint(for: text.value, among: known, called: "methods"))
        return nil
    }

    private func mock(_ mapping: MappingReader) -> IntegrationDeclaration {
        let status = mapping.integer("status", in: 200...599) ?? 200
        let headers = mapping.mapping("headers", "`headers`")?.all().compactMap { header($0) } ?? []
        let body = mapping.text("body")
        if let body, !body.value.isEmpty, status == 204 || status == 205 || status == 304 {
            report.error(at: body.position, "a response with status \(status) has no body", hint: "RFC 9110, 6.4.1")
        }
        mapping.finish()
        return .mock(MockIntegration(status: status, headers: headers, body: Array((body?.value ?? "").utf8)))
    }

    /// Fields that only the gateway may write: they frame the message or belong to the connection.
    private static let ours = [
        "connection", "content-length", "date", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]

    private func header(_ member: DocumentNode.Member) -> (name: String, value: String)? {
        let name = member.key
        guard let value = member.value.text(name, report) else { return nil }
        guard !name.isEmpty, name.utf8.allSatisfy({ $0.isLetterOrDigit || $0.isAny(of: "!#$%&'*+-.^_`|~") }) else {
            report.error(
                at: member.keyPosition, "`\(name.abbreviated)` is not a field name", hint: "a token of RFC 9110, 5.6.2")
            return nil
        }
        guard !IntegrationDecoder.ours.contains(name.lowercased()) else {
            report.error(at: member.keyPosition, "`\(name)` is written by the gateway itself", hint: "remove it")
            return nil
        }
        let bytes = value.value.utf8
        guard bytes.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }), bytes.first != 0x20, bytes.last != 0x20
        else {
            report.error(
                at: value.position, "the value of `\(name)` cannot be sent",
                hint: "no control characters, no space at its ends")
            return nil
        }
        return (name, value.value)
    }
}
