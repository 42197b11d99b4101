"""The serial console in a terminal: two who look and type at a time, a log that keeps all, and an account's leave."""

import base64
import os
import pty
import select
import subprocess
import time

from apus_testing import jpeg
from apus_testing.running import binary

LEAVE = b"\x1d"


class Viewer:
    """`apus console` on a terminal of its own."""

    def __init__(self, site, id):
        self.screen = b""
        self.terminal, other = pty.openpty()
        self.process = subprocess.Popen(
            site.cloud.prefix + [binary(), "console", id, "--state-dir", str(site.cloud.state)],
            stdin=other, stdout=other, stderr=other)
        os.close(other)

    def type(self, keys):
        os.write(self.terminal, keys)

    def sees(self, text, seconds=60):
        deadline = time.monotonic() + seconds
        while text not in self.screen and time.monotonic() < deadline:
            if select.select([self.terminal], [], [], 0.2)[0]:
                self.screen += os.read(self.terminal, 65536)
        assert text in self.screen, self.screen[-500:]
        self.screen = self.screen.split(text, 1)[1]

    def leave(self):
        self.type(LEAVE)
        assert self.process.wait(20) == 0

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


def test_the_serial_console_serves_several_and_is_forbidden_at_first(site):
    machine = site.launch().wait("instance_running").wait_for_ssh()
    refused = site.cloud.command("console", machine.id, check=False)
    assert refused.returncode != 0 and "does not allow" in refused.stderr
    site.ec2.enable_serial_console_access()
    first, second = Viewer(site, machine.id), Viewer(site, machine.id)
    try:
        first.sees(b"login:")
        second.sees(b"login:")
        first.type(b"one-who-types\r")
        first.sees(b"one-who-types")
        second.sees(b"one-who-types")
        second.sees(b"Password")
        second.type(b"nothing\r")
        first.sees(b"Login incorrect")
        first.leave()
        second.leave()
    finally:
        first.close()
        second.close()
    output = site.ec2.get_console_output(InstanceId=machine.id, Latest=True)["Output"]
    assert "one-who-types" in output and "Login incorrect" in output
    # It boots a kernel that knows of no display: its screen is its serial console's.
    shot = site.ec2.get_console_screenshot(InstanceId=machine.id, WakeUp=True)["ImageData"]
    width, height, rows = jpeg.brightness(base64.b64decode(shot))
    written = sum(any(shade > 100 for row in rows[top:top + 16] for shade in row) for top in range(0, 400, 16))
    assert (width, height) == (640, 400) and written > 2
    assert machine.ssh("echo here") == "here"
    site.ec2.disable_serial_console_access()
    machine.terminate()
