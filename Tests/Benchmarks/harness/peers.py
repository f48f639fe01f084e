"""The gateways under test: how each is configured from `peers/`, started, and known to be ready."""

import getpass
import grp
import ipaddress
import os
import pathlib
import signal
import subprocess
import time
from dataclasses import dataclass

from . import template
from .processes import free_port
from .wire import StrictClient, WireError

TEMPLATES = pathlib.Path(__file__).resolve().parent.parent / "peers"
READY_WITHIN_SECONDS = 30


class PeerError(Exception):
    """A gateway that did not start or does not answer as it should."""


@dataclass(frozen=True)
class Kind:
    """One gateway program. `files` maps a file below the gateway's directory to its template."""

    name: str
    files: dict
    command: object  # (program, directory, loops) → argument list
    version: tuple


KINDS = {
    kind.name: kind
    for kind in [
        Kind(
            "nginx",
            {"nginx.conf": "nginx.conf"},
            lambda program, directory, _: [
                program, "-p", directory, "-e", f"{directory}/error.log", "-c", f"{directory}/nginx.conf"],
            ("-v",)),
        Kind(
            "haproxy",
            {"haproxy.cfg": "haproxy.cfg", "networks.list": "haproxy-networks.list", "routes.map": "haproxy-routes.map"},
            lambda program, directory, _: [program, "-db", "-f", f"{directory}/haproxy.cfg"],
            ("-v",)),
        Kind(
            "envoy",
            {"envoy.yaml": "envoy.yaml"},
            lambda program, directory, loops: [
                program, "-c", f"{directory}/envoy.yaml", "--concurrency", str(loops), "--disable-hot-restart",
                "--log-level", "warn"],
            ("--version",)),
        Kind(
            "postern",
            {"postern.yaml": "postern.yaml", "apis.d/bench.yaml": "postern-api.yaml",
             "apis.d/policy.json": "postern-policy.json"},
            lambda program, directory, _: [
                program, "serve", "--config", directory, *(["--allow-root"] if os.geteuid() == 0 else [])],
            ("version",)),
    ]
}


@dataclass
class Setup:
    """What a scenario asks of a gateway beside the routes `/dev/small`, `/dev/large` and `/dev/upload`."""

    backend: int
    routes: int = 0
    loops: int = 1
    extra: tuple = ()  # Postern only: (route, integration)
    nginx: str = "tuned"  # or "plain"
    networks: tuple = ()  # who may call, in the place of `networks.txt`; nginx then looks them up with `geo`
    ready_within: float = READY_WITHIN_SECONDS
    authority: object = None  # an `Authority`: TLS, and a client certificate from it is required
    tickets: bool = True  # whether TLS sessions can be resumed


class Gateway:
    """A running gateway."""

    def __init__(self, kind, program, children, setup, cores, prepare=None, prefix=()):
        self.kind, self.children, self.cores, self.setup = kind, children, cores, setup
        self.port, self.admin = free_port(), free_port()
        self.directory = f"{children.directory}/{kind.name}-{self.port}"
        os.makedirs(f"{self.directory}/apis.d")
        self.log = f"{self.directory}/access.log"
        for file in kind.files:
            self.configure(file)
        started = time.monotonic()
        with open(self.log, "ab") as log, open(f"{self.directory}/output", "wb") as output:
            self.process = children.start(
                [*prefix, *kind.command(program, self.directory, setup.loops)], cores, stdout=log, stderr=output, prepare=prepare)
        self._wait()
        if setup.authority:
            self._refuse_strangers()
        self.start_seconds = time.monotonic() - started  # until the first answer from the back end

    @property
    def pid(self):
        return self.process.pid

    def configure(self, file, extra=None):
        """Writes one configuration file whole, by rename, so that a reload never reads half of it."""
        path = f"{self.directory}/{file}"
        text = template.fill(
            (TEMPLATES / self.kind.files[file]).read_text(), self._values(), self._lists(extra or self.setup.extra))
        with open(f"{self.directory}/next", "w") as output:
            output.write(text)
        os.replace(f"{self.directory}/next", path)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def trim_log(self):
        """Frees the access log's blocks between rounds. A writer that appends goes on at its new end; HAProxy, which does
        not, goes on at its old offset and leaves a hole."""
        os.truncate(self.log, 0)

    def stop(self):
        self.children.stop(self.process)

    def _values(self):
        return {
            "PORT": self.port, "ADMIN": self.admin, "BACKEND": self.setup.backend, "DIRECTORY": self.directory,
            "LOOPS": self.setup.loops, "SCHEME": "https" if self.setup.authority else "http",
            "NETWORKS": ", ".join(f'"{network}"' for network in self._networks()), **account(),
        }

    def _networks(self):
        return self.setup.networks or networks()

    def _lists(self, extra):
        listed = [
            {"CIDR": network, "ADDRESS": network.network_address, "LENGTH": network.prefixlen}
            for network in self._networks()]
        by_geo = bool(self.setup.networks)
        tls = []
        if self.setup.authority:
            tickets = self.setup.tickets
            tls = [{
                **self.setup.authority.values(), "TICKETS": "on" if tickets else "off",
                "WITHOUT_TICKETS": "false" if tickets else "true"}]
        return {
            "networks": listed,
            "allow": [] if by_geo else listed,
            "deny": [] if by_geo else [{}],
            "geo": listed if by_geo else [],
            "denyUnlessGeo": [{}] if by_geo else [],
            "routes": [
                {"PATH": f"/service-{number:04d}/items", "UPSTREAM": f"/small/{number:04d}"}
                for number in range(self.setup.routes)],
            "cleartext": [] if tls else [{}],
            "tls": tls,
            "withoutTickets": [] if self.setup.tickets else [{}],
            "tuned": [{}] if self.setup.nginx == "tuned" else [],
            "plain": [{}] if self.setup.nginx == "plain" else [],
            "extra": [{"ROUTE": route, "INTEGRATION": integration} for route, integration in extra],
        }

    def _wait(self):
        """Polls until the gateway answers through to the back end. The poll is a real request."""
        deadline = time.monotonic() + self.setup.ready_within
        problem = "no answer"
        tls = self.setup.authority.client() if self.setup.authority else None
        while time.monotonic() < deadline and self.process.poll() is None:
            client = StrictClient(self.port, timeout=2, tls=tls)
            try:
                status, body = client.get("/dev/small")
                if status == 200 and len(body) == 128:
                    return
                problem = f"status {status}: {body[:200].decode('latin-1')}"
            except WireError as error:
                problem = str(error)
            finally:
                client.close()
            time.sleep(0.005)
        ended = self.process.poll()
        output = pathlib.Path(f"{self.directory}/output").read_text(errors="replace").strip().splitlines()[-20:]
        self.stop()
        raise PeerError("\n".join(
            [f"{self.kind.name} is not ready: " + (problem if ended is None else f"exit code {ended}"), *output]))

    def _refuse_strangers(self):
        """A gateway that lets a caller through without a certificate does not do the work that is measured."""
        client = StrictClient(self.port, timeout=2, tls=self.setup.authority.client(presents=False))
        try:
            status, _ = client.get("/dev/small")
        except WireError:
            return
        finally:
            client.close()
        if status == 200:
            self.stop()
            raise PeerError(f"{self.kind.name} answers a caller without a client certificate")


def networks():
    """The networks of the common access policy, in file order."""
    lines = (TEMPLATES / "networks.txt").read_text().splitlines()
    return [ipaddress.ip_network(line) for line in lines if line and not line.startswith("#")]


def account():
    """nginx started by root would give its worker another account, which could not read the run's directory."""
    return {"USER": getpass.getuser(), "GROUP": grp.getgrgid(os.getgid()).gr_name}


def version(kind, program):
    """The first line of what the program says about its version."""
    try:
        result = subprocess.run([program, *kind.version], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"unknown ({error})"
    lines = (result.stdout + result.stderr).strip().splitlines()
    return " ".join(lines[0].split()[-1:] if kind.name == "envoy" else lines[0].split()[-1 if kind.name == "nginx" else 0:][:3]) if lines else "unknown"
