"""Real guests: Apus in a lab, and the same QEMU line put together by hand."""

import contextlib
import glob
import http.server
import json
import os
import re
import socket
import threading
import time

from lib import undo
from lib.clouds import APUS, Apus
from lib.lab import In, inside, run
from lib.processes import kill, start


class GuestCloud(Apus):
    """Apus with real guests, in the namespace that stands for the host."""

    def __init__(self, lab, folder):
        self.lab = lab
        undo.later(self._down, os.path.join(folder, "apus"))
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

    def until_state(self, ids, wanted, seconds=180, every=0.002):
        """Asks every 2 ms, in the same signed words, and returns the last answer."""
        question = self.signer.request(
            "DescribeInstances", **{f"InstanceId.{place + 1}": id for place, id in enumerate(ids)})
        end = time.monotonic() + seconds
        while True:
            with In(self.lab.host):
                xml = self.connection.send(question).decode()
            states = re.findall("<instanceState><code>[0-9]+</code><name>([^<]*)<", xml)
            if all(state == wanted for state in states):
                return xml
            if time.monotonic() > end or "terminated" in states and wanted != "terminated":
                raise RuntimeError(f"instances are {set(states)}: {open(self.log).read()[-1500:]}")
            time.sleep(every)

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
        self._down(self.state)
        kill(self.process)

    def _down(self, state):
        """Also when it does not serve any more: guests outlive it."""
        if os.path.exists(state) and os.path.exists(f"/run/netns/{self.lab.host}"):
            run(inside(self.lab.host, APUS, "down", "--purge", "--state-dir", state), check=False)


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


def is_disk(path):
    with open(path, "rb") as file:
        return file.read(4) == b"QFI\xfb"


class LineByHand:
    """The command line of a guest that Apus launched: its descriptors replaced by files and sockets of its own, its
    isolation left out, everything else as it is. Its disks are made before any clock starts."""

    def __init__(self, cloud, id, folder, network=None):
        self.folder, self.network = folder, network
        pid, line = cloud.qemu_of(id)
        files = {name: os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
        overlay = next(path for path in set(files.values())
                       if os.path.isfile(path) and is_disk(path) and info(path).get("backing-filename"))
        top = info(overlay)
        self.disk, self.size = overlay, top["virtual-size"]
        base = top.get("full-backing-filename") or top["backing-filename"]
        self.base = os.path.join(os.path.dirname(overlay), base)
        self.arguments = [line[0]]
        for option, value in zip(line[1::2], line[2::2]):
            if option not in ("-add-fd", "-sandbox"):
                value = re.sub(r"/proc/self/fd/(\d+)", lambda found: files[found.group(1)], value)
                self.arguments += [option, self._node(value) if option == "-blockdev" else value]

    def _node(self, text):
        """A block node whose file is named: the base is only read, the overlay is written."""
        node = json.loads(text)
        if "filename" in node:
            node["filename"] = self.base if node.get("read-only") else self.disk
        return json.dumps(node)

    def prepare(self, number):
        """Makes the disk that `spawn` will use."""
        run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", self.base, "-F", "raw", self._path(number, "qcow2"),
             str(self.size)])

    def spawn(self, number, more=()):
        """Starts it, with more arguments: the process, the path of its monitor, and when that began."""
        arguments = [self._own(argument, number) for argument in self.arguments] + list(more)
        log = self._path(number, "log")
        with In(self.network.namespace) if self.network else contextlib.nullcontext():
            began = time.monotonic()
            return start(arguments, log), self._path(number, "qmp"), began

    def remove(self, number):
        for end in ("qcow2", "qmp", "qmp.log", "console", "log"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path(number, end))

    def _path(self, number, end):
        return os.path.join(self.folder, f"hand{number}.{end}")

    def _own(self, argument, number):
        """An argument with the files that this guest has to itself."""
        if argument.startswith("socket,id=monitor"):
            path = self._path(number, "qmp")
            return f"socket,id=monitor,path={path},server=on,wait=off,logfile={path}.log,logappend=on"
        if argument.startswith("socket,id=console"):
            return f"file,id=console,path={self._path(number, 'console')}"
        if argument.startswith("tap,id="):
            identity = argument.split(",")[1]
            return (f"tap,{identity},ifname=t0,script=no,downscript=no,vhost=off" if self.network
                    else f"hubport,{identity},hubid=0")
        return argument.replace(self.disk, self._path(number, "qcow2"))


def resumed(monitor, process, seconds=60):
    """Returns when the monitor says that the processors run."""
    end = time.monotonic() + seconds
    try:
        link = connected(monitor, process, end)
        with link, link.makefile("rw") as stream:
            stream.readline()
            for command in ("qmp_capabilities", "query-status"):
                stream.write(json.dumps({"execute": command}) + "\n")
                stream.flush()
                while "return" not in (answer := json.loads(stream.readline())):
                    pass
    except (OSError, ValueError) as error:
        with open(monitor.removesuffix("qmp") + "log") as file:
            raise RuntimeError(f"QEMU by hand did not start: {error}: {file.read()[:1000]}") from None
    if not answer["return"].get("running"):
        raise RuntimeError("QEMU by hand does not run")
    return time.monotonic()


def connected(path, process, end):
    while True:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(path)
            return link
        except OSError:
            link.close()
            if time.monotonic() > end or process.poll() is not None:
                raise
            time.sleep(0.001)


class HandNetwork:
    """A tap with DHCP and a metadata service, in a namespace of its own."""

    def __init__(self, lab, mac, instance, name="hand", key=None):
        self.namespace = lab.namespace(name)
        run(["ip", "-n", self.namespace, "-batch", "-"], input=(
            "tuntap add dev t0 mode tap\nlink set t0 up\naddr add 10.9.0.1/24 dev t0\n"
            "addr add 169.254.169.254/32 dev t0\n"))
        self.address = "10.9.0.20"
        self.resolver = start(
            inside(self.namespace, "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--interface=t0",
                   "--bind-interfaces", "--no-resolv", "--no-hosts", "--dhcp-leasefile=/dev/null",
                   "--dhcp-range=10.9.0.20,10.9.0.20,255.255.255.0", f"--dhcp-host={mac},{self.address}",
                   "--dhcp-option=3,10.9.0.1", "--dhcp-authoritative", "--no-ping"), "/dev/null")
        Metadata.answers = {"token": "token", "instance-id": instance, "local-hostname": "ip-10-9-0-20.ec2.internal",
                            "local-ipv4": self.address, **({"openssh-key": key} if key else {})}
        with In(self.namespace):
            self.metadata = http.server.ThreadingHTTPServer(("169.254.169.254", 80), Metadata)
        threading.Thread(target=self.metadata.serve_forever, daemon=True).start()

    def close(self):
        kill(self.resolver)
        self.metadata.shutdown()
        self.metadata.server_close()


class Metadata(http.server.BaseHTTPRequestHandler):
    """As much of an instance's metadata as a guest waits for at boot, each answer in one packet, as ours are; also
    the page that says that there is no key pair, where there is none."""
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    answers = {}
    missing = """<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" \
"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head><title>404 - Not Found</title></head>
 <body><h1>404 - Not Found</h1></body>
</html>
"""

    def do_GET(self):
        name = self.path.rsplit("/", 1)[1]
        text = self.answers.get(name, self.missing)
        self.send_response(200 if name in self.answers else 404)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
        self.wfile.flush()

    do_PUT = do_GET

    def log_message(self, *_):
        pass
