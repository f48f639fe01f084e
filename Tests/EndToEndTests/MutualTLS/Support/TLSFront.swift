import Foundation

/// TLS in front of a back end's plain bytes, by Python's `ssl`, with a choice of how connections end.
final class TLSFront {
    /// What becomes of a connection that the back end has ended.
    enum Ending: String {
        /// close_notify, then the end.
        case notify
        /// The end without close_notify.
        case cut
        /// A reset.
        case reset
    }

    static let isInstalled = Machine.has("python3")

    let place: SocketPlace
    private let directory: TemporaryDirectory
    private let child: Child

    /// - Parameters:
    ///   - clients: whose certificates callers must have; nil asks for none.
    ///   - only: `TLSv1_2` or `TLSv1_3`; nil offers both.
    init(
        _ pair: UpstreamAuthority.Pair, before back: BackEnd, ending: Ending = .notify, clients: String? = nil,
        only version: String? = nil
    ) throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        place = .tcp("127.0.0.1", try FreePort.next())
        try directory.write(Self.program, to: "front.py")
        let arguments = [
            "python3", "-u", directory.file("front.py"), "\(place.port)", "\(back.place.port)", pair.certificate,
            pair.key, ending.rawValue, clients ?? "", version ?? "",
        ]
        child = try Child(arguments, output: (directory.file("out"), directory.file("err")))
        let child = self.child
        try eventually("the front listens") {
            if child.status != nil { throw SocketFailure("python ended: \(directory.read("err"))", 0) }
            return directory.read("out").hasPrefix("listening\n")
        }
    }

    /// One line for each handshake: `TLSv1.3 resumed=False name=… peer=…`, or why it failed.
    var handshakes: [String] { directory.read("out").split(separator: "\n").dropFirst().map(String.init) }

    private static let program = """
        import select, socket, ssl, struct, sys, threading

        port, back, certificate, key, ending, clients, version = sys.argv[1:]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
        if version:
            context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
        names = {}
        context.sni_callback = lambda connection, name, _: names.update({id(connection): name})

        def say(line):
            sys.stdout.write(line + "\\n")

        def relay(secured, inner):
            while True:
                ready = [secured] if secured.pending() else select.select([secured, inner], [], [])[0]
                if secured in ready:
                    data = secured.recv(65536)
                    if not data:
                        return
                    inner.sendall(data)
                if inner in ready:
                    data = inner.recv(65536)
                    if not data:
                        return end(secured)
                    secured.sendall(data)

        def end(secured):
            if ending == "notify":
                secured.settimeout(5)
                secured.unwrap()
            if ending == "reset":
                secured.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        def serve(outer):
            try:
                secured = context.wrap_socket(outer, server_side=True, suppress_ragged_eofs=True)
            except OSError as error:
                say("failed: %s" % error)
                outer.close()
                return
            peer = dict(pair for part in (secured.getpeercert() or {}).get("subject", ()) for pair in part)
            say("%s resumed=%s name=%s peer=%s" % (
                secured.version(), secured.session_reused, names.pop(id(secured), None), peer.get("commonName")))
            inner = socket.create_connection(("127.0.0.1", int(back)))
            try:
                relay(secured, inner)
            except OSError:
                pass
            inner.close()
            secured.close()

        listener = socket.create_server(("127.0.0.1", int(port)), backlog=512)
        say("listening")
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """
}
