"""Volumes whose snapshots are not stored yet are used, grown and deleted at once, and the snapshots hold their moment."""

import hashlib
import os
import pathlib
import signal
import subprocess

import pytest

from apus_testing.waiting import eventually
from test_snapshots import attach, completed, detach, free, machines, snapshot, sound, things, volume  # noqa: F401

MIB = 1 << 20
SIZE = 384 * MIB


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "bytes"
    path.write_bytes(os.urandom(SIZE))
    yield path
    path.unlink()


def fill(site, id, data):
    """Puts the bytes at the beginning of a volume that nobody has open."""
    file = site.cloud.state / "volumes" / f"{id}.qcow2"
    subprocess.run(["qemu-io", "-c", f"write -q -s {data} 0 {SIZE}", str(file)], check=True, capture_output=True)


def hold_up(site, made):
    """Has what reads the moment stand still, so that the snapshot stays pending."""
    file = site.cloud.state / "moments" / f".{made}.sock.pid"

    def reader():
        assert is_pending(site, made), "the snapshot was stored before anything could be done"
        return int(file.read_text()) if file.exists() else None
    process = eventually(reader, "the moment is read", 30, every=0.005)
    os.kill(process, signal.SIGSTOP)
    assert is_pending(site, made)
    return process, began(process)


def began(process):
    """When the process began: another may get its number. None where it ended; nobody may have taken note of that."""
    try:
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def is_pending(site, made):
    return site.ec2.describe_snapshots(SnapshotIds=[made])["Snapshots"][0]["State"] == "pending"


def holds(site, made, data):
    """The bytes of the moment, where the guest wrote since and elsewhere."""
    ebs = site.account.client("ebs")
    blocks = ebs.list_snapshot_blocks(SnapshotId=made, MaxResults=1000)["Blocks"]
    tokens = {block["BlockIndex"]: block["BlockToken"] for block in blocks}
    assert sorted(tokens) == list(range(SIZE // 524288))
    for index in (0, 1, 2, 3, SIZE // 524288 - 1):
        with open(data, "rb") as wanted:
            wanted.seek(index * 524288)
            bytes = wanted.read(524288)
        found = ebs.get_snapshot_block(SnapshotId=made, BlockIndex=index, BlockToken=tokens[index])["BlockData"].read()
        assert hashlib.sha256(found).digest() == hashlib.sha256(bytes).digest(), index


def write(machine, name):
    machine.ssh(f"sudo dd if=/dev/zero of=/dev/{name} bs=1M count=2 conv=notrunc,fsync", seconds=60)


def test_a_volume_grows_and_comes_to_a_guest_before_its_snapshots_are_stored(site, machines, things, data):
    first, _ = machines
    id = volume(site, things, first, Size=1)
    fill(site, id, data)
    one = snapshot(site, things, id, wait=False)
    hold_up(site, one)
    # Another moment of the same bytes, and more room: neither waits for the first.
    two = snapshot(site, things, id, wait=False)
    site.ec2.modify_volume(VolumeId=id, Size=2)
    eventually(lambda: (site.ec2.describe_volumes_modifications(VolumeIds=[id])["VolumesModifications"][0]
                        ["ModificationState"]) == "completed", "the volume has grown", 30)
    name = attach(site, id, first)
    assert first.ssh(f"cat /sys/block/{name}/size") == str(2 << 21)
    write(first, name)
    assert is_pending(site, two)
    # The guest lets go of it, and has it again: what it overwrote is kept twice over.
    detach(site, id)
    name = attach(site, id, first)
    first.ssh(f"echo again | sudo dd of=/dev/{name} seek=1 bs=512k conv=notrunc,fsync")
    for made in (one, two):
        holds(site, completed(site, made), data)
    detach(site, id)
    sound(site)


def test_an_instance_starts_before_the_snapshot_of_its_volume_is_stored(site, machines, things, data):
    _, second = machines
    id = volume(site, things, second, Size=1)
    fill(site, id, data)
    name = attach(site, id, second)
    site.ec2.stop_instances(InstanceIds=[second.id], SkipOsShutdown=True)
    second.wait("instance_stopped")
    made = snapshot(site, things, id, wait=False)
    hold_up(site, made)
    site.ec2.start_instances(InstanceIds=[second.id])
    second.wait("instance_running")
    assert is_pending(site, made)
    # Kill -9 while the guest that is on its way up holds it.
    site.cloud.kill()
    site.start_again()
    second.wait_for_ssh()
    name = second.ssh(f"grep -l {id.replace('-', '')} /sys/block/vd*/serial").split("/")[3]
    write(second, name)
    holds(site, completed(site, made), data)
    detach(site, id)
    sound(site)


def test_a_volume_is_deleted_before_its_snapshot_is_stored(site, machines, things, data):
    first, _ = machines
    id = volume(site, things, first, Size=1)
    fill(site, id, data)
    made = snapshot(site, things, id, wait=False)
    process, since = hold_up(site, made)
    site.ec2.delete_volume(VolumeId=id)
    site.ec2.get_waiter("volume_deleted").wait(VolumeIds=[id], WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    assert is_pending(site, made)
    # A kill forgets nothing of it: the bytes are needed still, and go afterwards.
    site.cloud.kill()
    site.start_again()
    holds(site, completed(site, made), data)
    file = site.cloud.state / "volumes" / f"{id}.qcow2"
    eventually(lambda: not file.exists(), "the volume's bytes are gone", 30)
    assert began(process) != since


def test_a_snapshot_that_is_deleted_while_it_is_stored_is_stored_no_further(site, machines, things, data):
    first, _ = machines
    id = volume(site, things, first, Size=1)
    fill(site, id, data)
    made = snapshot(site, things, id, wait=False)
    # What reads the moment would never come to its end.
    process, since = hold_up(site, made)
    site.ec2.delete_snapshot(SnapshotId=made)
    moments, store = site.cloud.state / "moments", site.cloud.state / "snapshots"
    eventually(lambda: not list(moments.glob(f"{made}*")) and not list(store.rglob(f"{made}*")), "nothing is left of it", 30)
    assert began(process) != since
    name = attach(site, id, first)
    write(first, name)
    detach(site, id)
    sound(site)
