"""`Tests/Benchmarks/run`: prepares, runs the scenarios, prints, cleans up."""

import json
import os
import signal
import sys

from . import machine, options, preparation
from .backend import Backend
from .bench import Bench, Skipped
from .load import Generator, LoadError
from .peers import KINDS, PeerError, version
from .processes import Children
from .scenarios import SCENARIOS


def say(text=""):
    print(text, flush=True)


def main(arguments):
    settings = options.parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(128 + signal.SIGHUP))

    others = [name for name in settings.peers if name != "postern"]
    programs = preparation.programs([*dict.fromkeys([*others, "nginx", "wrk"])], say)
    if "nginx" not in programs or "wrk" not in programs:
        say("nginx (the back end) and wrk (the load) are needed for every scenario")
        return 1
    if "postern" in settings.peers:
        path = preparation.postern(settings.postern, say)
        if path:
            programs["postern"] = path

    report = {"machine": machine.describe(), "versions": {}, "scenarios": {}, "settings": {
        key: value for key, value in vars(settings).items() if key not in ("json", "postern")}}
    _introduce(report, settings, programs)
    os.sched_setaffinity(0, settings.load_cores)
    try:
        with Children() as children:
            bench = Bench(
                settings, programs, children, Backend(programs["nginx"], children, settings.load_cores),
                Generator(programs["wrk"], children, settings.load_cores))
            failed = _run(bench, report)
    except PeerError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("\ninterrupted; everything that was started is stopped")
        return 130
    finally:
        if settings.json and report["scenarios"]:
            with open(settings.json, "w") as file:
                json.dump(report, file, indent=2)
                file.write("\n")
    return 1 if failed else 0


def _introduce(report, settings, programs):
    for key, value in report["machine"].items():
        say(f"{key}: {value}")
    for name in settings.peers:
        if name in programs:
            report["versions"][name] = version(KINDS[name], programs[name])
            say(f"{name}: {report['versions'][name]}")
    cores = ",".join(map(str, settings.gateway_cores[:1]))
    say(f"gateway on core {cores}; load and back end on core {','.join(map(str, settings.load_cores))}; "
        f"{settings.rounds} rounds of {settings.seconds} s; medians; nginx {settings.nginx}")
    if {*settings.gateway_cores[:1]} & {*settings.load_cores}:
        say("gateway and load share a core: latency and requests per second say nothing here")


def _run(bench, report):
    """Whether a promise was broken. Promises about CPU count only with `--check`: a noisy machine breaks them too."""
    failed = False
    for name in bench.options.scenarios:
        about, run = SCENARIOS[name]
        say(f"\n{name}: {about}")
        try:
            result = run(bench)
        except (Skipped, PeerError, LoadError) as error:
            broken = not isinstance(error, Skipped)
            failed |= broken
            say(f"  {'failed' if broken else 'skipped'}: {error}")
            report["scenarios"][name] = {"skipped": str(error)}
            continue
        finally:
            bench.children.stop_all(but=[bench.backend.process])
        say("\n" + result.text)
        for verdict in result.verdicts:
            say(f"  {verdict}")
            if verdict.met is False and (bench.options.check or not verdict.promise.startswith("CPU")):
                failed = True
        report["scenarios"][name] = {"about": about, "results": result.data, "verdicts": [
            {"promise": one.promise, "measured": one.measured, "met": one.met} for one in result.verdicts]}
    return failed


sys.exit(main(sys.argv[1:]))
