"""Encryption at rest by boto3: defaults of the account, keys of volumes, snapshots, images and copies, and every refusal."""

import re
import uuid

import pytest
from apus_testing.running import Apus
from apus_testing.waiting import quick

from conftest import refused_with
from test_ebs_direct import checksum
from test_terraform import plugins  # noqa: F401 - the fixture needs it
from test_terraform import terraform  # noqa: F401 - a fixture

ZONE = "us-east-1a"


def arn(account, key):
    return f"arn:aws:kms:us-east-1:{account.id}:key/{key}"


@pytest.fixture
def key():
    """The id of a key that nobody has named yet."""
    return str(uuid.uuid4())


@pytest.fixture
def other():
    return str(uuid.uuid4())


def volume(ec2, **more):
    made = ec2.create_volume(**{"AvailabilityZone": ZONE, **({} if "SnapshotId" in more else {"Size": 1}), **more})
    ec2.get_waiter("volume_available").wait(VolumeIds=[made["VolumeId"]], WaiterConfig=quick())
    found = ec2.describe_volumes(VolumeIds=[made["VolumeId"]])["Volumes"][0]
    assert (found["Encrypted"], found.get("KmsKeyId")) == (made["Encrypted"], made.get("KmsKeyId"))
    return found


def completed(ec2, id):
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[id], WaiterConfig=quick())
    return ec2.describe_snapshots(SnapshotIds=[id])["Snapshots"][0]


def snapshot(ec2, **encryption):
    return completed(ec2, ec2.create_snapshot(VolumeId=volume(ec2, **encryption)["VolumeId"])["SnapshotId"])


def copied(ec2, id, **more):
    return completed(ec2, ec2.copy_snapshot(SourceSnapshotId=id, SourceRegion="us-east-1", **more)["SnapshotId"])


def managed(account):
    """The ARN of the account's AWS managed key."""
    return volume(account.ec2, Encrypted=True, KmsKeyId="alias/aws/ebs")["KmsKeyId"]


def test_encryption_by_default_is_switched_on_and_off(account, ec2, stranger):
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    plain = snapshot(ec2)
    assert ec2.enable_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
    for made in (volume(ec2), volume(ec2, Encrypted=False), volume(ec2, SnapshotId=plain["SnapshotId"]),
                 copied(ec2, plain["SnapshotId"])):
        assert made["Encrypted"] and made["KmsKeyId"] == managed(account)
    assert volume(stranger.ec2)["Encrypted"] is False
    assert not ec2.describe_snapshots(SnapshotIds=[plain["SnapshotId"]])["Snapshots"][0]["Encrypted"]
    assert ec2.disable_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    assert volume(ec2)["Encrypted"] is False


def test_the_default_key_is_chosen_and_given_back(account, ec2, key, stranger):
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    for name in (key, arn(account, key)):
        assert ec2.modify_ebs_default_kms_key_id(KmsKeyId=name)["KmsKeyId"] == arn(account, key)
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == arn(account, key)
    assert volume(ec2, Encrypted=True)["KmsKeyId"] == arn(account, key)
    back = ec2.reset_ebs_default_kms_key_id()["KmsKeyId"]
    assert re.fullmatch(arn(account, "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), back) and back == managed(account)
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == back
    assert managed(stranger).rpartition("/")[2] != back.rpartition("/")[2]


def test_a_key_that_cannot_be_here_is_refused(account, ec2, key, stranger):
    volume(stranger.ec2, Encrypted=True, KmsKeyId=key)
    for name, code in ((key, "InvalidKMSKey.InvalidState"), ("alias/mine", "InvalidKMSKey.InvalidState"),
                       (arn(stranger, uuid.uuid4()), "InvalidKMSKey.InvalidState"),
                       (arn(account, uuid.uuid4()).replace("us-east-1", "eu-west-1"), "InvalidKMSKey.InvalidState"),
                       ("mine", "InvalidParameterValue")):
        with refused_with(code, 400):
            ec2.modify_ebs_default_kms_key_id(KmsKeyId=name)
        with refused_with(code, 400):
            ec2.create_volume(AvailabilityZone=ZONE, Size=1, Encrypted=True, KmsKeyId=name)
    for encryption in ({}, {"Encrypted": False}):
        with refused_with("InvalidParameterDependency", 400):
            ec2.create_volume(AvailabilityZone=ZONE, Size=1, KmsKeyId=str(uuid.uuid4()), **encryption)
    assert ec2.describe_volumes()["Volumes"] == []


def test_snapshots_volumes_and_copies_go_from_key_to_key(account, ec2, key, other):
    sealed = snapshot(ec2, Encrypted=True, KmsKeyId=key)
    assert (sealed["Encrypted"], sealed["KmsKeyId"]) == (True, arn(account, key))
    id = sealed["SnapshotId"]
    assert volume(ec2, SnapshotId=id)["KmsKeyId"] == arn(account, key)
    assert volume(ec2, SnapshotId=id, Encrypted=True, KmsKeyId=other)["KmsKeyId"] == arn(account, other)
    with refused_with("InvalidParameterCombination", 400):
        ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=id, Encrypted=False)
    copy = copied(ec2, id, Encrypted=True, KmsKeyId=other)
    assert copy["KmsKeyId"] == arn(account, other)
    assert volume(ec2, SnapshotId=copy["SnapshotId"])["KmsKeyId"] == arn(account, other)
    assert copied(ec2, id)["KmsKeyId"] == managed(account)
    with refused_with("InvalidParameterCombination", 400):
        ec2.copy_snapshot(SourceSnapshotId=id, SourceRegion="us-east-1", Encrypted=False)
    plain = snapshot(ec2)
    assert "KmsKeyId" not in plain and "KmsKeyId" not in copied(ec2, plain["SnapshotId"])
    assert volume(ec2, SnapshotId=plain["SnapshotId"], Encrypted=True, KmsKeyId=key)["KmsKeyId"] == arn(account, key)
    ids = [id, copy["SnapshotId"], plain["SnapshotId"]]
    found = ec2.describe_snapshots(SnapshotIds=ids, Filters=[{"Name": "encrypted", "Values": ["true"]}])["Snapshots"]
    assert {one["SnapshotId"] for one in found} == set(ids[:2])
    clear = ec2.describe_volumes(Filters=[{"Name": "encrypted", "Values": ["false"]}])["Volumes"]
    assert [one["SnapshotId"] for one in clear] == [""]


def test_who_may_use_an_encrypted_snapshot(account, ec2, key, stranger):
    own, bound = snapshot(ec2, Encrypted=True, KmsKeyId=key)["SnapshotId"], snapshot(ec2, Encrypted=True)["SnapshotId"]

    def share(id, **whom):
        ec2.modify_snapshot_attribute(SnapshotId=id, Attribute="createVolumePermission", OperationType="add", **whom)
    for id, whom in ((own, {"GroupNames": ["all"]}), (bound, {"UserIds": [stranger.id]})):
        with refused_with("OperationNotPermitted", 400):
            share(id, **whom)
    share(own, UserIds=[stranger.id])
    shown = stranger.ec2.describe_snapshots(SnapshotIds=[own])["Snapshots"][0]
    assert shown["KmsKeyId"] == arn(account, key)
    assert volume(stranger.ec2, SnapshotId=own)["KmsKeyId"] == managed(stranger)
    assert copied(stranger.ec2, own)["KmsKeyId"] == managed(stranger)


def test_disks_of_instances_and_images(account, ec2, image, key, other, stranger):
    def launch(client=ec2, image=image, mappings=()):
        made = client.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1,
                                    BlockDeviceMappings=list(mappings))["Instances"][0]["InstanceId"]
        client.get_waiter("instance_running").wait(InstanceIds=[made], WaiterConfig=quick())
        return made

    def disks(client, instance):
        found = client.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])["Volumes"]
        return {one["Attachments"][0]["Device"]: one.get("KmsKeyId") for one in found}
    root = ec2.describe_images(ImageIds=[image])["Images"][0]["RootDeviceName"]
    instance = launch(mappings=[
        {"DeviceName": root, "Ebs": {"Encrypted": True, "KmsKeyId": key}},
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "Encrypted": True}},
        {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 1}}])
    assert disks(ec2, instance) == {root: arn(account, key), "/dev/sdf": managed(account), "/dev/sdg": None}
    made = ec2.create_image(InstanceId=instance, Name="mixed", NoReboot=True, BlockDeviceMappings=[
        {"DeviceName": "/dev/sdf", "NoDevice": ""}])["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[made], WaiterConfig=quick())
    shown = ec2.describe_images(ImageIds=[made])["Images"][0]["BlockDeviceMappings"]
    assert {one["DeviceName"]: one["Ebs"]["Encrypted"] for one in shown} == {root: True, "/dev/sdg": False}
    for name, values in (("true", [made]), ("false", [made])):
        filters = [{"Name": "block-device-mapping.encrypted", "Values": [name]}]
        assert [one["ImageId"] for one in ec2.describe_images(Owners=["self"], Filters=filters)["Images"]] == values
    attribute = ec2.describe_image_attribute(ImageId=made, Attribute="blockDeviceMapping")["BlockDeviceMappings"]
    assert all("Encrypted" not in one["Ebs"] for one in attribute)
    with refused_with("UnsupportedOperation", 400):
        ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": [{"Group": "all"}]})
    ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": [{"UserId": stranger.id}]})
    assert disks(stranger.ec2, launch(stranger.ec2, made)) == {root: managed(stranger), "/dev/sdg": None}
    copy = ec2.copy_image(SourceImageId=made, SourceRegion="us-east-1", Name="copy", Encrypted=True, KmsKeyId=other)
    ec2.get_waiter("image_available").wait(ImageIds=[copy["ImageId"]], WaiterConfig=quick())
    assert disks(ec2, launch(image=copy["ImageId"])) == {root: arn(account, other), "/dev/sdg": arn(account, other)}
    bound = ec2.copy_image(SourceImageId=made, SourceRegion="us-east-1", Name="bound", Encrypted=True)["ImageId"]
    with refused_with("InvalidParameter", 400):
        ec2.modify_image_attribute(ImageId=bound, LaunchPermission={"Add": [{"UserId": stranger.id}]})
    for encryption, code in (({"Encrypted": False}, "InvalidParameterCombination"),
                             ({"KmsKeyId": key}, "InvalidParameterDependency"),
                             ({"Encrypted": True, "KmsKeyId": "alias/mine"}, "InvalidKMSKey.InvalidState")):
        with refused_with(code, 400):
            ec2.run_instances(ImageId=made, InstanceType="t3.micro", MinCount=1, MaxCount=1,
                              BlockDeviceMappings=[{"DeviceName": root, "Ebs": encryption}])


def test_blocks_are_put_under_a_key_and_read_again(account, ec2, key):
    ebs = account.client("ebs")
    started = ebs.start_snapshot(VolumeSize=1, Encrypted=True, KmsKeyArn=arn(account, key))
    assert (started["KmsKeyArn"], started["SseType"]) == (arn(account, key), "sse-kms")
    id, block = started["SnapshotId"], b"sealed block".ljust(524_288, b".")
    ebs.put_snapshot_block(SnapshotId=id, BlockIndex=3, BlockData=block, DataLength=len(block),
                           Checksum=checksum(block), ChecksumAlgorithm="SHA256")
    ebs.complete_snapshot(SnapshotId=id, ChangedBlocksCount=1)
    assert completed(ec2, id)["KmsKeyId"] == arn(account, key)
    listed = ebs.list_snapshot_blocks(SnapshotId=id)["Blocks"]
    assert [one["BlockIndex"] for one in listed] == [3]
    read = ebs.get_snapshot_block(SnapshotId=id, BlockIndex=3, BlockToken=listed[0]["BlockToken"])
    assert read["BlockData"].read() == block
    child = ebs.start_snapshot(VolumeSize=1, ParentSnapshotId=id)
    assert child["KmsKeyArn"] == arn(account, key)
    plain = ebs.start_snapshot(VolumeSize=1)
    assert "KmsKeyArn" not in plain and plain["SseType"] == "none"
    ebs.complete_snapshot(SnapshotId=plain["SnapshotId"], ChangedBlocksCount=0)
    completed(ec2, plain["SnapshotId"])
    ec2.enable_ebs_encryption_by_default()
    assert ebs.start_snapshot(VolumeSize=1)["KmsKeyArn"] == managed(account)
    for wish in ({"ParentSnapshotId": plain["SnapshotId"]}, {"Encrypted": False}, {"ParentSnapshotId": id, "Encrypted": True}):
        with refused_with("ValidationException", 400):
            ebs.start_snapshot(VolumeSize=1, **wish)


def test_keys_are_there_after_a_restart(tmp_path, key):
    cloud = Apus(tmp_path / "state").start()
    try:
        account = cloud.new_account()
        ec2 = account.ec2
        default = managed(account)
        ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
        ec2.enable_ebs_encryption_by_default()
        id = volume(ec2)["VolumeId"]
        cloud.kill()
        cloud.start()
        account = account.at(cloud.endpoint)
        ec2 = account.ec2
        assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
        assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == arn(account, key)
        made = completed(ec2, ec2.create_snapshot(VolumeId=id)["SnapshotId"])
        assert made["KmsKeyId"] == arn(account, key)
        assert ec2.reset_ebs_default_kms_key_id()["KmsKeyId"] == default
    finally:
        cloud.down()


CONFIGURATION = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }

variable "key" {}
variable "size" {}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}
resource "aws_ebs_encryption_by_default" "on" { enabled = true }
resource "aws_ebs_default_kms_key" "own" { key_arn = var.key }
data "aws_ebs_encryption_by_default" "seen" {
  depends_on = [aws_ebs_encryption_by_default.on]
}
data "aws_ebs_default_kms_key" "seen" {
  depends_on = [aws_ebs_default_kms_key.own]
}
resource "aws_ebs_volume" "named" {
  availability_zone = "us-east-1a"
  size              = var.size
  encrypted         = true
  kms_key_id        = var.key
}
resource "aws_ebs_volume" "unnamed" {
  availability_zone = "us-east-1a"
  size              = 1
  depends_on        = [aws_ebs_encryption_by_default.on, aws_ebs_default_kms_key.own]
}
resource "aws_ebs_snapshot" "named" { volume_id = aws_ebs_volume.named.id }
resource "aws_ebs_snapshot_copy" "copy" {
  source_snapshot_id = aws_ebs_snapshot.named.id
  source_region      = "us-east-1"
  encrypted          = true
  kms_key_id         = var.key
}
resource "aws_instance" "sealed" {
  ami           = data.aws_ami.linux.id
  instance_type = "t3.micro"
  root_block_device {
    encrypted  = true
    kms_key_id = var.key
  }
}
output "default" { value = data.aws_ebs_default_kms_key.seen.key_arn }
output "enabled" { value = data.aws_ebs_encryption_by_default.seen.enabled }
'''


def test_terraform_applies_plans_empty_and_destroys(terraform, tmp_path, account, ec2, key):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    for size in (1, 2):
        values = [f"-var=key={arn(account, key)}", f"-var=size={size}"]
        terraform("apply", "-no-color", "-auto-approve", *values)
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", *values)
    found = ec2.describe_volumes()["Volumes"] + ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert len(found) == 5 and {one["KmsKeyId"] for one in found} == {arn(account, key)}
    terraform("destroy", "-no-color", "-auto-approve", *values)
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] != arn(account, key)
    assert ec2.describe_volumes()["Volumes"] == [] and ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
