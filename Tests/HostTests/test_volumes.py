"""Volumes on real guests: plugged in and out while they run, grown, limited, and kill -9 in the middle of it."""

import os
import pathlib
import signal
import time

import pytest

from apus_testing.disks import complaint
from apus_testing.waiting import eventually, quick
from kills import Act, interrupt


@pytest.fixture(scope="module")
def machines(site):
    first = site.launch()
    zone = first.describe()["Placement"]["AvailabilityZone"]
    second = site.launch(Placement={"AvailabilityZone": zone}, MaintenanceOptions={"AutoRecovery": "disabled"})
    for machine in (first, second):
        machine.wait("instance_running").wait_for_ssh()
    yield first, second
    for machine in (first, second):
        machine.terminate()


@pytest.fixture
def make(site, machines):
    made = []

    def make(size=1, **more):
        zone = machines[0].describe()["Placement"]["AvailabilityZone"]
        made.append(site.ec2.create_volume(AvailabilityZone=zone, Size=size, **more)["VolumeId"])
        site.ec2.get_waiter("volume_available").wait(VolumeIds=[made[-1]], WaiterConfig=quick())
        return made[-1]

    yield make
    for id in made:
        for attachment in volume(site, id)["Attachments"]:
            site.ec2.detach_volume(VolumeId=id, InstanceId=attachment["InstanceId"])
        eventually(lambda: volume(site, id)["State"] == "available", f"{id} is free")
        site.ec2.delete_volume(VolumeId=id)
        eventually(lambda: not list((site.cloud.state / "volumes").glob(f"{id}*")), "the file of the volume is gone")


def volume(site, id):
    return site.ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]


def attach(site, id, machine, device="/dev/sdf", **more):
    site.ec2.attach_volume(VolumeId=id, InstanceId=machine.id, Device=device)
    return attached(site, id)


def attached(site, id):
    eventually(lambda: [one["State"] for one in volume(site, id)["Attachments"]] == ["attached"], f"{id} is attached")


def detach(site, id):
    site.ec2.detach_volume(VolumeId=id)
    eventually(lambda: volume(site, id)["State"] == "available", f"{id} is free")


def disk(machine, id):
    """The guest's name of the disk that carries the volume's id as its serial; None while there is none."""
    serial = id.replace("-", "")
    found = machine.ssh(f"grep -l {serial} /sys/block/vd*/serial || true")
    return found.split("/")[3] if found else None


def seen(machine, id):
    return eventually(lambda: disk(machine, id), f"the guest sees {id}")


def files(machine, id):
    """How often QEMU has the volume's file open."""
    folder = pathlib.Path(f"/proc/{machine.process}/fd")
    return sum(id in os.readlink(entry) for entry in folder.iterdir())


def sound(site, id):
    path = next((site.cloud.state / "volumes").glob(f"{id}*"))
    assert complaint(path) is None, complaint(path)


def completed(site, id):
    def last():
        return site.ec2.describe_volumes_modifications(VolumeIds=[id])["VolumesModifications"][0]
    eventually(lambda: last()["ModificationState"] == "completed", f"{id} is changed")


def test_data_travels_from_one_running_guest_to_another(site, machines, make):
    first, second = machines
    id = make()
    attach(site, id, first)
    name = seen(first, id)
    first.ssh(f"echo travelled | sudo dd of=/dev/{name} conv=fsync")
    detach(site, id)
    assert disk(first, id) is None and files(first, id) == 0
    attach(site, id, second)
    assert second.ssh(f"sudo head -n 1 /dev/{seen(second, id)}") == "travelled"
    detach(site, id)
    sound(site, id)


def test_an_attached_volume_is_there_after_stop_and_start(site, machines, make):
    machine = machines[1]
    id = make()
    attach(site, id, machine)
    machine.ssh(f"echo kept | sudo dd of=/dev/{seen(machine, id)} conv=fsync")
    site.ec2.stop_instances(InstanceIds=[machine.id])
    machine.wait("instance_stopped")
    assert volume(site, id)["State"] == "in-use"
    site.ec2.start_instances(InstanceIds=[machine.id])
    machine.wait("instance_running").wait_for_ssh()
    assert machine.ssh(f"sudo head -n 1 /dev/{seen(machine, id)}") == "kept"
    detach(site, id)
    assert disk(machine, id) is None


def test_a_guest_sees_at_once_that_its_volume_grew(site, machines, make):
    machine = machines[0]
    id = make()
    attach(site, id, machine)
    name = seen(machine, id)
    assert machine.ssh(f"cat /sys/block/{name}/size") == str(1 << 21)
    site.ec2.modify_volume(VolumeId=id, Size=3)
    completed(site, id)
    assert machine.ssh(f"cat /sys/block/{name}/size") == str(3 << 21)
    detach(site, id)
    site.ec2.modify_volume(VolumeId=id, Size=4)
    completed(site, id)
    attach(site, id, machine)
    assert machine.ssh(f"cat /sys/block/{seen(machine, id)}/size") == str(4 << 21)


def test_a_limit_holds_and_is_changed_while_the_guest_runs(site, machines, make):
    machine = machines[0]
    # The least that a type lets one ask for is 100 operations a second.
    id = make(4, VolumeType="io1", Iops=100)
    attach(site, id, machine)
    name = seen(machine, id)

    def seconds(count):
        began = time.monotonic()
        machine.ssh(f"sudo dd if=/dev/{name} of=/dev/null bs=4k count={count} iflag=direct", seconds=60)
        return time.monotonic() - began

    # 1,500 operations at 100 a second; the first second's worth may come at once.
    limited = seconds(1500)
    assert limited > 13
    site.ec2.modify_volume(VolumeId=id, Size=100, Iops=5000)
    completed(site, id)
    assert seconds(1500) < limited


def test_kill_of_apus_in_the_middle_of_attach_detach_and_change(site, machines, make):
    machine = machines[0]
    id = make()

    def plug_in():
        site.ec2.attach_volume(VolumeId=id, InstanceId=machine.id, Device="/dev/sdf")

    def is_in():
        attached(site, id)
        assert seen(machine, id) and files(machine, id) == 2

    def grow():
        site.ec2.modify_volume(VolumeId=id, Size=volume(site, id)["Size"] + 1)

    def has_grown():
        completed(site, id)
        assert machine.ssh(f"cat /sys/block/{seen(machine, id)}/size") == str(volume(site, id)["Size"] << 21)

    def pull_out():
        site.ec2.detach_volume(VolumeId=id)

    def is_out():
        eventually(lambda: volume(site, id)["State"] == "available", f"{id} is free")
        assert disk(machine, id) is None and files(machine, id) == 0

    interrupt(site, Act(plug_in, is_in, {"VolumeInUse"}), Act(grow, has_grown, is_repeated=False),
              Act(pull_out, is_out, {"IncorrectState"}))
    sound(site, id)


def test_a_qemu_that_dies_lets_go_of_its_volumes(site, machines, make):
    machine = machines[1]
    kept, leaving = make(), make()
    attach(site, kept, machine)
    machine.ssh(f"echo kept | sudo dd of=/dev/{seen(machine, kept)} conv=fsync")
    site.ec2.attach_volume(VolumeId=leaving, InstanceId=machine.id, Device="/dev/sdg")
    os.kill(machine.process, signal.SIGKILL)
    eventually(lambda: machine.state == "stopped", "the instance shows as stopped")
    attached(site, leaving)
    detach(site, leaving)
    sound(site, kept)
    site.ec2.start_instances(InstanceIds=[machine.id])
    machine.wait("instance_running").wait_for_ssh()
    assert machine.ssh(f"sudo head -n 1 /dev/{seen(machine, kept)}") == "kept"
    assert disk(machine, leaving) is None


def test_volumes_outlive_their_instance_unless_they_are_to_go_with_it(site, machines, make):
    zone = machines[0].describe()["Placement"]["AvailabilityZone"]
    machine = site.launch(Placement={"AvailabilityZone": zone}).wait("instance_running").wait_for_ssh()
    kept, doomed = make(), site.ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
    site.ec2.get_waiter("volume_available").wait(VolumeIds=[doomed], WaiterConfig=quick())
    attach(site, kept, machine)
    attach(site, doomed, machine, "/dev/sdg")
    site.ec2.modify_instance_attribute(InstanceId=machine.id, BlockDeviceMappings=[
        {"DeviceName": "/dev/sdg", "Ebs": {"DeleteOnTermination": True}}])
    machine.terminate()
    site.ec2.get_waiter("volume_deleted").wait(VolumeIds=[doomed], WaiterConfig=quick())
    assert volume(site, kept)["State"] == "available"
