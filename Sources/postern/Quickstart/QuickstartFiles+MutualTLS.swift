import FoundationEssentials

extension QuickstartFiles {
    /// Certificates made a moment ago, and a configuration that lets one of two workloads in.
    func writeSecured(port: Int, orders: DemoService, carts: DemoService) throws {
        try writeCertificates()
        try put(
            "postern.yaml",
            """
            account: "123456789012"
            region: local
            loops: 1
            listeners:
              - id: vpce-mesh
                vpc: vpc-demo
                address: 127.0.0.1
                port: \(port)
                defaultApi: shop
                tls:
                  certificates:
                    - {certificate: tls/server.pem, key: tls/server.key}
                  clientCertificate:
                    spiffe: {trustDomains: {\(DemoAuthority.trustDomain): tls/ca.pem}}
                    crl: {files: [tls/clients.crl]}
            admin: {socket: \(adminSocket)}
            accessLog: {path: \(directory)/access.log}

            """)
        try put(
            "apis.d/shop.yaml",
            """
            id: shop
            stages:
              dev: {variables: {orders: "\(orders.address)"}}
            routes:
              GET /order/{id}:
                uri: http://${stageVariables.orders}/order/{id}
                forwardClientCertificate: xfcc
              ANY /cart/{proxy+}: http://\(carts.address)/cart/{proxy}
            policy:
              Version: "2012-10-17"
              Statement:
                - Sid: OnlyOrders
                  Effect: Allow
                  Principal: {SPIFFE: "\(DemoAuthority.id(of: "orders"))"}
                  Action: execute-api:Invoke
                  Resource: execute-api:/*

            """)
    }

    private func writeCertificates() throws {
        try FileManager.default.createDirectory(
            atPath: directory + "/tls", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let authority = try DemoAuthority()
        try put("tls/ca.pem", authority.certificate.pem)
        let orders = try authority.workload("orders")
        for (name, certificate) in [
            ("server", try authority.server()), ("orders", orders), ("other", try authority.workload("other")),
        ] {
            try put("tls/\(name).pem", certificate.pem)
            try putSecret("tls/\(name).key", certificate.keyPEM)
        }
        let none = try authority.list(number: 1, revoking: [])
        try put("tls/clients.crl", none)
        try put("tls/none-revoked.crl", none)
        try put("tls/orders-revoked.crl", authority.list(number: 2, revoking: [orders]))
    }

    /// For the owner's eyes only, as the directory is before the file is there.
    private func putSecret(_ name: String, _ text: String) throws {
        let isWritten = FileManager.default.createFile(
            atPath: directory + "/" + name, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard isWritten else { throw CocoaError(.fileWriteUnknown) }
    }
}
