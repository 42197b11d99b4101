"""Snapshots by boto3: made, found, shared, copied, restored, deleted; and what is refused."""

import botocore.exceptions
import pytest

from apus_testing.waiting import eventually, quick


@pytest.fixture
def instance(ec2, image):
    data = [{"DeviceName": name, "Ebs": {"VolumeSize": size}} for name, size in (("/dev/sdf", 1), ("/dev/sdg", 2))]
    made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, BlockDeviceMappings=data)
    id = made["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    return ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]


@pytest.fixture
def volume(ec2):
    zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
    id = ec2.create_volume(AvailabilityZone=zone, Size=3, TagSpecifications=[
        {"ResourceType": "volume", "Tags": [{"Key": "of", "Value": "volume"}]}])["VolumeId"]
    ec2.get_waiter("volume_available").wait(VolumeIds=[id], WaiterConfig=quick())
    return id


def completed(ec2, *ids):
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=list(ids), WaiterConfig=quick())
    return ec2.describe_snapshots(SnapshotIds=list(ids))["Snapshots"]


def code(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        call(**arguments)
    return refusal.value.response["Error"]["Code"]


def test_a_snapshot_is_pending_then_completed_and_shows_what_it_is_of(ec2, volume):
    made = ec2.create_snapshot(VolumeId=volume, Description="first", TagSpecifications=[
        {"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "b"}]}])
    assert (made["State"], made["VolumeId"], made["VolumeSize"]) == ("pending", volume, 3)
    assert (made["Description"], made["Tags"], made["Encrypted"]) == ("first", [{"Key": "a", "Value": "b"}], False)
    found = completed(ec2, made["SnapshotId"])[0]
    assert (found["Progress"], found["StorageTier"], found["OwnerId"]) == ("100%", "standard", made["OwnerId"])
    assert found["CompletionTime"] >= found["StartTime"] and found["FullSnapshotSizeInBytes"] == 0
    for name, value in {"volume-id": volume, "status": "completed", "volume-size": "3", "description": "fir*",
                        "tag:a": "b", "progress": "100%", "encrypted": "false"}.items():
        listed = ec2.describe_snapshots(OwnerIds=["self"], Filters=[{"Name": name, "Values": [value]}])["Snapshots"]
        assert made["SnapshotId"] in [one["SnapshotId"] for one in listed], name


def test_all_volumes_of_an_instance_are_captured_at_one_moment(ec2, instance):
    mappings = {one["DeviceName"]: one["Ebs"]["VolumeId"] for one in instance["BlockDeviceMappings"]}
    made = ec2.create_snapshots(InstanceSpecification={"InstanceId": instance["InstanceId"]},
                                CopyTagsFromSource="volume", Description="all")["Snapshots"]
    assert sorted(one["VolumeId"] for one in made) == sorted(mappings.values())
    assert len({one["StartTime"] for one in made}) == 1
    completed(ec2, *[one["SnapshotId"] for one in made])
    some = ec2.create_snapshots(InstanceSpecification={
        "InstanceId": instance["InstanceId"], "ExcludeBootVolume": True,
        "ExcludeDataVolumeIds": [mappings["/dev/sdg"]]})["Snapshots"]
    assert [one["VolumeId"] for one in some] == [mappings["/dev/sdf"]]
    assert code(ec2.create_snapshots, InstanceSpecification={
        "InstanceId": instance["InstanceId"], "ExcludeDataVolumeIds": [mappings[instance["RootDeviceName"]]]}) \
        == "InvalidParameterValue"


def test_a_volume_is_made_from_a_snapshot_whose_volume_is_gone(ec2, volume):
    zone = ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["AvailabilityZone"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    completed(ec2, snapshot)
    ec2.delete_volume(VolumeId=volume)
    made = ec2.create_volume(AvailabilityZone=zone, SnapshotId=snapshot, VolumeInitializationRate=100)
    assert (made["SnapshotId"], made["Size"], made["VolumeInitializationRate"]) == (snapshot, 3, 100)
    ec2.get_waiter("volume_available").wait(VolumeIds=[made["VolumeId"]], WaiterConfig=quick())
    assert code(ec2.create_volume, AvailabilityZone=zone, SnapshotId=snapshot, Size=2) == "InvalidParameterValue"
    assert code(ec2.create_volume, AvailabilityZone=zone, SnapshotId=snapshot,
                VolumeInitializationRate=99) == "InvalidParameterValue"
    ec2.delete_snapshot(SnapshotId=snapshot)
    assert code(ec2.describe_snapshots, SnapshotIds=[snapshot]) == "InvalidSnapshot.NotFound"
    assert code(ec2.create_volume, AvailabilityZone=zone, SnapshotId=snapshot) == "InvalidSnapshot.NotFound"
    assert ec2.describe_volumes(VolumeIds=[made["VolumeId"]])["Volumes"][0]["SnapshotId"] == snapshot


def test_a_copy_is_complete_within_the_duration_that_was_asked_for(ec2, volume):
    source = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    completed(ec2, source)
    region = ec2.meta.region_name
    for minutes in (1, 20, 2895):
        refusal = code(ec2.copy_snapshot, SourceSnapshotId=source, SourceRegion=region, CompletionDurationMinutes=minutes)
        assert refusal == "InvalidParameterValue", minutes
    copy = ec2.copy_snapshot(SourceSnapshotId=source, SourceRegion=region, CompletionDurationMinutes=15)["SnapshotId"]
    found = completed(ec2, copy)[0]
    assert (found["CompletionDurationMinutes"], found["TransferType"]) == (15, "time-based")
    assert (found["CompletionTime"] - found["StartTime"]).total_seconds() <= 15 * 60
    plain = ec2.copy_snapshot(SourceSnapshotId=source, SourceRegion=region)["SnapshotId"]
    assert "CompletionDurationMinutes" not in completed(ec2, plain)[0]
    listed = ec2.describe_snapshots(
        OwnerIds=["self"], Filters=[{"Name": "transfer-type", "Values": ["time-based"]}])["Snapshots"]
    assert [one["SnapshotId"] for one in listed] == [copy]


def test_a_snapshot_that_an_image_uses_stays(ec2, volume):
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    completed(ec2, snapshot)
    image = ec2.register_image(Name=f"of-{snapshot}", RootDeviceName="/dev/xvda", Architecture="x86_64",
                               BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}])
    assert code(ec2.delete_snapshot, SnapshotId=snapshot) == "InvalidSnapshot.InUse"
    ec2.deregister_image(ImageId=image["ImageId"])
    ec2.delete_snapshot(SnapshotId=snapshot)
    assert code(ec2.delete_snapshot, SnapshotId=snapshot) == "InvalidSnapshot.NotFound"


def test_a_shared_snapshot_is_found_used_and_copied_by_others(cloud, ec2, volume):
    snapshot = ec2.create_snapshot(VolumeId=volume, TagSpecifications=[
        {"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "b"}]}])["SnapshotId"]
    completed(ec2, snapshot)
    other = cloud.new_account()
    assert code(other.ec2.describe_snapshots, SnapshotIds=[snapshot]) == "InvalidSnapshot.NotFound"
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": other.id}]})
    assert ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")[
        "CreateVolumePermissions"] == [{"UserId": other.id}]
    seen = other.ec2.describe_snapshots(RestorableByUserIds=["self"])["Snapshots"]
    assert [(one["SnapshotId"], one.get("Tags")) for one in seen] == [(snapshot, None)]
    copy = other.ec2.copy_snapshot(SourceRegion="us-east-1", SourceSnapshotId=snapshot, Description="mine")
    ec2.reset_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
    ec2.delete_snapshot(SnapshotId=snapshot)
    found = completed(other.ec2, copy["SnapshotId"])[0]
    assert (found["OwnerId"], found["VolumeId"], found["Description"]) == (other.id, "vol-ffffffff", "mine")
    assert code(other.ec2.copy_snapshot, SourceRegion="eu-west-1",
                SourceSnapshotId=copy["SnapshotId"]) == "InvalidParameterValue"


def test_public_snapshots_can_be_blocked(cloud, volume, ec2):
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    completed(ec2, snapshot)
    other = cloud.new_account()
    public = {"CreateVolumePermission": {"Add": [{"Group": "all"}]}}
    ec2.enable_snapshot_block_public_access(State="block-new-sharing")
    assert code(ec2.modify_snapshot_attribute, SnapshotId=snapshot, **public) == "OperationNotPermitted"
    ec2.disable_snapshot_block_public_access()
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, **public)
    assert other.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    assert code(other.ec2.describe_snapshots, SnapshotIds=[snapshot]) == "InvalidSnapshot.NotFound"
    ec2.disable_snapshot_block_public_access()


def test_pages_and_refusals(ec2, volume):
    ids = [ec2.create_snapshot(VolumeId=volume)["SnapshotId"] for _ in range(7)]
    completed(ec2, *ids)
    pages = ec2.get_paginator("describe_snapshots").paginate(
        OwnerIds=["self"], Filters=[{"Name": "volume-id", "Values": [volume]}], PaginationConfig={"PageSize": 5})
    assert [len(page["Snapshots"]) for page in pages] == [5, 2]
    assert code(ec2.describe_snapshots, MaxResults=5, SnapshotIds=ids) == "InvalidParameterCombination"
    assert code(ec2.describe_snapshots, MaxResults=4) == "InvalidParameterValue"
    assert code(ec2.describe_snapshots, OwnerIds=["nobody"]) == "InvalidUserID.Malformed"
    assert code(ec2.describe_snapshots, Filters=[{"Name": "colour", "Values": ["red"]}]) == "InvalidParameterValue"
    assert code(ec2.create_snapshot, VolumeId="vol-0123456789abcdef0") == "InvalidVolume.NotFound"
    assert code(ec2.create_snapshot, VolumeId="nonsense") == "InvalidParameterValue"
    assert code(ec2.create_snapshot, VolumeId=volume, Description="x" * 256) == "InvalidParameterValue"
    assert code(ec2.create_snapshot, VolumeId=volume, DryRun=True) == "DryRunOperation"
    for id in ids:
        ec2.delete_snapshot(SnapshotId=id)
    eventually(lambda: not ec2.describe_snapshots(OwnerIds=["self"], Filters=[
        {"Name": "volume-id", "Values": [volume]}])["Snapshots"], "all are gone")
