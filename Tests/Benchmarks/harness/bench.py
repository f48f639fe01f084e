"""What every scenario has at hand: options, programs, the back end, the load generator."""

import functools
from dataclasses import dataclass, field

from . import preparation
from .authority import Authority, AuthorityError
from .peers import KINDS, Gateway, PeerError, Setup


@dataclass
class Result:
    """Of one scenario: a table for people, data for programs, verdicts for both."""

    text: str
    data: dict
    verdicts: list = field(default_factory=list)


class Skipped(Exception):
    """A scenario that cannot run here, with the reason."""


class Bench:
    def __init__(self, options, programs, children, backend, generator):
        self.options, self.programs, self.children = options, programs, children
        self.backend, self.generator = backend, generator

    def say(self, text):
        print(text, flush=True)

    def peers(self):
        """The gateways asked for and present, in the order asked for."""
        return [name for name in self.options.peers if name in self.programs]

    def launch(self, name, cores=None, prepare=None, prefix=(), **setup):
        return Gateway(
            KINDS[name], self.programs[name], self.children,
            Setup(backend=self.backend.port, nginx=self.options.nginx, **setup), cores or self.options.gateway_cores[:1], prepare, prefix)

    def launch_all(self, **setup):
        """Starts every peer, or leaves it out."""
        gateways = {}
        for name in self.peers():
            try:
                gateways[name] = self.launch(name, **setup)
            except PeerError as error:
                self.leave_out(name, error)
        if not gateways:
            raise Skipped("no gateway is running")
        return gateways

    def leave_out(self, name, error):
        """Goes on without a peer that failed; without Postern nothing would be proven."""
        if name == "postern":
            raise error if isinstance(error, PeerError) else PeerError(f"{name}: {error}")
        self.say(f"  {name} is left out: {error}")

    @functools.cached_property
    def authority(self):
        """The certificates of the TLS scenarios, made when the first of them asks."""
        tools = preparation.programs(["openssl", "cc"], self.say)
        if len(tools) < 2:
            raise Skipped("needs the `openssl` command and a C compiler")
        try:
            return Authority(f"{self.children.directory}/tls", tools["openssl"], tools["cc"])
        except AuthorityError as error:
            raise Skipped(str(error)) from error

    def require_postern(self):
        if "postern" not in self.programs:
            raise Skipped("needs Postern, which is not built")
