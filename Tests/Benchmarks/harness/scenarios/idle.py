"""What a connection costs that does nothing: memory in the gateway, and CPU to keep it."""

import resource
import socket
import statistics
import struct
import time

from .. import report, usage
from ..bench import Result, Skipped
from ..load import Load, LoadError
from ..peers import PeerError

ROUNDS = 3


class Holder:
    """Connections that stay open. Closing resets them, so that no TIME_WAIT is left for the next gateway."""

    def __init__(self, port, count, tls=None):
        """`tls` is an `ssl.SSLContext`, or nothing for connections in the clear."""
        self.request = f"GET /dev/small HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        self.sockets = []
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), 10)
            self.sockets.append(tls.wrap_socket(connection, server_hostname="localhost") if tls else connection)

    def request_each(self):
        """One request on each connection, one after the other; returns how many were answered."""
        answered = 0
        for connection in self.sockets:
            try:
                connection.sendall(self.request)
                data = b""
                while len(data.partition(b"\r\n\r\n")[2]) < 128:
                    part = connection.recv(65536)
                    if not part:
                        break
                    data += part
                answered += data.startswith(b"HTTP/1.1 200")
            except OSError:
                pass
        return answered

    def close(self):
        for connection in self.sockets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()


def _measure(bench, name, count, authority):
    gateway = bench.launch(name, authority=authority)
    holder = None
    try:
        bench.generator.run(Load(authority=authority), gateway.port, 1)
        time.sleep(0.5)
        start, _ = usage.memory(gateway.pid)
        holder = Holder(gateway.port, count, authority.client() if authority else None)
        time.sleep(0.5)
        opened, _ = usage.memory(gateway.pid)
        answered = holder.request_each()
        time.sleep(0.5)
        used, _ = usage.memory(gateway.pid)
        before = usage.CPUReading.of(gateway.pid)
        time.sleep(bench.options.seconds)
        cpu, _, _ = usage.CPUReading.of(gateway.pid).since(before)
        return {
            "start": start, "opened": (opened - start) / count, "used": (used - start) / count, "resident": used,
            "cpu_ms_per_second": cpu / 1e6 / bench.options.seconds, "failed": count - answered}
    finally:
        if holder:
            holder.close()
        gateway.stop()


def compare(bench, authority=None):
    """`(table, summary)`. With an `Authority`, the connections are TLS with client certificates."""
    count = bench.options.idle_connections
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + 200:
        raise Skipped(f"{count} connections need more descriptors than the limit of {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    rounds = {name: [] for name in bench.peers()}
    for number in range(1, min(ROUNDS, bench.options.rounds) + 1):
        for name in list(rounds):
            try:
                taken = _measure(bench, name, count, authority)
            except (OSError, LoadError, PeerError) as error:
                bench.leave_out(name, error)
                del rounds[name]
                continue
            rounds[name].append(taken)
            bench.say(f"  round {number} {name:<9} {taken['used']:8.0f} bytes a connection")
    summary = {
        name: {key: statistics.median(one[key] for one in taken) for key in taken[0]} for name, taken in rounds.items()}
    text = report.table(
        ["", "bytes each, opened", "bytes each, after a request", "RSS before MiB", "RSS MiB", "idle CPU ms/s", "failed"],
        [[name, f"{one['opened']:.0f}", f"{one['used']:.0f}", f"{one['start'] / report.MIB:.1f}",
          f"{one['resident'] / report.MIB:.1f}", f"{one['cpu_ms_per_second']:.2f}", one["failed"]]
         for name, one in summary.items()])
    return text, summary


def run(bench):
    return Result(*compare(bench))


SCENARIOS = {"idle": ("memory of 5,000 idle connections", run)}
