"""Hibernation of real guests: memory, processes and connections to be, over a stop; in no file in the clear; each memory once."""

import base64
import os
import signal

import pytest
from apus_testing.waiting import eventually

from test_encryption import marker, shown

PORT = 7070


@pytest.fixture
def sleeper(site):
    """A guest with things that are in its memory alone."""
    root = site.ec2.describe_images(ImageIds=[site.image])["Images"][0]["RootDeviceName"]
    machine = site.launch(
        HibernationOptions={"Configured": True}, BlockDeviceMappings=[{"DeviceName": root, "Ebs": {"Encrypted": True}}])
    machine.wait("instance_running").wait_for_ssh()
    site.allow(site.group, PORT)
    yield machine
    site.revoke(site.group, PORT)
    machine.terminate()


def boot(machine):
    return machine.ssh("cat /proc/sys/kernel/random/boot_id")


def remember(machine):
    """Puts a secret into a file in memory, and begins to listen. Returns what is to be found again."""
    secret = marker()
    machine.ssh("sudo mkdir -p /kept; mountpoint -q /kept || sudo mount -t tmpfs none /kept")
    machine.ssh(f"echo {base64.b64encode(secret).decode()} | base64 -d | sudo tee /kept/secret >/dev/null")
    machine.ssh(f"mkdir -p w && busybox httpd -p {PORT} -h w")
    listener = machine.ssh("for p in /proc/[0-9]*; do grep -q '^busybox.httpd' $p/cmdline && basename $p; done; true")
    eventually(lambda: machine.site.lab.answers(machine.address, PORT), "it listens")
    return secret, listener, boot(machine)


def find_again(machine, kept):
    secret, listener, boot_id = kept
    assert boot(machine) == boot_id, "it did not boot"
    assert base64.b64decode(machine.ssh("sudo base64 /kept/secret")) == secret
    assert "httpd" in machine.ssh(f"cat /proc/{listener}/cmdline | tr -d '\\0'")
    assert machine.site.lab.answers(machine.address, PORT)


def hibernate(machine):
    machine.site.ec2.stop_instances(InstanceIds=[machine.id], Hibernate=True)
    machine.wait("instance_stopped")
    assert machine.process is None
    return machine.describe()["StateReason"]["Code"]


def start(machine):
    machine.site.ec2.start_instances(InstanceIds=[machine.id])
    machine.wait("instance_running").wait_for_ssh()


def memories(machine):
    return {path.name for path in (machine.site.cloud.state / "guests" / machine.id).glob("memory*")}


def test_a_guest_goes_on_where_it_was_and_nothing_of_it_is_in_the_clear(site, sleeper):
    kept = remember(sleeper)
    private = sleeper.describe()["PrivateIpAddress"]
    assert hibernate(sleeper) == "Client.UserInitiatedHibernate"
    assert memories(sleeper) == {"memory", "memory.json"}
    assert shown(site.cloud.state, kept[0]) == []
    # Apus may die meanwhile, as it may at any time.
    site.cloud.kill()
    site.start_again()
    start(sleeper)
    find_again(sleeper, kept)
    assert sleeper.describe()["PrivateIpAddress"] == private
    assert "memory" not in memories(sleeper), "a memory is gone on with once"
    # Again, and then another way.
    assert hibernate(sleeper) == "Client.UserInitiatedHibernate"
    start(sleeper)
    find_again(sleeper, kept)
    site.ec2.stop_instances(InstanceIds=[sleeper.id])
    sleeper.wait("instance_stopped")
    start(sleeper)
    assert boot(sleeper) != kept[2]
    assert memories(sleeper) == set()


def test_disks_attached_while_it_ran_are_there_again_and_one_that_left_ends_the_memory(site, sleeper):
    zone = sleeper.describe()["Placement"]["AvailabilityZone"]
    volume = site.ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
    try:
        site.ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig={"Delay": 1})
        site.ec2.attach_volume(VolumeId=volume, InstanceId=sleeper.id, Device="/dev/sdf")
        site.ec2.get_waiter("volume_in_use").wait(VolumeIds=[volume], WaiterConfig={"Delay": 1})
        serial = volume.replace("-", "")
        eventually(lambda: serial in sleeper.ssh("cat /sys/block/vd*/serial", check=False), "the guest has the volume")
        kept = remember(sleeper)
        hibernate(sleeper)
        start(sleeper)
        find_again(sleeper, kept)
        name = sleeper.ssh(f"basename $(dirname $(grep -l {serial} /sys/block/vd*/serial))")
        sleeper.ssh(f"echo there | sudo dd of=/dev/{name} conv=fsync 2>/dev/null")
        hibernate(sleeper)
        site.ec2.detach_volume(VolumeId=volume)
        site.ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig={"Delay": 1})
        eventually(lambda: memories(sleeper) == set(), "the memory is erased")
        start(sleeper)
        assert boot(sleeper) != kept[2]
    finally:
        site.ec2.detach_volume(VolumeId=volume, Force=True) if site.ec2.describe_volumes(
            VolumeIds=[volume])["Volumes"][0]["Attachments"] else None
        site.ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig={"Delay": 1})
        site.ec2.delete_volume(VolumeId=volume)


def test_a_kill_in_the_middle_ends_in_a_whole_guest(site, sleeper):
    """Of Apus while it saves, and of the machine while it is loaded: the disks are right, and a start succeeds."""
    kept = remember(sleeper)
    sleeper.ssh("echo durable > ~/file; sync")
    site.ec2.stop_instances(InstanceIds=[sleeper.id], Hibernate=True)
    site.cloud.kill()
    site.start_again()
    sleeper.wait("instance_stopped")
    start(sleeper)
    find_again(sleeper, kept)
    hibernate(sleeper)
    site.ec2.start_instances(InstanceIds=[sleeper.id])
    process = eventually(lambda: sleeper.process, "its machine is there", every=0.01)
    os.kill(process, signal.SIGKILL)
    eventually(lambda: sleeper.state in ("running", "stopped"), "it came to rest")
    if sleeper.state == "stopped":
        start(sleeper)
    sleeper.wait_for_ssh()
    assert sleeper.ssh("cat ~/file") == "durable"
