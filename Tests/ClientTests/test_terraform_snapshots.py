"""Terraform's snapshots: of volumes, copies, shared ones, volumes made of them; applied, changed in place, planned empty."""

import json

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
variable "size" {}
variable "type" {}
variable "block" {}

data "aws_availability_zones" "all" { state = "available" }

resource "aws_ebs_snapshot_block_public_access" "account" { state = var.block }
resource "aws_ebs_volume" "source" {
  availability_zone = data.aws_availability_zones.all.names[0]
  size              = 2
  tags              = { Name = "source" }
}
resource "aws_ebs_snapshot" "first" {
  volume_id   = aws_ebs_volume.source.id
  description = "the first"
  tags        = { role = var.role }
}
resource "aws_ebs_snapshot_copy" "copy" {
  source_snapshot_id          = aws_ebs_snapshot.first.id
  source_region               = "us-east-1"
  description                 = "the copy"
  completion_duration_minutes = 15
  tags                        = { role = var.role, kind = "copy" }
}
resource "aws_ebs_fast_snapshot_restore" "first" {
  availability_zone = data.aws_availability_zones.all.names[0]
  snapshot_id       = aws_ebs_snapshot.first.id
}
resource "aws_snapshot_create_volume_permission" "friend" {
  snapshot_id = aws_ebs_snapshot_copy.copy.id
  account_id  = var.friend
}
resource "aws_ebs_volume" "restored" {
  availability_zone = data.aws_availability_zones.all.names[1]
  snapshot_id       = aws_ebs_snapshot_copy.copy.id
  size              = var.size
  type              = var.type
  # Without it the provider sends the figure that the volume had, which is none of gp3's.
  iops              = var.type == "gp3" ? 3000 : null
  tags              = { Name = "restored", role = var.role }
}
data "aws_ebs_snapshot" "newest" {
  most_recent = true
  owners      = ["self"]
  filter {
    name   = "snapshot-id"
    values = [aws_ebs_snapshot.first.id]
  }
}
data "aws_ebs_snapshot_ids" "all" {
  owners = ["self"]
  filter {
    name   = "tag:role"
    values = [aws_ebs_snapshot.first.tags.role]
  }
  depends_on = [aws_ebs_snapshot_copy.copy]
}
data "aws_ebs_volume" "restored" {
  filter {
    name   = "volume-id"
    values = [aws_ebs_volume.restored.id]
  }
}
data "aws_ebs_volumes" "all" {
  filter {
    name   = "size"
    values = [aws_ebs_volume.restored.size]
  }
}
output "found" {
  value = {
    newest = data.aws_ebs_snapshot.newest.id, described = data.aws_ebs_snapshot.newest.description
    snapshots = sort(data.aws_ebs_snapshot_ids.all.ids)
    size = data.aws_ebs_volume.restored.size, of = data.aws_ebs_volume.restored.snapshot_id
    volumes = data.aws_ebs_volumes.all.ids
  }
}
'''


def settings(role, friend, size, type, block):
    return [f"-var={name}={value}" for name, value in locals().items()]


def test_snapshots_apply_change_plan_empty_and_go(terraform, tmp_path, ec2):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    rounds = [
        settings("web", "111122223333", 4, "gp2", "block-all-sharing"),
        settings("database", "444455556666", 6, "gp3", "block-new-sharing")]
    seen = []
    for values in rounds:
        terraform("apply", "-no-color", "-auto-approve", *values)
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", *values)
        found = json.loads(terraform("output", "-json", "found").stdout)
        snapshots = {one["Description"]: one for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
        assert set(snapshots) == {"the first", "the copy"}
        first, copy = (snapshots[name]["SnapshotId"] for name in ("the first", "the copy"))
        assert (found["newest"], found["described"], found["of"]) == (first, "the first", copy)
        assert found["snapshots"] == sorted([first, copy]) and len(found["volumes"]) == 1
        seen.append((first, copy, found["volumes"]))
    assert seen[0] == seen[1], "changed in place"
    restored = ec2.describe_volumes(VolumeIds=found["volumes"])["Volumes"][0]
    assert (restored["Size"], restored["VolumeType"], found["size"]) == (6, "gp3", 6)
    assert {tag["Key"]: tag["Value"] for tag in snapshots["the copy"]["Tags"]} == {"role": "database", "kind": "copy"}
    permissions = ec2.describe_snapshot_attribute(SnapshotId=copy, Attribute="createVolumePermission")
    assert permissions["CreateVolumePermissions"] == [{"UserId": "444455556666"}]
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-new-sharing"
    terraform("destroy", "-no-color", "-auto-approve", *rounds[-1])
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    assert ec2.describe_volumes()["Volumes"] == []
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
