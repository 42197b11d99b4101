"""Disks of real guests under load: volumes of ours, the same disks in a QEMU by hand, and what loads them."""

import glob
import json
import os
import re
import select
import subprocess
import time

from lib import undo
from lib.clouds import ROOT, values
from lib.guests import GuestCloud, HandNetwork, banner, resumed
from lib.lab import In, inside, run
from lib.processes import cpu_seconds, kill, start

MIB, GIB = 1 << 20, 1 << 30
# Of small types the one whose volumes may do most together: 100,000 operations and 3,125 MB a second.
TYPE = "c6in.large"
# The most that such a type lets through, so that what limits is the host: 1,000 operations a second for each GiB.
FAST = {"VolumeType": "io2", "Size": "100", "Iops": "100000"}
# The same, as QEMU is told.
FAST_LIMITS = {"iops-total": 100_000, "bps-total": 4000 * MIB, "iops-size": 256 << 10}
CHECKED_EVERY = 0.002


class Key:
    """An ssh key that guests of ours and guests by hand know."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "key")
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "benchmark", "-f", self.path])
        with open(self.path + ".pub") as file:
            self.public = file.read().strip()


class DiskCloud(GuestCloud):
    """Apus with real guests, their volumes and snapshots."""

    def __init__(self, lab, folder):
        super().__init__(lab, folder)
        self.folder, self.key = folder, Key(folder)
        self.program = blockload(folder)

    def told(self):
        """What is measured, for the first line of a script."""
        return f"{self.version()}, {run(['qemu-system-x86_64', '--version']).splitlines()[0]}, {TYPE}"

    def furnish(self):
        image = super().furnish()
        # The wire wants base64 of the key's line.
        material = run(["base64", "-w0"], input=self.key.public)
        self.call("ImportKeyPair", KeyName="benchmark", PublicKeyMaterial=material)
        return image

    def guest(self, image):
        """A guest of TYPE, loaded by nobody yet."""
        xml = self.call("RunInstances", ImageId=image, InstanceType=TYPE, MinCount="1", MaxCount="1",
                        KeyName="benchmark")
        id = values(xml, "instanceId")[0]
        xml = self.until_state([id], "running")
        self.zone = values(xml, "availabilityZone")[0]
        guest = LoadedGuest(self, self.lab.host, values(xml, "ipAddress")[0], self.qemu_of(id)[0])
        guest.id = id
        return guest

    # Volumes

    def volume(self, **settings):
        """A new one that is available, and milliseconds from the call until it was."""
        began = time.monotonic()
        id = values(self.call("CreateVolume", AvailabilityZone=self.zone, **settings), "volumeId")[0]
        self.until_volume(id, "available")
        return id, 1000 * (time.monotonic() - began)

    def attach(self, volume, guest, device="/dev/sdf"):
        self.call("AttachVolume", VolumeId=volume, InstanceId=guest.id, Device=device)
        self.until_volume(volume, "attached")

    def detach(self, volume):
        self.call("DetachVolume", VolumeId=volume)
        self.until_volume(volume, "available")

    def delete_volume(self, volume):
        self.call("DeleteVolume", VolumeId=volume)

    def until_volume(self, id, wanted):
        """Returns when it is available, or its attachment attached."""
        self._until("DescribeVolumes", {"VolumeId.1": id}, lambda xml: wanted in values(xml, "status"),
                    f"{id} {wanted}")

    def modify(self, volume, **settings):
        """Returns when the new figures hold."""
        self.call("ModifyVolume", VolumeId=volume, **settings)
        self._until("DescribeVolumesModifications", {"VolumeId.1": volume},
                    lambda xml: values(xml, "modificationState")[0] == "completed", f"{volume} modified")

    # Snapshots

    def snapshot(self, volume):
        return values(self.call("CreateSnapshot", VolumeId=volume), "snapshotId")[0]

    def snapshots(self, guest):
        """Of one moment of the guest's volumes but its root."""
        return values(self.call("CreateSnapshots", **{
            "InstanceSpecification.InstanceId": guest.id, "InstanceSpecification.ExcludeBootVolume": "true"}), "snapshotId")

    def until_stored(self, snapshot):
        def is_stored(xml):
            if "error" in values(xml, "status"):
                raise RuntimeError(f"{snapshot} failed: {xml}")
            return "completed" in values(xml, "status")
        self._until("DescribeSnapshots", {"SnapshotId.1": snapshot}, is_stored, f"{snapshot} stored")

    def delete_snapshot(self, snapshot):
        self.call("DeleteSnapshot", SnapshotId=snapshot)

    def stored_bytes(self):
        """What all snapshots take on the disk."""
        paths = glob.glob(os.path.join(self.state, "snapshots", "**"), recursive=True)
        return sum(os.lstat(path).st_blocks * 512 for path in paths if os.path.isfile(path))

    def path_of(self, volume):
        return glob.glob(os.path.join(self.state, "volumes", f"{volume}*"))[0]

    def _until(self, action, query, holds, what, seconds=300):
        question = self.signer.request(action, **query)
        end = time.monotonic() + seconds
        while True:
            with In(self.lab.host):
                xml = self.connection.send(question).decode()
            if holds(xml):
                return
            if time.monotonic() > end:
                raise TimeoutError(f"{what}: not within {seconds} s: {open(self.log).read()[-1500:]}")
            time.sleep(CHECKED_EVERY)


def blockload(folder):
    """The program that loads guests' disks, built for guests that have no libraries of ours."""
    program = os.path.join(folder, "blockload")
    run(["cc", "-static", "-s", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program,
         os.path.join(ROOT, "Benchmarks/guest/blockload.c")])
    return program


def serial(volume):
    """What a guest reads as the disk's serial."""
    return volume.replace("-", "")


class LoadedGuest:
    """A guest with a blockload in it that waits for orders, which go to it over one ssh connection."""

    def __init__(self, cloud, namespace, address, pid):
        self.cloud, self.namespace, self.address, self.pid = cloud, namespace, address, pid
        self.pending = b""
        banner(namespace, address)
        with open(cloud.program, "rb") as program:
            done = subprocess.run(self._ssh("cat >/tmp/blockload && chmod 755 /tmp/blockload"), stdin=program,
                                  capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"no ssh to {address}: {done.stderr}")
        self.process = start(self._ssh("exec sudo /tmp/blockload"), "/dev/null", stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, bufsize=0)
        self._expect("ready")

    def _ssh(self, command):
        return inside(self.namespace, "ssh", "-i", self.cloud.key.path, "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
                      "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                      f"ec2-user@{self.address}", command)

    def shell(self, command):
        return run(self._ssh(command)).strip()

    def begin(self, disk, action, order, bytes, depth, seconds=0, length=GIB, offset=0, count=0):
        """Starts a load, returns when it has begun."""
        self._order(f"load {serial(disk)} {action} {order} {bytes} {depth} {round(1000 * seconds)} {offset} {length} "
                    f"{count}")
        self._expect("began")
        self.began, self.used = time.monotonic(), cpu_seconds(self.pid)

    def end(self, stop=False):
        """How the load went."""
        if stop:
            self._order("stop")
        operations, bytes, microseconds = map(int, self._expect("done"))
        used = cpu_seconds(self.pid) - self.used
        return Load(operations, bytes, microseconds / 1e6, used)

    def load(self, disk, *how, **more):
        self.begin(disk, *how, **more)
        return self.end()

    def fill(self, disk, length, offset=0):
        """Content that nothing compresses or shares, safely on the disk."""
        self.load(disk, "fresh", "sequential", MIB, 2, length=length, offset=offset, count=length // MIB)
        self.flush(disk)

    def touch(self, disk, offset):
        """Changes 4 KiB."""
        self.load(disk, "fresh", "sequential", 4096, 1, length=4096, offset=offset, count=1)

    def flush(self, disk):
        self._order(f"flush {serial(disk)}")
        self._expect("done")

    def window(self, since, until):
        """Of the last load, between two of our own moments."""
        since, until = (max(0, round(1e6 * (moment - self.began))) for moment in (since, until))
        self._order(f"window {since} {until}")
        ended, median, p99, longest = map(int, self._expect("window"))
        return Window(ended / ((until - since) / 1e6), median / 1000, p99 / 1000, longest / 1000)

    def _order(self, line):
        self.process.stdin.write(line.encode() + b"\n")

    def _expect(self, word, seconds=300):
        end = time.monotonic() + seconds
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            part = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not part:
                raise RuntimeError(f"blockload in the guest at {self.address} {'hung up' if ready else 'says nothing'}: {self.pending}")
            self.pending += part
        line, _, self.pending = self.pending.partition(b"\n")
        first, *rest = line.decode().split()
        if first != word:
            raise RuntimeError(f"blockload in the guest: {line.decode()}")
        return rest

    def leave(self):
        kill(self.process)


class Load:
    """What a guest did: operations and bytes, in seconds of the guest, for CPU seconds of its QEMU."""

    def __init__(self, operations, bytes, seconds, cpu):
        self.operations, self.bytes, self.seconds, self.cpu = operations, bytes, seconds, cpu

    @property
    def rate(self):
        return self.operations / self.seconds

    @property
    def mib(self):
        return self.bytes / self.seconds / MIB

    @property
    def cpu_microseconds(self):
        """Of each operation."""
        return 1e6 * self.cpu / max(1, self.operations)


class Window:
    """A part of a load: operations a second, milliseconds of those under way."""

    def __init__(self, rate, median, p99, longest):
        self.rate, self.median, self.p99, self.longest = rate, median, p99, longest


class HandGuest(LoadedGuest):
    """A guest of the line by hand, with one more disk."""

    def __init__(self, cloud, line, number, arguments):
        line.network = HandNetwork(
            cloud.lab, re.search("mac=([0-9a-f:]+)", " ".join(line.arguments)).group(1), "i-byhand",
            name=f"hand{number}", key=cloud.key.public)
        line.prepare(number)
        self.line, self.number = line, number
        undo.later(line.remove, number)
        self.qemu, monitor, _ = line.spawn(number, arguments)
        resumed(monitor, self.qemu)
        self.network = line.network
        super().__init__(cloud, self.network.namespace, self.network.address, self.qemu.pid)

    def leave(self):
        super().leave()
        kill(self.qemu)
        self.network.close()


def disk_by_hand(line, path, format, serial, limits=None):
    """Arguments of a disk as a volume is one, without the limits unless they are given. On the last root port, so that
    the root stays the first disk."""
    port = [word for word in line.arguments if word.startswith("pcie-root-port,id=")][-1]
    slot = re.match("pcie-root-port,id=([^,]+),", port).group(1)
    nodes = [{"driver": "file", "node-name": "more-f", "filename": path, "discard": "unmap"},
             {"driver": format, "node-name": "more", "file": "more-f", "discard": "unmap"}]
    if format == "qcow2":
        nodes[1]["backing"] = None
    arguments, top = [], "more"
    if limits:
        group = {"qom-type": "throttle-group", "id": "limit-more", "limits": limits}
        arguments = ["-object", json.dumps(group)]
        for name, group, below in (("more-l", "limit-more", "more"), ("more-t", "limit-guest", "more-l")):
            nodes.append({"driver": "throttle", "node-name": name, "throttle-group": group, "file": below})
        top = "more-t"
    for node in nodes:
        arguments += ["-blockdev", json.dumps(node)]
    return arguments + ["-device", f"virtio-blk-pci,bus={slot},drive={top},serial={serial}"]
