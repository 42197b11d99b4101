"""The groups in which the kernel bounds guests' use of processors, seen from outside."""

import os
import pathlib
import signal


def _hierarchy():
    """Where the cpu controller is mounted, and whether that is cgroup v2; nothing where there is none."""
    mounts = [line.split() for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
    for _, path, kind, *_ in mounts:
        controllers = pathlib.Path(path, "cgroup.controllers")
        if kind == "cgroup2" and controllers.exists() and "cpu" in controllers.read_text().split():
            return pathlib.Path(path), True
    for _, path, kind, options, *_ in mounts:
        if kind == "cgroup" and "cpu" in options.split(","):
            return pathlib.Path(path), False
    return None


def obstacle():
    return None if _hierarchy() else "the host has no cpu controller of cgroups"


class Bounds:
    """The group of a process."""

    def __init__(self, process):
        root, self.unified = _hierarchy()
        for line in pathlib.Path(f"/proc/{process}/cgroup").read_text().splitlines():
            number, controllers, path = line.split(":", 2)
            if number == "0" if self.unified else "cpu" in controllers.split(","):
                self.folder = root / path.lstrip("/")

    def processors(self):
        if self.unified:
            quota, period = (self.folder / "cpu.max").read_text().split()
        else:
            quota, period = ((self.folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return int(quota) / int(period)

    def has(self, process):
        return str(process) in (self.folder / "cgroup.procs").read_text().split()

    def kill(self):
        for process in (self.folder / "cgroup.procs").read_text().split():
            os.kill(int(process), signal.SIGKILL)


def remove_groups(state):
    """Takes away the empty groups of a state folder's guests."""
    found = _hierarchy()
    if not found or not os.path.isdir(state):
        return
    status = os.stat(state)
    folder = found[0] / f"apus-{status.st_dev:x}-{status.st_ino:x}"
    for group in [*folder.glob("i-*"), folder]:
        if group.is_dir():
            try:
                group.rmdir()
            except OSError:
                pass
