"""Terraform's images: of an instance, of a snapshot, and copies; applied, changed in place, planned empty after each."""

from test_terraform import plugins  # noqa: F401 - the fixture needs it
from test_terraform import terraform  # noqa: F401 - a fixture

CONFIGURATION = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }

variable "role" {}
variable "friend" {}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}
resource "aws_instance" "source" {
  ami           = data.aws_ami.linux.id
  instance_type = "t3.micro"
  ebs_block_device {
    device_name = "/dev/sdf"
    volume_size = 3
    volume_type = "gp3"
  }
}
resource "aws_ami_from_instance" "golden" {
  name               = "golden"
  source_instance_id = aws_instance.source.id
  tags               = { role = var.role }
}
resource "aws_ami_copy" "copy" {
  name              = "copy"
  description       = var.role
  source_ami_id     = aws_ami_from_instance.golden.id
  source_ami_region = "us-east-1"
}
resource "aws_ebs_volume" "disk" {
  availability_zone = aws_instance.source.availability_zone
  size              = 2
}
resource "aws_ebs_snapshot" "disk" { volume_id = aws_ebs_volume.disk.id }
resource "aws_ami" "registered" {
  name                = "registered"
  description         = var.role
  virtualization_type = "hvm"
  root_device_name    = "/dev/xvda"
  ena_support         = true
  imds_support        = "v2.0"
  ebs_block_device {
    device_name = "/dev/xvda"
    snapshot_id = aws_ebs_snapshot.disk.id
    volume_size = 4
  }
}
resource "aws_ami_launch_permission" "friend" {
  image_id   = aws_ami.registered.id
  account_id = var.friend
}
data "aws_ami" "golden" {
  owners = ["self"]
  filter {
    name   = "image-id"
    values = [aws_ami_from_instance.golden.id]
  }
}
resource "aws_instance" "second" {
  ami           = data.aws_ami.golden.id
  instance_type = "t3.micro"
}
'''


def settings(role, friend):
    return [f"-var=role={role}", f"-var=friend={friend}"]


def test_images_apply_change_plan_empty_and_go(terraform, tmp_path, ec2):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    found = {}
    for values in (settings("web", "111122223333"), settings("database", "444455556666")):
        terraform("apply", "-no-color", "-auto-approve", *values)
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", *values)
        images = {one["Name"]: one for one in ec2.describe_images(Owners=["self"])["Images"]}
        assert found in ({}, {name: one["ImageId"] for name, one in images.items()}), "changed in place"
        found = {name: one["ImageId"] for name, one in images.items()}
    assert set(found) == {"golden", "copy", "registered"}
    assert images["copy"]["SourceImageId"] == found["golden"]
    terraform("destroy", "-no-color", "-auto-approve", *settings("database", "444455556666"))
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
