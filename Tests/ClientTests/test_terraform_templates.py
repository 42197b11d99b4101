"""Terraform's launch templates, and instances that are launched from them: changed in rounds, planned empty after each."""

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
variable "size" {}
variable "tokens" {}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}
resource "aws_security_group" "web" { name = "web" }
resource "aws_launch_template" "web" {
  name_prefix                          = "web-"
  description                          = "of ${var.type}"
  update_default_version               = true
  image_id                             = data.aws_ami.linux.id
  instance_type                        = var.type
  instance_initiated_shutdown_behavior = "terminate"
  disable_api_stop                     = false
  disable_api_termination              = false
  ebs_optimized                        = true
  block_device_mappings {
    device_name = "/dev/sdf"
    ebs {
      volume_size           = var.size
      volume_type           = "gp3"
      throughput            = 150
      encrypted             = true
      delete_on_termination = true
    }
  }
  block_device_mappings {
    device_name = "/dev/sdg"
    no_device   = "true"
  }
  credit_specification { cpu_credits = "standard" }
  cpu_options {
    core_count       = 1
    threads_per_core = 1
  }
  maintenance_options { auto_recovery = "disabled" }
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = var.tokens
    http_put_response_hop_limit = 2
    instance_metadata_tags      = "enabled"
  }
  monitoring { enabled = true }
  network_interfaces {
    description                 = "primary"
    device_index                = 0
    associate_public_ip_address = true
    delete_on_termination       = true
    security_groups             = [aws_security_group.web.id]
  }
  placement { availability_zone = "us-east-1a" }
  private_dns_name_options { hostname_type = "ip-name" }
  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "web", Size = var.size }
  }
  tag_specifications {
    resource_type = "volume"
    tags          = { Name = "web" }
  }
  tags = { Kind = "web" }
}
resource "aws_launch_template" "choosing" {
  name     = "choosing"
  image_id = data.aws_ami.linux.id
  # Not with an instance: the provider hashes once more the hash of what the instance did not name itself.
  user_data = base64encode("#!/bin/sh\\necho ${var.type}")
  instance_requirements {
    memory_mib {
      min = 512
      max = 4096
    }
    vcpu_count { min = var.size }
    burstable_performance  = "included"
    allowed_instance_types = ["t3.*", "m5.*"]
  }
}
# The provider wants tags that it finds on an instance named there too.
resource "aws_instance" "web" {
  tags = { Name = "web", Size = var.size }
  launch_template {
    id      = aws_launch_template.web.id
    version = aws_launch_template.web.latest_version
  }
}
resource "aws_instance" "named" {
  instance_type = "t3.large"
  tags          = { Name = "named", Size = var.size }
  launch_template {
    name    = aws_launch_template.web.name
    version = aws_launch_template.web.default_version
  }
}
'''


def settings(type, size, tokens):
    return [f"-var=type={type}", f"-var=size={size}", f"-var=tokens={tokens}"]


ROUNDS = [settings("t3.small", 2, "optional"), settings("t3.small", 3, "optional"), settings("t3.medium", 3, "required")]


def test_templates_and_their_instances_apply_change_plan_empty_and_go(terraform, tmp_path, ec2):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    for values in ROUNDS:
        terraform("apply", "-no-color", "-auto-approve", *values)
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", *values)
    template = ec2.describe_launch_templates(Filters=[{"Name": "tag:Kind", "Values": ["web"]}])["LaunchTemplates"][0]
    assert (template["DefaultVersionNumber"], template["LatestVersionNumber"]) == (3, 3)
    running = ec2.describe_instances(Filters=[
        {"Name": "tag:aws:ec2launchtemplate:id", "Values": [template["LaunchTemplateId"]]},
        {"Name": "instance-state-name", "Values": ["running"]}])["Reservations"]
    types = sorted(instance["InstanceType"] for one in running for instance in one["Instances"])
    assert types == ["t3.large", "t3.medium"]
    terraform("destroy", "-no-color", "-auto-approve", *ROUNDS[-1])
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
