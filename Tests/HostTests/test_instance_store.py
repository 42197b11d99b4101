"""The instance store on real guests: there while the machine is, gone with it, and never readable on the host."""

import json
import os
import pathlib
import re
import signal

import botocore.exceptions
import pytest

from apus_testing.waiting import eventually

MARK = "the-secret-of-the-scratch-disk"


@pytest.fixture(scope="module")
def machine(site):
    machine = site.launch(InstanceType="c5d.large")
    machine.wait("instance_running").wait_for_ssh()
    yield machine
    machine.terminate()


def nameless(machine):
    """The files without a name that the guest's QEMU has open, each as a way to open it."""
    state = str(machine.site.cloud.state)
    found = {}
    for entry in pathlib.Path(f"/proc/{machine.process}/fd").iterdir():
        target = os.readlink(entry)
        if target.startswith(state) and target.endswith("(deleted)"):
            found[entry.stat().st_ino] = entry
    return list(found.values())


def read(machine):
    return machine.ssh(f"sudo dd if=/dev/nvme0n1 bs=4096 skip=1000 count=1 2>/dev/null | tr -d '\\0'")


def test_a_type_with_an_instance_store_brings_its_disk(site, machine):
    told = site.ec2.describe_instance_types(InstanceTypes=["c5d.large"])["InstanceTypes"][0]["InstanceStorageInfo"]
    assert [one["Count"] for one in told["Disks"]] == [1]
    assert machine.ssh("ls -d /sys/block/nvme*").split() == ["/sys/block/nvme0n1"]
    size = int(machine.ssh("cat /sys/block/nvme0n1/size")) * 512
    assert told["Disks"][0]["SizeInGB"] * 10**9 - 2**20 < size <= told["Disks"][0]["SizeInGB"] * 10**9
    assert re.fullmatch("AWS[0-9A-F]{17}", machine.ssh("cat /sys/block/nvme0n1/device/serial").strip())


def test_it_is_kept_over_a_reboot_and_erased_by_a_stop(site, machine):
    machine.ssh(f"echo {MARK} | sudo dd of=/dev/nvme0n1 bs=4096 seek=1000 conv=sync,fsync 2>/dev/null")
    began = machine.ssh("cat /proc/sys/kernel/random/boot_id")
    site.ec2.reboot_instances(InstanceIds=[machine.id])
    eventually(lambda: machine.ssh("cat /proc/sys/kernel/random/boot_id", check=False) not in ("", began),
               "the system restarted", 90, every=0.5)
    assert read(machine) == MARK

    [file] = nameless(machine)
    with open(file, "rb") as stored:
        assert MARK.encode() not in stored.read(64 << 20)

    site.ec2.stop_instances(InstanceIds=[machine.id])
    machine.wait("instance_stopped")
    assert not [one for one in (site.cloud.state / "guests" / machine.id).iterdir() if one.stat().st_size > 1 << 20]
    site.ec2.start_instances(InstanceIds=[machine.id])
    machine.wait("instance_running").wait_for_ssh()
    assert read(machine) == ""


def test_it_lives_through_a_kill_of_apus(site, machine):
    machine.ssh(f"echo {MARK} | sudo dd of=/dev/nvme0n1 bs=4096 seek=1000 conv=sync,fsync 2>/dev/null")
    site.cloud.kill()
    site.start_again()
    assert machine.state == "running"
    assert read(machine) == MARK


def keepers(machine):
    """Processes that hold what a guest that is off has."""
    mark = f"{machine.site.cloud.state}/guests/{machine.id}/kept-instance-store".encode()
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_it_is_kept_while_the_guest_is_off_for_an_image_or_another_root(site, machine):
    machine.ssh(f"echo {MARK} | sudo dd of=/dev/nvme0n1 bs=4096 seek=1000 conv=sync,fsync 2>/dev/null")
    process = machine.process
    image = site.ec2.create_image(InstanceId=machine.id, Name="with an instance store")["ImageId"]
    # Kill -9 while nobody but the keeper has it, or is about to.
    eventually(lambda: keepers(machine), "the instance store is kept", 30, every=0.01)
    eventually(lambda: not os.path.exists(f"/proc/{process}"), "the guest is off", 60, every=0.01)
    site.cloud.kill()
    site.start_again()
    site.ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    machine.wait_for_ssh()
    assert machine.process != process and read(machine) == MARK
    eventually(lambda: not keepers(machine), "nobody but the guest has it", 30)

    task = site.ec2.create_replace_root_volume_task(InstanceId=machine.id)["ReplaceRootVolumeTask"]["ReplaceRootVolumeTaskId"]
    told = lambda: site.ec2.describe_replace_root_volume_tasks(ReplaceRootVolumeTaskIds=[task])["ReplaceRootVolumeTasks"][0]
    eventually(lambda: told()["TaskState"] == "succeeded", "the root is another", 120)
    machine.wait_for_ssh()
    assert read(machine) == MARK
    eventually(lambda: not keepers(machine), "nobody but the guest has it", 30)

    # A stop in the middle erases it.
    again = site.ec2.create_image(InstanceId=machine.id, Name="and again")["ImageId"]
    eventually(lambda: keepers(machine), "the instance store is kept", 30, every=0.01)
    site.ec2.stop_instances(InstanceIds=[machine.id])
    machine.wait("instance_stopped")
    assert not keepers(machine)
    for made in (image, again):
        site.ec2.get_waiter("image_available").wait(ImageIds=[made], WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        site.ec2.deregister_image(ImageId=made, DeleteAssociatedSnapshots=True)
    site.ec2.start_instances(InstanceIds=[machine.id])
    machine.wait("instance_running").wait_for_ssh()
    assert read(machine) == ""


def test_an_instance_whose_instance_store_is_lost_while_its_guest_is_off_stops_and_says_so(site, machine):
    machine.ssh(f"echo {MARK} | sudo dd of=/dev/nvme0n1 bs=4096 seek=1000 conv=sync,fsync 2>/dev/null")
    image = site.ec2.create_image(InstanceId=machine.id, Name="lost")["ImageId"]
    [keeper] = eventually(lambda: keepers(machine), "the instance store is kept", 30, every=0.01)
    os.kill(keeper, signal.SIGKILL)
    machine.wait("instance_stopped")
    reason = machine.describe()["StateReason"]
    assert reason["Code"] == "Server.InternalError" and "instance store" in reason["Message"]
    site.ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    site.ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
    site.ec2.start_instances(InstanceIds=[machine.id])
    machine.wait("instance_running").wait_for_ssh()
    assert read(machine) == "" and not keepers(machine)


def test_its_key_is_in_no_argument_log_or_record(machine):
    for name in ("cmdline", "environ"):
        line = pathlib.Path(f"/proc/{machine.process}/{name}").read_bytes().decode()
        assert not re.search("[0-9a-f]{64}", line)
    for path in (machine.site.cloud.state / "guests" / machine.id).iterdir():
        if path.is_file():
            assert not re.search(b"[0-9a-f]{64}", path.read_bytes()), path
    assert json.loads((machine.site.cloud.state / "guests" / machine.id / "launch.json").read_text())


def test_an_older_type_has_the_disks_that_were_mapped(site):
    mapping = [{"DeviceName": "/dev/sdb", "VirtualName": "ephemeral1"}]
    machine = site.launch(InstanceType="c3.large", BlockDeviceMappings=mapping)
    try:
        machine.wait("instance_running").wait_for_ssh()
        serials = machine.ssh("grep -h . /sys/block/vd*/serial").split()
        assert serials.count("ephemeral1") == 1 and "ephemeral0" not in serials
        assert machine.ssh("imds meta-data/block-device-mapping/ephemeral1") == "sdb"
    finally:
        machine.terminate()


@pytest.mark.parametrize("kind, name", [("t3.nano", "ephemeral0"), ("c5d.large", "ephemeral1"), ("c5d.large", "x")])
def test_a_disk_that_the_type_has_not_is_refused(site, kind, name):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        site.launch(InstanceType=kind, BlockDeviceMappings=[{"DeviceName": "/dev/sdb", "VirtualName": name}])
    assert refused.value.response["Error"]["Code"] == "InvalidBlockDeviceMapping"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
