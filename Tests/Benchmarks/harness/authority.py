"""The certificates of the TLS scenarios, made for one run by the `openssl` command."""

import pathlib
import ssl
import subprocess

from .preparation import BENCHMARKS


class AuthorityError(Exception):
    """Certificates, or wrk's client certificate, that could not be made."""


class Authority:
    """A P-256 root, an intermediate below it, and the leaves of gateway and caller, in one directory. Leaves are kept with
    the intermediate, as they are served; only the root is trusted."""

    def __init__(self, directory, openssl, compiler):
        self.directory, self.openssl, self.compiler = pathlib.Path(directory), openssl, compiler
        self.directory.mkdir(exist_ok=True)
        self._issue("root")
        self._issue("intermediate", "root")
        for leaf in ("server", "client"):
            self._issue(leaf, "intermediate")
            self._join(f"{leaf}-chain.pem", f"{leaf}.pem", "intermediate.pem")
        self._join("server-chain-and-key.pem", "server-chain.pem", "server.key")  # as HAProxy wants it
        self._preload = self.directory / "client-certificate.so"
        self._compile()

    def values(self):
        """For the templates in `peers/`."""
        return {
            "TRUST": self.directory / "root.pem", "CHAIN": self.directory / "server-chain.pem",
            "KEY": self.directory / "server.key", "CHAIN_AND_KEY": self.directory / "server-chain-and-key.pem"}

    def client(self, presents=True):
        """Python's side of the connection, which checks the gateway's chain and name."""
        context = ssl.create_default_context(cafile=self.directory / "root.pem")
        if presents:
            context.load_cert_chain(self.directory / "client-chain.pem", self.directory / "client.key")
        return context

    def environment(self, resumes):
        """wrk's side of the connection."""
        return {
            "LD_PRELOAD": str(self._preload), "CLIENT_CHAIN": str(self.directory / "client-chain.pem"),
            "CLIENT_KEY": str(self.directory / "client.key"), "CLIENT_RESUMES": "yes" if resumes else "no"}

    def _issue(self, name, issuer=None):
        command = [
            self.openssl, "req", "-x509", "-config", BENCHMARKS / "peers/authority.cnf", "-extensions", name, "-days", "2",
            "-subj", f"/O=Benchmark/CN={name}", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
            "-keyout", f"{name}.key", "-out", f"{name}.pem"]
        self._run([*command, *(["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key"] if issuer else [])])

    def _join(self, name, *parts):
        (self.directory / name).write_text("".join((self.directory / part).read_text() for part in parts))

    def _compile(self):
        self._run([self.compiler, "-O2", "-shared", "-fPIC", BENCHMARKS / "load/client-certificate.c", "-o", self._preload])

    def _run(self, command):
        try:
            result = subprocess.run(command, cwd=self.directory, capture_output=True, text=True)
        except OSError as error:
            raise AuthorityError(str(error)) from error
        if result.returncode:
            raise AuthorityError(f"`{command[0]}` failed: {result.stderr.strip()[-400:]}")
