"""What benchmarks left behind that were killed without a word: found by the number of their process, and removed."""

import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
APUS = os.environ.get("APUS", os.path.join(ROOT, ".build/release/apus"))
FABRIC = os.environ.get("FABRIC_BENCH", os.path.join(ROOT, ".build/release/FabricBench"))
WORK_PARENT = os.environ.get("BENCHMARK_DIR", "/var/tmp")
WORK, LAB = "apus-benchmark-", "apusbench-"


def sweep():
    """Ends and removes all that bears the number of a process that is gone."""
    paths = glob.glob(f"{WORK_PARENT}/{WORK}[0-9]*-*") + glob.glob(f"/run/netns/{LAB}[0-9]*-*")
    owners = {int(re.search(f"(?:{WORK}|{LAB})([0-9]+)-", path).group(1)) for path in paths}
    for owner in owners:
        if not os.path.exists(f"/proc/{owner}"):
            _remove(owner)


def _remove(owner):
    folders = glob.glob(f"{WORK_PARENT}/{WORK}{owner}-*")
    namespaces = [os.path.basename(path) for path in glob.glob(f"/run/netns/{LAB}{owner}-*")]
    host = f"{LAB}{owner}-host"
    inside = ["nsenter", f"--net=/run/netns/{host}", "--"] if host in namespaces else []
    for folder in folders:
        _quietly([*inside, APUS, "down", "--purge", "--state-dir", f"{folder}/apus"], f"{folder}/apus/records")
        _quietly([*inside, FABRIC, f"{folder}/fabric", "clean"], f"{folder}/fabric")
        for process in naming(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    for namespace in namespaces:
        _quietly(["ip", "netns", "del", namespace])
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _quietly(arguments, where="/"):
    if os.path.exists(where) and shutil.which(arguments[0]):
        subprocess.run(arguments, capture_output=True, stdin=subprocess.DEVNULL, timeout=120, check=False)


def naming(text):
    """Ids of other processes that name `text` in their command line."""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        process = int(path.split("/")[2])
        try:
            with open(path, "rb") as file:
                if text.encode() in file.read() and process != os.getpid():
                    yield process
        except OSError:
            continue
