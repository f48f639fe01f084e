"""TLS 1.3 with client certificates: what it adds to a request and to a byte, and what its handshakes and connections cost.

Every gateway has the same certificates, requires the caller's, and checks its chain; policy and access log stay on.
"""

from . import idle, load
from .. import bars, comparison, report
from ..backend import LARGE_BYTES
from ..bench import Result, Skipped
from ..load import Load
from ..peers import PeerError

CONNECTIONS = 32


def keepalive(bench):
    authority = bench.authority
    return load.compare(bench, "mtls-keepalive", Load(connections=CONNECTIONS, authority=authority), authority=authority)


def large(bench):
    authority = bench.authority
    return load.compare(
        bench, "mtls-large",
        Load(path="/dev/large", connections=16, body_bytes=LARGE_BYTES, authority=authority), authority=authority)


def handshake(bench):
    authority = bench.authority
    return load.compare(
        bench, "mtls-handshake", Load(connections=CONNECTIONS, authority=authority, handshakes="full"),
        authority=authority, tickets=False)


def resumed(bench):
    """Every gateway twice: as in `mtls-handshake`, and handing out tickets that the load comes back with."""
    authority = bench.authority
    loads = {
        kind: Load(connections=CONNECTIONS, authority=authority, handshakes=kind) for kind in ("full", "resumed")}
    gateways = {}
    try:
        for name in bench.peers():
            for kind in loads:
                try:
                    gateways[name, kind] = bench.launch(name, authority=authority, tickets=kind == "resumed")
                except PeerError as error:
                    bench.leave_out(name, error)
        if not gateways:
            raise Skipped("no gateway is running")
        samples = comparison.alternate(
            {f"{name} {kind}": gateway for (name, kind), gateway in gateways.items()}, bench.options.rounds,
            lambda gateway: comparison.measure(
                gateway, bench.generator, loads["resumed" if gateway.setup.tickets else "full"], bench.options.seconds),
            bench.say)
    finally:
        for gateway in gateways.values():
            gateway.stop()

    summary = comparison.summarise(samples, None)
    rows = []
    for name, kind in gateways:
        figures = summary[f"{name} {kind}"]
        figures["ratio"] = figures["ratios"].get(f"{name} full")
        rows.append([
            name, kind, f"{figures['cpu_us']:.1f}", "–" if figures["ratio"] is None else f"{figures['ratio']:.2f}",
            f"{figures['requests_per_second']:.0f}", f"{figures['p50_ms']:.2f}", f"{figures['busy']:.0%}", figures["failed"]])
    text = report.table(["", "handshakes", "CPU µs each", "÷ full", "each s", "p50 ms", "busy", "failed"], rows)
    postern = {kind: summary[f"postern {kind}"] for kind in loads if f"postern {kind}" in summary}
    verdicts = []
    if postern:
        verdicts = [
            bars.resumed(postern.get("resumed", {}).get("ratio")),
            bars.no_failures(sum(figures["failed"] for figures in postern.values()))]
    return Result(text, summary, verdicts)


def memory(bench):
    text, summary = idle.compare(bench, bench.authority)
    return Result(text, summary, bars.idle_memory(summary, "nginx"))


SCENARIOS = {
    "mtls-keepalive": ("128-byte responses over TLS with client certificates, 32 keep-alive connections", keepalive),
    "mtls-handshake": ("a full mutual handshake for each request, 32 at a time", handshake),
    "mtls-resumed": ("a resumed handshake for each request, beside a full one", resumed),
    "mtls-large": ("1 MiB responses over TLS with client certificates, 16 connections", large),
    "mtls-idle": ("memory of 5,000 idle TLS connections with client certificates", memory),
}
