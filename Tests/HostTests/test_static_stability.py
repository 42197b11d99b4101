"""Every process of ours is killed under load: guests do not notice, and are in hand again at once."""

import os
import signal
import subprocess
import threading
import time

import pytest
from apus_testing.host_view import HostView
from apus_testing.waiting import eventually

# Told for each run; asserted wide, since hosts are slow now and then. The goal on a free host is 2 s.
READOPTION_SECONDS = 30

WRITER = """
n=0; while dd if=/dev/zero of=load bs=64k count=8 conv=fsync 2>>dd.log; do n=$((n+1)); echo $n > rounds; done
echo stopped >> errors
"""


class Flow:
    """A TCP connection from host to guest on which numbers go there and back, each awaited before the next."""

    def __init__(self, machine):
        site = machine.site
        self.count, self.fault, self._goes_on = 0, None, True
        self._process = subprocess.Popen(
            site.lab.prefix + ["ssh", "-i", str(site.key), "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
                               "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                               f"ec2-user@{machine.address}", "cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._thread = threading.Thread(target=self._exchange)
        self._thread.start()

    def _exchange(self):
        while self._goes_on:
            try:
                self._process.stdin.write(f"{self.count + 1}\n")
                answer = self._process.stdout.readline()
            except OSError as broken:
                answer = repr(broken)
            if answer != f"{self.count + 1}\n":
                self.fault = f"after {self.count} numbers: {answer!r}"
                return
            self.count += 1
            time.sleep(0.01)

    def await_more(self, what, numbers=50):
        goal = self.count + numbers
        eventually(lambda: self.count >= goal or self.fault, what, 60)
        assert self.fault is None, f"{what}: {self.fault}"

    def close(self):
        self._goes_on = False
        self._thread.join(60)
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@pytest.fixture
def machine(site):
    machine = site.launch().wait("instance_running").wait_for_ssh()
    yield machine
    machine.terminate()


@pytest.fixture
def view(site):
    return HostView(site.cloud.state, site.lab.name)


def resolver_processes(view):
    return [pid for pid, line in view.command_lines().items() if "dnsmasq" in line[0]]


def test_guests_run_on_when_everything_of_ours_is_killed_and_are_in_hand_again_soon(site, machine, view):
    process, address = machine.process, machine.address
    machine.ssh(f"sh -c '{WRITER}' >/dev/null 2>&1 </dev/null &")
    eventually(lambda: int(machine.ssh("cat rounds", check=False) or 0) > 2, "the guest writes", 60)
    flow = Flow(machine)
    try:
        flow.await_more("numbers go there and back before anything is killed")
        site.cloud.kill()
        for pid in resolver_processes(view):
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not resolver_processes(view), "no process of ours is left", 10)
        flow.await_more("the connection lives on without us", 100)
        rounds = int(machine.ssh("cat rounds", address=address))
        eventually(lambda: int(machine.ssh("cat rounds", address=address)) > rounds + 2, "the guest writes on", 60)
        began = time.monotonic()
        site.cloud.start()
        site.account = site.cloud.first_account()
        assert machine.state == "running"
        took = time.monotonic() - began
        print(f"R4: a guest was in hand again {took:.2f} s after the start of the process (goal: 2 s)")
        assert took < READOPTION_SECONDS and machine.process == process
        eventually(lambda: len(resolver_processes(view)) == len(view.namespaces()) - 1, "each VPC has its resolver", 30)
        flow.await_more("the connection lives on with us")
    finally:
        flow.close()
    assert machine.ssh("cat errors 2>/dev/null; true") == ""
    assert machine.ssh("dmesg | grep -ciE 'i/o error|hung task|ext4-fs error'; true") == "0"
    assert machine.ssh("grep -vE 'records (in|out)|bytes|copied' dd.log; true") == ""


def test_a_resolver_that_dies_is_there_again_at_once(site, machine, view):
    before = set(resolver_processes(view))
    assert before
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(resolver_processes(view)) == len(before) and not before & set(resolver_processes(view)),
               "as many resolvers run again", 30)
    name = machine.describe()["PrivateDnsName"]
    eventually(lambda: machine.ssh(f"nslookup {name}", check=False).count(machine.describe()["PrivateIpAddress"]),
               "names are answered again", 15)
