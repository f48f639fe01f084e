import Foundation
import Testing

@Suite(
    "TLS on both sides under pressure",
    .enabled(if: Nginx.isInstalled && TLSFront.isInstalled, "nginx (nginx-light) or python3 is not installed"))
struct SecuredLoadTests {
    private static let big = (0..<600_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    @Test(
        "Pipelining, uploads with pauses, 100 Continue and aborts of either side: right answers, and nothing stays open"
    )
    func pressure() throws {
        let authority = try UpstreamAuthority()
        let server = try authority.issue("server", ["IP:127.0.0.1"])
        let client = try authority.issue("client")
        let place = SocketPlace.tcp("127.0.0.1", try FreePort.next())
        let nginx = try Nginx(
            Nginx.secured(at: place, server, clients: authority.trust)
                + "keepalive_requests 20; location = /x { return 200 hello; } "
                + "location = /up { proxy_pass http://unix:\(authority.directory.file("up.sock")):/; }",
            servers: [
                "server { listen unix:\(authority.directory.file("up.sock")); return 200 $http_content_length; }"
            ],
            files: ["big.bin": Self.big])
        let tiring = try BackEnd { connection in
            _ = try connection.readRequest()
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + String(repeating: "x", count: 90_000))
        }
        let front = try TLSFront(server, before: tiring, ending: .reset)
        let listener = try Listener(
            "vpce-mesh",
            options: "defaultApi: shop, tls: {certificates: [{\(server.yaml)}], handshakesPerSource: 0, "
                + "clientCertificate: {trust: [\(authority.trust)]}}")
        var configuration = try Configuration(listeners: [listener])
        configuration.loops = 2
        let route = { (place: SocketPlace) in
            "{uri: \"https://\(place)/{path}\", tls: {trust: [\(authority.trust)], \(client.yaml)}}"
        }
        configuration.add(API("shop", ["ANY /bad/{path+}": route(front.place), "ANY /{path+}": route(place)]))
        let gateway = try Gateway(configuration)
        gateway.company = [nginx, front]
        let before = gateway.openDescriptors

        try authority.directory.write(Self.program, to: "callers.py")
        try authority.directory.write(String(decoding: Data(Self.big).base64EncodedData(), as: UTF8.self), to: "big")
        let result = try Child.run([
            "python3", authority.directory.file("callers.py"), "\(gateway.place().port)", authority.trust,
            client.certificate, client.key, authority.directory.file("big"),
        ])
        #expect(result.output == "all right\n", "\(result)")
        try eventually("no request and no connection of a caller stays") {
            let metrics = try gateway.admin("/metrics").text
            return metrics.contains("\nhttp_server_active_requests 0\n")
                && metrics.contains("\npostern_connections_active{endpoint=\"vpce-mesh\"} 0\n")
                && metrics.contains("\nhttp_client_open_connections{http_connection_state=\"active\"} 0\n")
        }
        // Beyond what was open before, there are idle connections to nginx: never more than there were callers.
        try eventually("descriptors are given back") { gateway.openDescriptors <= before + 8 }
    }

    /// Eight callers, each with the same list of doings in an order of its own. Prints what went wrong.
    private static let program = """
        import base64, random, socket, ssl, struct, sys, threading, time

        port, trust, certificate, key, big = sys.argv[1:]
        big = base64.b64decode(open(big).read())
        wrong = []

        def context(version):
            made = ssl.create_default_context(cafile=trust)
            made.load_cert_chain(certificate, key)
            made.maximum_version = version
            return made

        contexts = [context(ssl.TLSVersion.TLSv1_2), context(ssl.TLSVersion.TLSv1_3)]

        def request(path, method="GET", fields=""):
            return f"{method} /dev/{path} HTTP/1.1\\r\\nHost: shop\\r\\n{fields}\\r\\n".encode()

        class Caller:
            def __init__(self, order):
                plain = socket.create_connection(("127.0.0.1", int(port)), timeout=60)
                self.wire = order.choice(contexts).wrap_socket(plain, server_hostname="127.0.0.1")
                self.order = order
                self.buffer = b""

            def until(self, isEnough):
                while not isEnough():
                    bytes = self.wire.recv(65536)
                    if not bytes:
                        raise EOFError
                    self.buffer += bytes

            def head(self):
                self.until(lambda: b"\\r\\n\\r\\n" in self.buffer)
                head, self.buffer = self.buffer.split(b"\\r\\n\\r\\n", 1)
                return head.decode().lower()

            def body(self):
                length = int(self.head().split("content-length: ")[1].split()[0])
                self.until(lambda: len(self.buffer) >= length)
                body, self.buffer = self.buffer[:length], self.buffer[length:]
                return body

            def expect(self, body):
                got = self.body()
                if got != body:
                    wrong.append(f"{got[:80]} is not {body[:80]}")

            def leave(self):
                if self.order.random() < 0.5:
                    self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.wire.close()

            def kept(self):
                for _ in range(25):
                    self.wire.sendall(request("x"))
                    self.expect(b"hello")

            def pipelined(self):
                self.wire.sendall(request("x") * 30 + request("big.bin") + request("x") * 5)
                for _ in range(30):
                    self.expect(b"hello")
                self.expect(big)
                for _ in range(5):
                    self.expect(b"hello")

            def pipelinedAndLeft(self):
                self.wire.sendall(request("x") * 30 + request("big.bin") * 3)
                self.expect(b"hello")

            def downloadLeft(self):
                self.wire.sendall(request("big.bin"))
                self.wire.recv(20000)

            def upload(self, share=1.0):
                self.wire.sendall(request("up", "PUT", "Content-Length: 300000\\r\\n"))
                for _ in range(int(10 * share)):
                    self.wire.sendall(b"x" * 30000)
                    time.sleep(0.005)
                if share == 1.0:
                    self.expect(b"300000")

            def uploadLeft(self):
                self.upload(0.5)

            def expected(self):
                self.wire.sendall(request("up", "PUT", "Expect: 100-continue\\r\\nContent-Length: 5\\r\\n"))
                if not self.head().startswith("http/1.1 100"):
                    wrong.append("no 100")
                self.wire.sendall(b"hello")
                self.expect(b"5")

            def broken(self):
                self.wire.sendall(request("bad/x"))
                try:
                    self.body()
                    wrong.append("a broken response looks whole")
                except (EOFError, OSError):
                    pass

        def hello(order):
            plain = socket.create_connection(("127.0.0.1", int(port)))
            plain.sendall(bytes([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3])[: order.randrange(1, 11)])
            plain.close()

        def call(seed):
            order = random.Random(seed)
            doings = ["kept", "pipelined", "pipelinedAndLeft", "downloadLeft", "upload", "uploadLeft", "expected", "broken"]
            for doing in order.sample(doings * 3, len(doings) * 3):
                try:
                    hello(order)
                    caller = Caller(order)
                    getattr(caller, doing)()
                    caller.leave()
                except Exception as error:
                    wrong.append(f"{doing}: {error!r}")

        threads = [threading.Thread(target=call, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(wrong[:10] if wrong else "all right")
        """
}
