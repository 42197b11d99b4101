"""Hibernation by boto3 and Terraform on simulated hosts: launched for it, stopped with the memory, gone on with."""

import pytest
from apus_testing.waiting import eventually, quick

from test_terraform import plugins  # noqa: F401 - the fixture needs it
from test_terraform import terraform  # noqa: F401 - a fixture

ENABLED = {"HibernationOptions": {"Configured": True}}


@pytest.fixture
def sealed(ec2, image):
    root = ec2.describe_images(ImageIds=[image])["Images"][0]["RootDeviceName"]
    return {"BlockDeviceMappings": [{"DeviceName": root, "Ebs": {"Encrypted": True}}]}


@pytest.fixture
def launched(ec2, image):
    def launch(**more):
        id = ec2.run_instances(
            **{"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, **more})["Instances"][0]["InstanceId"]
        ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
        return id
    return launch


def told(ec2, id):
    return ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]


def hibernate(ec2, id):
    change = ec2.stop_instances(InstanceIds=[id], Hibernate=True)["StoppingInstances"][0]
    assert change["CurrentState"]["Name"] == "stopping"
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=quick())
    return told(ec2, id)


def test_an_instance_stops_with_its_memory_and_starts_with_its_address(ec2, launched, sealed):
    id = launched(**ENABLED, **sealed)
    before = told(ec2, id)
    assert before["HibernationOptions"] == {"Configured": True}
    stopped = hibernate(ec2, id)
    assert stopped["StateReason"]["Code"] == "Client.UserInitiatedHibernate"
    assert stopped["PrivateIpAddress"] == before["PrivateIpAddress"]
    ec2.start_instances(InstanceIds=[id])
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    assert told(ec2, id)["PrivateIpAddress"] == before["PrivateIpAddress"]


def test_what_cannot_hibernate_is_refused_and_makes_nothing(ec2, launched, sealed, refused):
    for wrong in [{}, {**sealed, "InstanceType": "c5a.large"}, {**sealed, "InstanceType": "m5.xlarge"}]:
        with refused("UnsupportedHibernationConfiguration", 400):
            launched(**ENABLED, **wrong)
    assert ec2.describe_instances()["Reservations"] == []
    plain = launched(**sealed)
    with refused("UnsupportedHibernationConfiguration", 400):
        ec2.stop_instances(InstanceIds=[plain], Hibernate=True)
    assert told(ec2, plain)["State"]["Name"] == "running"


def test_a_hibernated_instance_keeps_its_type(ec2, launched, sealed, refused):
    id = launched(**ENABLED, **sealed)
    hibernate(ec2, id)
    with refused("UnsupportedOperation", 400):
        ec2.modify_instance_attribute(InstanceId=id, InstanceType={"Value": "t3.small"})


def test_a_template_carries_the_wish(ec2, image, sealed):
    ec2.create_launch_template(LaunchTemplateName="sleepy", LaunchTemplateData={
        "ImageId": image, "InstanceType": "t3.micro", **ENABLED, **sealed})
    id = ec2.run_instances(
        LaunchTemplate={"LaunchTemplateName": "sleepy"}, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    assert told(ec2, id)["HibernationOptions"] == {"Configured": True}
    assert ec2.get_launch_template_data(InstanceId=id)["LaunchTemplateData"]["HibernationOptions"] == {"Configured": True}


def test_a_spot_instance_hibernates_at_once_when_it_is_taken_away(cloud, ec2, launched, sealed):
    id = launched(**ENABLED, **sealed, InstanceMarketOptions={
        "MarketType": "spot", "SpotOptions": {"SpotInstanceType": "persistent"}})
    request = told(ec2, id)["SpotInstanceRequestId"]
    shown = ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[request])["SpotInstanceRequests"][0]
    assert shown["InstanceInterruptionBehavior"] == "hibernate"
    cloud.command("interrupt", id)
    # There is room: it hibernates, and goes on by itself.
    eventually(lambda: told(ec2, id)["State"]["Name"] == "running" and
               told(ec2, id)["LaunchTime"] > shown["CreateTime"], "it runs again")


CONFIGURATION = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }
data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}
resource "aws_instance" "web" {
  ami           = data.aws_ami.linux.id
  instance_type = "t3.micro"
  hibernation   = true
  root_block_device { encrypted = true }
}
resource "aws_launch_template" "web" {
  name          = "sleepy"
  image_id      = data.aws_ami.linux.id
  instance_type = "t3.micro"
  hibernation_options { configured = true }
}
'''


def test_terraform_plans_empty_with_hibernation(terraform, tmp_path):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    terraform("apply", "-no-color", "-auto-approve")
    # 2 would mean that the plan is not empty.
    terraform("plan", "-no-color", "-detailed-exitcode")
    terraform("destroy", "-no-color", "-auto-approve")
