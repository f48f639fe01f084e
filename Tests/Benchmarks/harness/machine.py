"""What the run happens on: cores, kernel, and how much of a core went to somebody else."""

import os
import platform


def parse_cores(text):
    """`0`, `1,3` or `2-5` as a sorted list of core numbers; `ValueError` if it is none of these."""
    cores = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        cores.update(range(int(first), int(last or first) + 1))
    return sorted(cores)


def describe():
    """Facts that a reader needs to compare two reports."""
    model = "unknown"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.lower().startswith(("model name", "cpu model")):
                model = line.split(":", 1)[1].strip()
                break
    system = ""
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except (AttributeError, OSError):
        pass
    return {
        "system": system,
        "kernel": f"{platform.release()} {platform.machine()}",
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "load average": " ".join(f"{value:.2f}" for value in os.getloadavg()),
    }


def core_busy_seconds(cores):
    """CPU seconds that the given cores spent on anything since boot, time stolen by the host included."""
    names = {f"cpu{core}" for core in cores}
    ticks = 0
    with open("/proc/stat") as file:
        for line in file:
            name, *fields = line.split()
            if name in names:
                user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
                ticks += user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK")
