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
}


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


def no_failures(count):
    return Verdict("not one failed request", f"{count} failed", count == 0)
