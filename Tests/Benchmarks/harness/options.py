"""The command line."""

import argparse
import os
import re

from .machine import parse_cores
from .peers import KINDS
from .scenarios import SCENARIOS

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def parse(arguments):
    width = max(map(len, SCENARIOS))
    parser = argparse.ArgumentParser(
        prog="Tests/Benchmarks/run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures what a request costs Postern, beside nginx, HAProxy and Envoy doing the same work.",
        epilog="scenarios:\n" + "\n".join(f"  {name:<{width}}  {about}" for name, (about, _) in SCENARIOS.items()))
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help="which to run (default: all)")
    parser.add_argument("--rounds", type=_positive, default=5, help="alternating rounds (default 5)")
    parser.add_argument("--seconds", type=_positive, default=5, help="load per gateway and round (default 5)")
    parser.add_argument("--peers", type=_peers, default=list(KINDS), help=f"default {','.join(KINDS)}")
    parser.add_argument("--json", metavar="FILE", help="write all figures, each round included, to FILE")
    parser.add_argument("--postern", metavar="PATH", help="program to test (default: the release build, built if stale)")
    parser.add_argument("--nginx", choices=["tuned", "plain"], default="tuned",
                        help="nginx with log and body buffers as large as Postern's, or as it comes (default tuned)")
    parser.add_argument("--gateway-cores", type=_cores, default=[0], help="gateways use the first (default 0)")
    parser.add_argument("--load-cores", type=_cores, help="wrk, back end and this program (default 1)")
    parser.add_argument("--idle-connections", type=_positive, default=5000, help="of `idle` (default 5000)")
    parser.add_argument("--requests", type=_positive, default=1_000_000, help="of `flat-memory` (default 1000000)")
    parser.add_argument("--reloads", type=_positive, default=1000, help="of `reload` (default 1000)")
    parser.add_argument("--minutes", type=_positive, default=10, help="of `soak` (default 10)")
    parser.add_argument("--body-size", type=_size, default=1 << 30, help="of `big-body`, such as 10G (default 1G)")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a promise about CPU was missed as well")
    options = parser.parse_args(arguments)

    unknown = [name for name in options.scenarios if name not in SCENARIOS]
    if unknown:
        parser.error(f"unknown scenario `{unknown[0]}`; there are {', '.join(SCENARIOS)}")
    options.scenarios = options.scenarios or list(SCENARIOS)
    present = sorted(os.sched_getaffinity(0))
    options.load_cores = options.load_cores or [1 if 1 in present else present[-1]]
    absent = {*options.gateway_cores, *options.load_cores} - {*present}
    if absent:
        parser.error(f"core {min(absent)} is not available, only {', '.join(map(str, present))}")
    return options


def _positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _cores(text):
    try:
        return parse_cores(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not a list of cores such as 0 or 2-3") from None


def _peers(text):
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in KINDS:
            raise argparse.ArgumentTypeError(f"unknown peer `{name}`; there are {', '.join(KINDS)}")
    return names


def _size(text):
    match = re.fullmatch(r"([1-9]\d*)([KMG]?)", text.upper())
    if not match:
        raise argparse.ArgumentTypeError(f"`{text}` is not a size such as 512M or 10G")
    return int(match.group(1)) * UNITS[match.group(2)]
