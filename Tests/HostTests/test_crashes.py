"""Kill -9: guests run on, what was acknowledged is kept, nothing is left behind or doubled."""

import os
import pathlib
import signal

from apus_testing.waiting import eventually, steadily


def test_guests_run_on_without_apus_and_are_adopted_when_it_is_back(site):
    machine = site.launch().wait("instance_running").wait_for_ssh()
    process = machine.process
    address = machine.address
    site.cloud.kill()
    assert site.lab.answers(address, 22)
    site.start_again()
    assert machine.state == "running" and machine.process == process
    assert machine.ssh("echo here") == "here"
    site.allow(site.group, 9090)
    machine.ssh("mkdir -p w && busybox httpd -p 9090 -h w")
    eventually(lambda: site.lab.answers(machine.address, 9090), "rules still take effect", 10)
    site.revoke(site.group, 9090)
    machine.terminate()


def test_a_qemu_that_dies_is_told_at_once(site):
    machine = site.launch().wait("instance_running")
    os.kill(machine.process, signal.SIGKILL)
    eventually(lambda: machine.state == "stopped", "the instance shows as stopped", 10)
    assert machine.describe()["StateReason"]["Code"] == "Server.InternalError"
    machine.terminate()


def test_a_qemu_that_dies_while_apus_is_away_is_told_when_it_is_back(site):
    machine = site.launch().wait("instance_running")
    process = machine.process
    site.cloud.kill()
    os.kill(process, signal.SIGKILL)
    site.start_again()
    eventually(lambda: machine.state == "stopped", "the instance shows as stopped", 20)
    machine.terminate()


def test_killed_during_launches_it_finishes_them_once(site):
    tokens = [f"crash-{number}" for number in range(3)]
    for token in tokens:
        launched = site.launch(ClientToken=token)
    site.cloud.kill()
    site.start_again()
    machines = []
    for token in tokens:
        machine = site.launch(ClientToken=token).wait("instance_running")
        machines.append(machine)
    assert len({machine.id for machine in machines}) == 3 and launched.id in {machine.id for machine in machines}
    assert len({machine.process for machine in machines}) == 3
    ids = [machine.id for machine in machines]
    site.ec2.terminate_instances(InstanceIds=ids)
    site.cloud.kill()
    site.start_again()
    for machine in machines:
        machine.wait("instance_terminated")
    eventually(lambda: guests(site) == 0, "no guest is left", 20)
    eventually(lambda: not list((site.cloud.state / "volumes").iterdir()), "no volume is left", 20)


def test_a_sigterm_leaves_guests_alone(site):
    machine = site.launch().wait("instance_running")
    process = machine.process
    site.cloud.stop()
    assert pathlib.Path(f"/proc/{process}").exists()
    site.start_again()
    steadily(lambda: machine.state == "running" and machine.process == process, "it runs on", 1)
    machine.terminate()


def guests(site):
    return sum(1 for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit() and is_guest(entry, site))


def is_guest(entry, site):
    try:
        line = (entry / "cmdline").read_bytes()
    except OSError:
        return False
    return b"qemu-system" in line and str(site.cloud.state).encode() in line
