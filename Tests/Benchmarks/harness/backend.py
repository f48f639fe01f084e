"""The service behind the gateways: nginx on the load's core."""

import os
import pathlib
import signal
import time

from . import template
from .peers import TEMPLATES, PeerError, account
from .processes import free_port
from .wire import StrictClient, WireError

SMALL = '{"order":"8f14e45f","state":"shipped","lines":[{"sku":"A-17","count":2},{"sku":"B-03","count":1}],"total":"129.90"}'.ljust(128)
LARGE_BYTES = 1_048_576


class Backend:
    """Answers `/small` with 128 bytes, `/large` with 1 MiB, and `/upload` once it has read the whole body."""

    def __init__(self, program, children, cores, name="backend", large=None):
        self.program, self.children, self.cores = program, children, cores
        self.port = free_port()
        self.large = large or os.urandom(LARGE_BYTES)
        self.directory = directory = f"{children.directory}/{name}"
        os.mkdir(directory)
        pathlib.Path(f"{directory}/large.bin").write_bytes(self.large)
        text = template.fill(
            (TEMPLATES / "backend.conf").read_text(),
            {"BACKEND": self.port, "DIRECTORY": directory, "SMALL": SMALL, **account()}, {})
        pathlib.Path(f"{directory}/backend.conf").write_text(text)
        self.start()

    def start(self):
        """Starts it, also again, and waits until it answers."""
        directory = self.directory
        with open(f"{directory}/output", "wb") as output:
            self.process = self.children.start(
                [self.program, "-p", directory, "-e", f"{directory}/error.log", "-c", f"{directory}/backend.conf"],
                self.cores, stderr=output)
        for _ in range(200):
            client = StrictClient(self.port, timeout=2)
            try:
                if client.get("/small") == (200, SMALL.encode()):
                    return
            except WireError:
                pass
            finally:
                client.close()
            time.sleep(0.05)
        raise PeerError("the back end did not start: " + pathlib.Path(f"{directory}/output").read_text(errors="replace"))

    def quit(self):
        """Has it stop as a deployment does: no connection is taken any more, requests under way are answered."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        self.children.stop(self.process)
        # nginx leaves the file behind, and would not start over it.
        pathlib.Path(f"{self.directory}/taken.sock").unlink(missing_ok=True)
