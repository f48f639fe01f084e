"""CPU time and memory of a gateway: the process that was started and everything below it.

Total CPU is the sum of `/proc/PID/task/TID/schedstat`, which counts nanoseconds. The split into user and system comes from
`utime` and `stime` in `/proc/PID/stat`, which are scaled and rounded to clock ticks (10 ms), so it is used as a proportion only.
"""

import os
from dataclasses import dataclass

TICK_NANOSECONDS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def tree(root):
    """`root` and its descendants that are alive now."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _stat(int(entry))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry))
    found, queue = [], [root]
    while queue:
        process = queue.pop()
        found.append(process)
        queue += children.get(process, [])
    return found


@dataclass
class CPUReading:
    """Counters of one moment. Only the difference of two readings means something."""

    threads: dict  # (process, thread) → nanoseconds on a core
    user_ticks: int
    system_ticks: int

    @classmethod
    def of(cls, root):
        threads, user, system = {}, 0, 0
        for process in tree(root):
            fields = _stat(process)
            if not fields:
                continue
            user += int(fields[11])
            system += int(fields[12])
            for thread in _list(f"/proc/{process}/task"):
                text = _read(f"/proc/{process}/task/{thread}/schedstat")
                if text:
                    threads[process, thread] = int(text.split()[0])
        return cls(threads, user, system)

    def since(self, earlier):
        """`(total, user, system)` nanoseconds between two readings.

        A thread that ended in between took its nanoseconds with it, and a kernel without `schedstat` has none: then the
        ticks of the process, which remember ended threads, are the total.
        """
        user = (self.user_ticks - earlier.user_ticks) * TICK_NANOSECONDS
        system = (self.system_ticks - earlier.system_ticks) * TICK_NANOSECONDS
        total = user + system
        if self.threads and earlier.threads.keys() <= self.threads.keys():
            total = sum(time - earlier.threads.get(thread, 0) for thread, time in self.threads.items())
        share = user / (user + system) if user + system else 0
        return total, total * share, total * (1 - share)


def memory(root):
    """`(VmRSS, VmHWM)` in bytes, summed over the tree; pages shared between processes count once for each."""
    resident = peak = 0
    for process in tree(root):
        for line in (_read(f"/proc/{process}/status") or "").splitlines():
            if line.startswith("VmRSS:"):
                resident += int(line.split()[1]) * 1024
            elif line.startswith("VmHWM:"):
                peak += int(line.split()[1]) * 1024
    return resident, peak


def _stat(process):
    """Fields of `/proc/PID/stat` from the state on; the command before it may hold spaces and parentheses."""
    text = _read(f"/proc/{process}/stat")
    return text.rpartition(")")[2].split() if text else None


def _read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:  # the process or thread has ended
        return None


def _list(path):
    try:
        return os.listdir(path)
    except OSError:
        return []
