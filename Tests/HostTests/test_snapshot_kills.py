"""Kill -9 in the middle of what is done to snapshots and volumes: all comes to rest, no byte is wrong, nothing is left over."""

import os
import signal
import threading
import time

import pytest

from apus_testing.waiting import eventually
from test_snapshots import attach, completed, detach, free, machines, snapshot, sound, things, volume  # noqa: F401

# Seconds after the answer at which the process is killed.
DELAYS = (0, 0.03, 0.2)


def write(machine, name, count, seek=0):
    machine.ssh(f"sudo dd if=/dev/urandom of=/dev/{name} bs=1M count={count} seek={seek} conv=notrunc,fsync", seconds=120)


def digest(machine, name, count=64):
    return machine.ssh(f"sudo dd if=/dev/{name} bs=1M count={count} 2>/dev/null | md5sum", seconds=120)


def kill_and_start_again(site, delay):
    time.sleep(delay)
    site.cloud.kill()
    site.start_again()


def nothing_is_wrong(site):
    """Every volume is sound, every stored block is what was stored, and the files are those of what is there."""
    eventually(lambda: files(site) == records(site), "the volumes' files are those of their records", 60)
    eventually(lambda: stored(site) <= snapshots(site), "no bytes are left of snapshots that are gone", 60)
    sound(site)
    verified = site.cloud.command("snapshots", "verify")
    assert "DAMAGED" not in verified.stdout
    for folder in ("volumes", "bases"):
        drafts = [one.name for one in (site.cloud.state / folder).iterdir() if one.name.startswith(".")]
        assert drafts == [], folder
    moments = list((site.cloud.state / "moments").glob("snap-*"))
    assert moments == []


def files(site):
    return {one.stem for one in (site.cloud.state / "volumes").glob("*.qcow2")}


def records(site):
    return {one["VolumeId"] for one in site.ec2.describe_volumes()["Volumes"] if one["State"] != "deleting"}


def stored(site):
    return {one.name.split(".")[0] for one in (site.cloud.state / "snapshots").rglob("snap-*")}


def snapshots(site):
    return {one["SnapshotId"] for one in site.ec2.describe_snapshots(OwnerIds=["self", "amazon"])["Snapshots"]}


def restored_digest(site, things, machine, snapshot, count=64):
    made = volume(site, things, machine, SnapshotId=snapshot)
    found = digest(machine, attach(site, made, machine), count)
    detach(site, made)
    site.ec2.delete_volume(VolumeId=made)
    things["volumes"].remove(made)
    return found


def test_kill_while_a_snapshot_is_deleted_and_blocks_are_collected(site, machines, things):
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    write(first, name, 16)
    last = snapshot(site, things, id)
    for place, delay in enumerate(DELAYS):
        write(first, name, 4, seek=4 * place)
        made = snapshot(site, things, id)
        collecting = threading.Thread(target=site.cloud.command, args=("gc",), kwargs={"check": False})
        site.ec2.delete_snapshot(SnapshotId=last)
        collecting.start()
        kill_and_start_again(site, delay)
        collecting.join()
        store = site.cloud.state / "snapshots"
        eventually(lambda: not list(store.rglob(f"{last}*")), f"{last} is gone", 60)
        site.cloud.command("gc")
        nothing_is_wrong(site)
        last = made
    assert restored_digest(site, things, second, last, 16) == digest(first, name, 16)
    detach(site, id)
    nothing_is_wrong(site)


def test_kill_while_a_volume_grows(site, machines, things):
    first, _ = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    write(first, name, 32)
    written = digest(first, name)
    for size, delay in ((2, 0), (3, 0.03)):
        site.ec2.modify_volume(VolumeId=id, Size=size)
        kill_and_start_again(site, delay)
        grown(site, id, size)
        eventually(lambda: first.ssh(f"cat /sys/block/{name}/size") == str(size << 21), "the guest sees it", 30)
        assert digest(first, name) == written
    detach(site, id)
    for size, delay in ((4, 0), (5, 0.03)):
        site.ec2.modify_volume(VolumeId=id, Size=size)
        kill_and_start_again(site, delay)
        grown(site, id, size)
        nothing_is_wrong(site)
    name = attach(site, id, first)
    assert digest(first, name) == written and first.ssh(f"cat /sys/block/{name}/size") == str(5 << 21)
    detach(site, id)


def grown(site, id, size):
    def state():
        last = site.ec2.describe_volumes_modifications(VolumeIds=[id])["VolumesModifications"][0]
        return (last["ModificationState"], last["TargetSize"]) == ("completed", size)
    eventually(state, f"{id} has {size} GiB", 60)
    assert site.ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]["Size"] == size


def test_kill_while_a_volume_is_made_of_a_snapshot(site, machines, things):
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    write(first, name, 48)
    written = digest(first, name)
    source = snapshot(site, things, id)
    detach(site, id)
    for delay in DELAYS:
        # A snapshot that no volume was made of yet.
        copy = site.ec2.copy_snapshot(SourceSnapshotId=source, SourceRegion=site.ec2.meta.region_name)["SnapshotId"]
        things["snapshots"].append(completed(site, copy))
        zone = second.describe()["Placement"]["AvailabilityZone"]
        made = site.ec2.create_volume(AvailabilityZone=zone, SnapshotId=copy, Size=2)["VolumeId"]
        things["volumes"].append(made)
        kill_and_start_again(site, delay)
        free(site, made)
        assert digest(second, attach(site, made, second)) == written
        detach(site, made)
        nothing_is_wrong(site)


@pytest.mark.parametrize("order", ["guest first", "apus first"])
def test_kill_of_guest_and_apus_together_while_a_snapshot_is_stored(site, machines, things, order):
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, second)
    write(second, name, 64)
    written = digest(second, name)
    made = snapshot(site, things, id, wait=False)
    kills = [lambda guest=second.process: os.kill(guest, signal.SIGKILL), site.cloud.kill]
    for kill in kills if order == "guest first" else reversed(kills):
        kill()
    site.start_again()
    eventually(lambda: second.state == "stopped", "the instance shows as stopped", 60)

    def found():
        return site.ec2.describe_snapshots(SnapshotIds=[made])["Snapshots"][0]
    eventually(lambda: found()["State"] != "pending", "the snapshot is completed or in error", 120)
    if found()["State"] == "completed":
        assert restored_digest(site, things, first, made) == written
    else:
        assert found()["StateMessage"]
    nothing_is_wrong(site)
    site.ec2.start_instances(InstanceIds=[second.id])
    second.wait("instance_running").wait_for_ssh()
    again = snapshot(site, things, id)
    assert restored_digest(site, things, first, again) == written
    detach(site, id)
    nothing_is_wrong(site)
