import Foundation
import TestAuthority
import Testing

extension HostTests {
    @Suite("The service") struct ServiceTests {
        static let proxied = ["GET /x": "http://127.0.0.1:9000/x"]

        /// A host that serves `shop` by the inherited sockets `mesh`, a low TCP port, and `local`, a Unix socket.
        private func hostWithInheritedSockets() throws -> Host {
            let host = try Host()
            try host.configure(
                listeners: ["id: vpce-mesh, inherit: mesh", "id: vpce-local, inherit: local"], routes: Self.proxied)
            try host.extend(
                "[Socket]", "ListenStream=", "ListenStream=127.0.0.1:80", "FreeBind=yes", "NoDelay=yes",
                unit: "postern@mesh.socket")
            try host.openSockets("mesh", "local")
            return host
        }

        private let low = SocketPlace.tcp("127.0.0.1", 80)

        @Test("Sockets that systemd opened are served, a low port without any capability and a Unix socket")
        func inherited() throws {
            let host = try hostWithInheritedSockets()
            let backEnd = try host.backEnd(port: 9000)
            #expect(try host.get("/dev/x?by=tcp", at: low).text == "back end /x?by=tcp")
            #expect(
                try host.get("/dev/x?by=unix", at: host.unix("/run/postern/local.sock")).text == "back end /x?by=unix")
            #expect(backEnd.requests.count == 2)
        }

        @Test("A restart refuses no connection to inherited sockets")
        func restart() throws {
            let host = try hostWithInheritedSockets()
            let backEnd = try host.backEnd(port: 9000)
            try expectNoFailure(host, [low, host.unix("/run/postern/local.sock")]) { callers in
                for _ in 0..<2 {
                    let before = try host.mainPID
                    try host.container.must("systemctl", "restart", "postern.service")
                    #expect(try host.mainPID != before)
                    try callers.waitForMore()
                }
            }
            withExtendedLifetime(backEnd) {}
        }

        @Test("A restart refuses no connection to sockets that Postern opened itself")
        func heldRestart() throws {
            let host = try Host()
            try host.configure(
                listeners: [
                    "id: vpce-mesh, address: 127.0.0.1, port: 8080",
                    "id: vpce-local, unix: /run/postern/own.sock, mode: \"0666\"",
                ], routes: Self.proxied)
            let backEnd = try host.backEnd(port: 9000)
            try host.container.must("systemctl", "restart", "postern.service")
            try expectNoFailure(host, [.tcp("127.0.0.1", 8080), host.unix("/run/postern/own.sock")]) { callers in
                for _ in 0..<2 {
                    let before = try host.mainPID
                    try host.container.must("systemctl", "restart", "postern.service")
                    #expect(try host.mainPID != before)
                    try callers.waitForMore()
                }
            }
            // Stopped for good, they are gone.
            try host.container.must("systemctl", "stop", "postern.service")
            #expect(throws: SocketFailure.self) { try host.get("/dev/x", at: .tcp("127.0.0.1", 8080)) }
            withExtendedLifetime(backEnd) {}
        }

        @Test("`systemctl reload` serves what is new, and fails with what is broken while the old is served")
        func reload() throws {
            let host = try Host()
            let place = SocketPlace.tcp("127.0.0.1", 8080)
            let listeners = ["id: vpce-mesh, address: 127.0.0.1, port: 8080"]
            try host.configure(listeners: listeners, routes: ["GET /x": "{type: MOCK, body: one}"])
            try host.container.must("systemctl", "reload", "postern.service")
            #expect(try host.get("/dev/x", at: place).text == "one")

            try host.configure(listeners: listeners, routes: ["GET /x": "{type: MOCK, body: two}"])
            try host.container.must("systemctl", "reload", "postern.service")
            #expect(try host.get("/dev/x", at: place).text == "two")

            try host.configure(listeners: listeners, routes: ["GET /x": "{type: MOCKED}"])
            #expect(try host.container.run("systemctl", "reload", "postern.service").status != 0)
            #expect(host.isActive)
            #expect(try host.get("/dev/x", at: place).text == "two")
            try eventually("the journal names the mistake") {
                host.container.journal.contains("/etc/postern/apis.d/shop.yaml:5:")
            }
        }

        @Test("Only members of the admin socket's group may ask it")
        func adminGroup() throws {
            let host = try Host()
            let ask = ["/usr/bin/postern", "status"]
            #expect(
                try host.container.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] + ask).status
                    == 69)
            #expect(
                try host.container.run(
                    ["setpriv", "--reuid=nobody", "--regid=nogroup", "--groups=postern-admin"] + ask
                ).status == 0)
        }

        @Test("A key that only root may read comes as a credential")
        func credential() throws {
            let host = try Host()
            let estate = try Estate()
            try host.container.write(estate.directory.read("tls/mesh.pem"), to: "/etc/postern/mesh.pem")
            try host.container.write(estate.directory.read("tls/servers.pem"), to: "/root/servers.pem")
            try host.container.write(estate.directory.read("tls/mesh.key"), to: "/root/mesh.key", mode: 0o400)
            try host.extend("[Service]", "LoadCredential=mesh.key:/root/mesh.key")
            try host.configure(
                listeners: [
                    "id: vpce-mesh, address: 127.0.0.1, port: 8443, tls: {clientCertificate: {mode: \"off\"}, "
                        + "certificates: [{certificate: mesh.pem, key: \"credential:mesh.key\"}]}"
                ], routes: ["GET /x": "{type: MOCK, body: m}"])
            try host.container.must("systemctl", "restart", "postern.service")
            #expect(
                try host.container.must(
                    "curl", "--silent", "--cacert", "/root/servers.pem", "--resolve", "mesh.internal:8443:127.0.0.1",
                    "https://mesh.internal:8443/dev/x") == "m")
            // The check of a reload finds the credential as well.
            try host.container.must("systemctl", "reload", "postern.service")
        }

        @Test("The journal finds requests by what was decided about them")
        func journal() throws {
            let host = try Host()
            try host.configure(
                listeners: ["id: vpce-mesh, address: 127.0.0.1, port: 8080"], process: ["accessLog: {path: journal}"],
                routes: ["GET /x": "{type: MOCK, body: m}"])
            let closed = Policies.policy(
                Policies.statement("Allow"), Policies.statement("Deny", sid: "NoY", resource: "execute-api:/*/GET/y"))
            try host.container.write(
                API("shop", policy: closed, ["GET /x": "{type: MOCK, body: m}", "GET /y": "{type: MOCK}"]).text,
                to: "/etc/postern/apis.d/shop.yaml")
            try host.container.must("systemctl", "restart", "postern.service")
            #expect(try host.get("/dev/x", at: .tcp("127.0.0.1", 8080)).status == 200)
            #expect(try host.get("/dev/y", at: .tcp("127.0.0.1", 8080)).status == 403)
            let find = ["journalctl", "--unit=postern.service", "--output=json", "--no-pager"]
            try eventually("the journal has the refusal") {
                try host.container.run(find + ["POSTERN_DECISION=deny"]).output.contains("NoY")
            }
            let allowed = try host.container.run(find + ["POSTERN_DECISION=allow"]).output
            #expect(allowed.contains("/dev/x") && !allowed.contains("/dev/y"))
        }
    }
}

/// Has callers in the host's network ask `/dev/x` all the time while `body` runs; none of them may fail.
func expectNoFailure(
    _ host: Host, _ places: [SocketPlace], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (SteadyCallers) throws -> Void
) throws {
    let callers = try host.container.inNetwork { SteadyCallers(to: places) }
    defer { callers.end() }
    try callers.waitForMore()
    try body(callers)
    let failed = try callers.endAndWait()
    #expect(failed == [], "\(host.container.journal)", sourceLocation: sourceLocation)
}
