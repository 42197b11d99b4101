"""What one Apus has on its host right now: processes, namespaces, links, rules, files. For comparing with what it should."""

import json
import os
import pathlib
import re
import subprocess


def names_prefix(state):
    """What the names of its namespaces and links begin with: told by the state folder."""
    number = 0xCBF29CE484222325
    for byte in str(state).encode() + b"\0":
        number = ((number ^ byte) * 0x100000001B3) % (1 << 64)
    return f"apus-{number:016x}"[:11]


class HostView:
    """host: the name of the namespace that the Apus takes for its host."""

    def __init__(self, state, host):
        self.state, self.host = pathlib.Path(state), host
        self.prefix = names_prefix(self.state)

    def command_lines(self):
        """By process id, of all that name the state folder."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    line = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                    status = (entry / "status").read_text()
                except OSError:
                    continue
                mine = any(str(self.state) in word or f"/run/{self.prefix}/" in word for word in line)
                if mine and "State:\tZ" not in status:
                    found[int(entry.name)] = line
        return found

    def guests(self):
        """Process ids of guests' QEMUs by instance: a list each, so that two of one are seen."""
        found = {}
        for pid, line in self.command_lines().items():
            for word in line:
                named = re.match(r"guest=(i-[0-9a-f]+),", word)
                if named and line[0].endswith("qemu-system-x86_64"):
                    found.setdefault(named.group(1), []).append(pid)
        return found

    def resolvers(self):
        """VPCs of the dnsmasq that run, one for each process."""
        words = [word for line in self.command_lines().values() if "dnsmasq" in line[0] for word in line]
        return sorted(match.group(1) for word in words if (match := re.search(r"/(vpc-[0-9a-f]+)/dnsmasq.conf", word)))

    def strays(self):
        """Command lines that are no guest, no dnsmasq and not the program itself."""
        lines = [" ".join(line) for line in self.command_lines().values()]
        known = ("qemu-system-x86_64", "dnsmasq", "apus up", "tracer.py")
        return [line for line in lines if not any(word in line for word in known)]

    def namespaces(self):
        """Without the prefix: `edge` and VPCs."""
        names = os.listdir("/run/netns") if os.path.isdir("/run/netns") else []
        return sorted(name[len(self.prefix) + 1:] for name in names if name.startswith(self.prefix + "-"))

    def links(self):
        """Names of links by namespace; of the host only those of this Apus."""
        found = {name: sorted(self._links(f"{self.prefix}-{name}")) for name in self.namespaces()}
        found["host"] = sorted(link for link in self._links(self.host) if link.startswith(self.prefix))
        return found

    def rules(self, vpc):
        return self._inside(f"{self.prefix}-{vpc}", "nft", "list", "ruleset") if vpc in self.namespaces() else ""

    def routes_of_edge(self):
        return self._inside(f"{self.prefix}-edge", "ip", "-4", "route") if "edge" in self.namespaces() else ""

    def users(self):
        """Users of the guests' processes: one each."""
        pids = [pid for pids in self.guests().values() for pid in pids]
        return [os.stat(f"/proc/{pid}").st_uid for pid in pids if os.path.exists(f"/proc/{pid}")]

    def files(self):
        """Names of volumes, guests' folders and run folders."""
        run = pathlib.Path("/run") / self.prefix
        return {"volumes": _names(self.state / "volumes"), "guests": _names(self.state / "guests"),
                "run": [name for name in _names(run) if name.startswith("vpc-")]}

    def first_word(self, instance):
        """The first byte that the guest has said on its console since it was launched; empty while it said nothing."""
        with open(self.state / "guests" / instance / "console.log", "rb") as log:
            return log.read(1)

    def console_length(self, instance):
        """Bytes that the guest has said on its console since it was launched."""
        log = self.state / "guests" / instance / "console.log"
        return log.stat().st_size if log.exists() else 0

    def control_groups(self):
        """Of guests, by instance."""
        found = []
        for folder, _, _ in os.walk("/sys/fs/cgroup"):
            if str(self.prefix) in folder and (match := re.search(r"(i-[0-9a-f]{17})", os.path.basename(folder))):
                found.append(match.group(1))
        return sorted(found)

    def _links(self, namespace):
        return [link["ifname"] for link in json.loads(self._inside(namespace, "ip", "-j", "link") or "[]")]

    @staticmethod
    def _inside(namespace, *command):
        done = subprocess.run(["nsenter", f"--net=/run/netns/{namespace}", *command], capture_output=True, text=True,
                              check=False, timeout=30)
        return done.stdout


def _names(folder):
    return sorted(os.listdir(folder)) if folder.is_dir() else []
