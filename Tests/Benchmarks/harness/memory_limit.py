"""A hard memory limit on one process, by whichever control group hierarchy this machine lets us write.

The limit counts socket buffers and page cache as well as the process, and the kernel ends the process that exceeds it.
Without a usable hierarchy the scenario still reads VmHWM.
"""

import os
import pathlib
import subprocess

ROOT = pathlib.Path("/sys/fs/cgroup")


class Limit:
    """`prefix` goes before the gateway's command; `enter` runs in the child before it becomes the gateway; `remove` is
    for when the gateway has ended."""

    def __init__(self, description, group=None, prefix=()):
        self.description, self.group, self.prefix = description, group, prefix

    def enter(self):
        if self.group:
            (self.group / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self):
        if self.group:
            try:
                self.group.rmdir()
            except OSError:
                pass


def apply(limit_bytes):
    """The first way that works: version 2, version 1, a scope of the user's systemd, none."""
    return _group(limit_bytes) or _scope(limit_bytes) or Limit("no control group can be written here, so only VmHWM is checked")


def _group(limit_bytes):
    for parent, file in ((ROOT, "memory.max"), (ROOT / "memory", "memory.limit_in_bytes")):
        group = parent / f"postern-bench-{os.getpid()}"
        try:
            if file == "memory.max":
                if "memory" not in (ROOT / "cgroup.controllers").read_text().split():
                    continue
                (ROOT / "cgroup.subtree_control").write_text("+memory")
            elif not (parent / file).exists():
                continue
            group.mkdir()
            try:
                (group / file).write_text(str(limit_bytes))
            except OSError:
                group.rmdir()
                continue
            return Limit(f"{limit_bytes // 1_048_576} MiB by control group, {file}", group)
        except OSError:
            continue
    return None


def _scope(limit_bytes):
    prefix = ("systemd-run", "--user", "--scope", "--quiet", "--collect", "--property", f"MemoryMax={limit_bytes}")
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Limit(f"{limit_bytes // 1_048_576} MiB by systemd-run --scope", prefix=prefix) if works else None
