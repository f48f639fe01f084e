"""SIGHUP again and again under load: every reload takes effect and no request notices."""

import statistics
import threading
import time

from .. import bars, report
from ..backend import SMALL
from ..bench import Result
from ..load import Load
from ..wire import StrictClient, WireError

EFFECT_WITHIN_SECONDS = 10
LARGE_EVERY = 50


class Watcher(threading.Thread):
    """Verifies every byte of every response on one connection that must outlive all reloads."""

    def __init__(self, port, large):
        super().__init__(daemon=True)
        self.client, self.large = StrictClient(port), large
        self.ending = threading.Event()
        self.served, self.failures = 0, []

    def run(self):
        while not self.ending.is_set():
            big = self.served % LARGE_EVERY == 0
            expected = self.large if big else SMALL.encode()
            try:
                status, body = self.client.get("/dev/large" if big else "/dev/small")
                if status != 200 or body != expected:
                    self.failures.append(f"status {status}, {len(body)} of {len(expected)} bytes as they should be")
            except WireError as error:
                self.failures.append(str(error))
            self.served += 1
        self.client.close()


def _generation(number):
    """A route that the reload changes, so that its effect can be seen from outside."""
    body = f"generation {number}"
    return (("GET /generation", f"{{type: MOCK, status: 200, headers: {{Content-Type: text/plain}}, body: '{body}'}}"),)


def _reload(gateway, client, number):
    """Publishes generation `number`; returns seconds from the signal until a request met it."""
    gateway.configure("apis.d/bench.yaml", _generation(number))
    start = time.monotonic()
    gateway.reload()
    seen = None
    while time.monotonic() < start + EFFECT_WITHIN_SECONDS:
        status, body = client.get("/dev/generation")
        seen = body.decode("latin-1")
        if status == 200 and seen == f"generation {number}":
            return time.monotonic() - start
        if status != 200 or seen != f"generation {number - 1}":
            break
    raise WireError(f"reload {number} shows `{seen}`")


def run(bench):
    bench.require_postern()
    gateway = bench.launch("postern", extra=_generation(0))
    client, times, failures = StrictClient(gateway.port), [], []
    watcher = Watcher(gateway.port, bench.backend.large)
    load = bench.generator.start(Load(), gateway.port, 86_400)
    totals = None
    try:
        watcher.start()
        time.sleep(0.5)
        for number in range(1, bench.options.reloads + 1):
            try:
                times.append(_reload(gateway, client, number))
            except WireError as error:
                failures.append(str(error))
            if number % max(1, bench.options.reloads // 10) == 0:
                bench.say(f"  {number} reloads, {watcher.served} verified responses, "
                          f"{len(watcher.failures) + len(failures)} failures")
            if gateway.process.poll() is not None or len(failures) > 10:
                break
    finally:
        watcher.ending.set()
        watcher.join(30)
        totals = bench.generator.finish(load, early=True)
        client.close()
        gateway.stop()
    failed = totals.failed + len(watcher.failures) + len(failures)
    for failure in (watcher.failures + failures)[:10]:
        bench.say(f"  {failure}")
    milliseconds = [value * 1e3 for value in times] or [float("nan")]
    data = {
        "reloads": len(times), "load": {"requests": totals.requests, "errors": totals.errors},
        "verified": watcher.served, "failures": watcher.failures + failures, "failed": failed,
        "effect_ms": {"median": statistics.median(milliseconds), "max": max(milliseconds)}}
    text = report.table(
        ["reloads in effect", "median ms", "longest ms", "requests under load", "their errors", "verified", "not as they should"],
        [[len(times), f"{data['effect_ms']['median']:.1f}", f"{data['effect_ms']['max']:.1f}", totals.requests,
          totals.failed, watcher.served, len(watcher.failures) + len(failures)]])
    wanted = bench.options.reloads
    return Result(text, data, [
        bars.Verdict(f"all of {wanted} reloads take effect", f"{len(times)} did", len(times) == wanted),
        bars.no_failures(failed)])


SCENARIOS = {"reload": ("Postern reloads --reloads times under load", run)}
