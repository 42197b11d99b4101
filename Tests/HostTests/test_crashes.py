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


def test_an_instance_whose_qemu_dies_is_booted_again_and_answers_at_the_same_address(site):
    machine = site.launch().wait("instance_running").wait_for_ssh().wait("instance_status_ok").wait("system_status_ok")
    before, process = machine.describe(), machine.process
    machine.ssh("echo kept > file && sync")
    os.kill(process, signal.SIGKILL)
    eventually(lambda: machine.process not in (None, process), "another QEMU runs", 30)
    machine.wait_for_ssh().wait("instance_status_ok")
    after = machine.describe()
    assert machine.ssh("cat file") == "kept"
    assert after["StateTransitionReason"].startswith("Server initiated recovery")
    for kept in ("PrivateIpAddress", "PublicIpAddress", "LaunchTime"):
        assert after[kept] == before[kept]
    process = machine.process
    site.cloud.kill()
    os.kill(process, signal.SIGKILL)
    site.start_again()
    eventually(lambda: machine.process not in (None, process), "it is booted again too after both were killed", 30)
    machine.wait_for_ssh()
    machine.terminate()


def test_a_guest_that_answers_nobody_fails_its_status_check(site):
    machine = site.launch().wait("instance_running").wait_for_ssh().wait("instance_status_ok")
    machine.ssh("sudo sh -c '(sleep 1; ip link set eth0 down) >/dev/null 2>&1 </dev/null &'")

    def status():
        return site.ec2.describe_instance_status(InstanceIds=[machine.id])["InstanceStatuses"][0]
    eventually(lambda: status()["InstanceStatus"]["Status"] != "ok", "a look finds it silent", 120, every=1)
    assert status()["SystemStatus"]["Status"] == "ok"
    machine.terminate()


def test_a_qemu_that_dies_is_told_at_once_where_it_is_not_to_be_recovered(site):
    machine = site.launch(MaintenanceOptions={"AutoRecovery": "disabled"}).wait("instance_running")
    os.kill(machine.process, signal.SIGKILL)
    eventually(lambda: machine.state == "stopped", "the instance shows as stopped", 10)
    assert machine.describe()["StateReason"]["Code"] == "Server.InternalError"
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
