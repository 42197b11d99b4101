"""Images by boto3: made of instances, copied, launched from, deregistered; roots replaced; and what is refused."""

import botocore.exceptions
import pytest

from apus_testing.waiting import eventually, quick


@pytest.fixture
def launch(ec2, image):
    def run(image=image, **arguments):
        made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, **arguments)
        id = made["Instances"][0]["InstanceId"]
        ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
        return described(ec2, id)
    return run


@pytest.fixture
def instance(launch):
    return launch(BlockDeviceMappings=[
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 8, "VolumeType": "gp3", "Iops": 4000, "Throughput": 200,
                                           "DeleteOnTermination": False}}])


def described(ec2, id):
    return ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]


def available(ec2, image):
    ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig=quick())
    return ec2.describe_images(ImageIds=[image])["Images"][0]


def code(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        call(**arguments)
    return refusal.value.response["Error"]["Code"]


def mappings(resource):
    return {one["DeviceName"]: one.get("Ebs") for one in resource["BlockDeviceMappings"]}


def volumes(instance):
    return {name: ebs["VolumeId"] for name, ebs in mappings(instance).items()}


@pytest.mark.parametrize("no_reboot", [False, True])
def test_an_image_of_a_running_instance_has_all_of_its_volumes_at_one_moment(ec2, image, instance, no_reboot):
    id, source = instance["InstanceId"], ec2.describe_images(ImageIds=[image])["Images"][0]
    made = ec2.create_image(
        InstanceId=id, Name=f"made {no_reboot}", Description="d", NoReboot=no_reboot, TagSpecifications=[
            {"ResourceType": "image", "Tags": [{"Key": "of", "Value": "image"}]},
            {"ResourceType": "snapshot", "Tags": [{"Key": "of", "Value": "disk"}]}])["ImageId"]
    assert described(ec2, id)["State"]["Name"] == "running"
    found = available(ec2, made)
    assert (found["SourceInstanceId"], found["Description"], found["Public"]) == (id, "d", False)
    assert found["Tags"] == [{"Key": "of", "Value": "image"}]
    for same in ("Architecture", "RootDeviceName", "RootDeviceType", "VirtualizationType", "PlatformDetails",
                 "UsageOperation", "EnaSupport", "Hypervisor"):
        assert found[same] == source[same], same
    root, data = (mappings(found)[name] for name in (instance["RootDeviceName"], "/dev/sdf"))
    assert (data["VolumeSize"], data["VolumeType"], data["Iops"], data["Throughput"]) == (8, "gp3", 4000, 200)
    assert (data["DeleteOnTermination"], root["DeleteOnTermination"]) == (False, True)
    snapshots = ec2.describe_snapshots(SnapshotIds=[root["SnapshotId"], data["SnapshotId"]])["Snapshots"]
    assert {one["VolumeId"] for one in snapshots} == set(volumes(instance).values())
    assert {one["Description"] for one in snapshots} == {f"Created by CreateImage({id}) for {made}"}
    assert all(one["Tags"] == [{"Key": "of", "Value": "disk"}] for one in snapshots)
    assert code(ec2.delete_snapshot, SnapshotId=root["SnapshotId"]) == "InvalidSnapshot.InUse"
    for name, value in {"source-instance-id": id, "state": "available"}.items():
        listed = ec2.describe_images(Owners=["self"], Filters=[{"Name": name, "Values": [value]}])["Images"]
        assert made in [one["ImageId"] for one in listed], name
    assert described(ec2, id)["State"]["Name"] == "running"
    assert volumes(described(ec2, id)) == volumes(instance)


def test_an_image_of_a_stopped_instance_leaves_it_stopped(ec2, instance):
    ec2.stop_instances(InstanceIds=[instance["InstanceId"]])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance["InstanceId"]], WaiterConfig=quick())
    available(ec2, ec2.create_image(InstanceId=instance["InstanceId"], Name="stopped")["ImageId"])
    assert described(ec2, instance["InstanceId"])["State"]["Name"] == "stopped"


def test_mappings_leave_out_add_and_change_what_may_be_changed(ec2, instance):
    made = ec2.create_image(InstanceId=instance["InstanceId"], Name="mapped", NoReboot=True, BlockDeviceMappings=[
        {"DeviceName": "/dev/sdf", "NoDevice": ""}, {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 3}},
        {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"},
        {"DeviceName": instance["RootDeviceName"], "Ebs": {"DeleteOnTermination": False}}])["ImageId"]
    devices = mappings(available(ec2, made))
    assert set(devices) == {instance["RootDeviceName"], "/dev/sdg", "/dev/sdb"}
    assert (devices["/dev/sdg"]["VolumeSize"], devices["/dev/sdb"]) == (3, None)
    assert devices[instance["RootDeviceName"]]["DeleteOnTermination"] is False


def test_what_cannot_be_made_an_image_is_refused(ec2, image, instance, stranger):
    id, root = instance["InstanceId"], instance["RootDeviceName"]

    def refusal(**arguments):
        return code(ec2.create_image, **{"InstanceId": id, "Name": "refused", "NoReboot": True, **arguments})

    def mapping(name, **what):
        return [{"DeviceName": name, **what}]
    assert refusal(InstanceId="i-0123456789abcdef0") == "InvalidInstanceID.NotFound"
    assert refusal(Name="no*stars") == "InvalidAMIName.Malformed"
    assert refusal(BlockDeviceMappings=mapping(root, NoDevice="")) == "InvalidBlockDeviceMapping"
    assert refusal(BlockDeviceMappings=mapping("/dev/sdf", Ebs={"VolumeSize": 9})) == "InvalidBlockDeviceMapping"
    assert refusal(BlockDeviceMappings=mapping("/dev/sdf", Ebs={"Encrypted": True})) == "InvalidBlockDeviceMapping"
    assert refusal(BlockDeviceMappings=mapping("/dev/sdh", VirtualName="x")) == "InvalidBlockDeviceMapping"
    assert refusal(BlockDeviceMappings=mapping("/dev/sdh", Ebs={})) == "MissingParameter"
    assert refusal(SnapshotLocation="local") == "UnsupportedOperation"
    assert refusal(TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}]) \
        == "InvalidParameterValue"
    assert refusal(DryRun=True) == "DryRunOperation"
    taken = ec2.create_image(InstanceId=id, Name="taken", NoReboot=True)["ImageId"]
    assert refusal(Name="taken") == "InvalidAMIName.Duplicate"
    available(ec2, taken)
    ec2.terminate_instances(InstanceIds=[id])
    assert refusal() == "IncorrectState"


def test_an_instance_of_an_image_has_its_disks(ec2, instance, launch):
    made = ec2.create_image(InstanceId=instance["InstanceId"], Name="again", NoReboot=True)["ImageId"]
    devices = mappings(available(ec2, made))
    root = instance["RootDeviceName"]
    larger = devices[root]["VolumeSize"] + 2
    second = launch(made, BlockDeviceMappings=[{"DeviceName": root, "Ebs": {"VolumeSize": larger}}])
    found = {one["VolumeId"]: one for one in ec2.describe_volumes(VolumeIds=list(volumes(second).values()))["Volumes"]}
    assert found[volumes(second)[root]]["Size"] == larger
    data = found[volumes(second)["/dev/sdf"]]
    assert (data["SnapshotId"], data["Iops"]) == (devices["/dev/sdf"]["SnapshotId"], 4000)
    ec2.deregister_image(ImageId=made, DeleteAssociatedSnapshots=True)
    assert code(ec2.describe_images, ImageIds=[made]) == "InvalidAMIID.NotFound"
    assert code(ec2.describe_snapshots, SnapshotIds=[data["SnapshotId"]]) == "InvalidSnapshot.NotFound"
    assert described(ec2, second["InstanceId"])["State"]["Name"] == "running"


def test_a_copy_stands_alone(ec2, image, instance, stranger):
    region = ec2.meta.region_name
    source = ec2.create_image(InstanceId=instance["InstanceId"], Name="source", NoReboot=True, TagSpecifications=[
        {"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}])["ImageId"]
    available(ec2, source)
    copy = ec2.copy_image(SourceImageId=source, SourceRegion=region, Name="copy", CopyImageTags=True,
                          ClientToken="once")["ImageId"]
    assert ec2.copy_image(SourceImageId=source, SourceRegion=region, Name="copy", CopyImageTags=True,
                          ClientToken="once")["ImageId"] == copy
    found = available(ec2, copy)
    assert (found["SourceImageId"], found["SourceImageRegion"]) == (source, region)
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]
    ec2.deregister_image(ImageId=source, DeleteAssociatedSnapshots=True)
    assert available(ec2, copy)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    public = ec2.copy_image(SourceImageId=image, SourceRegion=region, Name="of the operator")["ImageId"]
    assert available(ec2, public)["OwnerId"] == found["OwnerId"]
    assert code(ec2.copy_image, SourceImageId=copy, SourceRegion="mars-1", Name="x23") == "InvalidParameterValue"
    assert code(ec2.copy_image, SourceImageId=copy, SourceRegion=region, Name="copy") == "InvalidAMIName.Duplicate"
    other = stranger.ec2
    arguments = {"SourceImageId": copy, "SourceRegion": region, "Name": "mine"}
    assert code(other.copy_image, **arguments) == "InvalidAMIID.NotFound"
    me = other.describe_security_groups()["SecurityGroups"][0]["OwnerId"]
    ec2.modify_image_attribute(ImageId=copy, LaunchPermission={"Add": [{"UserId": me}]})
    assert code(other.copy_image, **arguments) == "InvalidRequest"
    for ebs in mappings(found).values():
        ec2.modify_snapshot_attribute(SnapshotId=ebs["SnapshotId"], Attribute="createVolumePermission",
                                      OperationType="add", UserIds=[me])
    assert available(other, other.copy_image(**arguments)["ImageId"])["OwnerId"] == me


def succeeded(ec2, task):
    id = task["ReplaceRootVolumeTaskId"]

    def state():
        return ec2.describe_replace_root_volume_tasks(ReplaceRootVolumeTaskIds=[id])["ReplaceRootVolumeTasks"][0]
    eventually(lambda: state()["TaskState"] == "succeeded", "the root is replaced")
    return state()


def test_a_root_is_replaced_and_the_instance_keeps_all_else(ec2, instance):
    id, root = instance["InstanceId"], instance["RootDeviceName"]
    made = ec2.create_replace_root_volume_task(InstanceId=id, ClientToken="first", TagSpecifications=[
        {"ResourceType": "replace-root-volume-task", "Tags": [{"Key": "a", "Value": "b"}]}])["ReplaceRootVolumeTask"]
    assert (made["TaskState"], made["InstanceId"], made["DeleteReplacedRootVolume"]) == ("pending", id, False)
    done = succeeded(ec2, made)
    assert done["CompleteTime"] >= done["StartTime"] and done["Tags"] == [{"Key": "a", "Value": "b"}]
    after = described(ec2, id)
    assert after["State"]["Name"] == "running" and after["PrivateIpAddress"] == instance["PrivateIpAddress"]
    assert volumes(after)["/dev/sdf"] == volumes(instance)["/dev/sdf"]
    old, new = volumes(instance)[root], volumes(after)[root]
    assert old != new and ec2.describe_volumes(VolumeIds=[old])["Volumes"][0]["State"] == "available"
    snapshot = ec2.create_snapshot(VolumeId=new)["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig=quick())
    succeeded(ec2, ec2.create_replace_root_volume_task(
        InstanceId=id, SnapshotId=snapshot, DeleteReplacedRootVolume=True)["ReplaceRootVolumeTask"])
    eventually(lambda: not ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": [new]}])["Volumes"],
               "the replaced root is deleted")
    for name, value, count in (("instance-id", id, 2), ("task-state", "succeeded", 2),
                               ("replace-root-volume-task-id", made["ReplaceRootVolumeTaskId"], 1)):
        pages = ec2.get_paginator("describe_replace_root_volume_tasks").paginate(
            Filters=[{"Name": name, "Values": [value]}], PaginationConfig={"PageSize": 1})
        assert len(pages.build_full_result()["ReplaceRootVolumeTasks"]) == count, name


def test_a_root_is_replaced_by_that_of_an_image(ec2, instance, launch):
    made = ec2.create_image(InstanceId=instance["InstanceId"], Name="root", NoReboot=True)["ImageId"]
    available(ec2, made)
    other = launch()["InstanceId"]
    task = ec2.create_replace_root_volume_task(InstanceId=other, ImageId=made)["ReplaceRootVolumeTask"]
    assert succeeded(ec2, task)["ImageId"] == made
    assert described(ec2, other)["ImageId"] == made


def test_a_replacement_that_cannot_be_is_refused(ec2, instance):
    id = instance["InstanceId"]

    def refusal(**arguments):
        return code(ec2.create_replace_root_volume_task, **{"InstanceId": id, **arguments})
    snapshot = ec2.create_snapshot(VolumeId=volumes(instance)["/dev/sdf"])["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig=quick())
    assert refusal(SnapshotId=snapshot) == "InvalidParameterValue"
    assert refusal(SnapshotId=snapshot, ImageId="ami-12345678") == "InvalidParameterCombination"
    assert refusal(ImageId="ami-12345678") == "InvalidAMIID.NotFound"
    assert refusal(VolumeInitializationRate=99) == "InvalidParameterValue"
    assert refusal(InstanceId="i-0123456789abcdef0") == "InvalidInstanceID.NotFound"
    assert refusal(DryRun=True) == "DryRunOperation"
    ec2.stop_instances(InstanceIds=[id])
    assert refusal() == "IncorrectInstanceState"
