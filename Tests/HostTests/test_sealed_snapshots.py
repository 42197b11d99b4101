"""Snapshots of encrypted disks of real guests: of one moment, incremental, copied, and nowhere in the clear on the host."""

import base64
import os
import signal

from apus_testing.waiting import eventually
from test_encryption import PLACES, key, marker, read, shown
from test_snapshots import attach, completed, detach, machines, snapshot, things, volume  # noqa: F401 - some are fixtures

BLOCK = 524_288
BLOCKS = [place * 512 // BLOCK for place in PLACES]


def write(machine, name, sector, address=None):
    """In one go, durable, also while nobody can be asked for the guest's address."""
    text = base64.b64encode(sector).decode()
    machine.ssh("; ".join(f"echo {text} | base64 -d | sudo dd of=/dev/{name} bs=512 seek={place} conv=notrunc,fsync"
                          for place in PLACES), address=address)


def sealed_disk(site, things, machine, key_id):  # noqa: F811
    id = volume(site, things, machine, Size=1, Encrypted=True, KmsKeyId=key_id)
    return id, attach(site, id, machine)


def blocks(site, snapshot_id):
    """What the EBS direct APIs give for the places that were written to."""
    ebs = site.account.client("ebs")
    tokens = {one["BlockIndex"]: one["BlockToken"]
              for one in ebs.list_snapshot_blocks(SnapshotId=snapshot_id, MaxResults=1000)["Blocks"]}
    return {index: ebs.get_snapshot_block(SnapshotId=snapshot_id, BlockIndex=index, BlockToken=tokens[index])
            ["BlockData"].read() for index in BLOCKS}


def has(found, sector):
    """Whether the blocks have the sector at each of its places."""
    return all(found[place * 512 // BLOCK][place * 512 % BLOCK:][:512] == sector for place in PLACES)


def test_a_moment_outlives_a_kill_and_everything_of_it_is_sealed(site, machines, things):  # noqa: F811
    first, _ = machines
    before, after = marker(), marker()
    id, name = sealed_disk(site, things, first, key())
    first.ssh(f"sudo dd if=/dev/urandom of=/dev/{name} bs=1M count=128 conv=fsync", seconds=120)
    write(first, name, before)
    address = first.address
    one = snapshot(site, things, id, wait=False)
    site.cloud.kill()
    write(first, name, after, address)
    kept = site.cloud.state / "moments" / f"{one}.qcow2"
    assert kept.stat().st_blocks * 512 > len(PLACES) * 65_536, "what is overwritten is kept"
    assert shown(site.cloud.state, before, after) == []
    site.start_again()
    completed(site, one)
    two = snapshot(site, things, id)
    assert has(blocks(site, one), before) and has(blocks(site, two), after)
    changed = site.account.client("ebs").list_changed_blocks(FirstSnapshotId=one, SecondSnapshotId=two)
    assert [block["BlockIndex"] for block in changed["ChangedBlocks"]] == BLOCKS

    copy = site.ec2.copy_snapshot(SourceRegion=site.ec2.meta.region_name, SourceSnapshotId=two, Encrypted=True,
                                  KmsKeyId=key())["SnapshotId"]
    things["snapshots"].append(copy)
    completed(site, copy)
    for made in (one, two, copy):
        assert "sound" in site.cloud.command("snapshots", "verify", made).stdout
    file = site.cloud.state.parent / "sealed.snapshot"
    site.cloud.command("snapshots", "export", copy, str(file))
    for made in (one, two):
        site.ec2.delete_snapshot(SnapshotId=made)
    assert has(blocks(site, copy), after)
    taken = site.cloud.command("snapshots", "import", str(file)).stdout.strip()
    things["snapshots"].append(taken)
    assert has(blocks(site, taken), after)
    assert site.ec2.describe_snapshots(SnapshotIds=[taken])["Snapshots"][0]["Encrypted"]
    assert shown(site.cloud.state.parent, before, after) == []
    file.unlink()
    detach(site, id)


def test_a_restored_disk_of_another_key_has_every_byte_and_no_base_in_the_clear(site, machines, things):  # noqa: F811
    first, second = machines
    before, after = marker(), marker()
    id, name = sealed_disk(site, things, first, key())
    write(first, name, before)
    one = snapshot(site, things, id)
    detach(site, id)
    restored = volume(site, things, first, SnapshotId=one, Size=2, Encrypted=True, KmsKeyId=key())
    name = attach(site, restored, second)
    assert read(second, name) == {before}
    # Captured in its turn, also while it may still be reading of the first one.
    write(second, name, after)
    two = snapshot(site, things, restored)
    assert has(blocks(site, two), after)
    site.ec2.delete_snapshot(SnapshotId=one)
    site.ec2.delete_volume(VolumeId=id)
    detach(site, restored)
    name = attach(site, restored, first)
    assert read(first, name) == {after}
    assert not (site.cloud.state / "bases" / f"{one}.raw").exists()
    assert shown(site.cloud.state, before, after) == []
    detach(site, restored)


def test_a_free_disk_is_captured_and_what_changes_afterwards_alone_is_read(site, machines, things):  # noqa: F811
    first, second = machines
    before, after = marker(), marker()
    id, name = sealed_disk(site, things, first, key())
    write(first, name, before)
    detach(site, id)
    one = snapshot(site, things, id)
    name = attach(site, id, second)
    assert read(second, name) == {before}
    write(second, name, after)
    two = snapshot(site, things, id)
    detach(site, id)
    three = snapshot(site, things, id)
    for made, sector in ((one, before), (two, after), (three, after)):
        assert has(blocks(site, made), sector)
    ebs = site.account.client("ebs")
    assert ebs.list_changed_blocks(FirstSnapshotId=two, SecondSnapshotId=three)["ChangedBlocks"] == []
    assert shown(site.cloud.state, before, after) == []


def test_a_qemu_and_an_apus_that_die_together_leave_a_disk_that_opens(site, machines, things):  # noqa: F811
    _, second = machines
    before, after = marker(), marker()
    id, name = sealed_disk(site, things, second, key())
    second.ssh(f"sudo dd if=/dev/urandom of=/dev/{name} bs=1M count=64 conv=fsync", seconds=120)
    write(second, name, before)
    address, process = second.address, second.process
    made = snapshot(site, things, id, wait=False)
    site.cloud.kill()
    write(second, name, after, address)
    os.kill(process, signal.SIGKILL)
    assert shown(site.cloud.state, before, after) == []
    site.start_again()

    def ended():
        return site.ec2.describe_snapshots(SnapshotIds=[made])["Snapshots"][0]["State"] != "pending"
    eventually(ended, "the snapshot is completed or in error", 60)
    eventually(lambda: second.state == "stopped", "the instance shows as stopped", 60)
    site.ec2.start_instances(InstanceIds=[second.id])
    second.wait("instance_running").wait_for_ssh()
    serial = id.replace("-", "")
    name = second.ssh(f"grep -l {serial} /sys/block/vd*/serial").split("/")[3]
    assert read(second, name) == {after}
    assert has(blocks(site, snapshot(site, things, id)), after)
    assert shown(site.cloud.state, before, after) == []
    detach(site, id)


def test_a_sealed_file_is_refused_by_an_account_whose_key_it_is_not_and_leaves_nothing(site, machines, things):  # noqa: F811
    first, _ = machines
    id, name = sealed_disk(site, things, first, key())
    write(first, name, marker())
    made = snapshot(site, things, id)
    detach(site, id)
    file = site.cloud.state.parent / "sealed.snapshot"
    site.cloud.command("snapshots", "export", made, str(file))
    there = {one.name for one in (site.cloud.state / "snapshots").rglob("snap-*")}
    other = site.cloud.new_account().id
    refused = site.cloud.command("snapshots", "import", str(file), "--account", other, check=False)
    assert refused.returncode == 1 and "take it in there" in refused.stderr, refused
    assert {one.name for one in (site.cloud.state / "snapshots").rglob("snap-*")} == there
    file.unlink()
