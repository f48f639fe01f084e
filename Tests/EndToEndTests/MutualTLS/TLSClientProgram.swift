/// A real TLS client, Python's `ssl` over the system's OpenSSL, behind a Unix socket: a connection begins with one line of JSON
/// that says how to shake hands, is answered with one that says how that went, and carries plaintext from then on.
enum TLSClientProgram {
    static let text = #"""
        import json, socket, ssl, sys, threading

        sessions = {}

        def context(wish):
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            made.check_hostname = False
            made.load_verify_locations(wish["trust"])
            versions = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
            if wish.get("weak"):
                made.set_ciphers("ALL:@SECLEVEL=0")
            if wish.get("version"):
                made.minimum_version = made.maximum_version = versions[wish["version"]]
            if wish.get("certificate"):
                made.load_cert_chain(wish["certificate"], wish["key"])
            if wish.get("protocols"):
                made.set_alpn_protocols(wish["protocols"])
            return made

        # Sessions belong to the context that they were made in.
        contexts = {}
        lock = threading.Lock()

        def context_for(wish):
            if not wish.get("session"):
                return context(wish)
            with lock:
                return contexts.setdefault(wish["session"], context(wish))

        class Flow:
            """TLS over a socket, in memory, so that records can be cut and counted."""
            def __init__(self, wish, plain):
                self.plain, self.piece = plain, wish.get("piece", 0)
                self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                self.tls = context_for(wish).wrap_bio(
                    self.incoming, self.outgoing, server_hostname=wish.get("name"),
                    session=sessions.get(wish.get("session")))
                self.lock = threading.Lock()

            def flush(self):
                data = self.outgoing.read()
                step = self.piece or len(data) or 1
                try:
                    for start in range(0, len(data), step):
                        self.plain.sendall(data[start:start + step])
                except OSError:
                    pass  # What the peer said before is still to be read.

            def step(self, call):
                """Runs one TLS operation to its end."""
                while True:
                    try:
                        with self.lock:
                            try:
                                return call()
                            finally:
                                self.flush()
                    except ssl.SSLWantReadError:
                        data = self.plain.recv(65536)
                        with self.lock:
                            if data: self.incoming.write(data)
                            else: self.incoming.write_eof()

            def write(self, data):
                with self.lock:
                    self.tls.write(data)
                    self.flush()

        def reason(error):
            if isinstance(error, ssl.SSLError):
                return error.reason or type(error).__name__
            return type(error).__name__

        def dial(wish):
            if wish.get("path"):
                plain = socket.socket(socket.AF_UNIX)
                plain.settimeout(60)
                plain.connect(wish["path"])
            else:
                source = (wish["source"], 0) if wish.get("source") else None
                plain = socket.create_connection((wish["host"], wish["port"]), 60, source)
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if wish.get("preface"):
                plain.sendall(wish["preface"].encode())
            return plain

        def answer(client, **values):
            client.sendall((json.dumps(values) + "\n").encode())

        def serve(client):
            plain = pump = None
            try:
                line = b""
                while not line.endswith(b"\n"):
                    byte = client.recv(1)
                    if not byte: return
                    line += byte
                wish = json.loads(line)
                plain = dial(wish)
                flow = Flow(wish, plain)
                flow.step(flow.tls.do_handshake)
                first = b""
                if wish.get("request"):
                    # In TLS 1.3 the server's verdict comes behind the client's handshake.
                    flow.write(wish["request"].encode())
                    first = flow.step(lambda: flow.tls.read(65536))
                if wish.get("session"):
                    sessions[wish["session"]] = flow.tls.session
                answer(
                    client, version=flow.tls.version(), cipher=flow.tls.cipher()[0], resumed=flow.tls.session_reused,
                    protocol=flow.tls.selected_alpn_protocol() or "", text=first.decode("latin-1"),
                    certificate=ssl.DER_cert_to_PEM_cert(flow.tls.getpeercert(True)), failure="")
                pump = threading.Thread(target=upward, args=(client, flow, plain), daemon=True)
                pump.start()
                try:
                    while data := flow.step(lambda: flow.tls.read(65536)):
                        client.sendall(data)
                except ssl.SSLError as error:
                    print("connection:", reason(error), flush=True)
            except (OSError, ssl.SSLError) as error:
                try: answer(client, failure=reason(error))
                except OSError: pass
            finally:
                ends = [one for one in (client, plain) if one]
                for one in ends:
                    try: one.shutdown(socket.SHUT_RDWR)
                    except OSError: pass
                # A descriptor that is still being read would be another connection's when it is used again.
                if pump: pump.join()
                for one in ends: one.close()

        def upward(client, flow, plain):
            try:
                while data := client.recv(65536):
                    flow.write(data)
            except (OSError, ssl.SSLError):
                pass
            try: plain.shutdown(socket.SHUT_RDWR)
            except OSError: pass

        listener = socket.socket(socket.AF_UNIX)
        listener.bind(sys.argv[1])
        listener.listen(128)
        while True:
            accepted, _ = listener.accept()
            threading.Thread(target=serve, args=(accepted,), daemon=True).start()
        """#
}
