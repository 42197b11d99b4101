"""Dedicated instances with boto3 and with Terraform, on a cloud of two racks that nobody else's tests stand on."""

import pytest
from botocore.exceptions import ClientError

from apus_testing.running import Apus
from apus_testing.waiting import quick

from examples import linux_image
from test_terraform import terraform  # noqa: F401 - a fixture

CONFIGURATION = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }

variable "tenancy_of_vpc" {}
variable "image" {}

resource "aws_vpc" "own" {
  cidr_block       = "10.60.0.0/16"
  instance_tenancy = var.tenancy_of_vpc
}
resource "aws_subnet" "own" {
  vpc_id            = aws_vpc.own.id
  cidr_block        = "10.60.1.0/24"
  availability_zone = "us-east-1a"
}
resource "aws_instance" "of_the_vpc" {
  ami           = var.image
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.own.id
}
resource "aws_ec2_capacity_reservation" "own" {
  instance_type           = "m5.large"
  instance_platform       = "Linux/UNIX"
  availability_zone       = "us-east-1a"
  instance_count          = 1
  instance_match_criteria = "targeted"
  tenancy                 = "dedicated"
}
resource "aws_instance" "dedicated" {
  ami               = var.image
  instance_type     = "m5.large"
  availability_zone = "us-east-1a"
  tenancy           = "dedicated"
  capacity_reservation_specification {
    capacity_reservation_target {
      capacity_reservation_id = aws_ec2_capacity_reservation.own.id
    }
  }
}
resource "aws_launch_template" "dedicated" {
  name          = "dedicated"
  image_id      = var.image
  instance_type = "t3.micro"
  placement {
    tenancy           = "dedicated"
    availability_zone = "us-east-1a"
  }
}
resource "aws_instance" "of_the_template" {
  launch_template {
    id      = aws_launch_template.dedicated.id
    version = aws_launch_template.dedicated.latest_version
  }
}
'''


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    cloud = Apus(tmp_path_factory.mktemp("narrow") / "state", options=["--racks", "2"]).start()
    yield cloud
    cloud.down()


@pytest.fixture
def account(narrow):
    """An account that leaves its racks again."""
    account = narrow.new_account()
    yield account
    shown = account.ec2.describe_instances()["Reservations"]
    if ids := [one["InstanceId"] for each in shown for one in each["Instances"]]:
        account.ec2.terminate_instances(InstanceIds=ids)
        account.ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig=quick())


@pytest.fixture
def neighbours(narrow, account):
    """Two accounts more, which leave their racks with the first."""
    accounts = [narrow.new_account(), narrow.new_account()]
    yield accounts
    for each in accounts:
        shown = each.ec2.describe_instances()["Reservations"]
        if ids := [one["InstanceId"] for every in shown for one in every["Instances"]]:
            each.ec2.terminate_instances(InstanceIds=ids)
            each.ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig=quick())


def launch(account, tenancy, zone="us-east-1a", **more):
    made = account.ec2.run_instances(
        ImageId=linux_image(account), InstanceType="t3.micro", MinCount=1, MaxCount=1,
        Placement={"Tenancy": tenancy, "AvailabilityZone": zone}, **more)["Instances"][0]
    account.ec2.get_waiter("instance_running").wait(InstanceIds=[made["InstanceId"]], WaiterConfig=quick())
    return made


def refusal(call, *words, **named):
    with pytest.raises(ClientError) as refused:
        call(*words, **named)
    return refused.value.response["Error"]["Code"]


def test_a_dedicated_instance_has_a_rack_that_no_other_account_is_on(account, neighbours):
    first, second = neighbours
    made = launch(account, "dedicated")
    assert made["Placement"]["Tenancy"] == "dedicated"
    found = account.ec2.describe_instances(Filters=[{"Name": "tenancy", "Values": ["dedicated"]}])["Reservations"]
    assert [one["InstanceId"] for each in found for one in each["Instances"]] == [made["InstanceId"]]
    launch(first, "default")
    assert refusal(launch, second, "dedicated") == "InsufficientInstanceCapacity"
    launch(second, "dedicated", zone="us-east-1b")
    launch(second, "default")
    assert refusal(launch, first, "dedicated") == "InsufficientInstanceCapacity"
    account.ec2.stop_instances(InstanceIds=[made["InstanceId"]])
    account.ec2.get_waiter("instance_stopped").wait(InstanceIds=[made["InstanceId"]], WaiterConfig=quick())
    launch(first, "dedicated")
    assert refusal(account.ec2.start_instances, InstanceIds=[made["InstanceId"]]) == "InsufficientInstanceCapacity"
    account.ec2.modify_instance_placement(InstanceId=made["InstanceId"], Tenancy="default")
    account.ec2.start_instances(InstanceIds=[made["InstanceId"]])
    account.ec2.get_waiter("instance_running").wait(InstanceIds=[made["InstanceId"]], WaiterConfig=quick())
    shown = account.ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"][0]
    assert shown["Placement"]["Tenancy"] == "default"


def test_a_spot_instance_may_be_dedicated_and_no_instance_has_a_host(account):
    made = launch(account, "dedicated", InstanceMarketOptions={"MarketType": "spot"})
    assert (made["InstanceLifecycle"], made["Placement"]["Tenancy"]) == ("spot", "dedicated")
    assert refusal(launch, account, "host") == "UnsupportedOperation"


def test_terraform_applies_plans_empty_changes_and_destroys(terraform, tmp_path, account):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    for tenancy in ("dedicated", "default"):
        values = [f"-var=tenancy_of_vpc={tenancy}", f"-var=image={linux_image(account)}"]
        terraform("apply", "-no-color", "-auto-approve", *values)
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", *values)
        vpc = account.ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.60.0.0/16"]}])["Vpcs"][0]
        assert vpc["InstanceTenancy"] == tenancy
        shown = account.ec2.describe_instances(
            Filters=[{"Name": "instance-state-name", "Values": ["running"]}])["Reservations"]
        assert [one["Placement"]["Tenancy"] for each in shown for one in each["Instances"]] == ["dedicated"] * 3
    terraform("destroy", "-no-color", "-auto-approve", *values)
