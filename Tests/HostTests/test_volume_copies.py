"""Copies of real volumes, and snapshots that are kept ready for volumes."""

import hashlib
import json
import os
import signal
import subprocess

import pytest

from apus_testing.waiting import eventually, quick
from test_lazy_volumes import beneath
from test_snapshot_kills import digest, nothing_is_wrong, write
from test_snapshots import (  # noqa: F401
    attach, begin_writing, detach, free, holds_a_beginning, machines, snapshot, things, volume)

MIB = 1 << 20
PIECE, PIECES = 64 * MIB, 14


@pytest.fixture(scope="module")
def piece(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "piece"
    path.write_bytes(os.urandom(PIECE))
    yield path
    path.unlink()


@pytest.fixture
def source(site, machines, things, piece):
    """A volume whose moment takes a quarter of a minute to be stored out of a guest."""
    id = volume(site, things, machines[0], Size=1)
    file = site.cloud.state / "volumes" / f"{id}.qcow2"
    writes = [part for place in range(PIECES) for part in ("-c", f"write -q -s {piece} {place * PIECE} {PIECE}")]
    subprocess.run(["qemu-io", *writes, str(file)], check=True, capture_output=True)
    return id


def sums(machine, name, places):
    """Of the megabytes at those places; past the guest's own cache."""
    one = "sudo dd if=/dev/{} bs=1M count=1 skip={} iflag=direct 2>/dev/null | md5sum | cut -c 1-32"
    return machine.ssh("; ".join(one.format(name, place) for place in places), seconds=120).split()


def sums_of(piece, places):
    bytes = piece.read_bytes()
    starts = [place * MIB % PIECE for place in places]
    return [hashlib.md5(bytes[start:start + MIB]).hexdigest() for start in starts]


PLACES = (0, 13, 500, PIECES * 64 - 1)


def is_stored(site):
    """Whether no moment is held any more."""
    return not list((site.cloud.state / "moments").glob("snap-*.json"))


def initialization(site, id):
    status = site.ec2.describe_volume_status(VolumeIds=[id])["VolumeStatuses"][0]
    details = {one["Name"]: one["Status"] for one in status["VolumeStatus"]["Details"]}
    assert status["InitializationStatusDetails"]["InitializationType"] == "volume-copy"
    return details["initialization-state"]


def initialized(site, id):
    eventually(lambda: initialization(site, id) == "completed", f"{id} is initialized", 180)
    assert beneath(site, id) is None


def overwrite(machine, name, place):
    machine.ssh(f"sudo dd if=/dev/zero of=/dev/{name} bs=1M count=1 seek={place} oflag=direct conv=notrunc,fsync")


def copy(site, things, id, **more):
    made = site.ec2.copy_volumes(SourceVolumeId=id, **more)["Volumes"][0]["VolumeId"]
    things["volumes"].append(made)
    return made


def base(site, snapshot):
    return site.cloud.state / "bases" / f"{snapshot}.raw"


def test_a_copy_of_a_volume_under_writes_is_a_beginning_of_them_and_stands_alone(site, machines, things):
    first, second = machines
    id = volume(site, things, first, Size=1)
    begin_writing(first, attach(site, id, first))
    before = int(first.ssh("cat /tmp/last"))
    made = copy(site, things, id, Size=2)
    after = int(first.ssh("cat /tmp/last"))
    free(site, made)
    eventually(lambda: int(first.ssh("cat /tmp/last")) > after + 10, "the writer goes on", 60)
    first.ssh("touch /tmp/stop")
    detach(site, id)
    site.ec2.delete_volume(VolumeId=id)
    name = attach(site, made, second)
    holds_a_beginning(second, name, before, after)
    assert second.ssh(f"cat /sys/block/{name}/size") == str(2 << 21)
    written = digest(second, name)
    # One of a copy, and of a volume that no guest has.
    initialized(site, made)
    again = copy(site, things, made)
    free(site, again)
    detach(site, made)
    initialized(site, again)
    last = copy(site, things, made)
    free(site, last)
    for one in (again, last):
        assert digest(second, attach(site, one, second)) == written
        detach(site, one)
    nothing_is_wrong(site)
    assert site.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_kill_while_a_volume_is_copied(site, machines, things):
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    write(first, name, 48)
    written = digest(first, name)
    for place in range(2):
        made = copy(site, things, id, ClientToken=f"copy-{place}")
        site.cloud.kill()
        site.start_again()
        assert copy(site, things, id, ClientToken=f"copy-{place}") == made
        free(site, made)
        assert digest(second, attach(site, made, second)) == written
        initialized(site, made)
        detach(site, made)
        nothing_is_wrong(site)
    detach(site, id)


def test_a_copy_is_used_before_its_moment_is_stored_and_the_source_may_go(site, machines, things, piece, source):
    first, second = machines
    name = attach(site, source, first)
    made = copy(site, things, source)
    free(site, made)
    there = attach(site, made, second)
    for place in PLACES[:2]:
        overwrite(first, name, place)
    assert sums(second, there, PLACES) == sums_of(piece, PLACES)
    assert not is_stored(site), "the moment was stored before the copy was read"
    assert initialization(site, made) == "initializing"
    overwrite(second, there, 20)
    # What the guest had overwritten goes with the source, once it is stored.
    detach(site, source)
    site.ec2.delete_volume(VolumeId=source)
    site.ec2.get_waiter("volume_deleted").wait(VolumeIds=[source], WaiterConfig=quick(20))
    initialized(site, made)
    assert sums(second, there, PLACES) == sums_of(piece, PLACES)
    assert sums(second, there, [20]) == [hashlib.md5(bytes(MIB)).hexdigest()]
    detach(site, made)
    nothing_is_wrong(site)


def test_a_copy_that_is_read_outlasts_kills_of_apus(site, machines, things, piece, source):
    first, second = machines
    attach(site, source, first)
    made = copy(site, things, source)
    free(site, made)
    there = attach(site, made, second)
    address = second.address
    # Places that nothing was read of.
    for place in (700, 800):
        site.cloud.kill()
        read = f"dd if=/dev/{there} bs=1M count=1 skip={place} iflag=direct 2>/dev/null | md5sum > /tmp/{place}"
        second.ssh(f"sudo sh -c '{read}' < /dev/null > /tmp/log 2>&1 &", address=address)
        site.start_again()
        eventually(lambda: second.ssh(f"cat /tmp/{place} || true"), "the guest has read it", 120)
        assert second.ssh(f"cut -c 1-32 /tmp/{place}") == sums_of(piece, [place])[0]
    assert sums(second, there, PLACES) == sums_of(piece, PLACES)
    assert "I/O error" not in second.ssh("sudo dmesg")
    initialized(site, made)
    detach(site, made)
    detach(site, source)
    nothing_is_wrong(site)


def test_a_guest_gets_a_copy_of_its_own_volume_once_that_is_stored(site, machines, things, piece, source):
    first, _ = machines
    attach(site, source, first)
    made = copy(site, things, source)
    free(site, made)
    site.ec2.attach_volume(VolumeId=made, InstanceId=first.id, Device="/dev/sdg")

    def attachment():
        return site.ec2.describe_volumes(VolumeIds=[made])["Volumes"][0]["Attachments"][0]["State"]
    assert is_stored(site) or attachment() == "attaching"
    eventually(lambda: attachment() == "attached", "the guest has it", 180)
    assert is_stored(site), "the guest would wait for itself"
    there = first.ssh(f"grep -l {made.replace('-', '')} /sys/block/vd*/serial").split("/")[3]
    assert sums(first, there, PLACES) == sums_of(piece, PLACES)
    initialized(site, made)
    detach(site, made)
    detach(site, source)
    nothing_is_wrong(site)


def test_a_copy_whose_source_lost_its_guest_is_never_wrong(site, machines, things, piece, source):
    first, second = machines
    name = attach(site, source, second)
    made = copy(site, things, source)
    free(site, made)
    there = attach(site, made, first)
    assert sums(first, there, [0]) == sums_of(piece, [0])
    overwrite(first, there, 20)
    # From now on the volume alone does not have the moment.
    overwrite(second, name, 850)
    assert not is_stored(site)
    os.kill(second.process, signal.SIGKILL)
    eventually(lambda: is_stored(site), "the moment is given up", 60)

    def status():
        return site.ec2.describe_volume_status(VolumeIds=[made])["VolumeStatuses"][0]["VolumeStatus"]["Status"]
    eventually(lambda: status() == "impaired", "the copy is said to be of no use", 30)
    # What its guest wrote is there, anything else an error.
    assert sums(first, there, [20]) == [hashlib.md5(bytes(MIB)).hexdigest()]
    assert first.ssh(f"sudo dd if=/dev/{there} bs=1M count=1 skip=800 iflag=direct of=/dev/null 2>&1 || echo failed"
                     ).endswith("failed")
    site.ec2.detach_volume(VolumeId=made)
    eventually(lambda: site.ec2.describe_volumes(VolumeIds=[made])["Volumes"][0]["State"] == "error", "it is in error", 60)
    site.ec2.delete_volume(VolumeId=made)
    site.ec2.get_waiter("volume_deleted").wait(VolumeIds=[made], WaiterConfig=quick(20))
    site.ec2.detach_volume(VolumeId=source)
    free(site, source)
    site.ec2.start_instances(InstanceIds=[second.id])
    second.wait("instance_running").wait_for_ssh()
    nothing_is_wrong(site)


def test_the_next_snapshot_of_a_copied_volume_takes_over_from_the_one_before(site, machines, things):
    first, _ = machines
    id = volume(site, things, first, Size=1)

    def recording():
        told = subprocess.run(["qemu-img", "info", "-U", "--output=json", site.cloud.state / "volumes" / f"{id}.qcow2"],
                              check=True, capture_output=True, text=True)
        bitmaps = json.loads(told.stdout)["format-specific"]["data"].get("bitmaps", [])
        return [one["name"] for one in bitmaps if "auto" in one["flags"]]
    name = attach(site, id, first)
    write(first, name, 8)
    one = snapshot(site, things, id)
    write(first, name, 1)
    made = copy(site, things, id)
    free(site, made)
    write(first, name, 1, seek=4)
    initialized(site, made)
    detach(site, id)
    assert recording() == [one]
    # Of a volume that nobody has, too.
    initialized(site, copy(site, things, id))
    assert recording() == [one]
    two = snapshot(site, things, id)
    ebs = site.account.client("ebs")
    changed = ebs.list_changed_blocks(FirstSnapshotId=one, SecondSnapshotId=two)["ChangedBlocks"]
    assert [block["BlockIndex"] for block in changed] == [0, 1, 8, 9]
    nothing_is_wrong(site)


def test_a_snapshot_is_ready_as_long_as_fast_restore_is_enabled(site, machines, things):
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    write(first, name, 16)
    written = digest(first, name)
    detach(site, id)
    made = snapshot(site, things, id)
    pair = {"AvailabilityZones": [first.describe()["Placement"]["AvailabilityZone"]], "SourceSnapshotIds": [made]}

    def comes_to(state):
        def found():
            of_it = [{"Name": "snapshot-id", "Values": [made]}]
            return site.ec2.describe_fast_snapshot_restores(Filters=of_it)["FastSnapshotRestores"][0]["State"] == state
        eventually(found, f"fast restore is {state}", 60)
    assert not base(site, made).exists()
    site.ec2.enable_fast_snapshot_restores(**pair)
    comes_to("enabled")
    assert base(site, made).exists()
    restored = volume(site, things, first, SnapshotId=made)
    assert digest(second, attach(site, restored, second)) == written
    # What a volume stands on stays, and is ready again when it is asked for again.
    site.ec2.disable_fast_snapshot_restores(**pair)
    comes_to("disabled")
    assert base(site, made).exists()
    site.ec2.enable_fast_snapshot_restores(**pair)
    comes_to("enabled")
    detach(site, restored)
    site.ec2.delete_volume(VolumeId=restored)
    things["volumes"].remove(restored)
    eventually(lambda: restored not in {one["VolumeId"] for one in site.ec2.describe_volumes()["Volumes"]}, "it is gone", 30)
    assert base(site, made).exists()
    site.ec2.delete_snapshot(SnapshotId=made)
    comes_to("disabled")
    eventually(lambda: not base(site, made).exists(), "nothing is kept ready", 30)
