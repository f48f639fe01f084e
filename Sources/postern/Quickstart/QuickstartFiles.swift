import FoundationEssentials

/// What the quickstart serves, in a directory of its own: the files that an operator would write.
struct QuickstartFiles {
    let directory: String
    let adminSocket: String

    init() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "postern-quickstart-\(UUID().uuidString.prefix(8))")
        for folder in [path, path.appending(path: "apis.d")] {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        }
        directory = path.path
        adminSocket = directory + "/admin.sock"
    }

    func write(port: Int, orders: DemoService, carts: DemoService) throws {
        try put(
            "postern.yaml",
            """
            account: "123456789012"
            region: local
            loops: 1
            listeners:
              - {id: vpce-office, vpc: vpc-demo, address: 127.0.0.1, port: \(port), defaultApi: shop}
              - {id: vpce-guest, vpc: vpc-demo, address: 127.0.0.1, port: \(port == 0 ? 0 : port + 1), defaultApi: shop}
            admin: {socket: \(adminSocket)}
            accessLog: {path: \(directory)/access.log}

            """)
        try put(
            "apis.d/shop.yaml",
            """
            id: shop
            kind: rest
            stages:
              dev: {variables: {orders: "\(orders.address)"}}
              prod: {variables: {orders: "\(orders.address)"}}
            routes:
              ANY /order: http://${stageVariables.orders}/order
              GET /order/{id}: http://${stageVariables.orders}/order/{id}
              ANY /cart/{proxy+}: http://\(carts.address)/cart/{proxy}
            policy:
              Version: "2012-10-17"
              Statement:
                - {Sid: Everyone, Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*"}
                - Sid: OfficeOnly
                  Effect: Deny
                  Principal: "*"
                  Action: execute-api:Invoke
                  Resource: execute-api:/*
                  Condition: {StringNotEquals: {aws:SourceVpce: vpce-office}}

            """)
    }

    func put(_ name: String, _ text: String) throws {
        try text.write(toFile: directory + "/" + name, atomically: false, encoding: .utf8)
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }
}
