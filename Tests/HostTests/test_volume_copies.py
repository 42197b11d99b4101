"""Copies of real volumes, and snapshots that are kept ready for volumes."""

from apus_testing.waiting import eventually
from test_snapshot_kills import digest, nothing_is_wrong, write
from test_snapshots import (  # noqa: F401
    attach, begin_writing, detach, free, holds_a_beginning, machines, snapshot, things, volume)


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
    again = copy(site, things, made)
    free(site, again)
    detach(site, made)
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
        detach(site, made)
        nothing_is_wrong(site)
    detach(site, id)


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
            return site.ec2.describe_fast_snapshot_restores()["FastSnapshotRestores"][0]["State"] == state
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
