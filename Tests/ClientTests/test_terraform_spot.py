"""Terraform's instant fleets, spot requests and spot instances: changed in rounds, planned empty after each."""

from test_terraform import plugins  # noqa: F401 - the fixture needs it
from test_terraform import terraform  # noqa: F401 - a fixture

CONFIGURATION = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }

variable "type" {}
variable "name" {}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}
resource "aws_launch_template" "web" {
  name          = "web"
  image_id      = data.aws_ami.linux.id
  instance_type = var.type
}
# What an instant fleet was launched with cannot be changed, here as on AWS.
resource "aws_ec2_fleet" "web" {
  type                = "instant"
  terminate_instances = true
  launch_template_config {
    launch_template_specification {
      launch_template_id = aws_launch_template.web.id
      version            = "$Latest"
    }
    override {
      instance_type     = "t3.small"
      weighted_capacity = 2
    }
    override { instance_type = "t3.micro" }
  }
  on_demand_options { allocation_strategy = "lowestPrice" }
  target_capacity_specification {
    default_target_capacity_type = "on-demand"
    total_target_capacity        = 2
  }
  tags = { Name = var.name }
}
resource "aws_spot_instance_request" "web" {
  ami                  = data.aws_ami.linux.id
  instance_type        = var.type
  spot_type            = "persistent"
  wait_for_fulfillment = true
  tags                 = { Name = var.name }
}
resource "aws_instance" "spot" {
  ami           = data.aws_ami.linux.id
  instance_type = "t3.micro"
  instance_market_options {
    market_type = "spot"
    spot_options {
      spot_instance_type             = "persistent"
      instance_interruption_behavior = "stop"
    }
  }
  tags = { Name = var.name }
}
'''


def settings(type, name):
    return [f"-var=type={type}", f"-var=name={name}"]


ROUNDS = [settings("t3.micro", "one"), settings("t3.micro", "two"), settings("t3.medium", "two")]


def test_fleets_and_spot_requests_apply_change_plan_empty_and_go(terraform, tmp_path, ec2):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    for values in ROUNDS:
        terraform("apply", "-no-color", "-auto-approve", *values)
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", *values)
    active = ec2.describe_spot_instance_requests(Filters=[{"Name": "state", "Values": ["active"]}])
    assert len(active["SpotInstanceRequests"]) == 2
    terraform("destroy", "-no-color", "-auto-approve", *ROUNDS[-1])
    left = ec2.describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["pending", "running", "stopped"]}])
    assert left["Reservations"] == []
