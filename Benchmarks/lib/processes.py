"""Processes under measurement: CPU time and memory as the kernel counts them."""

import os
import signal
import subprocess

from lib import undo

TICK = 1 / os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of all threads, seconds, in steps of TICK."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def start(arguments, log, **options):
    """A child in its own session, its output in a file, which ends with us at the latest."""
    with open(log, "ab") as output:
        process = subprocess.Popen(
            arguments, stdin=options.pop("stdin", subprocess.DEVNULL), stdout=options.pop("stdout", output),
            stderr=output, start_new_session=True, **options)
    undo.later(kill, process)
    return process


def kill(process):
    if process.poll() is None:
        process.kill()
        process.wait()


def stop(process, patience=15):
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
