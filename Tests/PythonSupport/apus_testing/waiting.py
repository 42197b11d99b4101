"""Waiting for something to become true, with a deadline and a sentence for the failure."""

import time


def eventually(question, what, seconds=30.0, every=0.05):
    """Asks until the answer is true and returns that answer.

    question: called without arguments; an exception of it counts as "not yet" and is told if the deadline passes.
    what: ends the sentence "not within N s: ...".
    """
    deadline = time.monotonic() + seconds
    while True:
        error = None
        try:
            answer = question()
        except Exception as exception:  # noqa: BLE001 - told below
            answer, error = None, exception
        if answer:
            return answer
        if time.monotonic() > deadline:
            told = f" (last error: {error})" if error else f" (last answer: {answer!r})"
            raise AssertionError(f"not within {seconds:g} s: {what}{told}")
        time.sleep(every)


def steadily(question, what, seconds=1.0, every=0.1):
    """Asserts that something stays true for a while: for what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert question(), f"did not stay so: {what}"
        time.sleep(every)


def quick(waiter_seconds=60, delay=0.1):
    """A WaiterConfig that asks often."""
    return {"Delay": delay, "MaxAttempts": int(waiter_seconds / delay)}
