"""Minutes of everything at once: a reload every second, an upgrade every minute, back ends that stop in turn, and callers of
every kind, none of whom may see a failure."""

import time

from .. import bars, report
from ..backend import Backend
from ..bench import Result
from ..load import Load
from ..peers import PeerError
from ..soak import STREAM_BYTES, Held, Rotation, SoakGateway, callers
from ..stream import Pattern, StreamServer

SETTLING_SECONDS = 10
ALLOWED_GROWTH = 4 << 20
ALLOWED_DESCRIPTORS = 16
SHOWN = 5


def run(bench):
    bench.require_postern()
    pattern = Pattern()
    stream = StreamServer(STREAM_BYTES, pattern)
    backends = [
        Backend(bench.programs["nginx"], bench.children, bench.options.load_cores, f"orders-{number}", bench.backend.large)
        for number in range(3)]
    gateway = SoakGateway(
        bench.programs["postern"], bench.children, bench.options.gateway_cores, backends, bench.backend, stream,
        bench.authority)
    crowd, rotation = callers(gateway, bench.backend, pattern), Rotation(backends)
    load = bench.generator.start(Load(connections=8), gateway.port, 86_400)
    for thread in (*crowd, rotation):
        thread.start()
    orders = Orders(gateway, bench)
    try:
        orders.give(bench.options.minutes)
    finally:
        totals = bench.generator.finish(load, early=True)
        # The rotation last: back ends that it has started end with its thread.
        for threads in (crowd, [rotation]):
            for thread in threads:
                thread.ending.set()
            for thread in threads:
                thread.join(60)
        stream.close()
    failures = [failure for one in crowd for failure in one.failures]
    for failure in [failure for one in crowd for failure in one.failures[:SHOWN]]:
        bench.say(f"  {failure}")
    if totals.failed:
        bench.say(f"  wrk: {totals.errors}")
    rows = [[one.name, one.served, len(one.failures)] for one in crowd]
    rows.append(["wrk, 8 kept connections", totals.requests, totals.failed])
    text = report.table(["caller", "served", "failed"], rows) + "\n\n" + report.table(
        ["process", "RSS MiB settled", "RSS MiB at its end", "descriptors settled", "at its end"],
        [[first.pid, f"{first.resident / report.MIB:.1f}", f"{last.resident / report.MIB:.1f}", first.descriptors, last.descriptors]
         for first, last in orders.held])
    failed = len(failures) + totals.failed
    growth = max((last.resident - first.resident for first, last in orders.held), default=0)
    descriptors = max((last.descriptors - first.descriptors for first, last in orders.held), default=0)
    drift = orders.held[-1][1].resident - orders.held[0][1].resident if orders.held else 0
    data = {
        "reloads": orders.reloads, "upgrades": orders.upgrades, "upstream_stops": rotation.stops, "failures": failures,
        "orders_failed": orders.failures, "served": {one.name: one.served for one in crowd}, "wrk": {
            "requests": totals.requests, "errors": totals.errors}, "failed": failed, "growth": growth, "drift": drift}
    for failure in orders.failures[:SHOWN]:
        bench.say(f"  {failure}")
    return Result(text, data, [
        bars.no_failures(failed),
        bars.Verdict(
            f"{orders.reloads} reloads and {orders.upgrades} upgrades take effect, while back ends stop {rotation.stops} times",
            f"{len(orders.failures)} failed", not orders.failures and orders.reloads > 0),
        bars.Verdict(
            "resident memory of a process grows by at most 4 MiB once it has settled",
            f"{growth / report.MIB:+.1f} MiB; last process against first {drift / report.MIB:+.1f} MiB",
            max(growth, drift) <= ALLOWED_GROWTH),
        bars.Verdict(
            f"descriptors of a process grow by at most {ALLOWED_DESCRIPTORS}", f"{descriptors:+d}",
            descriptors <= ALLOWED_DESCRIPTORS)])


class Orders:
    """What the operator does meanwhile, and what the process that serves holds before and after."""

    def __init__(self, gateway, bench):
        self.gateway, self.say = gateway, bench.say
        self.reloads = self.upgrades = 0
        self.failures, self.held = [], []

    def give(self, minutes):
        for minute in range(minutes):
            self._minute()
            first, last = self.held[-1]
            self.say(f"  minute {minute + 1}: {self.reloads} reloads, {self.upgrades} upgrades, {len(self.failures)} failed orders, "
                     f"process {last.pid}: RSS {last.resident / report.MIB:.1f} MiB, {last.descriptors} descriptors")
            if minute + 1 < minutes and self._order(self.gateway.upgrade):
                self.upgrades += 1

    def _minute(self):
        start, settled = time.monotonic(), None
        pid = self.gateway.pid()
        while (elapsed := time.monotonic() - start) < 60:
            if settled is None and elapsed > SETTLING_SECONDS:
                settled = Held(pid)
            if self._order(self.gateway.reload):
                self.reloads += 1
            time.sleep(max(0, 1 - (time.monotonic() - start - elapsed)))
        self.held.append((settled, Held(pid)))

    def _order(self, order):
        try:
            order()
            return True
        except PeerError as error:
            self.failures.append(f"{time.strftime('%H:%M:%S')} {error}")
            return False


SCENARIOS = {"soak": ("--minutes of reloads, upgrades and failing back ends, seen by callers of every kind", run)}
