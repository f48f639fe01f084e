"""wrk, the load generator, and what it says about a run."""

import json
import os
import pathlib
import signal
import subprocess
from dataclasses import dataclass

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent / "load"


@dataclass(frozen=True)
class Load:
    """What wrk sends. `body_bytes` counts for the cost per byte: the body that crosses the gateway, either way."""

    path: str = "/dev/small"
    connections: int = 64
    script: str = "report.lua"
    routes: int = 0
    body_bytes: int = 0
    authority: object = None  # an `Authority`: over TLS, with a client certificate from it
    handshakes: str = ""  # `full` or `resumed`: each request on a connection of its own, after such a handshake


class LoadError(Exception):
    """wrk ended without its totals."""


@dataclass
class Totals:
    seconds: float
    requests: int
    p50: float  # seconds
    p99: float
    errors: dict
    handshakes: dict  # by kind, as wrk's OpenSSL saw them; empty without TLS

    @property
    def failed(self):
        return sum(self.errors.values())


class Generator:
    """Runs wrk on the load's cores."""

    def __init__(self, program, children, cores):
        self.program, self.children, self.cores = program, children, cores

    def start(self, load, port, seconds):
        """Starts wrk; `finish` waits for it. wrk takes whole seconds only."""
        scheme, environment = "http", {**os.environ, "LOAD_DIRECTORY": str(SCRIPTS), "LOAD_ROUTES": str(load.routes)}
        if load.authority:
            scheme = "https"
            environment.update(load.authority.environment(resumes=load.handshakes == "resumed"))
        command = [
            self.program, "--threads", "1", "--connections", str(load.connections), "--duration",
            f"{max(1, round(seconds))}s", "--timeout", "30s", "--script", str(SCRIPTS / load.script),
            *(["--header", "Connection: close"] if load.handshakes else []), f"{scheme}://127.0.0.1:{port}{load.path}",
        ]
        return self.children.start(
            command, self.cores, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True)

    def finish(self, process, early=False, load=Load()):
        """Totals of a run. `early` ends it now, by the SIGINT that wrk takes as a request for its totals.

        With `load.handshakes`, a request that did not come after such a handshake has failed; the first one of each
        connection has nothing to resume.
        """
        if early:
            process.send_signal(signal.SIGINT)
        output = process.communicate()[0]
        self.children.stop(process)
        said = {word: json.loads(rest) for word, _, rest in (line.partition(" ") for line in output.splitlines())
                if word in ("RESULT", "HANDSHAKES")}
        result, handshakes = said.get("RESULT"), said.get("HANDSHAKES", {})
        if not result or load.authority and not handshakes:
            raise LoadError(f"wrk gave no result: {output.strip()[-400:]}")
        if load.handshakes:
            first = load.connections if load.handshakes == "resumed" else 0
            result["errors"]["handshake"] = max(0, result["requests"] - handshakes[load.handshakes] - first)
        return Totals(
            seconds=result["microseconds"] / 1e6, requests=result["requests"], p50=result["p50"] / 1e6,
            p99=result["p99"] / 1e6, errors=result["errors"], handshakes=handshakes)

    def run(self, load, port, seconds):
        return self.finish(self.start(load, port, seconds), load=load)
