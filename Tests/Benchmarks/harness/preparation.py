"""Gets the programs of a run: installs the peers, builds Postern. What cannot be had is named and left out."""

import os
import pathlib
import subprocess

from .processes import find_program

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = BENCHMARKS.parent.parent
ENVOY = REPOSITORY / ".build/benchmarks/envoy/envoy/_bin/envoy"
RELEASE = REPOSITORY / ".build/release/postern"
BUILD = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", "postern"]


def programs(wanted, say):
    """`{name: path}` of those of `wanted` that are there or could be installed."""
    missing = [name for name in wanted if not _find(name)]
    if missing:
        say(f"installing {', '.join(missing)}")
        subprocess.run([BENCHMARKS / "install", *missing])
    found = {name: _find(name) for name in wanted}
    for name in [name for name, path in found.items() if not path]:
        say(f"{name} is not here and could not be installed; the run goes on without it")
    return {name: path for name, path in found.items() if path}


def postern(given, say):
    """The path of Postern's program: the one `given`, or a release build no older than its sources; else `None`."""
    if given:
        path = pathlib.Path(given).resolve()
        if not os.access(path, os.X_OK):
            say(f"`{given}` is not a program; the run goes on without Postern")
            return None
        return str(path)
    if _is_stale():
        say("building Postern: " + " ".join(BUILD))
        try:
            code = subprocess.run(BUILD, cwd=REPOSITORY).returncode
        except OSError as error:
            say(str(error))
            code = 1
        if code != 0:
            say("Postern was not built; the run goes on without it")
            return None
        RELEASE.touch()  # an unchanged program keeps its date, and would look stale again
    return str(RELEASE)


def _is_stale():
    if not RELEASE.exists():
        return True
    built = RELEASE.stat().st_mtime
    sources = [REPOSITORY / "Package.swift", *(REPOSITORY / "Sources").rglob("*")]
    return any(path.stat().st_mtime > built for path in sources if path.is_file())


def _find(name):
    if name == "envoy" and os.access(ENVOY, os.X_OK):
        return str(ENVOY)
    if name == "cc":
        return next(filter(None, map(find_program, ("cc", "clang", "gcc"))), None)
    return find_program(name)
