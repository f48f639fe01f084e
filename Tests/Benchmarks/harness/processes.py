"""Every child process of a run: pinned at its start, ended at the end of the run whatever ends it."""

import ctypes
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Children:
    """Starts processes and owns a temporary directory; leaving the context ends and removes all of them."""

    def __enter__(self):
        self.running = []
        # Short, because Unix socket paths end at 107 bytes.
        self.directory = tempfile.mkdtemp(prefix="postern-bench-")
        os.chmod(self.directory, 0o755)
        return self

    def __exit__(self, *_):
        self.stop_all()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, command, cores, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, prepare=None, **options):
        """Starts `command` on `cores`, in a process group of its own so that a Ctrl-C reaches the harness alone."""

        def before_exec():
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # if the harness is killed outright
            os.sched_setaffinity(0, cores)
            _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            if prepare:
                prepare()

        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True,
            preexec_fn=before_exec, **options)
        self.running.append(process)
        return process

    def stop_all(self, but=()):
        """Ends everything, for instance what a scenario that failed has left."""
        for process in [one for one in self.running if one not in but]:
            self.stop(process)

    def stop(self, process):
        """Asks with SIGTERM, waits 5 s, then kills what is left of the process group."""
        if process not in self.running:
            return
        self.running.remove(process)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


_next_port = 21000 + os.getpid() % 500 * 20


def free_port():
    """A loopback port nobody listens on, below the range from which the kernel takes ports for connections."""
    global _next_port
    while True:
        _next_port += 1
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", _next_port))
                return _next_port
            except OSError:
                continue


def find_program(name):
    """The program's path, also where only root's PATH looks; `None` if it is not installed."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")
