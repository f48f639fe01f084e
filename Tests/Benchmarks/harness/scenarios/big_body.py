"""Bodies far larger than the memory a gateway may use, with a peer that stops reading now and then."""

import socket
import threading
import time

from .. import bars, memory_limit, report, usage
from ..bench import Result
from ..stream import Pattern, StreamError, StreamServer, read_body, read_head, write_body

LIMIT = 64 * 1_048_576
SAMPLE_SECONDS = 0.05


class PeakSampler(threading.Thread):
    """Watches VmRSS while a body passes."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.ending, self.highest = pid, threading.Event(), 0

    def run(self):
        while not self.ending.wait(SAMPLE_SECONDS):
            self.highest = max(self.highest, usage.memory(self.pid)[0])


def _download(port, size, chunked, pattern):
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        framing = "chunked" if chunked else "length"
        connection.sendall(f"GET /dev/source-{framing} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head, rest = read_head(connection)
        if not head.startswith("HTTP/1.1 200"):
            raise StreamError(f"answer `{head.splitlines()[0]}`")
        received = read_body(connection, head, rest, pattern, pauses_for=size)
        if received != size:
            raise StreamError(f"{received} of {size} bytes arrived")


def _upload(port, size, chunked, pattern):
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        connection.sendall(f"POST /dev/sink HTTP/1.1\r\nHost: 127.0.0.1\r\n{framing}\r\n\r\n".encode())
        write_body(connection, size, chunked, pattern)
        head, rest = read_head(connection)
        length = int(next(line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length:")))
        while len(rest) < length:
            part = connection.recv(65536)
            if not part:
                raise StreamError("the connection ended inside the answer")
            rest += part
        if not head.startswith("HTTP/1.1 200") or rest != str(size).encode():
            raise StreamError(f"answer `{head.splitlines()[0]}` `{rest[:80].decode('latin-1')}`")


def run(bench):
    bench.require_postern()
    size, pattern = bench.options.body_size, Pattern()
    server = StreamServer(size, pattern)
    limit = memory_limit.apply(LIMIT)
    bench.say(f"  memory limit: {limit.description}")
    upstream = f"http://127.0.0.1:{server.port}"
    extra = tuple((f"GET /source-{framing}", f"{upstream}/source-{framing}") for framing in ("length", "chunked"))
    extra += (("POST /sink", f"{upstream}/sink"),)
    rows, data, failures, gateway = [], {}, 0, None
    try:
        gateway = bench.launch("postern", extra=extra, prepare=limit.enter, prefix=limit.prefix)
        for name, transfer, chunked in [
            ("download, Content-Length", _download, False), ("download, chunked", _download, True),
            ("upload, Content-Length", _upload, False), ("upload, chunked", _upload, True),
        ]:
            sampler = PeakSampler(gateway.pid)
            sampler.start()
            before, start = usage.CPUReading.of(gateway.pid), time.monotonic()
            problem = None
            try:
                transfer(gateway.port, size, chunked, pattern)
            except (OSError, StreamError, StopIteration, ValueError) as error:
                problem = f"{type(error).__name__}: {error}"
                failures += 1
            seconds = time.monotonic() - start
            cpu, _, _ = usage.CPUReading.of(gateway.pid).since(before)
            sampler.ending.set()
            sampler.join()
            rows.append([name, f"{seconds:.1f}", f"{cpu / size:.3f}", f"{sampler.highest / report.MIB:.1f}", problem or "whole"])
            data[name] = {"seconds": seconds, "ns_per_byte": cpu / size, "highest": sampler.highest, "problem": problem}
            bench.say(f"  {name}: {problem or 'whole'} after {seconds:.1f} s")
        peak = usage.memory(gateway.pid)[1]
        alive = gateway.process.poll() is None
    finally:
        if gateway:
            gateway.stop()
        limit.remove()
        server.close()
    data.update(size=size, peak=peak, limit=limit.description)
    return Result(
        report.table(["", "seconds", "CPU ns/byte", "highest RSS MiB", "body"], rows), data,
        [bars.Verdict("every body arrives whole", f"{failures} failed", failures == 0),
         bars.Verdict("peak resident memory below 64 MiB", f"{peak / report.MIB:.1f} MiB" if alive else "the gateway ended",
                      alive and peak <= LIMIT)])


SCENARIOS = {"big-body": ("--body-size through Postern within 64 MiB, both ways, with a slow receiver", run)}
