"""Volumes of snapshots: usable at once, read when needed, filled beside, and then on their own."""

import json
import subprocess

import pytest

from apus_testing.waiting import eventually

from test_snapshots import attach, completed, detach, free, machines, snapshot, sound, things, volume  # noqa: F401

DATA_MIB = 128


@pytest.fixture
def original(site, machines, things):
    """A snapshot with much in it, and the sum of its bytes."""
    first, _ = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    first.ssh(f"sudo dd if=/dev/urandom of=/dev/{name} bs=1M count={DATA_MIB} conv=fsync", seconds=120)
    made = snapshot(site, things, id)
    total = sum_of(first, name)
    detach(site, id)
    site.ec2.delete_volume(VolumeId=id)
    return made, total


def reading(name):
    """All of the data and some of the zeros behind it."""
    return f"dd if=/dev/{name} bs=1M count={DATA_MIB + 8} 2>/dev/null | md5sum | cut -c 1-32"


def sum_of(machine, name):
    return machine.ssh("sudo " + reading(name), seconds=120)


def beneath(site, id):
    """What the volume's file names as lying beneath it; nothing once it stands alone."""
    path = site.cloud.state / "volumes" / f"{id}.qcow2"
    told = subprocess.run(["qemu-img", "info", "-U", "--output=json", path], check=True, capture_output=True, text=True)
    return json.loads(told.stdout).get("backing-filename")


def restore(site, things, machine, snapshot, **more):
    """Not waited for longer than until it shows as available."""
    return volume(site, things, machine, SnapshotId=snapshot, **more)


def filling(site, id):
    """What the status of the volume tells of it."""
    return site.ec2.describe_volume_status(VolumeIds=[id])["VolumeStatuses"][0]["InitializationStatusDetails"]


def filled(site, id, seconds=60):
    eventually(lambda: beneath(site, id) is None, f"{id} is filled", seconds)
    eventually(lambda: not (site.cloud.state / "feeds" / id).exists(), f"nothing serves {id} any more", 10)


def test_a_guest_reads_it_before_it_is_filled_and_the_snapshot_may_go(site, machines, things, original):
    _, second = machines
    made, total = original
    id = restore(site, things, second, made)
    name = attach(site, id, second)
    site.ec2.delete_snapshot(SnapshotId=made)
    assert sum_of(second, name) == total
    filled(site, id)
    eventually(lambda: filling(site, id) == {"InitializationType": "default", "Progress": 100}, f"{id} is said to be filled", 10)
    store = site.cloud.state / "snapshots"
    eventually(lambda: not list(store.rglob("snap-*")), "the snapshot's bytes are gone", 60)
    second.ssh("echo 3 | sudo tee /proc/sys/vm/drop_caches")
    assert sum_of(second, name) == total
    detach(site, id)
    sound(site)


def test_a_volume_that_nobody_has_is_filled_too_at_its_rate(site, machines, things, original):
    first, second = machines
    made, total = original
    id = restore(site, things, first, made, Size=2, VolumeInitializationRate=100)
    assert beneath(site, id) is not None
    seen = set()

    def is_filled():
        details = filling(site, id)
        assert details["InitializationType"] == "provisioned-rate"
        seen.add((details["Progress"], details["EstimatedTimeToCompleteInSeconds"]))
        return details["Progress"] == 100
    eventually(is_filled, f"{id} is said to be filled", 60)
    # 128 MiB at 100 MiB/s: it is seen on its way, and the time that is left becomes less.
    assert any(0 < progress < 100 for progress, _ in seen) and (100, 0) in seen
    assert [left for _, left in sorted(seen)] == sorted((left for _, left in seen), reverse=True)
    filled(site, id)
    name = attach(site, id, second)
    assert sum_of(second, name) == total
    assert second.ssh(f"cat /sys/block/{name}/size") == str(2 << 21)
    detach(site, id)
    sound(site)


def test_reads_outlast_a_kill_of_apus(site, machines, things, original):
    _, second = machines
    made, total = original
    id = restore(site, things, second, made)
    name = attach(site, id, second)
    address = second.address
    site.cloud.kill()
    assert beneath(site, id) is not None
    second.ssh(f"sudo sh -c '{reading(name)} > /tmp/sum' < /dev/null > /tmp/log 2>&1 &", address=address)
    site.start_again()
    eventually(lambda: second.ssh("cat /tmp/sum || true"), "the guest has read it all", 120)
    assert second.ssh("cat /tmp/sum") == total
    assert "I/O error" not in second.ssh("sudo dmesg")
    filled(site, id)
    detach(site, id)
    sound(site)


def test_a_snapshot_grow_and_detach_in_the_middle_of_filling(site, machines, things, original):
    first, second = machines
    made, total = original
    id = restore(site, things, second, made)
    name = attach(site, id, second)
    again = snapshot(site, things, id, wait=False)
    site.ec2.modify_volume(VolumeId=id, Size=2)
    completed(site, again)
    eventually(lambda: second.ssh(f"cat /sys/block/{name}/size") == str(2 << 21), "the guest sees it grow", 60)
    detach(site, id)
    name = attach(site, id, first)
    assert sum_of(first, name) == total
    filled(site, id)
    detach(site, id)
    copy = restore(site, things, second, again)
    name = attach(site, copy, second)
    assert sum_of(second, name) == total
    detach(site, copy)
    sound(site)
