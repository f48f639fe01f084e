"""A list of allowed networks must cost the same per request however long it is."""

import ipaddress
import statistics

from .. import bars, comparison, report
from ..bench import Result, Skipped
from ..load import Load
from ..peers import PeerError

SHORT, LONG = 10, 100_000
STARTS = 3
READY_WITHIN_SECONDS = 120
WITHIN = 1.02


def networks(count):
    """The caller's own address behind networks that neither hold it nor touch each other, so that none can be joined."""
    first = int(ipaddress.ip_address("11.0.0.0"))
    others = (ipaddress.ip_network((first + 512 * number, 24)) for number in range(count - 1))
    return (*others, ipaddress.ip_network("127.0.0.1/32"))


def _start(bench, name, allowed):
    """The last of a few starts, with what each took."""
    seconds = []
    for number in range(STARTS):
        gateway = bench.launch(name, networks=allowed, ready_within=READY_WITHIN_SECONDS)
        seconds.append(gateway.start_seconds)
        if number + 1 < STARTS:
            gateway.stop()
    return gateway, statistics.median(seconds)


def run(bench):
    gateways, starts = {}, {}
    lists = {SHORT: networks(SHORT), LONG: networks(LONG)}
    try:
        for name in bench.peers():
            for count, allowed in lists.items():
                try:
                    gateways[name, count], starts[name, count] = _start(bench, name, allowed)
                except PeerError as error:
                    bench.leave_out(name, error)
                    continue
                bench.say(f"  {name} with {count:,} networks is ready after {starts[name, count] * 1e3:.0f} ms")
        if not gateways:
            raise Skipped("no gateway is running")
        samples = comparison.alternate(
            {f"{name} {count}": gateway for (name, count), gateway in gateways.items()}, bench.options.rounds,
            lambda gateway: comparison.measure(gateway, bench.generator, Load(), bench.options.seconds), bench.say)
    finally:
        for gateway in gateways.values():
            gateway.stop()

    summary = comparison.summarise(samples, None)
    rows = []
    for name, count in gateways:
        figures = summary[f"{name} {count}"]
        figures["start_seconds"] = starts[name, count]
        figures["ratio"] = figures["ratios"].get(f"{name} {SHORT}")
        rows.append([
            name, f"{count:,}", f"{figures['cpu_us']:.1f}", "–" if figures["ratio"] is None else f"{figures['ratio']:.3f}",
            f"{starts[name, count] * 1e3:.0f}", f"{figures['resident'] / report.MIB:.1f}",
            f"{figures['peak'] / report.MIB:.1f}", figures["failed"]])
    text = report.table(
        ["", "networks", "CPU µs/req", f"÷ {SHORT} networks", "start ms", "RSS MiB", "peak MiB", "failed"], rows)
    return Result(text, summary, _verdicts(summary))


def _verdicts(summary):
    postern = [figures for name, figures in summary.items() if name.startswith("postern ")]
    if not postern:
        return []
    ratio = summary.get(f"postern {LONG}", {}).get("ratio")
    return [
        bars.Verdict(
            f"CPU per request with {LONG:,} networks within 2 % of {SHORT}", "–" if ratio is None else f"{ratio:.3f}",
            None if ratio is None else ratio <= WITHIN),
        bars.no_failures(sum(figures["failed"] for figures in postern)),
    ]


SCENARIOS = {"policy-lists": (f"{SHORT} and {LONG:,} allowed networks", run)}
