"""A strict HTTP/1.1 client on one keep-alive connection: what it does not expect is an error, never a retry."""

import socket


class WireError(Exception):
    """A response, or the end of a connection, that a client must count as a failed request."""


class StrictClient:
    """Sends one request at a time and reads exactly one response. Not for several threads."""

    def __init__(self, port, timeout=10, tls=None, path=None, may_close=False):
        """`tls` is an `ssl.SSLContext`, or nothing for a connection in the clear; `path` is that of a Unix socket, used in the
        port's place. With `may_close` a response may end the connection by saying so; the next request opens another."""
        self.port, self.timeout, self.tls, self.path, self.may_close = port, timeout, tls, path, may_close
        self.socket, self.buffer = None, b""

    def get(self, path):
        """`(status, body)` of a response with Content-Length; `WireError` for anything less than a whole answer."""
        return self.exchange(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())

    def exchange(self, request):
        if self.socket is None:
            self.connect()
        try:
            self.socket.sendall(request)
            head = self._until(b"\r\n\r\n").decode("latin-1")
            status_line, *lines = head[:-4].split("\r\n")
            version, status, *_ = status_line.split(" ")
            fields = {}
            for line in lines:
                name, colon, value = line.partition(":")
                if not colon or name != name.strip() or name.lower() in ("content-length",) and name.lower() in fields:
                    raise WireError(f"field line `{line}`")
                fields[name.lower()] = value.strip()
            if version != "HTTP/1.1" or not status.isdigit():
                raise WireError(f"status line `{status_line}`")
            if "transfer-encoding" in fields or not fields.get("content-length", "").isdigit():
                raise WireError("expected a response with Content-Length")
            body = self._exactly(int(fields["content-length"]))
        except OSError as error:
            self.close()
            raise WireError(f"connection: {error}") from error
        except WireError:
            self.close()
            raise
        if self.buffer:
            self.close()
            raise WireError("bytes after the end of the response")
        if fields.get("connection", "").lower() == "close":
            self.close()
            if not self.may_close:
                raise WireError("the gateway closes a live connection")
        return int(status), body

    def connect(self):
        """Opens the connection before the first request, or does nothing if it is open."""
        if self.socket is None:
            try:
                if self.path:
                    self.socket = socket.socket(socket.AF_UNIX)
                    self.socket.settimeout(self.timeout)
                    self.socket.connect(self.path)
                else:
                    self.socket = socket.create_connection(("127.0.0.1", self.port), self.timeout)
                    self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.tls:
                    self.socket = self.tls.wrap_socket(self.socket, server_hostname="localhost")
            except OSError as error:
                self.socket = None
                raise WireError(f"connect: {error}") from error

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket, self.buffer = None, b""

    def _until(self, mark):
        while mark not in self.buffer:
            self._more()
        head, self.buffer = self.buffer[: self.buffer.index(mark) + len(mark)], self.buffer[self.buffer.index(mark) + len(mark):]
        return head

    def _exactly(self, count):
        parts = [self.buffer]
        have = len(self.buffer)
        self.buffer = b""
        while have < count:
            self._more()
            parts.append(self.buffer)
            have += len(self.buffer)
            self.buffer = b""
        data = b"".join(parts)
        self.buffer = data[count:]
        return data[:count]

    def _more(self):
        data = self.socket.recv(262144)
        if not data:
            raise WireError("the connection ended before the response did")
        self.buffer += data
