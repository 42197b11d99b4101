"""Apus as a process: started, asked, ended and swept, like an operator would."""

import json
import os
import pathlib
import select
import signal
import subprocess
import time

from .accounts import Account

ROOT = pathlib.Path(__file__).resolve().parents[3]


def binary():
    """The apus under test."""
    return os.environ.get("APUS_BINARY") or str(ROOT / ".build" / "debug" / "apus")


def end_in_good_order():
    """SIGTERM ends a test run as Ctrl-C does: what was made is taken away."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


class Apus:
    """One cloud: a state folder and the process that serves it.

    prefix: argv in front of every command, to run it inside a namespace.
    """

    def __init__(self, state, simulate=True, prefix=(), options=()):
        self.state = pathlib.Path(state)
        self.prefix = list(prefix)
        self.options = list(options) + (["--simulate"] if simulate else [])
        self.log = self.state.parent / (self.state.name + ".log")
        self.process = None
        self.endpoint = None
        self._accounts = 0

    def command_line(self):
        return self.prefix + [binary(), "up", "--state-dir", str(self.state), "--port", "0", *self.options]

    def start(self, seconds=60):
        """Returns when it serves."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command_line(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self._first_line(seconds)
        assert line.startswith("ready http://127.0.0.1:"), f"not ready: {line!r}\n{self.last_of_log()}"
        self.endpoint = line.split()[1]
        return self

    def _first_line(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self.process.stdout], [], [], 0.2)
            if readable:
                return self.process.stdout.readline()
            if self.process.poll() is not None:
                break
        return ""

    def last_of_log(self, lines=40):
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """SIGTERM, as an operator ends it: guests live on."""
        self._end(signal.SIGTERM)

    def kill(self):
        """SIGKILL: nothing of it gets to say a word."""
        self._end(signal.SIGKILL)

    def _end(self, number, seconds=20):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(seconds)
            raise AssertionError(f"apus did not end within {seconds} s of signal {number}\n{self.last_of_log()}")
        finally:
            self.process.stdout.close()
            self.process = None

    def command(self, *words, check=True, seconds=120):
        """Runs another apus command on the same state."""
        done = subprocess.run(
            self.prefix + [binary(), *words, "--state-dir", str(self.state)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
        assert not check or done.returncode == 0, f"apus {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def json(self, *words):
        return json.loads(self.command(*words, "--json").stdout)

    def first_account(self):
        """The account that `apus env` speaks of."""
        env = self.json("env")
        return Account(env["AWS_ENDPOINT_URL"], env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_REGION"])

    def new_account(self):
        """An account of its own, with its default VPC and nothing else."""
        self._accounts += 1
        made = self.json("accounts", "create", "--name", f"test-{self._accounts}")
        account = Account(self.endpoint, made["accessKeyId"], made["secretAccessKey"])
        account.id = made["accountId"]
        return account

    def down(self, purge=True):
        """Ends the process if it runs, then everything it made, also when the process would not end."""
        try:
            self.stop()
        finally:
            self.command("down", *(["--purge"] if purge else []))

    def processes(self):
        """Ids of processes that name the state folder in their command line, other than ours."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                line = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(str(self.state).encode() in word for word in line):
                found.append(int(entry.name))
        return found
