"""Runs a program and kills it, as kill -9 does, at a chosen step of those that change what outlives it.

usage: tracer.py CONTROL REPORT ROOT... -- PROGRAM ARGUMENT...
       tracer.py CONTROL REPORT ROOT... -- PROCESS

SIGUSR1 has CONTROL read, and so has the beginning where a process is named that runs already: JSON, {"count": true} or {"step": NAME, "occurrence": N, "moment": "before"|"after"} or {}.
From then on steps are counted. REPORT gets a line of JSON for each order taken, each step, and the kill.
Threads of the program are traced, its children are not: they live as they would. Should the tracer die, so does the
program that it started; one that ran before runs on. Linux on x86-64, Python alone.
"""

import ctypes
import errno
import json
import os
import signal
import struct
import sys

import durable_steps

SEIZE, INTERRUPT, SYSCALL, CONT, LISTEN, GET_SYSCALL_INFO = 0x4206, 0x4207, 24, 7, 0x4208, 0x420E
TRACE_SYSGOOD, TRACE_CLONE, TRACE_EXEC, EXIT_KILL = 0x1, 0x8, 0x10, 0x100000
EVENT_STOP = 128
WAIT_ALL = 0x40000000
ENTRY, EXIT = 1, 2

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, address=0, data=0):
    if libc.ptrace(request, pid, address, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Tracer:
    def __init__(self, control, report, roots, command):
        self.control = control
        self.report = open(report, "a", buffering=1)
        self.order = {}
        self.counts = {}
        self.under_way = {}
        self.known = set()
        self.is_parent = not command[0].isdigit()
        self.main = self._start(command) if self.is_parent else int(command[0])
        self.steps = durable_steps.Steps(self.main, roots)
        if not self.is_parent:
            self._seize_threads()
            self.obey()

    def _start(self, command):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(writing)
            os.read(reading, 1)
            os.close(reading)
            try:
                os.execvp(command[0], command)
            finally:
                os._exit(127)
        os.close(reading)
        ptrace(SEIZE, pid, 0, TRACE_SYSGOOD | TRACE_CLONE | TRACE_EXEC | EXIT_KILL)
        self.known.add(pid)
        os.write(writing, b".")
        os.close(writing)
        return pid

    def _seize_threads(self):
        """Also those that begin meanwhile, which may be traced already as others' offspring."""
        while new := {int(name) for name in os.listdir(f"/proc/{self.main}/task")} - self.known:
            for thread in new:
                try:
                    ptrace(SEIZE, thread, 0, TRACE_SYSGOOD | TRACE_CLONE)
                except OSError as refused:
                    if refused.errno not in (errno.ESRCH, errno.EPERM):
                        raise
            self.known |= new

    def tell(self, **line):
        self.report.write(json.dumps(line) + "\n")

    def obey(self, *_):
        with open(self.control) as file:
            self.order = json.load(file)
        self.counts = {}
        # Until now the program ran at full speed: no call of its was stopped at.
        for thread in self.known:
            self._ask(INTERRUPT, thread)
        self.tell(order=self.order)

    def forward(self, number, _):
        os.kill(self.main, number)

    def run(self):
        """Returns the program's status as a shell would tell it."""
        signal.signal(signal.SIGUSR1, self.obey)
        if self.is_parent:
            signal.signal(signal.SIGTERM, self.forward)
            signal.signal(signal.SIGINT, self.forward)
        status = 0
        while True:
            try:
                pid, told = os.waitpid(-1, WAIT_ALL)
            except ChildProcessError:
                return status
            if os.WIFSTOPPED(told):
                self._stopped(pid, told)
                continue
            self.known.discard(pid)
            if pid == self.main:
                status = os.WEXITSTATUS(told) if os.WIFEXITED(told) else 128 + os.WTERMSIG(told)

    def _stopped(self, pid, told):
        number, event = os.WSTOPSIG(told), told >> 16
        passed = 0
        if number == signal.SIGTRAP | 0x80:
            self._at_call(pid)
        elif event == EVENT_STOP:
            if pid in self.known and number != signal.SIGTRAP:
                return self._ask(LISTEN, pid)
            self.known.add(pid)
        elif event == 0:
            passed = number
        self._ask(SYSCALL if self.order else CONT, pid, passed)

    @staticmethod
    def _ask(request, pid, data=0):
        try:
            ptrace(request, pid, 0, data)
        except ProcessLookupError:
            pass

    def _at_call(self, pid):
        if not self.order:
            return
        info = ctypes.create_string_buffer(96)
        try:
            ptrace(GET_SYSCALL_INFO, pid, len(info), ctypes.addressof(info))
        except OSError:
            return
        if info.raw[0] == ENTRY:
            number, *arguments = struct.unpack_from("7Q", info.raw, 24)
            name = self.steps.name(number, arguments)
            if name is not None:
                self._enter(pid, name)
        elif info.raw[0] == EXIT and pid in self.under_way:
            self._judge(*self.under_way.pop(pid), "after")

    def _enter(self, pid, name):
        occurrence = self.counts[name] = self.counts.get(name, 0) + 1
        self.tell(step=name, occurrence=occurrence)
        self.under_way[pid] = (name, occurrence)
        self._judge(name, occurrence, "before")

    def _judge(self, name, occurrence, moment):
        if self.order == {"step": name, "occurrence": occurrence, "moment": moment}:
            os.kill(self.main, signal.SIGKILL)
            self.tell(killed=name, occurrence=occurrence, moment=moment)


def main():
    control, report, *rest = sys.argv[1:]
    place = rest.index("--")
    sys.exit(Tracer(control, report, rest[:place], rest[place + 1:]).run())


if __name__ == "__main__":
    main()
