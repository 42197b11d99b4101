"""CPU credits by boto3 and Terraform: the account's defaults, each instance's mode, and what is counted of them."""

import json

import pytest

from apus_testing.running import Apus
from apus_testing.waiting import eventually, quick
from botocore.exceptions import ClientError
from examples import linux_image
from test_terraform import plugins  # noqa: F401 - the fixture needs it
from test_terraform import terraform  # noqa: F401 - a fixture


@pytest.fixture
def cloud(tmp_path):
    cloud = Apus(tmp_path / "state").start()
    yield cloud
    cloud.down()


def launch(cloud, ec2, kind, **more):
    id = ec2.run_instances(ImageId=linux_image(cloud.first_account()), InstanceType=kind, MinCount=1, MaxCount=1,
                           **more)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    return id


def mode(ec2, id):
    return ec2.describe_instance_credit_specifications(
        InstanceIds=[id])["InstanceCreditSpecifications"][0]["CpuCredits"]


def default(ec2, family):
    return ec2.get_default_credit_specification(
        InstanceFamily=family)["InstanceFamilyCreditSpecification"]["CpuCredits"]


def credits(cloud, id):
    return json.loads(cloud.command("credits", id, "--json").stdout)[0]


def test_an_account_chooses_what_launches_begin_with(cloud):
    ec2, other = cloud.new_account().ec2, cloud.new_account().ec2
    assert [default(ec2, family) for family in ("t2", "t3", "t3a", "t4g")] == ["standard"] + ["unlimited"] * 3
    answer = ec2.modify_default_credit_specification(InstanceFamily="t3", CpuCredits="standard")
    assert answer["InstanceFamilyCreditSpecification"] == {"InstanceFamily": "t3", "CpuCredits": "standard"}
    assert (default(ec2, "t3"), default(ec2, "t3a"), default(other, "t3")) == ("standard", "unlimited", "unlimited")
    before = launch(cloud, other, "t3.micro")
    assert mode(other, before) == "unlimited"
    assert mode(ec2, launch(cloud, ec2, "t3.micro")) == "standard"
    assert mode(ec2, launch(cloud, ec2, "t3.micro", CreditSpecification={"CpuCredits": "unlimited"})) == "unlimited"
    for family, credits in (("t3", "plenty"), ("m5", "standard")):
        with pytest.raises(ClientError) as refused:
            ec2.modify_default_credit_specification(InstanceFamily=family, CpuCredits=credits)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert default(ec2, "t3") == "standard"


def test_another_type_follows_the_rules_of_its_family(cloud):
    ec2 = cloud.new_account().ec2
    id = launch(cloud, ec2, "m5.large")
    ec2.stop_instances(InstanceIds=[id])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=quick())
    for kind, expected in (("t2.small", "standard"), ("m5.large", None), ("t3.small", "unlimited")):
        ec2.modify_instance_attribute(InstanceId=id, InstanceType={"Value": kind})
        if expected:
            assert mode(ec2, id) == expected
        else:
            with pytest.raises(ClientError):
                mode(ec2, id)


def test_credits_are_counted_spent_and_kept_over_a_kill(cloud):
    account = cloud.new_account()
    ec2 = account.ec2
    id = launch(cloud, ec2, "t2.micro")
    assert 30 <= credits(cloud, id)["CPUCreditBalance"] < 31
    assert (credits(cloud, id)["maximum"], credits(cloud, id)["cpuCredits"]) == (144, "standard")
    cloud.command("simulate", id, "works")

    def spent():
        """A change of its mode has it looked at."""
        for mode in ("unlimited", "standard"):
            ec2.modify_instance_credit_specification(
                InstanceCreditSpecifications=[{"InstanceId": id, "CpuCredits": mode}])
        return credits(cloud, id)["CPUCreditUsage"]

    eventually(spent, "what it did is counted")
    cloud.command("simulate", id, "rests")
    cloud.kill()
    cloud.start()
    ec2 = account.at(cloud.endpoint).ec2
    after = credits(cloud, id)
    assert 0 < after["CPUCreditUsage"] < 1 and 29 < after["CPUCreditBalance"] < 30.5
    ec2.stop_instances(InstanceIds=[id])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=quick())
    assert credits(cloud, id)["CPUCreditBalance"] == 0
    assert cloud.command("credits", "i-00000000", check=False).returncode == 1


CONFIGURATION = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }

variable "credits" {}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}
resource "aws_ec2_default_credit_specification" "t3" {
  instance_family = "t3"
  cpu_credits     = var.credits
}
resource "aws_instance" "chosen" {
  ami           = data.aws_ami.linux.id
  instance_type = "t3.micro"
  credit_specification { cpu_credits = var.credits }
}
resource "aws_instance" "default" {
  ami           = data.aws_ami.linux.id
  instance_type = "t3.micro"
  depends_on    = [aws_ec2_default_credit_specification.t3]
}
'''


def test_terraform_keeps_to_what_it_set(terraform, tmp_path, ec2):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    for credits in ("standard", "unlimited"):
        terraform("apply", "-no-color", "-auto-approve", f"-var=credits={credits}")
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", f"-var=credits={credits}")
        assert default(ec2, "t3") == credits
    terraform("destroy", "-no-color", "-auto-approve", "-var=credits=unlimited")
    assert default(ec2, "t3") == "unlimited"
