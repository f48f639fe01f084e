import Foundation
import Testing

@Suite(
    "An nginx that demands a certificate of the gateway",
    .enabled(if: Nginx.isInstalled, "nginx is not installed (package nginx-light)"))
struct UpstreamNginxTests {
    private static let big = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    private static let locations = """
        location = /who {
          return 200 "$ssl_client_s_dn $ssl_server_name $http_host $ssl_protocol";
        }
        location = /count { return 200 "$connection_requests"; }
        location = /session { keepalive_timeout 0; return 200 "$ssl_session_reused"; }
        location = /upload { add_header X-Length $http_content_length; return 204; }
        location /files/ { rewrite ^/files(/.*)$ $1 break; }
        location /chunked/ { rewrite ^/chunked(/.*)$ $1 break; ssi on; ssi_types *; }
        """

    private let authority: UpstreamAuthority
    private let place: SocketPlace
    private let nginx: Nginx
    private let server: UpstreamAuthority.Pair
    private let first: UpstreamAuthority.Pair
    private let second: UpstreamAuthority.Pair

    init() throws {
        authority = try UpstreamAuthority()
        place = .tcp("127.0.0.1", try FreePort.next())
        server = try authority.issue("server", ["DNS:orders.internal", "DNS:*.wild.internal"])
        first = try authority.issue("first")
        second = try authority.issue("second")
        let secured = Nginx.secured(at: place, server, clients: authority.trust)
        let socket = "listen unix:\(authority.directory.file("tls.sock")) ssl;"
        nginx = try Nginx("\(secured) \(socket) \(Self.locations)", files: ["big.bin": Self.big])
    }

    /// An integration that reaches nginx under a name.
    private func route(
        _ path: String, host: String = "orders.internal", tls: String = "", more: String = ""
    ) -> String {
        #"{uri: "https://\#(host)\#(path)", targets: ["\#(place)"], "#
            + "tls: {trust: [\(authority.trust)]\(tls.isEmpty ? "" : ", \(tls)")}\(more)}"
    }

    private var stages: String { "{dev: {clientCertificate: {\(first.yaml)}}, bare: {}}" }

    @Test("The integration's certificate is presented, else the stage's; without one nginx refuses in its own words")
    func presents() throws {
        let gateway = try Gateway(
            Configuration(["GET /own": route("/who", tls: second.yaml), "GET /who": route("/who")], stages: stages))
        #expect(try gateway.get("/dev/who").text == "CN=first orders.internal orders.internal TLSv1.3")
        #expect(try gateway.get("/dev/own").text == "CN=second orders.internal orders.internal TLSv1.3")
        #expect(try gateway.get("/bare/own").text == "CN=second orders.internal orders.internal TLSv1.3")
        let refused = try gateway.get("/bare/who")
        #expect(refused.status == 400)
        #expect(refused.text.contains("No required SSL certificate was sent"))
    }

    @Test("Names: from the URI, from `serverName`, by a wildcard, and over a Unix socket")
    func names() throws {
        let socket = authority.directory.file("tls.sock")
        let gateway = try Gateway(
            Configuration(
                [
                    "GET /wild": route("/who", host: "a.wild.internal"),
                    "GET /named": route("/who", host: "other.example", tls: "serverName: orders.internal"),
                    "GET /deep": route("/who", host: "a.b.wild.internal"),
                    "GET /socket": #"{uri: "https://unix:\#(socket):/who", "#
                        + "tls: {trust: [\(authority.trust)], serverName: orders.internal}}",
                ], stages: stages))
        #expect(try gateway.get("/dev/wild").text == "CN=first a.wild.internal a.wild.internal TLSv1.3")
        #expect(try gateway.get("/dev/named").text == "CN=first orders.internal other.example TLSv1.3")
        let deep = try gateway.get("/dev/deep")
        #expect(deep.status == 500)
        #expect(
            try gateway.record(of: deep)["errorReason"]
                == "tls: certificate_refused: the certificate is not for `a.b.wild.internal`, "
                + "but for `orders.internal`, `*.wild.internal`")
        #expect(try gateway.get("/dev/socket").text.hasPrefix("CN=first orders.internal "))
    }

    @Test("Requests share a connection, and new connections resume the session", arguments: ["TLSv1.2", "TLSv1.3"])
    func sessions(version: String) throws {
        let place = SocketPlace.tcp("127.0.0.1", try FreePort.next())
        let other = try Nginx(
            Nginx.secured(at: place, server, clients: authority.trust, protocols: version)
                + "ssl_session_cache shared:sessions:1m;" + Self.locations)
        let route = { (path: String) in
            #"{uri: "https://orders.internal\#(path)", targets: ["\#(place)"], tls: {trust: [\#(authority.trust)]}}"#
        }
        let gateway = try Gateway(
            Configuration(
                ["GET /count": route("/count"), "GET /session": route("/session"), "GET /who": route("/who")],
                stages: stages))
        gateway.company = [other]
        #expect(try gateway.get("/dev/who").text.hasSuffix(version))
        for number in 2...20 { #expect(try gateway.get("/dev/count").text == "\(number)") }
        // Each of these ends its connection; the first comes by the one that is there.
        #expect(try gateway.get("/dev/session").text == ".")
        for _ in 0..<5 { #expect(try gateway.get("/dev/session").text == "r") }
        let metrics = try gateway.admin("/metrics").text
        #expect(metrics.contains("\npostern_upstream_tls_handshakes_total{result=\"full\"} 1\n"))
        #expect(metrics.contains("\npostern_upstream_tls_handshakes_total{result=\"resumed\"} 5\n"))
    }

    @Test("A megabyte comes whole, with a length and chunked, and goes whole", arguments: ["1.2", "1.3"])
    func bodies(version: String) throws {
        let gateway = try Gateway(
            Configuration(
                ["ANY /{path+}": route("/{path}", tls: "minimumVersion: \"\(version)\"")], stages: stages))
        for location in ["files", "chunked"] {
            let response = try gateway.get("/dev/\(location)/big.bin")
            #expect(response.status == 200)
            #expect(response.body == Self.big)
        }
        let sent = try gateway.call("PUT", "/dev/upload", body: String(repeating: "x", count: 500_000))
        #expect(sent.status == 204)
        #expect(sent["X-Length"] == "500000")
    }

    @Test("An upstream below `minimumVersion` is not spoken to")
    func minimumVersion() throws {
        let place = SocketPlace.tcp("127.0.0.1", try FreePort.next())
        let old = try Nginx(Nginx.secured(at: place, server, protocols: "TLSv1.2") + Self.locations)
        let route = #"{uri: "https://orders.internal/count", targets: ["\#(place)"], "#
        let gateway = try Gateway([
            "GET /old": route + "tls: {trust: [\(authority.trust)]}}",
            "GET /new": route + #"tls: {trust: [\#(authority.trust)], minimumVersion: "1.3"}}"#,
        ])
        gateway.company = [old]
        #expect(try gateway.get("/dev/old").status == 200)
        let refused = try gateway.get("/dev/new")
        #expect(refused.status == 500)
        #expect(try gateway.record(of: refused)["errorReason"]?.contains("alert protocol version") == true)
    }
}
