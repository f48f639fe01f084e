"""Alternating rounds over several gateways, and what may be concluded from them.

Two runs on a shared machine differ by more than two gateways do. So gateways take turns (A B C D A B C D), a ratio is taken
within one round, between neighbours in time, and the median over the rounds is what is reported.
"""

import statistics
import time
from dataclasses import asdict, dataclass

from . import machine, usage

WARM_UP_SECONDS = 1
FOREIGN_SHARE_WORTH_SAYING = 0.10


@dataclass
class Sample:
    """One gateway in one round. Times are in the units the names say, memory is in bytes."""

    cpu_us: float
    user_us: float
    system_us: float
    ns_per_byte: float
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    busy: float  # the gateway's share of its cores, 0…1
    foreign: float  # what others took of them, 0…1
    resident: int
    peak: int
    requests: int
    failed: int


def measure(gateway, generator, load, seconds):
    """Warms up, then loads the gateway for `seconds` and accounts for its CPU over exactly that time."""
    generator.run(load, gateway.port, WARM_UP_SECONDS)
    before, busy_before, start = usage.CPUReading.of(gateway.pid), machine.core_busy_seconds(gateway.cores), time.monotonic()
    totals = generator.run(load, gateway.port, seconds)
    after, busy_after, end = usage.CPUReading.of(gateway.pid), machine.core_busy_seconds(gateway.cores), time.monotonic()
    resident, peak = usage.memory(gateway.pid)
    gateway.trim_log()

    total, user, system = after.since(before)
    requests = max(1, totals.requests)
    capacity = (end - start) * len(gateway.cores)
    return Sample(
        cpu_us=total / 1e3 / requests, user_us=user / 1e3 / requests, system_us=system / 1e3 / requests,
        ns_per_byte=total / requests / load.body_bytes if load.body_bytes else 0,
        requests_per_second=totals.requests / totals.seconds, p50_ms=totals.p50 * 1e3, p99_ms=totals.p99 * 1e3,
        busy=total / 1e9 / capacity, foreign=max(0, (busy_after - busy_before) - total / 1e9) / capacity,
        resident=resident, peak=peak, requests=totals.requests, failed=totals.failed)


def alternate(gateways, rounds, sample, say):
    """`{name: [Sample per round]}` for `gateways` (name → Gateway), each measured once in every round."""
    samples = {name: [] for name in gateways}
    for number in range(1, rounds + 1):
        for name, gateway in gateways.items():
            taken = sample(gateway)
            samples[name].append(taken)
            say(f"  round {number}/{rounds} {name:<9} {taken.cpu_us:8.1f} µs/request {taken.requests_per_second:9.0f} requests/s"
                + (f"  {taken.failed} FAILED" if taken.failed else "")
                + (f"  (others took {taken.foreign:.0%} of the gateway's core)"
                   if taken.foreign > FOREIGN_SHARE_WORTH_SAYING else ""))
    return samples


def summarise(samples, baseline):
    """Per gateway: the median of every figure, and the median over rounds of its CPU ratio to each other gateway."""
    summary = {}
    for name, rounds in samples.items():
        figures = {key: statistics.median(asdict(one)[key] for one in rounds) for key in asdict(rounds[0])}
        figures["peak"] = max(one.peak for one in rounds)
        figures["failed"] = sum(one.failed for one in rounds)
        figures["requests"] = sum(one.requests for one in rounds)
        figures["ratios"] = {
            other: statistics.median(mine.cpu_us / theirs.cpu_us for mine, theirs in zip(rounds, samples[other]))
            for other in samples}
        figures["ratio"] = figures["ratios"].get(baseline)
        figures["rounds"] = [asdict(one) for one in rounds]
        summary[name] = figures
    return summary
