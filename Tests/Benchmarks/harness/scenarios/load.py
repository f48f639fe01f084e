"""Gateways side by side under the same load."""

from .. import bars, comparison, report
from ..backend import LARGE_BYTES
from ..bench import Result
from ..load import Load


def compare(bench, name, load, **setup):
    """Every gateway under `load`, held to the promises made for `name`."""
    gateways = bench.launch_all(routes=load.routes, **setup)
    baseline = "nginx" if "nginx" in gateways else next(iter(gateways))
    try:
        samples = comparison.alternate(
            gateways, bench.options.rounds,
            lambda gateway: comparison.measure(gateway, bench.generator, load, bench.options.seconds), bench.say)
    finally:
        for gateway in gateways.values():
            gateway.stop()
    summary = comparison.summarise(samples, baseline)
    return Result(
        report.comparison(summary, baseline, per_byte=load.body_bytes > 0), summary, bars.cpu(name, summary))


def _scenario(name, about, load):
    return name, (about, lambda bench: compare(bench, name, load))


SCENARIOS = dict([
    _scenario("small-16", "128-byte responses, 16 keep-alive connections", Load(connections=16)),
    _scenario("small-64", "128-byte responses, 64 keep-alive connections", Load(connections=64)),
    _scenario("small-256", "128-byte responses, 256 keep-alive connections", Load(connections=256)),
    _scenario("large-response", "1 MiB responses, 16 connections",
              Load(path="/dev/large", connections=16, body_bytes=LARGE_BYTES)),
    _scenario("upload", "1 MiB uploads, 16 connections",
              Load(path="/dev/upload", connections=16, script="upload.lua", body_bytes=LARGE_BYTES)),
    _scenario("routes-10", "10 routes with a path parameter, requests spread over them",
              Load(script="routes.lua", routes=10)),
    _scenario("routes-1000", "1,000 routes with a path parameter, requests spread over them",
              Load(script="routes.lua", routes=1000)),
])
