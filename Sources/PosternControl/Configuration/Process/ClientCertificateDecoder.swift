import PosternModel
import PosternPolicy
import PosternTLS

/// Reads `clientCertificate:` of a listener.
enum ClientCertificateDecoder {
    private typealias Configuration = ClientCertificateConfiguration

    static func decode(_ mapping: MappingReader) -> ClientCertificateConfiguration {
        var client = Configuration()
        client.mode = mapping.choice("mode", of: Configuration.Mode.self) ?? client.mode
        guard client.mode != .off else {
            for key in keysOfVerification {
                mapping.refuse(
                    key, because: "has no meaning with `mode: off`", hint: "nobody's certificate is asked for")
            }
            mapping.finish()
            return client
        }
        trust(mapping, &client)
        client.depth = mapping.integer("depth", in: 0...10) ?? client.depth
        client.strict = mapping.flag("strict") ?? client.strict
        client.minimumStrength = strength(mapping) ?? client.minimumStrength
        if let lists = mapping.mapping("crl", "`crl`") { client.revocationLists = revocationLists(lists) }
        if let ocsp = mapping.mapping("ocsp", "`ocsp`") { client.ocsp = self.ocsp(ocsp) }
        client.whenInvalid = mapping.choice("whenInvalid", of: Configuration.WhenInvalid.self) ?? client.whenInvalid
        mapping.finish()
        return client
    }

    private static let keysOfVerification = [
        "trust", "depth", "strict", "minimumStrength", "crl", "ocsp", "spiffe", "whenInvalid",
    ]

    /// Anchors for everybody, or a bundle for each trust domain.
    private static func trust(_ mapping: MappingReader, _ client: inout Configuration) {
        let example = "trust: [tls/clients.pem]"
        client.trust = mapping.materials("trust", example: example) ?? []
        if let spiffe = mapping.mapping("spiffe", "`spiffe`") { client.trustDomains = trustDomains(spiffe) }
        switch (mapping.has("trust"), mapping.has("spiffe")) {
        case (true, true):
            mapping.refuse(
                "trust", because: "has no meaning beside `spiffe`", hint: "each trust domain has its own bundle")
        case (false, false):
            mapping.report.error(
                at: mapping.position, "`clientCertificate` trusts nobody",
                hint: "add `\(example)`, or write `mode: off`")
        default: break
        }
    }

    private static func trustDomains(_ mapping: MappingReader) -> [Configuration.TrustDomain] {
        defer { mapping.finish() }
        let example = "trustDomains: {prod.example: tls/prod.pem}"
        guard let node = mapping.required("trustDomains", example: example),
            let domains = mapping.mapping("trustDomains", "`trustDomains`")
        else { return [] }
        let members = domains.all()
        if members.isEmpty {
            mapping.report.error(at: node.position, "`trustDomains` is empty", hint: "write `\(example)`")
        }
        return members.compactMap { trustDomain($0, mapping.report) }
    }

    private static func trustDomain(_ member: DocumentNode.Member, _ report: ProblemReport) -> Configuration
        .TrustDomain?
    {
        var bundle: [MaterialSource?]
        if case .array(let elements) = member.value.value {
            if elements.isEmpty {
                report.error(
                    at: member.value.position, "`\(member.key.abbreviated)` has no bundle", hint: "name a PEM file")
            }
            bundle = elements.map { $0.material(member.key, .collection, report) }
        } else {
            bundle = [member.value.material(member.key, .collection, report)]
        }
        do throws(IdentityProblem) {
            let name = try SPIFFEID.trustDomain(member.key)
            return Configuration.TrustDomain(name: name, bundle: bundle.compactMap(\.self))
        } catch {
            report.error(
                at: member.keyPosition, "`\(member.key.abbreviated)` is not a trust domain",
                hint: "lower-case letters, digits, `.`, `-`, `_`, up to 255")
            return nil
        }
    }

    private static func strength(_ mapping: MappingReader) -> Int? {
        guard let node = mapping.node("minimumStrength"),
            let bits = mapping.integer("minimumStrength", in: 80...192)
        else { return nil }
        if [80, 112, 128, 192].contains(bits) { return bits }
        mapping.report.error(
            at: node.position, "`\(bits)` is not a value of `minimumStrength`", hint: "expected 80, 112, 128 or 192")
        return nil
    }

    private static func revocationLists(_ mapping: MappingReader) -> RevocationListConfiguration {
        var lists = RevocationListConfiguration()
        lists.files = mapping.materials("files", example: "files: [tls/crl.pem]") ?? []
        let isGiven = mapping.has("files")
        lists.mode = mapping.choice("mode", of: RevocationListConfiguration.Mode.self) ?? (isGiven ? .require : .off)
        if !isGiven, lists.mode != .off {
            mapping.report.error(
                at: mapping.position, "`crl` has no `files`", hint: "add `files: [tls/crl.pem]`, or write `mode: off`")
        }
        mapping.finish()
        return lists
    }

    private static func ocsp(_ mapping: MappingReader) -> OCSPConfiguration {
        var ocsp = OCSPConfiguration()
        ocsp.mode = mapping.choice("mode", of: OCSPConfiguration.Mode.self) ?? ocsp.mode
        ocsp.scope = mapping.choice("scope", of: OCSPConfiguration.Scope.self) ?? ocsp.scope
        ocsp.responder = mapping.responder()
        ocsp.timeoutMilliseconds = mapping.duration("timeout", in: 50...60_000) ?? ocsp.timeoutMilliseconds
        if !mapping.has("mode") {
            mapping.report.error(at: mapping.position, "`ocsp` has no `mode`", hint: "add `mode: hard` or `mode: soft`")
        }
        mapping.finish()
        return ocsp
    }
}
