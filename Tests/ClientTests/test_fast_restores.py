"""Fast snapshot restore by boto3: enabled, found, paged, disabled, ended with its snapshot."""

from apus_testing.waiting import eventually, quick


def states(ec2, **filters):
    wanted = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    found = ec2.describe_fast_snapshot_restores(Filters=wanted)["FastSnapshotRestores"]
    return {one["AvailabilityZone"]: one["State"] for one in found}


def test_a_snapshot_is_kept_ready_in_its_zones_until_it_is_disabled_or_deleted(ec2):
    zones = [one["ZoneName"] for one in ec2.describe_availability_zones()["AvailabilityZones"]][:2]
    volume = ec2.create_volume(AvailabilityZone=zones[0], Size=1)["VolumeId"]
    ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig=quick())
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    made = ec2.enable_fast_snapshot_restores(AvailabilityZones=zones, SourceSnapshotIds=[snapshot, "snap-01234567"])
    assert [one["State"] for one in made["Successful"]] == ["enabling"] * 2
    errors = made["Unsuccessful"][0]
    assert errors["SnapshotId"] == "snap-01234567"
    assert [one["Error"]["Code"] for one in errors["FastSnapshotRestoreStateErrors"]] == ["InvalidSnapshot.NotFound"] * 2
    eventually(lambda: states(ec2, state="enabled") == {zone: "enabled" for zone in zones}, "both zones are enabled")
    assert states(ec2, availability_zone=zones[0], snapshot_id=snapshot) == {zones[0]: "enabled"}
    assert states(ec2, owner_id="210987654321") == {}
    pages = list(ec2.get_paginator("describe_fast_snapshot_restores").paginate(PaginationConfig={"PageSize": 1}))
    assert [len(page["FastSnapshotRestores"]) for page in pages] == [1, 1]
    times = pages[0]["FastSnapshotRestores"][0]
    assert times["EnablingTime"] <= times["OptimizingTime"] <= times["EnabledTime"]

    ended = ec2.disable_fast_snapshot_restores(AvailabilityZones=zones[:1], SourceSnapshotIds=[snapshot])
    assert [one["State"] for one in ended["Successful"]] == ["disabling"] and ended["Unsuccessful"] == []
    eventually(lambda: states(ec2) == {zones[0]: "disabled", zones[1]: "enabled"}, "one zone is disabled")
    # The bucket is empty for as long as this takes.
    plain = ec2.create_volume(AvailabilityZone=zones[1], SnapshotId=snapshot)["VolumeId"]
    assert not ec2.describe_volumes(VolumeIds=[plain])["Volumes"][0].get("FastRestored")
    ec2.delete_snapshot(SnapshotId=snapshot)
    eventually(lambda: states(ec2) == {zone: "disabled" for zone in zones}, "all ends with the snapshot")
