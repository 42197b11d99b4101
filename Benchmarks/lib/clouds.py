"""The two clouds under load: Apus with simulated guests, and moto's server. Both on loopback."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from lib import leftovers, undo
from lib.leftovers import APUS, ROOT
from lib.processes import start, stop
from lib.signing import Signer
from lib.wire import Connection, Refused, until


def work_folder():
    """A folder on a real disk: in BENCHMARK_DIR, else in /var/tmp. What killed benchmarks left is removed first."""
    leftovers.sweep()
    folder = tempfile.mkdtemp(prefix=f"{leftovers.WORK}{os.getpid()}-", dir=leftovers.WORK_PARENT)
    undo.later(clean, folder)
    return folder


class Server:
    """A started cloud: `call` for preparation, `signer` and `connection` for measured load."""

    def __init__(self, process, port, key_id, secret):
        self.process, self.port = process, port
        self.signer = Signer(port, key_id, secret)
        self.connection = Connection(port)

    @property
    def pid(self):
        return self.process.pid

    @staticmethod
    def version():
        done = subprocess.run(
            ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
        return f"apus {done.stdout.strip() or 'unknown'}"

    def call(self, action, **parameters):
        return self.connection.send(self.signer.request(action, **parameters)).decode()

    def close(self):
        self.connection.close()
        stop(self.process)


class Apus(Server):
    name = "apus"

    def __init__(self, folder, *options, prefix=()):
        os.makedirs(folder, exist_ok=True)
        self.state, self.options, self.prefix = os.path.join(folder, "apus"), options, prefix
        self.log = os.path.join(folder, "apus.log")
        self.start()

    def start(self):
        """Starts it; `ready_seconds` is from spawn to the line that says so."""
        began = time.monotonic()
        process = start(
            [*self.prefix, APUS, "up", "--state-dir", self.state, "--port", "0", "--throttle", "off",
             "--log-level", "warning", *self.options], self.log, stdout=subprocess.PIPE)
        line = process.stdout.readline().decode()
        self.ready_seconds = time.monotonic() - began
        if not line.startswith("ready "):
            stop(process)
            raise RuntimeError(f"apus did not start: {open(self.log).read()[-2000:]}")
        port = int(line.rsplit(":", 1)[1])
        with open(os.path.join(self.state, "credentials.json")) as file:
            keys = json.load(file)
        super().__init__(process, port, keys["accessKeyId"], keys["secretAccessKey"])


class Moto(Server):
    """moto's server keeps all in memory and checks no signature."""
    name = "moto"

    def __init__(self, folder):
        self.log = os.path.join(folder, "moto.log")
        self.start()

    def start(self):
        began = time.monotonic()
        port = free_port()
        process = start([sys.executable, "-m", "moto.server", "-p", str(port)], self.log)
        super().__init__(process, port, "AKIAIOSFODNN7EXAMPLE", "secret")
        until(lambda: answers(port), 60, "moto's start")
        self.ready_seconds = time.monotonic() - began

    @staticmethod
    def version():
        import moto
        return f"moto {moto.__version__}"


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    import socket
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def values(xml, element):
    return re.findall(f"<{element}>([^<]*)</{element}>", xml)


def an_image(server):
    query = {"Owner.1": "amazon", "Filter.1.Name": "architecture", "Filter.1.Value.1": "x86_64"}
    return values(server.call("DescribeImages", **query), "imageId")[0]


def launch(server, count, image, **more):
    """Launches `count` instances in groups of at most 500 and returns their ids."""
    made = []
    while len(made) < count:
        wanted = str(min(500, count - len(made)))
        xml = server.call(
            "RunInstances", ImageId=image, InstanceType="t3.micro", MinCount=wanted, MaxCount=wanted, **more)
        made += values(xml, "instanceId")
    return made


def own_subnet(server):
    """A subnet with 65,531 addresses in a VPC of its own."""
    vpc = values(server.call("CreateVpc", CidrBlock="10.77.0.0/16"), "vpcId")[0]
    return values(server.call("CreateSubnet", VpcId=vpc, CidrBlock="10.77.0.0/16"), "subnetId")[0]


def settle(server, seconds=600):
    """Returns when every instance runs and the server has nothing left to do."""
    def running():
        query = {"Filter.1.Name": "instance-state-name", "Filter.1.Value.1": "pending"}
        return "<instanceId>" not in server.call("DescribeInstances", **query)
    until(running, seconds, "instances to run")
    from lib.processes import cpu_seconds
    last = [cpu_seconds(server.pid)]

    def idle():
        time.sleep(0.5)
        now = cpu_seconds(server.pid)
        calm = now - last[0] <= 0.02
        last[0] = now
        return calm
    until(idle, seconds, "the server to be idle")


def clean(folder):
    shutil.rmtree(folder, ignore_errors=True)


__all__ = ["APUS", "ROOT", "Apus", "Moto", "Refused", "work_folder", "values", "an_image", "launch", "own_subnet", "settle", "clean"]
