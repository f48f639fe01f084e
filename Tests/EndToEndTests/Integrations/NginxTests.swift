import Testing

@Suite(
    "A real nginx behind the gateway", .enabled(if: Nginx.isInstalled, "nginx is not installed (package nginx-light)"))
struct NginxTests {
    private static let big = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    private let nginx: Nginx
    private let gateway: Gateway

    init() throws {
        nginx = try Nginx(
            """
            location /files/ { rewrite ^/files(/.*)$ $1 break; }
            location /chunked/ { rewrite ^/chunked(/.*)$ $1 break; ssi on; ssi_types *; }
            location = /who {
              return 200 "$request_method $request_uri $http_host $http_x_forwarded_for $connection_requests";
            }
            location = /count { add_header X-Length $http_content_length; return 204; }
            location = /moved { return 302 /elsewhere; }
            """,
            files: ["big.bin": Self.big, "small.txt": Array("small".utf8)])
        gateway = try Gateway([
            "ANY /{path+}": "\(nginx.uri)/{path}",
            "ANY /local/{path+}": "\"http://unix:\(nginx.socketPath):/{path}\"",
        ])
    }

    @Test("It sees method, target, host and caller, over TCP and a Unix socket")
    func request() throws {
        #expect(try gateway.get("/dev/who?a=b").text.hasPrefix("GET /who?a=b \(nginx.place) 127.0.0.1 "))
        #expect(try gateway.get("/dev/local/who").text.hasPrefix("GET /who "))
    }

    @Test("A megabyte comes whole, with a length and chunked", arguments: ["files", "chunked"])
    func download(location: String) throws {
        let response = try gateway.get("/dev/\(location)/big.bin")
        #expect(response.status == 200)
        #expect(response.framing == (location == "files" ? .length(Self.big.count) : .chunked))
        #expect(response.body == Self.big)
    }

    @Test("Ranges, conditions, HEAD and redirects are nginx's to answer")
    func conditions() throws {
        let wire = try gateway.connect()
        let range = try wire.exchange("GET", "/dev/files/small.txt", ["Range: bytes=1-3"])
        #expect(range.status == 206)
        #expect(range.text == "mal")
        let tag = try #require(range["ETag"])
        #expect(try wire.exchange("GET", "/dev/files/small.txt", ["If-None-Match: \(tag)"]).status == 304)
        let head = try wire.exchange("HEAD", "/dev/files/big.bin")
        #expect(head["Content-Length"] == "\(Self.big.count)")
        let moved = try wire.exchange("GET", "/dev/moved")
        #expect(moved.status == 302)
        #expect(moved["Location"] != nil)
        #expect(moved["x-amzn-Remapped-Server"]?.hasPrefix("nginx") == true)
    }

    @Test("A hundred requests of as many callers share one connection to it")
    func keepsConnection() throws {
        for number in 1...100 {
            let text = try gateway.get("/dev/who").text
            #expect(text.hasSuffix(" \(number)"))
        }
    }

    @Test("An upload reaches it, and its early answer comes back")
    func upload() throws {
        let response = try gateway.call("PUT", "/dev/count", body: String(repeating: "x", count: 500_000))
        #expect(response.status == 204)
        #expect(response["X-Length"] == "500000")
    }
}
