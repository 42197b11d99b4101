"""One volume on two instances, by boto3 and by Terraform: attached, described, changed, and in use until the last lets go."""

import pytest

from apus_testing.waiting import eventually, quick
from test_terraform import plugins  # noqa: F401 - the fixture needs it
from test_terraform import terraform  # noqa: F401 - a fixture

DEVICE = "/dev/sdf"


@pytest.fixture
def instances(ec2, image):
    made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=2, MaxCount=2)["Instances"]
    ids = sorted(one["InstanceId"] for one in made)
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=quick())
    return ids


@pytest.fixture
def shared(ec2, instances):
    zone = ec2.describe_instances(InstanceIds=instances[:1])["Reservations"][0]["Instances"][0]["Placement"]["AvailabilityZone"]
    made = ec2.create_volume(AvailabilityZone=zone, Size=4, VolumeType="io2", Iops=100, MultiAttachEnabled=True)
    assert made["MultiAttachEnabled"] is True
    ec2.get_waiter("volume_available").wait(VolumeIds=[made["VolumeId"]], WaiterConfig=quick())
    return made["VolumeId"]


def volume(ec2, id):
    return ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]


def holders(ec2, id):
    return {one["InstanceId"]: one["State"] for one in volume(ec2, id)["Attachments"]}


def attach(ec2, id, *instances):
    for instance in instances:
        ec2.attach_volume(VolumeId=id, InstanceId=instance, Device=DEVICE)
    eventually(lambda: all(holders(ec2, id).get(one) == "attached" for one in instances), "it is attached to all")


def test_a_volume_is_on_two_instances_until_both_have_let_go(ec2, instances, shared, refused):
    first, second = instances
    attach(ec2, shared, first, second)
    with refused("VolumeInUse"):
        ec2.attach_volume(VolumeId=shared, InstanceId=first, Device="/dev/sdg")
    for instance in instances:
        found = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance]},
                                              {"Name": "multi-attach-enabled", "Values": ["true"]}])["Volumes"]
        assert [one["VolumeId"] for one in found] == [shared]
        shown = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        assert shared in [one["Ebs"]["VolumeId"] for one in shown["BlockDeviceMappings"]]
    with refused("MissingParameter"):
        ec2.detach_volume(VolumeId=shared)
    with refused("IncorrectState"):
        ec2.modify_volume(VolumeId=shared, MultiAttachEnabled=False)
    ec2.modify_volume(VolumeId=shared, Size=5, Iops=200)
    eventually(lambda: (volume(ec2, shared)["Size"], volume(ec2, shared)["Iops"]) == (5, 200), "it is changed")
    together = ec2.create_snapshots(InstanceSpecification={"InstanceId": first})["Snapshots"]
    assert len(together) == 2 and shared in {one["VolumeId"] for one in together}
    for reboots in (True, False):
        image = ec2.create_image(InstanceId=first, Name=f"with-shared-{reboots}", NoReboot=not reboots)["ImageId"]
        ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig=quick())
        devices = ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"]
        assert [one["DeviceName"] for one in devices][1:] == [DEVICE]
        eventually(lambda: holders(ec2, shared) == {first: "attached", second: "attached"}, "both have it again")
    made = ec2.create_snapshots(InstanceSpecification={"InstanceId": first, "ExcludeDataVolumeIds": [shared]})["Snapshots"]
    assert len(made) == 1
    snapshot = ec2.create_snapshot(VolumeId=shared)["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig=quick())
    ec2.stop_instances(InstanceIds=[first])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[first], WaiterConfig=quick())
    ec2.start_instances(InstanceIds=[first])
    ec2.get_waiter("instance_running").wait(InstanceIds=[first], WaiterConfig=quick())
    assert holders(ec2, shared) == {first: "attached", second: "attached"}
    ec2.terminate_instances(InstanceIds=[second])
    eventually(lambda: holders(ec2, shared) == {first: "attached"}, "the other has it alone")
    assert volume(ec2, shared)["State"] == "in-use"
    ec2.detach_volume(VolumeId=shared, InstanceId=first)
    ec2.get_waiter("volume_available").wait(VolumeIds=[shared], WaiterConfig=quick())
    changed = ec2.describe_volumes_modifications(VolumeIds=[shared])["VolumesModifications"][0]
    assert changed["OriginalMultiAttachEnabled"] is changed["TargetMultiAttachEnabled"] is True
    ec2.modify_volume(VolumeId=shared, MultiAttachEnabled=False)
    assert volume(ec2, shared)["MultiAttachEnabled"] is False
    attach(ec2, shared, first)


CONFIGURATION = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }

variable "iops" {}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}
resource "aws_instance" "node" {
  count             = 2
  ami               = data.aws_ami.linux.id
  instance_type     = "t3.micro"
  availability_zone = "us-east-1a"
}
resource "aws_ebs_volume" "shared" {
  availability_zone    = "us-east-1a"
  size                 = 4
  type                 = "io2"
  iops                 = var.iops
  multi_attach_enabled = true
}
resource "aws_volume_attachment" "shared" {
  count       = 2
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.shared.id
  instance_id = aws_instance.node[count.index].id
}
'''


def test_terraform_attaches_one_volume_twice_plans_empty_and_takes_all_away(terraform, tmp_path, ec2):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    for iops in (100, 200):
        terraform("apply", "-no-color", "-auto-approve", f"-var=iops={iops}")
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", f"-var=iops={iops}")
    filters = [{"Name": "multi-attach-enabled", "Values": ["true"]}]
    found = ec2.describe_volumes(Filters=filters)["Volumes"]
    assert [(one["Iops"], len(one["Attachments"])) for one in found] == [(200, 2)]
    terraform("destroy", "-no-color", "-auto-approve", "-var=iops=200")
    assert [one for one in ec2.describe_volumes(Filters=filters)["Volumes"] if one["State"] != "deleting"] == []
