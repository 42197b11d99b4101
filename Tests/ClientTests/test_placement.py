"""Placement groups and capacity reservations with boto3 and with Terraform: made, used, changed, read back without drift."""

import pytest
from botocore.exceptions import ClientError

from apus_testing.running import Apus

from examples import linux_image
from test_terraform import terraform  # noqa: F401 - a fixture

CONFIGURATION = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }

variable "count_of_slots" {}
variable "image" {}

resource "aws_placement_group" "near" {
  name     = "near"
  strategy = "cluster"
  tags     = { Name = "near" }
}
resource "aws_placement_group" "parts" {
  name            = "parts"
  strategy        = "partition"
  partition_count = 3
}
resource "aws_placement_group" "far" {
  name         = "far"
  strategy     = "spread"
  spread_level = "rack"
}
resource "aws_ec2_capacity_reservation" "slots" {
  instance_type           = "m5.large"
  instance_platform       = "Linux/UNIX"
  availability_zone       = "us-east-1a"
  instance_count          = var.count_of_slots
  instance_match_criteria = "targeted"
  tags                    = { Name = "slots" }
}
resource "aws_instance" "inside" {
  ami                        = var.image
  instance_type              = "m5.large"
  availability_zone          = "us-east-1a"
  placement_group            = aws_placement_group.parts.name
  placement_partition_number = 2
  capacity_reservation_specification {
    capacity_reservation_target {
      capacity_reservation_id = aws_ec2_capacity_reservation.slots.id
    }
  }
  cpu_options {
    core_count       = 1
    threads_per_core = 1
  }
}
'''


def refusal(call, **words):
    with pytest.raises(ClientError) as refused:
        call(**words)
    return refused.value.response["Error"]["Code"]


def test_reservations_count_what_runs_in_them(ec2, account):
    made = ec2.create_capacity_reservation(
        InstanceType="c5.large", InstancePlatform="Linux/UNIX", AvailabilityZone="us-east-1a", InstanceCount=2,
        TagSpecifications=[{"ResourceType": "capacity-reservation", "Tags": [{"Key": "a", "Value": "b"}]}],
        ClientToken="once")["CapacityReservation"]
    again = ec2.create_capacity_reservation(
        InstanceType="c5.large", InstancePlatform="Linux/UNIX", AvailabilityZone="us-east-1a", InstanceCount=2,
        TagSpecifications=[{"ResourceType": "capacity-reservation", "Tags": [{"Key": "a", "Value": "b"}]}],
        ClientToken="once")["CapacityReservation"]
    assert again["CapacityReservationId"] == made["CapacityReservationId"]
    launched = ec2.run_instances(
        ImageId=linux_image(account), InstanceType="c5.large", MinCount=1, MaxCount=1,
        Placement={"AvailabilityZone": "us-east-1a"})["Instances"][0]
    assert launched["CapacityReservationId"] == made["CapacityReservationId"]
    shown = ec2.describe_capacity_reservations(
        Filters=[{"Name": "tag:a", "Values": ["b"]}, {"Name": "state", "Values": ["active"]}])["CapacityReservations"]
    assert [(each["TotalInstanceCount"], each["AvailableInstanceCount"]) for each in shown] == [(2, 1)]
    ec2.cancel_capacity_reservation(CapacityReservationId=made["CapacityReservationId"])
    assert ec2.describe_capacity_reservations()["CapacityReservations"][0]["State"] == "cancelled"


def test_a_group_in_use_is_not_deleted(ec2, account):
    ec2.create_placement_group(GroupName="far", Strategy="spread")
    instances = ec2.run_instances(
        ImageId=linux_image(account), InstanceType="t3.micro", MinCount=1, MaxCount=9,
        Placement={"GroupName": "far", "AvailabilityZone": "us-east-1b"})["Instances"]
    assert len(instances) == 7 and all(each["Placement"]["GroupName"] == "far" for each in instances)
    assert refusal(ec2.delete_placement_group, GroupName="far") == "InvalidPlacementGroup.InUse"
    ids = [each["InstanceId"] for each in instances]
    ec2.terminate_instances(InstanceIds=ids)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    ec2.delete_placement_group(GroupName="far")


def test_terraform_applies_plans_empty_changes_and_destroys(terraform, tmp_path, ec2, account):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    for slots in (1, 3):
        values = [f"-var=count_of_slots={slots}", f"-var=image={linux_image(account)}"]
        terraform("apply", "-no-color", "-auto-approve", *values)
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", *values)
        shown = ec2.describe_capacity_reservations()["CapacityReservations"][0]
        assert (shown["TotalInstanceCount"], shown["AvailableInstanceCount"]) == (slots, slots - 1)
    terraform("destroy", "-no-color", "-auto-approve", *values)
    assert ec2.describe_placement_groups()["PlacementGroups"] == []


@pytest.fixture
def full(tmp_path):
    """A host for four t3.micro."""
    cloud = Apus(tmp_path / "state", options=["--simulated-processors", "8", "--processor-overcommit", "1"])
    yield cloud.start()
    cloud.down()


def test_a_launch_takes_as_many_as_fit_between_the_fewest_and_the_most(full):
    ec2, image = full.first_account().ec2, linux_image(full.first_account())

    def launch(fewest, most):
        try:
            return len(ec2.run_instances(
                ImageId=image, InstanceType="t3.micro", MinCount=fewest, MaxCount=most)["Instances"])
        except ec2.exceptions.ClientError as error:
            return error.response["Error"]["Code"]
    assert launch(5, 9) == "InsufficientInstanceCapacity"
    assert ec2.describe_instances()["Reservations"] == []
    assert launch(1, 3) == 3 and launch(1, 5) == 1
    assert launch(1, 1) == "InsufficientInstanceCapacity"
    reservations = ec2.describe_instances()["Reservations"]
    assert sorted(len(one["Instances"]) for one in reservations) == [1, 3]


@pytest.mark.parametrize("placement", [
    {"Tenancy": "host"}, {"HostId": "h-0123456789abcdef0"}, {"Affinity": "host"},
    {"HostResourceGroupArn": "arn:aws:resource-groups:us-east-1:123456789012:group/g"}])
def test_a_host_of_ones_own_is_refused_and_nothing_is_made(ec2, image, placement):
    with pytest.raises(ec2.exceptions.ClientError) as raised:
        ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, Placement=placement)
    assert raised.value.response["Error"]["Code"] in ("UnsupportedOperation", "InvalidParameterValue")
    assert ec2.describe_instances()["Reservations"] == []
    made = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, Placement={"Tenancy": "default"})
    assert made["Instances"][0]["Placement"]["Tenancy"] == "default"
