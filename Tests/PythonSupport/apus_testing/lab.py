"""A host of its own, as far as the network goes: a namespace, a folder, and the Apus in them.

Its names carry the id of the process that made them, so that what a killed run left is found and removed by the next.
Commands enter the lab with nsenter: `ip netns exec` has its own mount namespace and would not see the namespaces
that Apus makes.
"""

import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

from .host_view import HostView, names_prefix
from .processor_groups import remove_groups
from .running import Apus

# A real disk, and short paths for sockets.
FOLDERS = pathlib.Path("/var/tmp")
PATTERN = re.compile(r"(apust-(\d+)-\d+)(-.*)?$")
_numbers = itertools.count(1)


class Lab:
    def __init__(self):
        self.name = f"apust-{os.getpid()}-{next(_numbers)}"
        self.folder = FOLDERS / self.name
        self.folder.mkdir(mode=0o711)
        self.prefix = ["nsenter", f"--net=/run/netns/{self.name}"]
        self.clouds = []
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up"], check=True)

    def apus(self, name, *options, kind=Apus):
        cloud = kind(self.folder / name, simulate=False, prefix=self.prefix, options=options)
        self.clouds.append(cloud)
        return cloud

    def run(self, *command, check=True, seconds=60):
        return subprocess.run(
            self.prefix + list(command), check=check, capture_output=True, text=True, timeout=seconds,
            stdin=subprocess.DEVNULL)

    def answers(self, address, port, seconds=1.0):
        """Whether a TCP connection from the host comes about."""
        code = ("import socket,sys\ns=socket.socket();s.settimeout(float(sys.argv[3]))\n"
                "sys.exit(0 if s.connect_ex((sys.argv[1],int(sys.argv[2])))==0 else 1)")
        return self.run(sys.executable, "-c", code, address, str(port), str(seconds), check=False).returncode == 0

    def close(self):
        try:
            for cloud in self.clouds:
                cloud.down()
        finally:
            remove(self.name)

    def enter(self):
        """Moves this process into the lab, so that boto3 and all it starts are there."""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{self.name}") as file:
            if libc.setns(file.fileno(), 0x40000000) != 0:
                raise OSError(ctypes.get_errno(), "setns")


def remove(name):
    """Takes away a lab whatever became of its makers: processes, namespaces, run folders, its own folder."""
    folder = FOLDERS / name
    for state in [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []:
        view = HostView(state, name)
        for process in view.command_lines():
            if process != os.getpid():
                _kill(process)
        remove_groups(state)
        for space in view.namespaces():
            subprocess.run(["ip", "netns", "del", f"{view.prefix}-{space}"], check=False)
        shutil.rmtree(pathlib.Path("/run") / names_prefix(state), ignore_errors=True)
    for space in _namespaces():
        if space == name or space.startswith(f"{name}-"):
            subprocess.run(["ip", "netns", "del", space], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def sweep():
    """Removes the labs of processes that are no more."""
    made = [PATTERN.match(name) for name in [path.name for path in FOLDERS.glob("apust-*")] + _namespaces()]
    for name in {match.group(1) for match in made if match and not os.path.exists(f"/proc/{match.group(2)}")}:
        remove(name)


def _namespaces():
    return os.listdir("/run/netns") if os.path.isdir("/run/netns") else []


def _kill(process):
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass
