"""Apus under a tracer that kills it at the step of its life that a test names: from its start, or for a while."""

import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from .running import Apus
from .waiting import eventually

TRACER = pathlib.Path(__file__).with_name("tracer.py")


class MortalApus(Apus):
    """An Apus whose threads are watched: it tells its steps, and dies at one."""

    def __init__(self, state, **more):
        super().__init__(state, **more)
        self._control = self.state.parent / f"{self.state.name}.order"
        self._report = self.state.parent / f"{self.state.name}.steps"
        self._read = 0

    def command_line(self):
        tracer = [sys.executable, str(TRACER), str(self._control), str(self._report), str(self.state), "/run", "--"]
        return self.prefix + tracer + super().command_line()[len(self.prefix):]

    def expect(self, order):
        """From now on steps are counted, and the process dies at the one that `order` names."""
        self._read = len(self._lines())
        self._control.write_text(json.dumps(order or {"count": True}))
        looks = itertools.count()

        def is_taken():
            # A signal that comes when the tracer is about to wait, and the program rests, is heard with the next one.
            if next(looks) % 100 == 0:
                os.kill(self.process.pid, signal.SIGUSR1)
            return any("order" in line for line in self._news())
        eventually(is_taken, "the tracer took the order", 10, every=0.01)

    def steps(self):
        """The steps since `expect`, as orders without a moment."""
        return [line for line in self._news() if "step" in line]

    @property
    def was_killed(self):
        return any("killed" in line for line in self._news())

    def bury(self):
        """After its death: forgets the process."""
        assert self.process.wait(30) == 128 + signal.SIGKILL
        self.process.stdout.close()
        self.process = None

    def _news(self):
        return self._lines()[self._read:]

    def _lines(self):
        return lines(self._report)


class Watch:
    """A tracer at an Apus that runs, for as long as the context lasts: steps are counted, and the process dies at the one that
    `order` names."""

    def __init__(self, apus, order=None):
        place = apus.state.parent / apus.state.name
        control, self._report = place.with_suffix(".order"), place.with_suffix(".steps")
        control.write_text(json.dumps(order or {"count": True}))
        self._report.unlink(missing_ok=True)
        self._command = [sys.executable, str(TRACER), str(control), str(self._report), str(apus.state), "/run", "--",
                         str(apus.process.pid)]

    def __enter__(self):
        self._tracer = subprocess.Popen(self._command)
        eventually(lambda: any("order" in line for line in lines(self._report)), "the tracer took the order", 10, every=0.01)
        return self

    def __exit__(self, *_):
        self._tracer.terminate()
        self._tracer.wait(30)

    def steps(self):
        return [line for line in lines(self._report) if "step" in line]

    def was_killed(self, seconds):
        """Whether the process dies within so long: the step may not come again."""
        deadline = time.monotonic() + seconds
        while not (told := any("killed" in line for line in lines(self._report))) and time.monotonic() < deadline:
            time.sleep(0.01)
        return told


def lines(report):
    """What a tracer has told."""
    if not report.exists():
        return []
    return [json.loads(line) for line in report.read_text().splitlines(keepends=True) if line.endswith("\n")]
