"""The parts of the soak: the gateway with its upgrades, the callers who must not notice, the back ends that come and go."""

import json
import os
import pathlib
import socket
import subprocess
import threading
import time

from . import template, usage
from .backend import SMALL
from .peers import TEMPLATES, PeerError
from .processes import free_port
from .stream import StreamError, read_body, read_head
from .wire import StrictClient, WireError

STREAM_BYTES = 8 << 20
UPSTREAM_DOWN_SECONDS = 2
UPSTREAM_UP_SECONDS = 3


class SoakGateway:
    """Postern, and whichever process serves in its name since the last upgrade."""

    def __init__(self, program, children, cores, backends, steady, stream, authority):
        self.program, self.children, self.authority = program, children, authority
        self.backends, self.steady, self.stream = backends, steady, stream
        self.port, self.secured, self.visitor = free_port(), free_port(), free_port()
        self.directory = f"{children.directory}/soak"
        self.generation = 0
        os.makedirs(f"{self.directory}/apis.d")
        self._write("apis.d/policy.json", "soak-policy.json")
        self._write_changing()
        allow = ["--allow-root"] if os.getuid() == 0 else []
        with open(f"{self.directory}/output", "ab") as output:
            self.process = children.start(
                [program, "serve", "--config", self.directory, *allow], cores, stdout=output, stderr=output)
        self._wait()

    def reload(self):
        """Changes a route, lets a listener come or go, and waits for the outcome; raises `PeerError` when it failed."""
        self.generation += 1
        self._write_changing()
        self._order("reload")

    def upgrade(self):
        self._order("upgrade")

    def status(self):
        return json.loads(self._order("status", "--json"))

    def pid(self):
        return self.status()["processID"]

    def _order(self, *words):
        result = subprocess.run(
            [self.program, *words, "--admin", f"{self.directory}/admin.sock"], capture_output=True, text=True, timeout=90)
        if result.returncode:
            raise PeerError(f"`{words[0]}` ended with {result.returncode}: {(result.stdout + result.stderr).strip()[-300:]}")
        return result.stdout

    def _write_changing(self):
        self._write("postern.yaml", "soak.yaml")
        self._write("apis.d/soak.yaml", "soak-api.yaml")

    def _write(self, file, source):
        values = {
            "PORT": self.port, "SECURED": self.secured, "VISITOR": self.visitor, "DIRECTORY": self.directory,
            "TARGETS": ", ".join(f'"127.0.0.1:{one.port}"' for one in self.backends), "STEADY": self.steady.port,
            "STREAM": self.stream.port, "GENERATION": self.generation,
            **self.authority.values()}
        text = template.fill((TEMPLATES / source).read_text(), values, {"visitor": [{}] if self.generation % 2 else []})
        pathlib.Path(f"{self.directory}/next").write_text(text)
        os.replace(f"{self.directory}/next", f"{self.directory}/{file}")

    def _wait(self):
        for _ in range(200):
            if self.process.poll() is not None:
                break
            try:
                if self.status()["ready"]:
                    return
            except PeerError:
                time.sleep(0.05)
        raise PeerError("Postern did not start: " + pathlib.Path(f"{self.directory}/output").read_text(errors="replace")[-2000:])


class Caller(threading.Thread):
    """Sends one request after another, as one kind of client does, and tells every one that failed."""

    def __init__(self, name, call, pause):
        super().__init__(daemon=True, name=name)
        self.call, self.pause = call, pause
        self.served, self.failures = 0, []
        self.ending = threading.Event()

    def run(self):
        while not self.ending.wait(self.pause):
            start = time.strftime("%H:%M:%S")
            try:
                self.call()
                self.served += 1
            except (WireError, StreamError, OSError) as error:
                self.failures.append(f"{start} {self.name}: {error}")


def callers(gateway, backend, pattern):
    """Every kind of client that the soak has."""
    def small(port=gateway.port, new=False, **options):
        client = StrictClient(port, may_close=True, **options)

        def call():
            _expect(client.get("/dev/small"), SMALL.encode())
            if new:
                client.close()
        return call

    def large():
        client = StrictClient(gateway.port, may_close=True)
        return lambda: _expect(client.get("/dev/large"), backend.large)

    def upload():
        client = StrictClient(gateway.port, may_close=True)
        head = f"POST /dev/upload HTTP/1.1\r\nHost: soak\r\nContent-Length: {len(backend.large)}\r\n\r\n".encode()
        return lambda: _expect(client.exchange(head + backend.large), SMALL.encode())

    def stream():
        with socket.create_connection(("127.0.0.1", gateway.port), 60) as connection:
            connection.sendall(b"GET /dev/stream HTTP/1.1\r\nHost: soak\r\n\r\n")
            head, rest = read_head(connection)
            if " 200 " not in head.split("\r\n")[0]:
                raise StreamError(head.split("\r\n")[0])
            if read_body(connection, head, rest, pattern, pauses_for=STREAM_BYTES) != STREAM_BYTES:
                raise StreamError("another length than was sent")

    secured = {"port": gateway.secured, "tls": gateway.authority.client()}
    place = f"{gateway.directory}/soak.sock"
    kinds = [
        ("kept connection", small(), 0.002), ("kept, rarely used", small(), 0.9), ("new connections", small(new=True), 0.005),
        ("kept, mutual TLS", small(**secured), 0.005), ("new, mutual TLS", small(new=True, **secured), 0.02),
        ("kept, Unix socket", small(path=place), 0.005), ("new, Unix socket", small(new=True, path=place), 0.01),
        ("1 MiB down", large(), 0.05), ("1 MiB up", upload(), 0.05), ("slow 8 MiB", stream, 0.1)]
    return [Caller(*kind) for kind in kinds]


def _expect(answer, body):
    status, got = answer
    if status != 200 or got != body:
        raise WireError(f"status {status}, {len(got)} bytes: {got[:120].decode('latin-1')}")


class Rotation(threading.Thread):
    """Stops one back end after another, each for a while, as deployments and failing machines do."""

    def __init__(self, backends):
        super().__init__(daemon=True, name="rotation")
        self.backends, self.stops, self.ending = backends, 0, threading.Event()

    def run(self):
        while not self.ending.wait(UPSTREAM_UP_SECONDS):
            backend = self.backends[self.stops % len(self.backends)]
            backend.quit()
            self.stops += 1
            self.ending.wait(UPSTREAM_DOWN_SECONDS)
            backend.start()


class Held:
    """What a process holds at one moment."""

    def __init__(self, pid):
        self.pid = pid
        self.resident, _ = usage.memory(pid)
        self.descriptors = len(os.listdir(f"/proc/{pid}/fd"))
