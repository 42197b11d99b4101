"""What has to be taken away again however a benchmark ends: undone in reverse order, once, and undisturbed by further
signals. What SIGKILL leaves, the next benchmark finds: see leftovers."""

import atexit
import signal
import sys

_undos = []


def later(undo, *arguments):
    """Has `undo` called at the end. Register it before making the thing: an undo must bear that there is nothing."""
    _undos.append((undo, arguments))


def everything():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while _undos:
        undo, arguments = _undos.pop()
        try:
            undo(*arguments)
        except Exception as error:  # noqa: BLE001  The rest is undone all the same.
            print(f"not undone: {undo.__qualname__}: {error}", file=sys.stderr, flush=True)


def _end(number, _frame):
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, _end)
atexit.register(everything)
