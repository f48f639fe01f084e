import PosternModel
import PosternPolicy

/// Reads a listener's `tls:`.
enum ListenerTLSDecoder {
    private static let mostCertificates = 16

    /// nil when it cannot be used, which is reported.
    static func decode(_ mapping: MappingReader) -> ListenerTLSConfiguration? {
        let certificates = certificates(mapping)
        var tls = ListenerTLSConfiguration(certificates: certificates)
        tls.minimumVersion = mapping.versionFloor() ?? tls.minimumVersion
        let example = "clientCertificate: {trust: [tls/clients.pem]}"
        if mapping.required("clientCertificate", example: example) != nil,
            let client = mapping.mapping("clientCertificate", "`clientCertificate`")
        {
            tls.clientCertificate = ClientCertificateDecoder.decode(client)
        }
        if let stapling = mapping.mapping("stapling", "`stapling`") { tls.stapling = self.stapling(stapling) }
        if let tickets = mapping.mapping("tickets", "`tickets`") { tls.tickets = self.tickets(tickets) }
        tls.handshakesPerSource = mapping.integer("handshakesPerSource", in: 0...1_000_000) ?? tls.handshakesPerSource
        mapping.finish()
        return certificates.isEmpty ? nil : tls
    }

    private static func certificates(_ mapping: MappingReader) -> [KeyPairSource] {
        let example = "certificates: [{certificate: tls/mesh.pem, key: tls/mesh.key}]"
        guard let node = mapping.required("certificates", example: example), let list = mapping.list("certificates")
        else { return [] }
        if list.isEmpty || list.count > mostCertificates {
            mapping.report.error(
                at: node.position, "`certificates` has \(list.count) entries", hint: "expected 1 to \(mostCertificates)"
            )
        }
        return list.compactMap { element in
            guard let entry = MappingReader(element, "a certificate", mapping.report) else { return nil }
            if !entry.has("certificate"), !entry.has("key") {
                entry.report.error(
                    at: entry.position, "a certificate has no `certificate`",
                    hint: "write `{certificate: tls/mesh.pem, key: tls/mesh.key}`")
            }
            defer { entry.finish() }
            return entry.keyPair()
        }
    }

    private static func stapling(_ mapping: MappingReader) -> StaplingConfiguration {
        var stapling = StaplingConfiguration()
        stapling.mode = mapping.choice("mode", of: StaplingConfiguration.Mode.self) ?? .auto
        stapling.responder = mapping.responder()
        mapping.finish()
        return stapling
    }

    private static func tickets(_ mapping: MappingReader) -> TicketConfiguration {
        var tickets = TicketConfiguration()
        tickets.mode = mapping.choice("mode", of: TicketConfiguration.Mode.self) ?? tickets.mode
        tickets.keys = mapping.material("keys", .secret)
        mapping.finish()
        return tickets
    }
}
