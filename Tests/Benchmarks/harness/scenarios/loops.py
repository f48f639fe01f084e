"""A second event loop must add capacity without making a request dearer."""

from .. import bars, comparison, report
from ..bench import Result, Skipped
from ..load import Load

# On two cores the second loop shares its core with load and back end, so throughput says nothing and CPU per request a
# little less than it could: its caches are shared too.
FLAT_WITHIN = 1.10


def run(bench):
    bench.require_postern()
    cores = bench.options.gateway_cores
    if len(cores) < 2:
        cores = sorted({*cores, bench.options.load_cores[0]})
    if len(cores) < 2:
        raise Skipped("needs a second core")
    gateways = {
        "1 loop": bench.launch("postern", cores=cores[:1], loops=1),
        "2 loops": bench.launch("postern", cores=cores[:2], loops=2),
    }
    try:
        samples = comparison.alternate(
            gateways, bench.options.rounds,
            lambda gateway: comparison.measure(gateway, bench.generator, Load(), bench.options.seconds), bench.say)
    finally:
        for gateway in gateways.values():
            gateway.stop()
    summary = comparison.summarise(samples, "1 loop")
    ratio = summary["2 loops"]["ratio"]
    gain = summary["2 loops"]["requests_per_second"] / summary["1 loop"]["requests_per_second"]
    shared = bool({*cores[:2]} & {*bench.options.load_cores})
    verdicts = [bars.no_failures(sum(one["failed"] for one in summary.values()))]
    if shared:
        verdicts.append(bars.Verdict(
            f"CPU per request of two loops within {FLAT_WITHIN} of one", f"{ratio:.2f}", ratio <= FLAT_WITHIN))
    else:
        verdicts.append(bars.Verdict("two loops serve at least 1.8 times one", f"{gain:.2f}", gain >= 1.8))
    return Result(report.comparison(summary, "1 loop", per_byte=False), summary, verdicts)


SCENARIOS = {"loops": ("Postern with one loop and with two, 64 connections", run)}
