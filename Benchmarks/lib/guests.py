"""Real guests: Apus in a lab, and the same QEMU line put together by hand."""

import glob
import http.server
import json
import os
import re
import socket
import subprocess
import threading
import time

from lib.clouds import APUS, Apus
from lib.lab import In, inside, run
from lib.processes import start


class GuestCloud(Apus):
    """Apus with real guests, in the namespace that stands for the host."""

    def __init__(self, lab, folder):
        self.lab = lab
        super().__init__(folder, prefix=tuple(inside(lab.host)))
        with In(lab.host):
            self.connection._open()

    def call(self, action, **parameters):
        with In(self.lab.host):
            return super().call(action, **parameters)

    def command(self, *arguments):
        return run([APUS, *arguments, "--state-dir", self.state]).strip().splitlines()[-1]

    def furnish(self):
        """The tiny image, and a default group that lets ssh in."""
        image = self.command("image", "build", "tiny")
        groups = self.call("DescribeSecurityGroups", **{"GroupName.1": "default"})
        self.call("AuthorizeSecurityGroupIngress", **{
            "GroupId": re.search("<groupId>([^<]*)<", groups).group(1), "IpPermissions.1.IpProtocol": "tcp",
            "IpPermissions.1.FromPort": "22", "IpPermissions.1.ToPort": "22",
            "IpPermissions.1.IpRanges.1.CidrIp": "0.0.0.0/0"})
        return image

    def states(self, ids):
        xml = self.call("DescribeInstances", **{f"InstanceId.{place + 1}": id for place, id in enumerate(ids)})
        return re.findall("<instanceState><code>[0-9]+</code><name>([^<]*)<", xml), xml

    def until_state(self, ids, wanted, seconds=180):
        """Asks every 2 ms, and returns the last answer."""
        end = time.monotonic() + seconds
        while True:
            states, xml = self.states(ids)
            if all(state == wanted for state in states):
                return xml
            if time.monotonic() > end or "terminated" in states and wanted != "terminated":
                raise RuntimeError(f"instances are {set(states)}: {open(self.log).read()[-1500:]}")
            time.sleep(0.002)

    def terminate(self, ids):
        self.call("TerminateInstances", SkipOsShutdown="true",
                  **{f"InstanceId.{place + 1}": id for place, id in enumerate(ids)})
        self.until_state(ids, "terminated")

    def qemu_of(self, id):
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, "rb") as file:
                    line = file.read().split(b"\0")
            except OSError:
                continue
            if f"guest={id},debug-threads=on".encode() in line and b"qemu-system" in line[0]:
                return int(path.split("/")[2]), [part.decode() for part in line if part]
        raise RuntimeError(f"no process of {id}")

    def close(self):
        self.connection.close()
        # Also when it does not serve any more: guests outlive it.
        run(inside(self.lab.host, APUS, "down", "--purge", "--state-dir", self.state), check=False)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def banner(namespace, address, seconds=120):
    """The moments at which port 22 answered and at which it said who it is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with In(namespace):
            probe = socket.socket()
        probe.settimeout(0.25)
        try:
            probe.connect((address, 22))
            opened = time.monotonic()
            probe.settimeout(10)
            if probe.recv(4) == b"SSH-":
                return opened, time.monotonic()
        except OSError:
            time.sleep(0.01)
        finally:
            probe.close()
    raise TimeoutError(f"no ssh at {address}")


def info(path):
    return json.loads(run(["qemu-img", "info", "-U", "--output=json", path]))


def backing(path):
    return info(path).get("backing-filename") is not None


def is_disk(path):
    with open(path, "rb") as file:
        return file.read(4) == b"QFI\xfb"


class LineByHand:
    """The command line of a guest that Apus launched, its descriptors replaced by files, its isolation left out."""

    def __init__(self, cloud, id, folder):
        self.folder = folder
        pid, line = cloud.qemu_of(id)
        files = {name: os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
        disks = [path for path in set(files.values()) if os.path.isfile(path) and is_disk(path)]
        top = info(next(path for path in disks if backing(path)))
        self.size = top["virtual-size"]
        self.base = top.get("full-backing-filename") or top["backing-filename"]
        if not os.path.isabs(self.base):
            self.base = os.path.join(os.path.dirname(top["filename"]), self.base)
        self.arguments, place = [line[0]], 1
        while place < len(line):
            option, value = line[place], line[place + 1]
            place += 2
            if option in ("-add-fd", "-sandbox", "-blockdev"):
                continue
            value = re.sub(r"/proc/self/fd/(\d+)", lambda found: files[found.group(1)], value)
            self.arguments += [option, re.sub(r"drive=[^,]+", "drive=top", value)]

    def spawn(self, number, tap=None):
        """Starts it on a fresh overlay: the process, the path of its monitor, and when that began."""
        monitor, overlay = (os.path.join(self.folder, f"hand{number}.{end}") for end in ("qmp", "qcow2"))
        began = time.monotonic()
        run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", self.base, "-F", info(self.base)["format"], overlay,
             str(self.size)])
        arguments = []
        for argument in self.arguments:
            if argument.startswith("socket,id=monitor"):
                argument = f"socket,id=monitor,path={monitor},server=on,wait=off"
            elif argument.startswith("socket,id=console"):
                argument = f"file,id=console,path={self.folder}/hand{number}.console"
            elif argument.startswith("tap,id="):
                identity = argument.split(",")[1]
                argument = (f"tap,{identity},ifname={tap},script=no,downscript=no,vhost=off" if tap
                            else f"hubport,{identity},hubid=0")
            arguments.append(argument)
        # The disk is named before the device that it is for.
        first = next(place for place, value in enumerate(arguments) if value == "-device")
        arguments[first:first] = [
            "-blockdev", json.dumps({"driver": "file", "filename": overlay, "node-name": "file"}),
            "-blockdev", json.dumps({"driver": "qcow2", "file": "file", "node-name": "top"})]
        return start(arguments, os.path.join(self.folder, f"hand{number}.log")), monitor, began


def resumed(monitor, process, seconds=60):
    """Returns when the monitor says that the processors run."""
    end = time.monotonic() + seconds
    while True:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(monitor)
            break
        except OSError:
            link.close()
            if time.monotonic() > end or process.poll() is not None:
                raise RuntimeError("QEMU by hand did not start") from None
            time.sleep(0.001)
    stream = link.makefile("rw")
    stream.readline()
    for command in ("qmp_capabilities", "query-status"):
        stream.write(json.dumps({"execute": command}) + "\n")
        stream.flush()
        while True:
            answer = json.loads(stream.readline())
            if "return" in answer:
                break
    link.close()
    if not answer["return"].get("running"):
        raise RuntimeError("QEMU by hand does not run")
    return time.monotonic()


class HandNetwork:
    """A tap with DHCP and a metadata service, in a namespace of its own."""

    def __init__(self, lab, mac):
        self.namespace = lab.namespace("hand")
        run(["ip", "-n", self.namespace, "-batch", "-"], input=(
            "tuntap add dev t0 mode tap\nlink set t0 up\naddr add 10.9.0.1/24 dev t0\n"
            "addr add 169.254.169.254/32 dev t0\n"))
        self.address = "10.9.0.20"
        self.resolver = subprocess.Popen(
            inside(self.namespace, "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--interface=t0",
                   "--bind-interfaces", "--no-resolv", "--no-hosts", "--dhcp-leasefile=/dev/null",
                   "--dhcp-range=10.9.0.20,10.9.0.20,255.255.255.0", f"--dhcp-host={mac},{self.address}",
                   "--dhcp-option=3,10.9.0.1", "--dhcp-authoritative", "--no-ping"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with In(self.namespace):
            self.metadata = http.server.ThreadingHTTPServer(("169.254.169.254", 80), Metadata)
        threading.Thread(target=self.metadata.serve_forever, daemon=True).start()

    def close(self):
        self.resolver.kill()
        self.resolver.wait()
        self.metadata.shutdown()


class Metadata(http.server.BaseHTTPRequestHandler):
    """As much of an instance's metadata as a guest waits for at boot."""
    protocol_version = "HTTP/1.1"
    answers = {"instance-id": "i-00000000000000001", "local-hostname": "byhand", "local-ipv4": "10.9.0.20"}

    def _send(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        self._send(200, "token")

    def do_GET(self):
        name = self.path.rsplit("/", 1)[1]
        self._send(200 if name in self.answers else 404, self.answers.get(name, ""))

    def log_message(self, *_):
        pass
