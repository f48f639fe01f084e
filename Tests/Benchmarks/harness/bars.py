"""What Postern promises, compared with what was measured."""

from dataclasses import dataclass


@dataclass
class Verdict:
    """`met` is `None` where the run had nothing to compare with."""

    promise: str
    measured: str
    met: object

    def __str__(self):
        word = {True: "met", False: "MISSED", None: "not measured"}[self.met]
        return f"{word}: {self.promise} ({self.measured})"


CPU_RATIOS = {
    "small-64": {"nginx": 1.05, "haproxy": 1.0, "envoy": 0.35},
    "large-response": {"nginx": 1.1},
    "upload": {"nginx": 1.1},
    "mtls-keepalive": {"nginx": 1.0, "haproxy": 1.0, "envoy": 0.4},
    "mtls-handshake": {"nginx": 0.9, "haproxy": 0.9},
    "mtls-large": {"nginx": 1.1},
}
RESUMED_TO_FULL = 0.5


def cpu(scenario, summary):
    """Verdicts for a comparing scenario; none for scenarios that only inform."""
    verdicts = []
    if "postern" not in summary:
        return verdicts
    for other, bar in CPU_RATIOS.get(scenario, {}).items():
        ratio = summary["postern"]["ratios"].get(other)
        if ratio is not None:
            verdicts.append(Verdict(f"CPU per request at most {bar} of {other}", f"{ratio:.2f}", ratio <= bar))
    verdicts.append(no_failures(summary["postern"]["failed"]))
    return verdicts


def resumed(ratio):
    """`ratio` of a resumed handshake's CPU to a full one's, `None` if it was not measured."""
    measured = "–" if ratio is None else f"{ratio:.2f}"
    return Verdict(
        f"CPU of a resumed handshake at most {RESUMED_TO_FULL} of a full one", measured,
        None if ratio is None else ratio <= RESUMED_TO_FULL)


def idle_memory(summary, other):
    """Bytes that an idle connection adds to the resident memory, after its first request."""
    verdicts = []
    if "postern" in summary and other in summary:
        mine, theirs = summary["postern"]["used"], summary[other]["used"]
        verdicts.append(Verdict(
            f"memory of an idle connection at most that of {other}", f"{mine:.0f} and {theirs:.0f} bytes", mine <= theirs))
    if "postern" in summary:
        verdicts.append(no_failures(round(summary["postern"]["failed"])))
    return verdicts


def no_failures(count):
    return Verdict("not one failed request", f"{count} failed", count == 0)
