"""Both ends of a body too large to keep: a byte pattern that tells where it is, a server, and a receiver that pauses."""

import os
import socket
import threading
import time

CHUNK = 65_536
PAUSE_SECONDS = 2
PAUSES_AT = (0.25, 0.5, 0.75)


class StreamError(Exception):
    """A body that is not what was sent."""


class Pattern:
    """A body of any length whose bytes follow from their offset: one random MiB, less a few bytes, over and over.

    The odd period keeps a lost or doubled buffer, whose size is a power of two, from going unseen.
    """

    period = 1_048_573

    def __init__(self):
        block = os.urandom(self.period)
        self.data = memoryview(block + block[:CHUNK] + block[:4 * CHUNK])

    def at(self, offset, count):
        """`count` ≤ 64 KiB bytes of the body from `offset` on."""
        start = offset % self.period
        return self.data[start : start + count]


def read_head(connection):
    """`(head, bytes that came after it)`."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            raise StreamError("the connection ended inside a head")
        data += part
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1"), rest


def write_body(connection, size, chunked, pattern):
    """Sends the pattern in pieces of 64 KiB."""
    sent = 0
    while sent < size:
        piece = pattern.at(sent, min(CHUNK, size - sent))
        if chunked:
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        else:
            connection.sendall(piece)
        sent += len(piece)
    if chunked:
        connection.sendall(b"0\r\n\r\n")


def read_body(connection, head, rest, pattern, pauses_for=0):
    """Reads and verifies a body by its framing, stopping to read now and then; returns its length."""
    fields = {line.split(":")[0].lower(): line.split(":", 1)[1].strip() for line in head.split("\r\n")[1:]}
    source = _Source(connection, rest)
    pauses = [int(pauses_for * part) for part in PAUSES_AT] if pauses_for else []
    offset = 0

    def take(count):
        nonlocal offset
        while count:
            piece = source.some(min(count, CHUNK))
            if piece != pattern.at(offset, len(piece)):
                raise StreamError(f"other bytes than were sent near offset {offset}")
            offset += len(piece)
            count -= len(piece)
            if pauses and offset >= pauses[0]:
                pauses.pop(0)
                time.sleep(PAUSE_SECONDS)

    if fields.get("transfer-encoding", "").lower() == "chunked":
        while True:
            length = int(source.line().split(b";")[0], 16)
            take(length)
            if length == 0:
                while source.line():
                    pass
                return offset
            if source.line():
                raise StreamError("a chunk is longer than its size")
    take(int(fields.get("content-length", "0")))
    return offset


class _Source:
    """A connection read by lines and by pieces."""

    def __init__(self, connection, rest):
        self.connection, self.buffer, self.position = connection, memoryview(rest), 0

    def some(self, limit):
        if self.position == len(self.buffer):
            self._fill()
        piece = self.buffer[self.position : self.position + limit]
        self.position += len(piece)
        return piece

    def line(self):
        line = bytearray()
        while not line.endswith(b"\r\n"):
            line += self.some(1)
        return bytes(line[:-2])

    def _fill(self):
        data = self.connection.recv(262_144)
        if not data:
            raise StreamError("the connection ended inside a body")
        self.buffer, self.position = memoryview(data), 0


class StreamServer:
    """The upstream: `/source-length` and `/source-chunked` send the pattern, `/sink` reads it and answers its length."""

    def __init__(self, size, pattern):
        self.size, self.pattern = size, pattern
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                while True:
                    head, rest = read_head(connection)
                    self._answer(connection, head, rest)
            except (OSError, StreamError, ValueError):
                return

    def _answer(self, connection, head, rest):
        path = head.split(" ")[1]
        if path == "/sink":
            try:
                result = str(read_body(connection, head, rest, self.pattern, pauses_for=self.size))
            except StreamError as error:
                result = str(error)
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(result)}\r\n\r\n{result}".encode())
            return
        chunked = path == "/source-chunked"
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {self.size}"
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n{framing}\r\n\r\n".encode())
        write_body(connection, self.size, chunked, self.pattern)
