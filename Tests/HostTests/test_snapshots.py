"""Snapshots of real disks: of one moment under writes, incremental, independent of volumes and of each other."""

import base64
import hashlib
import os
import signal

import pytest

from apus_testing.disks import complaint
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
    second = site.launch(Placement={"AvailabilityZone": zone}, MaintenanceOptions={"AutoRecovery": "disabled"})
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
        assert complaint(path) is None, complaint(path)


def begin_writing(machine, name):
    writer = base64.b64encode(WRITER.replace("DISK", name).encode()).decode()
    machine.ssh(f"rm -f /tmp/stop /tmp/last; echo {writer} | base64 -d > /tmp/writer; "
                "sudo sh /tmp/writer < /dev/null > /tmp/writer.log 2>&1 &")
    eventually(lambda: int(machine.ssh("cat /tmp/last")) > 20, "the writer writes", 60)


def holds_a_beginning(machine, name, before, after):
    """The writes are there in order and without a gap, and end between what was durable before and what was written after."""
    text = machine.ssh(f"sudo dd if=/dev/{name} bs=4k count=4096 2>/dev/null | tr -d '\\0' | fold -w 8", seconds=60)
    there = [int(line) for line in text.split() if line]
    last = max(there)
    assert sorted(there) == list(range(1, last + 1)) and before <= last <= after + 1, (before, last, after)


def test_a_moment_under_writes_is_a_beginning_of_them(site, machines, things):
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    begin_writing(first, name)
    before = int(first.ssh("cat /tmp/last"))
    made = snapshot(site, things, id, wait=False)
    after = int(first.ssh("cat /tmp/last"))
    completed(site, made)
    eventually(lambda: int(first.ssh("cat /tmp/last")) > after + 10, "the writer goes on", 60)
    first.ssh("touch /tmp/stop")
    restored = volume(site, things, first, SnapshotId=made)
    holds_a_beginning(second, attach(site, restored, second), before, after)
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


def test_blocks_by_the_direct_apis_are_what_the_guest_wrote(site, machines, things):
    first, _ = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    first.ssh(f"sudo dd if=/dev/urandom of=/dev/{name} bs=512k count=3 seek=5 conv=fsync", seconds=60)
    sums = first.ssh(f"for i in 5 6 7; do sudo dd if=/dev/{name} bs=512k skip=$i count=1 2>/dev/null | sha256sum; done")
    one = snapshot(site, things, id)
    first.ssh(f"echo changed | sudo dd of=/dev/{name} bs=512k seek=6 conv=notrunc,fsync")
    two = snapshot(site, things, id)
    ebs = site.account.client("ebs")
    blocks = ebs.list_snapshot_blocks(SnapshotId=one)["Blocks"]
    assert [block["BlockIndex"] for block in blocks] == [5, 6, 7]
    read = [ebs.get_snapshot_block(SnapshotId=one, BlockIndex=block["BlockIndex"], BlockToken=block["BlockToken"])
            ["BlockData"].read() for block in blocks]
    assert [hashlib.sha256(data).hexdigest() for data in read] == [line.split()[0] for line in sums.split("\n")]
    changed = ebs.list_changed_blocks(FirstSnapshotId=one, SecondSnapshotId=two)["ChangedBlocks"]
    assert [block["BlockIndex"] for block in changed] == [6]
    # A backup put together by blocks restores bit for bit.
    backup = ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
    things["snapshots"].append(backup)
    for block, data in zip(blocks, read):
        ebs.put_snapshot_block(
            SnapshotId=backup, BlockIndex=block["BlockIndex"], BlockData=data, DataLength=len(data),
            Checksum=base64.b64encode(hashlib.sha256(data).digest()).decode(), ChecksumAlgorithm="SHA256")
    ebs.complete_snapshot(SnapshotId=backup, ChangedBlocksCount=len(blocks))
    completed(site, backup)
    detach(site, id)
    restored = volume(site, things, first, SnapshotId=backup)
    found = attach(site, restored, first)
    again = first.ssh(f"for i in 5 6 7; do sudo dd if=/dev/{found} bs=512k skip=$i count=1 2>/dev/null | sha256sum; done")
    assert again == sums
    detach(site, restored)


def test_an_operator_verifies_exports_and_imports_snapshots(site, machines, things):
    first, _ = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    first.ssh(f"sudo dd if=/dev/urandom of=/dev/{name} bs=1M count=4 conv=fsync", seconds=60)
    made = snapshot(site, things, id)
    detach(site, id)
    assert f"{made}  8 blocks  sound" in site.cloud.command("snapshots", "verify", made).stdout
    file = site.cloud.state.parent / "exported.snapshot"
    site.cloud.command("snapshots", "export", made, str(file))
    taken = site.cloud.command("snapshots", "import", str(file), "--description", "back").stdout.strip()
    things["snapshots"].append(taken)
    assert site.ec2.describe_snapshots(SnapshotIds=[taken])["Snapshots"][0]["FullSnapshotSizeInBytes"] == 4 << 20
    changed = site.account.client("ebs").list_snapshot_blocks(SnapshotId=taken)["Blocks"]
    assert len(changed) == 8
    # A flipped bit in a stored block is found, and the exit code tells.
    pack = max((site.cloud.state / "snapshots").rglob("*.pack"), key=lambda one: one.stat().st_size)
    with open(pack, "r+b") as stored_blocks:
        stored_blocks.seek(-600_000, 2)
        byte = stored_blocks.read(1)[0]
        stored_blocks.seek(-600_000, 2)
        stored_blocks.write(bytes([byte ^ 1]))
    damaged = site.cloud.command("snapshots", "verify", made, check=False)
    assert damaged.returncode == 1 and "DAMAGED" in damaged.stdout
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    refused = site.cloud.command("snapshots", "import", str(file), check=False)
    assert refused.returncode == 1 and "checksum" in refused.stderr
    file.unlink()
    told = site.cloud.json("gc", "--dry-run")
    assert told["storedBytes"] >= 4 << 20 and "freedBytes" not in told
    # Volumes of the image stand on one flat file of its snapshot; as long as instances have some, nobody is told to free it.
    root = first.describe()["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    [base] = [one for one in told["bases"] if root in one["volumes"]]
    assert base["bytes"] > 1 << 20 and base["images"] == [site.image]
    assert first.id in base["instances"] and "advice" not in base
    lines = site.cloud.command("gc", "--dry-run").stdout.splitlines()
    [place] = [place for place, line in enumerate(lines) if line.startswith(f"Base of {base['snapshotId']}")]
    assert lines[place + 1].startswith("  Needed by i-") and first.id in lines[place + 1]

