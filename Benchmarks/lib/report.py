"""Samples in pairs, and how they are shown: median, min-max, ratio, and one last line per figure."""

import os
import statistics
import sys

from lib import undo  # noqa: F401  Whoever ends a benchmark early still gets everything taken away.


PAIRS = max(1, int(os.environ.get("PAIRS", "10")))
ENOUGH = 10


def log(text):
    print(text, file=sys.stderr, flush=True)


def shown(value, unit):
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 4
    return f"{value:.{digits}f} {unit}"


class Series:
    """Samples of one side."""

    def __init__(self, samples):
        self.samples = list(samples)

    @property
    def median(self):
        return statistics.median(self.samples)

    def percentile(self, part):
        ordered = sorted(self.samples)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))]

    def text(self, unit):
        return f"{shown(self.median, unit)} ({shown(min(self.samples), unit)}–{shown(max(self.samples), unit)})"


def show(title, unit, ours, peers=None, peer_name="peer"):
    line = f"  {title:<44} us {Series(ours).text(unit)}"
    if peers:
        line += f"   {peer_name} {Series(peers).text(unit)}"
    print(line, flush=True)


def last_line(id, ours, peer, ratio, goal, met, is_trial=False):
    """The line that a script ends in: id, us, peer, ratio, goal, met or short. A run too small or too simulated to tell
    says `trial` instead."""
    verdict = "trial" if is_trial or PAIRS < ENOUGH else "met" if met else "short"
    print("  ".join([id, ours, peer, ratio, goal, verdict]), flush=True)
    return met
