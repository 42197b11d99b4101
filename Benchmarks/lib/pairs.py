"""Peer and us in turn: the loop that every comparison of two servers uses."""

import time

from lib.processes import cpu_seconds
from lib.report import PAIRS, Series, log, show


class Side:
    """One server and its load. `make(n)` gives n signed requests; a sample is the mean over a batch of them."""

    def __init__(self, server, make, batch=None):
        self.server, self.make, self.batch = server, make, batch
        self.cpu, self.wall = [], []

    def calibrate(self, seconds=0.25, most=4000):
        """So many calls a sample that the kernel's 10 ms ticks do not blur it."""
        self._run(self.make(1))
        if self.batch is not None:
            return
        calls = 1
        while True:
            cpu, _ = self._run(self.make(calls))
            if cpu >= seconds / 4 or calls >= most:
                self.batch = max(1, min(most, round(calls * seconds / cpu))) if cpu else calls
                return
            calls = min(most, calls * 4)

    def sample(self):
        cpu, wall = self._run(self.make(self.batch))
        self.cpu.append(1000 * cpu / self.batch)
        self.wall.append(1000 * wall / self.batch)

    def _run(self, requests):
        before, began = cpu_seconds(self.server.pid), time.monotonic()
        for request in requests:
            self.server.connection.send(request, keep=False)
        wall = time.monotonic() - began
        return cpu_seconds(self.server.pid) - before, wall


def compare(title, us, peer, pairs=PAIRS):
    """Runs the pairs, shows both, and returns how many times less CPU than the peer a call of ours takes."""
    for side in (us, peer):
        side.calibrate()
    log(f"{title}: {pairs} pairs, {us.batch} calls of us and {peer.batch} of {peer.server.name} each")
    for _ in range(pairs):
        peer.sample()
        us.sample()
    show(title + ", CPU", "ms", us.cpu, peer.cpu, peer.server.name)
    show(title + ", wall", "ms", us.wall, peer.wall, peer.server.name)
    return Series(peer.cpu).median / Series(us.cpu).median


def alone(title, side, pairs=PAIRS):
    side.calibrate()
    for _ in range(pairs):
        side.sample()
    show(title + ", CPU", "ms", side.cpu)
    show(title + ", wall", "ms", side.wall)
    return Series(side.cpu).median


def same(server, action, **parameters):
    """A load of the same signed request, for calls that only read."""
    def make(count):
        return [server.signer.request(action, **parameters)] * count
    return make
