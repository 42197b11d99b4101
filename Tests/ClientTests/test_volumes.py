"""Volumes by boto3: attached to instances that run, taken away, changed, refused."""

import pytest

from apus_testing.running import Apus
from apus_testing.waiting import eventually, quick
from examples import linux_image


@pytest.fixture
def instance(ec2, image):
    made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    ec2.get_waiter("instance_running").wait(InstanceIds=[made["InstanceId"]], WaiterConfig=quick())
    return ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"][0]


@pytest.fixture
def make(ec2, instance):
    def make(size=1, **more):
        made = ec2.create_volume(AvailabilityZone=instance["Placement"]["AvailabilityZone"], Size=size, **more)
        ec2.get_waiter("volume_available").wait(VolumeIds=[made["VolumeId"]], WaiterConfig=quick())
        return made["VolumeId"]
    return make


def volume(ec2, id):
    return ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]


def attached(ec2, id):
    return eventually(lambda: [one["State"] for one in volume(ec2, id)["Attachments"]] == ["attached"], "it is attached")


def changed(ec2, id):
    def last():
        return ec2.describe_volumes_modifications(VolumeIds=[id])["VolumesModifications"][0]
    eventually(lambda: last()["ModificationState"] == "completed", "the change is complete")
    return last()


def test_a_volume_is_attached_to_a_running_instance_and_detached(ec2, instance, make):
    id = make()
    answer = ec2.attach_volume(VolumeId=id, InstanceId=instance["InstanceId"], Device="/dev/sdf")
    assert (answer["State"], answer["Device"], answer["DeleteOnTermination"]) == ("attaching", "/dev/sdf", False)
    ec2.get_waiter("volume_in_use").wait(VolumeIds=[id], WaiterConfig=quick())
    attached(ec2, id)
    found = ec2.describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"][0]["Instances"][0]
    assert [one["DeviceName"] for one in found["BlockDeviceMappings"]][1:] == ["/dev/sdf"]
    assert ec2.detach_volume(VolumeId=id)["State"] == "detaching"
    ec2.get_waiter("volume_available").wait(VolumeIds=[id], WaiterConfig=quick())
    ec2.delete_volume(VolumeId=id)
    ec2.get_waiter("volume_deleted").wait(VolumeIds=[id], WaiterConfig=quick())


def test_what_cannot_be_attached_or_detached_is_refused_by_its_code(ec2, instance, make, refused):
    id, other = make(), make()
    where = {"InstanceId": instance["InstanceId"], "Device": "/dev/sdf"}
    ec2.attach_volume(VolumeId=id, **where)
    with refused("VolumeInUse"):
        ec2.attach_volume(VolumeId=id, InstanceId=instance["InstanceId"], Device="/dev/sdg")
    with refused("InvalidParameterValue") as raised:
        ec2.attach_volume(VolumeId=other, **where)
    assert raised.value.response["Error"]["Message"] == (
        "Invalid value '/dev/sdf' for unixDevice. Attachment point /dev/sdf is already in use")
    with refused("InvalidParameterValue"):
        ec2.attach_volume(VolumeId=other, InstanceId=instance["InstanceId"], Device="nonsense")
    with refused("VolumeInUse"):
        ec2.delete_volume(VolumeId=id)
    with refused("OperationNotPermitted"):
        ec2.detach_volume(VolumeId=instance["BlockDeviceMappings"][0]["Ebs"]["VolumeId"])
    with refused("IncorrectState"):
        ec2.detach_volume(VolumeId=other)
    with refused("InvalidAttachment.NotFound"):
        ec2.detach_volume(VolumeId=id, Device="/dev/sdz")
    zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]]
    zone = next(zone for zone in zones if zone != instance["Placement"]["AvailabilityZone"])
    far = ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
    ec2.get_waiter("volume_available").wait(VolumeIds=[far], WaiterConfig=quick())
    with refused("InvalidVolume.ZoneMismatch"):
        ec2.attach_volume(VolumeId=far, InstanceId=instance["InstanceId"], Device="/dev/sdg")


def test_a_volume_travels_from_instance_to_instance_and_over_stop_start_and_termination(ec2, image, instance, make):
    id, first = make(), instance["InstanceId"]
    zone = instance["Placement"]["AvailabilityZone"]
    second = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1,
                               Placement={"AvailabilityZone": zone})["Instances"][0]["InstanceId"]
    ec2.attach_volume(VolumeId=id, InstanceId=first, Device="/dev/sdf")
    attached(ec2, id)
    ec2.stop_instances(InstanceIds=[first])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[first], WaiterConfig=quick())
    assert volume(ec2, id)["State"] == "in-use"
    ec2.start_instances(InstanceIds=[first])
    ec2.get_waiter("instance_running").wait(InstanceIds=[first, second], WaiterConfig=quick())
    ec2.detach_volume(VolumeId=id, InstanceId=first)
    ec2.get_waiter("volume_available").wait(VolumeIds=[id], WaiterConfig=quick())
    ec2.attach_volume(VolumeId=id, InstanceId=second, Device="/dev/sdf")
    attached(ec2, id)
    ec2.modify_instance_attribute(InstanceId=second, BlockDeviceMappings=[
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeId": id, "DeleteOnTermination": True}}])
    ec2.terminate_instances(InstanceIds=[second])
    ec2.get_waiter("volume_deleted").wait(VolumeIds=[id], WaiterConfig=quick())


def test_a_volume_is_changed_while_it_is_in_use_and_while_it_is_free(ec2, instance, make, refused):
    id = make(10)
    ec2.attach_volume(VolumeId=id, InstanceId=instance["InstanceId"], Device="/dev/sdf")
    told = ec2.modify_volume(VolumeId=id, Size=20, VolumeType="gp3", Iops=4000, Throughput=200)["VolumeModification"]
    assert (told["OriginalSize"], told["TargetSize"], told["OriginalVolumeType"]) == (10, 20, "gp2")
    assert (told["TargetIops"], told["TargetThroughput"]) == (4000, 200)
    last = changed(ec2, id)
    assert last["Progress"] == 100 and last["EndTime"] >= last["StartTime"]
    now = volume(ec2, id)
    assert (now["Size"], now["VolumeType"], now["Iops"], now["Throughput"]) == (20, "gp3", 4000, 200)
    with refused("InvalidParameterValue"):
        ec2.modify_volume(VolumeId=id, Size=19)
    with refused("InvalidParameterValue"):
        ec2.modify_volume(VolumeId=id, Iops=100000)
    for size in (21, 22, 23):
        ec2.modify_volume(VolumeId=id, Size=size)
        changed(ec2, id)
    with refused("VolumeModificationRateExceeded"):
        ec2.modify_volume(VolumeId=id, Size=30)
    free = make()
    with refused("InvalidVolumeModification.NotFound"):
        ec2.describe_volumes_modifications(VolumeIds=[free])
    ec2.modify_volume(VolumeId=free, Size=2)
    changed(ec2, free)
    pages = ec2.get_paginator("describe_volumes_modifications").paginate(PaginationConfig={"PageSize": 1})
    assert {one["VolumeId"] for page in pages for one in page["VolumesModifications"]} == {id, free}


def test_a_volume_in_use_is_copied_once_to_a_token_and_the_copy_stands_alone(ec2, instance, make, refused):
    source = make(3)
    ec2.attach_volume(VolumeId=source, InstanceId=instance["InstanceId"], Device="/dev/sdf")
    ec2.get_waiter("volume_in_use").wait(VolumeIds=[source], WaiterConfig=quick())
    wanted = {"SourceVolumeId": source, "Size": 4, "VolumeType": "gp3", "ClientToken": "copy-once", "TagSpecifications": [
        {"ResourceType": "volume", "Tags": [{"Key": "kind", "Value": "copy"}]}]}
    made = ec2.copy_volumes(**wanted)["Volumes"][0]
    assert (made["State"], made["SourceVolumeId"], made["Size"]) == ("creating", source, 4)
    assert ec2.copy_volumes(**wanted)["Volumes"][0]["VolumeId"] == made["VolumeId"]
    with refused("IdempotentParameterMismatch", 400):
        ec2.copy_volumes(**wanted | {"Size": 5})
    ec2.get_waiter("volume_available").wait(VolumeIds=[made["VolumeId"]], WaiterConfig=quick())
    found = volume(ec2, made["VolumeId"])
    assert (found["VolumeType"], found["SnapshotId"], found["SourceVolumeId"]) == ("gp3", "", source)
    assert found["AvailabilityZone"] == volume(ec2, source)["AvailabilityZone"]
    assert found["Tags"] == [{"Key": "kind", "Value": "copy"}]
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    with refused("DryRunOperation", 412):
        ec2.copy_volumes(SourceVolumeId=source, DryRun=True)
    ec2.delete_volume(VolumeId=made["VolumeId"])


@pytest.mark.parametrize("settings, code", [
    ({"VolumeType": "gp3", "Size": 65537}, "InvalidParameterValue"),
    ({"VolumeType": "gp3", "Size": 10, "Iops": 2999}, "InvalidParameterValue"),
    ({"VolumeType": "gp3", "Size": 10, "Iops": 5001}, "InvalidParameterValue"),
    ({"VolumeType": "gp3", "Size": 1000, "Throughput": 1000}, "InvalidParameterValue"),
    ({"VolumeType": "gp2", "Size": 10, "Iops": 100}, "InvalidParameterCombination"),
    ({"VolumeType": "io1", "Size": 10}, "MissingParameter"),
    ({"VolumeType": "io1", "Size": 10, "Iops": 501}, "InvalidParameterValue"),
    ({"VolumeType": "io2", "Size": 3, "Iops": 100}, "InvalidParameterValue"),
    ({"VolumeType": "io2", "Size": 10, "Iops": 100, "Throughput": 200}, "InvalidParameterCombination"),
    ({"VolumeType": "st1", "Size": 124}, "InvalidParameterValue"),
    ({"VolumeType": "sc1", "Size": 16385}, "InvalidParameterValue"),
    ({"VolumeType": "standard", "Size": 1025}, "InvalidParameterValue"),
    ({"VolumeType": "gp2", "Size": 1, "MultiAttachEnabled": True}, "InvalidParameterCombination"),
])
def test_a_volume_that_its_type_does_not_allow_is_refused(ec2, settings, code, refused):
    with refused(code):
        ec2.create_volume(AvailabilityZone="us-east-1a", **settings)


def test_what_was_attached_and_changed_survives_kills_of_apus(tmp_path):
    cloud = Apus(tmp_path / "state").start()
    try:
        ec2 = cloud.first_account().ec2
        image = linux_image(cloud.first_account())
        made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
        ec2.get_waiter("instance_running").wait(InstanceIds=[made["InstanceId"]], WaiterConfig=quick())
        id = ec2.create_volume(AvailabilityZone=made["Placement"]["AvailabilityZone"], Size=1)["VolumeId"]
        ec2.get_waiter("volume_available").wait(VolumeIds=[id], WaiterConfig=quick())
        for step in (lambda ec2: ec2.attach_volume(VolumeId=id, InstanceId=made["InstanceId"], Device="/dev/sdf"),
                     lambda ec2: ec2.modify_volume(VolumeId=id, Size=3)):
            step(ec2)
            cloud.kill()
            cloud.start()
            ec2 = cloud.first_account().ec2
            attached(ec2, id)
        changed(ec2, id)
        assert volume(ec2, id)["Size"] == 3
        ec2.detach_volume(VolumeId=id)
        cloud.kill()
        cloud.start()
        cloud.first_account().ec2.get_waiter("volume_available").wait(VolumeIds=[id], WaiterConfig=quick())
    finally:
        cloud.down()
