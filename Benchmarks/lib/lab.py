"""Namespaces that stand for a host and for guests. Nothing here touches the machine's own network."""

import ctypes
import os
import re
import subprocess
import time

from lib import undo
from lib.clouds import Server
from lib.leftovers import FABRIC, LAB
from lib.processes import start, stop


def run(arguments, input=None, check=True):
    done = subprocess.run(arguments, input=input, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)[:200]}: {done.stderr.strip()[:1000]}")
    return done.stdout


def inside(namespace, *arguments):
    """The arguments that run a command in a namespace; the mounts of the caller stay as they are."""
    return ["nsenter", f"--net=/run/netns/{namespace}", "--", *arguments]


class Lab:
    """A namespace that stands for the host, and all namespaces made beside it."""

    def __init__(self):
        if os.geteuid() != 0:
            raise SystemExit("needs root, for network namespaces")
        self.name = f"{LAB}{os.getpid()}"
        self.namespaces = []
        undo.later(self.close)
        self.host = self.namespace("host")

    def namespace(self, name):
        name = f"{self.name}-{name}"
        self.namespaces.append(name)
        run(["ip", "netns", "add", name])
        run(["ip", "-n", name, "link", "set", "lo", "up"])
        return name

    def drop(self, name):
        run(["ip", "netns", "del", name], check=False)
        self.namespaces.remove(name)

    def close(self):
        while self.namespaces:
            run(["ip", "netns", "del", self.namespaces[-1]], check=False)
            self.namespaces.pop()


class In:
    """Sockets opened within the block belong to the namespace."""
    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, namespace):
        self.namespace = namespace

    @classmethod
    def _enter(cls, descriptor):
        if cls.libc.setns(descriptor, 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def __enter__(self):
        self.own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        other = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        try:
            self._enter(other)
        finally:
            os.close(other)

    def __exit__(self, *_):
        self._enter(self.own)
        os.close(self.own)


class FabricCloud(Server):
    """The API with simulated guests on real networks: see Benchmarks/FabricBench."""
    name = "apus"

    def __init__(self, lab, folder):
        self.lab, self.state = lab, os.path.join(folder, "fabric")
        os.makedirs(self.state, exist_ok=True)
        self.log = os.path.join(folder, "fabric.log")
        self.output = os.path.join(folder, "fabric.out")
        undo.later(self._clean)
        # The API's port is in the namespace too.
        process = start(
            inside(lab.host, FABRIC, self.state), self.log, stdout=open(self.output, "wb"), stdin=subprocess.PIPE)
        self.applied_lines = 0
        line = self._first_line(process)
        _, url, key_id, secret = line.split()
        super().__init__(process, int(url.rsplit(":", 1)[1]), key_id, secret)
        with In(lab.host):
            self.connection._open()

    def _first_line(self, process):
        for _ in range(1000):
            text = open(self.output).read()
            if "\n" in text:
                return text.split("\n", 1)[0]
            if process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"FabricBench did not start: {open(self.log).read()[-2000:]}")

    def call(self, action, **parameters):
        with In(self.lab.host):
            return super().call(action, **parameters)

    def applied(self):
        """(vpc, interfaces, ms) of every network made so since the last call."""
        lines = [line for line in open(self.output).read().split("\n") if line.startswith("applied ")]
        fresh, self.applied_lines = lines[self.applied_lines:], len(lines)
        return [(vpc, int(count), float(spent)) for _, vpc, count, spent in (line.split() for line in fresh)]

    def namespace_of(self, vpc):
        names = [line.split()[0] for line in run(["ip", "netns", "list"]).splitlines() if line]
        mine = [name for name in names if name.endswith(vpc)]
        if not mine:
            raise RuntimeError(f"no namespace of {vpc}")
        return mine[0]

    def kill(self):
        """Ends it at once; its networks stay."""
        self.connection.close()
        self.process.kill()
        self.process.wait()

    def close(self):
        self.connection.close()
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(120)
            except subprocess.TimeoutExpired:
                stop(self.process)
        self._clean()

    def _clean(self):
        """Also when it does not serve any more: networks outlive it."""
        if os.path.exists(f"/run/netns/{self.lab.host}"):
            run(inside(self.lab.host, FABRIC, self.state, "clean"), check=False)


class Guest:
    """A namespace that takes the guest's end of an interface's pair."""

    def __init__(self, lab, cloud, instance, name):
        xml = cloud.call("DescribeInstances", **{"InstanceId.1": instance})
        self.instance = instance
        self.address = re.search("<privateIpAddress>([^<]*)<", xml).group(1)
        interface = re.search("<networkInterfaceId>([^<]*)<", xml).group(1)
        mac = re.search("<macAddress>([^<]*)<", xml).group(1)
        self.vpc = re.search("<vpcId>([^<]*)<", xml).group(1)
        self.namespace = lab.namespace(name)
        link = "p" + interface.split("-")[1][-14:]
        router = cloud.namespace_of(self.vpc)
        run(["ip", "-n", router, "link", "set", link, "netns", self.namespace])
        batch = "\n".join([
            f"link set dev {link} name eth0 address {mac}", "link set dev eth0 up",
            f"addr add {self.address}/16 dev eth0", f"route add default via {router_address(self.address)}"]) + "\n"
        run(["ip", "-n", self.namespace, "-batch", "-"], input=batch)


def router_address(address):
    """The VPC router's address in the benchmarks' subnets, which are /16: base + 1."""
    return ".".join(address.split(".")[:2]) + ".0.1"


def wait_running(cloud, instances, seconds=300):
    """Returns when all of them run."""
    end = time.monotonic() + seconds
    query = {f"InstanceId.{place + 1}": id for place, id in enumerate(instances[-1:])}
    while "<name>pending</name>" in cloud.call("DescribeInstances", **query):
        if time.monotonic() > end:
            raise TimeoutError("instances do not run")
        time.sleep(0.02)

