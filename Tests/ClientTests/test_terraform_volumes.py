"""Terraform's volumes and attachments: applied, changed in place, planned empty after each."""

from test_terraform import plugins  # noqa: F401 - the fixture needs it
from test_terraform import terraform  # noqa: F401 - a fixture

CONFIGURATION = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }

variable "size" {}
variable "type" {}
variable "device" {}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}
resource "aws_instance" "host" {
  ami           = data.aws_ami.linux.id
  instance_type = "t3.micro"
}
resource "aws_ebs_volume" "data" {
  availability_zone = aws_instance.host.availability_zone
  size              = var.size
  type              = var.type
  # Without it the provider sends the figure that the volume had, which is none of gp3's.
  iops              = var.type == "gp3" ? 3000 : null
  tags              = { Name = "data" }
}
resource "aws_ebs_volume" "fast" {
  availability_zone = aws_instance.host.availability_zone
  size              = 10
  type              = "io2"
  iops              = 500
}
resource "aws_volume_attachment" "data" {
  device_name = var.device
  volume_id   = aws_ebs_volume.data.id
  instance_id = aws_instance.host.id
}
'''


def settings(size, type, device):
    return [f"-var=size={size}", f"-var=type={type}", f"-var=device={device}"]


def test_volumes_and_attachments_apply_change_plan_empty_and_go(terraform, tmp_path, ec2):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    for values in (settings(4, "gp2", "/dev/sdf"), settings(8, "gp3", "/dev/sdf"), settings(8, "gp3", "/dev/sdh")):
        terraform("apply", "-no-color", "-auto-approve", *values)
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", *values)
    data = ec2.describe_volumes(Filters=[{"Name": "tag:Name", "Values": ["data"]}])["Volumes"][0]
    assert (data["Size"], data["VolumeType"], data["Attachments"][0]["Device"]) == (8, "gp3", "/dev/sdh")
    modified = ec2.describe_volumes_modifications()["VolumesModifications"]
    assert [one["VolumeId"] for one in modified] == [data["VolumeId"]], "changed in place, not made anew"
    terraform("destroy", "-no-color", "-auto-approve", *settings(8, "gp3", "/dev/sdh"))
    left = ec2.describe_volumes(Filters=[{"Name": "status", "Values": ["available", "in-use"]}])["Volumes"]
    assert left == []
