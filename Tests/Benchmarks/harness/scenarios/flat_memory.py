"""Memory may not grow with the number of requests served."""

from .. import bars, report, usage
from ..bench import Result
from ..load import Load

CALIBRATION_SECONDS = 3
STEPS = 10
ALLOWED_GROWTH = 1_048_576


def run(bench):
    """Reads RSS ten times (every million from ten million requests on); the first tenth is the warm-up."""
    bench.require_postern()
    wanted = bench.options.requests
    step = min(wanted / STEPS, 1_000_000)
    gateway = bench.launch("postern")
    readings, served, failed = [], 0, 0
    try:
        totals = bench.generator.run(Load(), gateway.port, CALIBRATION_SECONDS)
        rate = totals.requests / totals.seconds
        while served < wanted:
            totals = bench.generator.run(Load(), gateway.port, step / rate)
            rate = totals.requests / totals.seconds
            served += totals.requests
            failed += totals.failed
            resident, peak = usage.memory(gateway.pid)
            readings.append({"requests": served, "resident": resident, "peak": peak})
            gateway.trim_log()
            bench.say(f"  {served:>11,} requests  RSS {resident / report.MIB:8.2f} MiB  peak {peak / report.MIB:8.2f} MiB")
    finally:
        gateway.stop()
    first, last = readings[0], readings[-1]
    growth = last["resident"] - first["resident"]
    later = max(1, last["requests"] - first["requests"])
    text = report.table(
        ["requests", "RSS MiB", "peak MiB"],
        [[f"{one['requests']:,}", f"{one['resident'] / report.MIB:.2f}", f"{one['peak'] / report.MIB:.2f}"] for one in readings])
    return Result(
        text, {"readings": readings, "growth": growth, "failed": failed},
        [bars.Verdict(
            "resident memory grows by at most 1 MiB after the first reading",
            f"{growth / 1024:+.0f} KiB, {growth / later:+.3f} bytes a request", growth <= ALLOWED_GROWTH),
         bars.no_failures(failed)])


SCENARIOS = {"flat-memory": ("Postern's memory over --requests requests", run)}
