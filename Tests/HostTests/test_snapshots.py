"""Snapshots of real disks: of one moment under writes, incremental, independent of volumes and of each other."""

import base64
import os
import signal
import subprocess

import pytest

from apus_testing.waiting import eventually, quick

# Writes numbered blocks of 4 KiB in order, each durable before the next: what a moment holds is a beginning of them.
WRITER = r"""
i=0
while [ ! -e /tmp/stop ]; do
  i=$((i+1)); printf '%08d' $i | dd of=/dev/DISK bs=4k seek=$((i % 4096)) conv=notrunc,sync,fsync || exit 1
  echo $i > /tmp/last
done
"""


@pytest.fixture(scope="module")
def machines(site):
    first = site.launch()
    zone = first.describe()["Placement"]["AvailabilityZone"]
    second = site.launch(Placement={"AvailabilityZone": zone})
    for machine in (first, second):
        machine.wait("instance_running").wait_for_ssh()
    yield first, second
    for machine in (first, second):
        machine.terminate()


@pytest.fixture
def things(site):
    """Volumes and snapshots to take away afterwards."""
    made = {"volumes": [], "snapshots": []}
    yield made
    for id in made["volumes"]:
        try:
            if site.ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]["Attachments"]:
                site.ec2.detach_volume(VolumeId=id, Force=True)
                free(site, id)
            site.ec2.delete_volume(VolumeId=id)
        except site.ec2.exceptions.ClientError:
            continue
    for id in made["snapshots"]:
        try:
            site.ec2.delete_snapshot(SnapshotId=id)
        except site.ec2.exceptions.ClientError:
            continue
    store = site.cloud.state / "snapshots"
    eventually(lambda: not [one for one in store.rglob("snap-*")], "nothing of the snapshots is left", 60)
    assert not list((site.cloud.state / "moments").glob("snap-*"))


def free(site, id):
    eventually(lambda: site.ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]["State"] == "available", f"{id} is free", 60)


def volume(site, things, machine, **more):
    zone = machine.describe()["Placement"]["AvailabilityZone"]
    id = site.ec2.create_volume(AvailabilityZone=zone, **more)["VolumeId"]
    things["volumes"].append(id)
    free(site, id)
    return id


def attach(site, id, machine):
    site.ec2.attach_volume(VolumeId=id, InstanceId=machine.id, Device="/dev/sdf")
    serial = id.replace("-", "")
    found = eventually(lambda: machine.ssh(f"grep -l {serial} /sys/block/vd*/serial || true"), f"the guest sees {id}", 60)
    return found.split("/")[3]


def detach(site, id):
    site.ec2.detach_volume(VolumeId=id)
    free(site, id)


def snapshot(site, things, id, wait=True):
    made = site.ec2.create_snapshot(VolumeId=id)["SnapshotId"]
    things["snapshots"].append(made)
    return completed(site, made) if wait else made


def completed(site, id):
    def state():
        found = site.ec2.describe_snapshots(SnapshotIds=[id])["Snapshots"][0]
        assert found["State"] != "error", found
        return found["State"] == "completed"
    eventually(state, f"{id} is completed", 120)
    return id


def stored(site):
    """Bytes that all snapshots take on the disk."""
    return sum(one.stat().st_blocks * 512 for one in (site.cloud.state / "snapshots").rglob("*") if one.is_file())


def sound(site):
    for path in (site.cloud.state / "volumes").glob("*.qcow2"):
        done = subprocess.run(["qemu-img", "check", "-U", path], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_moment_under_writes_is_a_beginning_of_them(site, machines, things):
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    writer = base64.b64encode(WRITER.replace("DISK", name).encode()).decode()
    first.ssh(f"rm -f /tmp/stop /tmp/last; echo {writer} | base64 -d > /tmp/writer; "
              "sudo sh /tmp/writer < /dev/null > /tmp/writer.log 2>&1 &")
    eventually(lambda: int(first.ssh("cat /tmp/last")) > 20, "the writer writes", 60)
    before = int(first.ssh("cat /tmp/last"))
    made = snapshot(site, things, id, wait=False)
    after = int(first.ssh("cat /tmp/last"))
    completed(site, made)
    eventually(lambda: int(first.ssh("cat /tmp/last")) > after + 10, "the writer goes on", 60)
    first.ssh("touch /tmp/stop")
    restored = volume(site, things, first, SnapshotId=made)
    found = attach(site, restored, second)
    text = second.ssh(f"sudo dd if=/dev/{found} bs=4k count=4096 2>/dev/null | tr -d '\\0' | fold -w 8", seconds=60)
    there = [int(line) for line in text.split() if line]
    # In order and without a gap, ending between what was durable before the call and what was written by its end.
    last = max(there)
    assert sorted(there) == list(range(1, last + 1)) and before <= last <= after + 1, (before, last, after)
    detach(site, restored)
    detach(site, id)
    sound(site)


def test_a_second_snapshot_stores_what_changed_and_each_stands_alone(site, machines, things):
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    first.ssh(f"sudo dd if=/dev/urandom of=/dev/{name} bs=1M count=48 conv=fsync", seconds=120)
    one = snapshot(site, things, id)
    size = site.ec2.describe_snapshots(SnapshotIds=[one])["Snapshots"][0]["FullSnapshotSizeInBytes"]
    assert size == 48 << 20
    whole = stored(site)
    first.ssh(f"echo second | sudo dd of=/dev/{name} bs=512 seek=20000 conv=notrunc,fsync")
    two = snapshot(site, things, id)
    assert stored(site) - whole < 2 << 20
    sum = first.ssh(f"sudo dd if=/dev/{name} bs=1M count=64 2>/dev/null | md5sum", seconds=60)
    detach(site, id)
    site.ec2.delete_volume(VolumeId=id)
    site.ec2.delete_snapshot(SnapshotId=one)
    restored = volume(site, things, first, SnapshotId=two, Size=2)
    found = attach(site, restored, second)
    assert second.ssh(f"sudo dd if=/dev/{found} bs=1M count=64 2>/dev/null | md5sum", seconds=60) == sum
    assert second.ssh(f"cat /sys/block/{found}/size") == str(2 << 21)
    detach(site, restored)
    sound(site)


def test_a_free_volume_and_a_stopped_instance_are_captured(site, machines, things):
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    first.ssh(f"echo kept | sudo dd of=/dev/{name} conv=fsync")
    detach(site, id)
    made = snapshot(site, things, id)
    name = attach(site, id, first)
    first.ssh(f"echo later | sudo dd of=/dev/{name} conv=notrunc,fsync")
    again = snapshot(site, things, id)
    detach(site, id)
    for which, word in ((made, "kept"), (again, "later")):
        restored = volume(site, things, first, SnapshotId=which)
        found = attach(site, restored, second)
        assert second.ssh(f"sudo head -n 1 /dev/{found}") == word
        detach(site, restored)


def test_kill_of_apus_while_a_snapshot_is_stored(site, machines, things):
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    first.ssh(f"sudo dd if=/dev/urandom of=/dev/{name} bs=1M count=64 conv=fsync", seconds=120)
    sum = first.ssh(f"sudo dd if=/dev/{name} bs=1M count=64 2>/dev/null | md5sum", seconds=60)
    address = first.address
    made = snapshot(site, things, id, wait=False)
    site.cloud.kill()
    first.ssh(f"echo overwritten | sudo dd of=/dev/{name} conv=notrunc,fsync", address=address)
    site.start_again()
    completed(site, made)
    restored = volume(site, things, first, SnapshotId=made)
    found = attach(site, restored, second)
    assert second.ssh(f"sudo dd if=/dev/{found} bs=1M count=64 2>/dev/null | md5sum", seconds=60) == sum
    detach(site, restored)
    detach(site, id)
    sound(site)


def test_a_qemu_that_dies_loses_no_moment_silently(site, machines, things):
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, second)
    second.ssh(f"sudo dd if=/dev/urandom of=/dev/{name} bs=1M count=64 conv=fsync", seconds=120)
    made = snapshot(site, things, id, wait=False)
    os.kill(second.process, signal.SIGKILL)
    eventually(lambda: second.state == "stopped", "the instance shows as stopped")

    def ended():
        return site.ec2.describe_snapshots(SnapshotIds=[made])["Snapshots"][0]["State"] != "pending"
    eventually(ended, "the snapshot is completed or in error", 60)
    found = site.ec2.describe_snapshots(SnapshotIds=[made])["Snapshots"][0]
    assert found["State"] == "completed" or found["StateMessage"]
    site.ec2.start_instances(InstanceIds=[second.id])
    second.wait("instance_running").wait_for_ssh()
    again = snapshot(site, things, id)
    assert completed(site, again)
    detach(site, id)
    sound(site)
