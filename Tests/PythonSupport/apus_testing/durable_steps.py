"""Which system calls change what outlives a process: files, processes, sockets to guests, settings of the kernel.

x86-64 Linux. A step's name holds no id, number or random part, so that the same step of another run is named alike.
"""

import ctypes
import os
import re
import socket
import struct

AF_UNIX = 1
CLONE_THREAD = 0x10000
O_CREAT = 0o100
TUNSETIFF = 0x400454CA

# Number: (name, which argument is a descriptor, which are paths: the last of them names the step).
ON_DESCRIPTOR = {1: "write", 18: "write", 20: "write", 296: "write", 74: "sync", 75: "sync", 77: "truncate",
                 285: "allocate", 91: "chmod", 93: "chown", 44: "send", 46: "send"}
ON_PATHS = {82: ("rename", 1), 264: ("rename", 3), 316: ("rename", 3), 86: ("link", 1), 265: ("link", 3),
            87: ("unlink", 0), 263: ("unlink", 1), 84: ("rmdir", 0), 83: ("mkdir", 0), 258: ("mkdir", 1),
            90: ("chmod", 0), 92: ("chown", 0)}
OPEN, OPENAT, IOCTL, CLONE, CLONE3, FORK, VFORK = 2, 257, 16, 56, 435, 57, 58
KILL, SIGNAL_BY_DESCRIPTOR, CONNECT, BIND = 62, 424, 42, 49
PIDFD_GETFD = 438

_libc = ctypes.CDLL(None, use_errno=True)


class Steps:
    """Names the steps of one process. roots: folders whose files count."""

    def __init__(self, pid, roots):
        self.pid = pid
        self.roots = [str(root).rstrip("/") for root in roots]
        self._process = os.pidfd_open(pid)

    def name(self, number, arguments):
        """The step's name when a call begins; None for a call that is none."""
        if number in ON_DESCRIPTOR:
            return self._on_descriptor(ON_DESCRIPTOR[number], arguments[0])
        if number in ON_PATHS:
            verb, place = ON_PATHS[number]
            return self._named(verb, self._text(arguments[place]))
        if number in (OPEN, OPENAT):
            path, flags = (arguments[0], arguments[1]) if number == OPEN else (arguments[1], arguments[2])
            return self._named("create", self._text(path)) if flags & O_CREAT else None
        if number in (CLONE, CLONE3, FORK, VFORK):
            return "spawn" if self._makes_process(number, arguments) else None
        if number == IOCTL:
            return "open tap" if arguments[1] & 0xFFFFFFFF == TUNSETIFF else None
        if number in (KILL, SIGNAL_BY_DESCRIPTOR):
            return "signal"
        if number in (CONNECT, BIND):
            return self._on_address("connect" if number == CONNECT else "bind", arguments)
        return None

    def _makes_process(self, number, arguments):
        flags = arguments[0]
        if number == CLONE3:
            flags = struct.unpack("Q", self._bytes(arguments[0], 8))[0]
        return number in (FORK, VFORK) or not flags & CLONE_THREAD

    def _on_descriptor(self, verb, descriptor):
        try:
            target = os.readlink(f"/proc/{self.pid}/fd/{descriptor & 0xFFFFFFFF}")
        except OSError:
            return None
        if target.startswith("socket:"):
            family = self._family(descriptor & 0xFFFFFFFF)
            return {socket.AF_UNIX: "send to a monitor", socket.AF_INET: "answer"}.get(family)
        return self._named(verb, target)

    def _family(self, descriptor):
        copy = _libc.syscall(PIDFD_GETFD, self._process, descriptor, 0)
        if copy < 0:
            return None
        with socket.socket(fileno=copy) as copied:
            return copied.family

    def _on_address(self, verb, arguments):
        address = self._bytes(arguments[1], min(arguments[2], 110))
        if len(address) < 3 or struct.unpack("H", address[:2])[0] != AF_UNIX:
            return None
        # The kernel takes no long paths: what is bound may be named by a folder's descriptor.
        name = address[2:].split(b"\0")[0].decode(errors="replace").rsplit("/", 1)[-1]
        return f"{verb} {name}"

    def _named(self, verb, path):
        if path.startswith("/proc/sys/"):
            return f"set {_without_ids(path[len('/proc/sys/'):])}"
        for root in self.roots:
            if path.startswith(root + "/"):
                return f"{verb} {_without_ids(path[len(root) + 1:])}"
        return None

    def _bytes(self, address, count):
        try:
            with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
                memory.seek(address)
                return memory.read(count) or b""
        except OSError:
            return b""

    def _text(self, address):
        found = b""
        while len(found) < 4096:
            # Never over the end of a page: the next one may not be there.
            part = self._bytes(address + len(found), 4096 - (address + len(found)) % 4096)
            found += part
            if not part or b"\0" in part:
                break
        return found.split(b"\0")[0].decode(errors="replace")


def _without_ids(path):
    path = re.sub(r"\b([a-z]+)-[0-9a-f]{17}\b", r"\1-*", path)
    path = re.sub(r"/e[0-9a-f]{14}\b", "/e*", path)
    path = re.sub(r"(\.qcow2|\.raw)\.[0-9a-z]+$", r"\1.draft", path)
    return re.sub(r"\b\d+\b", "*", path) if not path.startswith("net/") else path
