"""Retention rules of the recycle bin, by boto3, the aws command line and Terraform."""

import pytest

from conftest import refused_with
from test_terraform import plugins  # noqa: F401 - the fixture needs it
from test_terraform import terraform  # noqa: F401 - a fixture

WEEK = {"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"}
DELAY = {"UnlockDelay": {"UnlockDelayValue": 7, "UnlockDelayUnit": "DAYS"}}
TAG = {"ResourceTagKey": "keep", "ResourceTagValue": "yes"}


@pytest.fixture
def rbin(account):
    return account.client("rbin")


@pytest.fixture
def unchecked(account):
    return account.client("rbin", parameter_validation=False)


def reason(call, code="ValidationException", status=400, **parameters):
    with refused_with(code, status) as refusal:
        call(**parameters)
    return refusal.value.response["Reason"]


def test_a_rule_is_made_shown_changed_and_deleted(account, rbin):
    made = rbin.create_rule(
        ResourceType="EBS_SNAPSHOT", RetentionPeriod=WEEK, Description="a week", ResourceTags=[TAG],
        Tags=[{"Key": "a", "Value": "b"}])
    rule = made["Identifier"]
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201 and len(rule) == 11
    assert made["RuleArn"] == f"arn:aws:rbin:us-east-1:{account.id}:rule/{rule}"
    assert (made["Status"], made["Tags"]) == ("available", [{"Key": "a", "Value": "b"}])
    shown = rbin.get_rule(Identifier=rule)
    assert (shown["RetentionPeriod"], shown["ResourceTags"], shown["Description"]) == (WEEK, [TAG], "a week")
    assert shown["ResourceType"] == "EBS_SNAPSHOT" and "LockState" not in shown
    changed = rbin.update_rule(
        Identifier=rule, RetentionPeriod={**WEEK, "RetentionPeriodValue": 365}, ResourceTags=[], Description="")
    assert (changed["RetentionPeriod"]["RetentionPeriodValue"], changed["ResourceTags"]) == (365, [])
    assert rbin.update_rule(Identifier=rule, Description="new")["RetentionPeriod"]["RetentionPeriodValue"] == 365
    assert rbin.delete_rule(Identifier=rule)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert reason(rbin.get_rule, "ResourceNotFoundException", 404, Identifier=rule) == "RULE_NOT_FOUND"


def test_rules_are_listed_by_type_tags_and_pages(rbin, unchecked):
    def create(**more):
        return rbin.create_rule(RetentionPeriod=WEEK, **more)["Identifier"]
    tagged = create(ResourceType="EBS_SNAPSHOT", ResourceTags=[TAG])
    plain = {create(ResourceType="EBS_SNAPSHOT") for _ in range(3)}
    locked = create(ResourceType="EC2_IMAGE", LockConfiguration=DELAY)
    found = rbin.get_paginator("list_rules").paginate(
        ResourceType="EBS_SNAPSHOT", PaginationConfig={"PageSize": 2}).build_full_result()["Rules"]
    assert {rule["Identifier"] for rule in found} == plain | {tagged} and len(found) == 4
    def ids(**filters):
        return [rule["Identifier"] for rule in rbin.list_rules(**filters)["Rules"]]
    assert ids(ResourceType="EBS_SNAPSHOT", ResourceTags=[TAG]) == [tagged]
    assert ids(ResourceType="EC2_IMAGE", LockState="locked") == [locked]
    assert ids(ResourceType="EBS_VOLUME") == []
    assert reason(rbin.list_rules, ResourceType="EC2_IMAGE", NextToken="AAAA") == "INVALID_PAGE_TOKEN"
    assert reason(unchecked.list_rules, ResourceType="EC2_IMAGE", MaxResults=1001) == "INVALID_PARAMETER_VALUE"


def test_a_locked_rule_stays_until_its_delay_is_over(rbin):
    rule = rbin.create_rule(ResourceType="EC2_IMAGE", RetentionPeriod=WEEK)["Identifier"]
    assert reason(rbin.unlock_rule, "ConflictException", 409, Identifier=rule) == "INVALID_RULE_STATE"
    assert rbin.lock_rule(Identifier=rule, LockConfiguration=DELAY)["LockState"] == "locked"
    for call in (rbin.update_rule, rbin.delete_rule):
        assert reason(call, "ConflictException", 409, Identifier=rule) == "INVALID_RULE_STATE"
    assert reason(rbin.lock_rule, "ConflictException", 409, Identifier=rule, LockConfiguration=DELAY)
    unlocked = rbin.unlock_rule(Identifier=rule)
    assert unlocked["LockState"] == "pending_unlock"
    shown = rbin.get_rule(Identifier=rule)
    assert shown["LockEndTime"] == unlocked["LockEndTime"] and shown["LockConfiguration"] == DELAY
    assert reason(rbin.delete_rule, "ConflictException", 409, Identifier=rule) == "INVALID_RULE_STATE"
    assert rbin.lock_rule(Identifier=rule, LockConfiguration=DELAY)["LockState"] == "locked"
    assert "LockEndTime" not in rbin.get_rule(Identifier=rule)


def test_rules_have_tags_of_their_own(rbin, stranger):
    arn = rbin.create_rule(ResourceType="EBS_SNAPSHOT", RetentionPeriod=WEEK)["RuleArn"]
    rbin.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b/c d", "Value": ""}])
    rbin.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    rbin.untag_resource(ResourceArn=arn, TagKeys=["b/c d", "none"])
    assert rbin.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "2"}]
    assert reason(rbin.tag_resource, "ServiceQuotaExceededException", 402, ResourceArn=arn,
                  Tags=[{"Key": str(each), "Value": ""} for each in range(50)]) == "SERVICE_QUOTA_EXCEEDED"
    assert reason(rbin.tag_resource, ResourceArn=arn, Tags=[{"Key": "aws:a", "Value": ""}]) == "INVALID_PARAMETER_VALUE"
    assert reason(stranger.client("rbin").list_tags_for_resource, "ResourceNotFoundException", 404,
                  ResourceArn=arn) == "RULE_NOT_FOUND"


def test_creating_is_refused_as_on_aws(rbin, unchecked):
    good = {"ResourceType": "EBS_SNAPSHOT", "RetentionPeriod": WEEK}
    for change in (
            {"ResourceType": "EC2"}, {"ResourceType": "EBS_VOLUME"}, {"ResourceType": None},
            {"RetentionPeriod": {**WEEK, "RetentionPeriodValue": 0}},
            {"RetentionPeriod": {**WEEK, "RetentionPeriodValue": 366}},
            {"RetentionPeriod": {**WEEK, "RetentionPeriodUnit": "HOURS"}},
            {"RetentionPeriod": {"RetentionPeriodValue": 1}}, {"Description": "x" * 256}, {"Description": "a\nb"},
            {"ResourceTags": [TAG, TAG]}, {"ResourceTags": [TAG], "ExcludeResourceTags": [TAG]},
            {"ResourceTags": [{"ResourceTagKey": str(each)} for each in range(51)]},
            {"ExcludeResourceTags": [{"ResourceTagKey": str(each)} for each in range(6)]},
            {"ResourceTags": [TAG], "LockConfiguration": DELAY},
            {"LockConfiguration": {"UnlockDelay": {"UnlockDelayValue": 6, "UnlockDelayUnit": "DAYS"}}},
            {"Tags": [{"Key": "aws:x", "Value": ""}]}, {"Tags": [{"Key": "€", "Value": ""}]}):
        wanted = {name: value for name, value in {**good, **change}.items() if value is not None}
        assert reason(unchecked.create_rule, **wanted) == "INVALID_PARAMETER_VALUE", change
    assert rbin.list_rules(ResourceType="EBS_SNAPSHOT")["Rules"] == []
    assert reason(unchecked.get_rule, Identifier="short") == "INVALID_PARAMETER_VALUE"


def test_a_deleted_snapshot_that_a_rule_matches_can_be_restored(account, rbin):
    rule = rbin.create_rule(ResourceType="EBS_SNAPSHOT", RetentionPeriod=WEEK, ResourceTags=[TAG])["Identifier"]
    ebs = account.client("ebs")
    snapshot = ebs.start_snapshot(VolumeSize=1, Tags=[{"Key": "keep", "Value": "yes"}])["SnapshotId"]
    ebs.complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=0)
    account.ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig={"Delay": 1})
    account.ec2.delete_snapshot(SnapshotId=snapshot)
    with refused_with("ResourceNotFoundException", 404):
        ebs.list_snapshot_blocks(SnapshotId=snapshot)
    binned = account.ec2.list_snapshots_in_recycle_bin()["Snapshots"]
    assert [each["SnapshotId"] for each in binned] == [snapshot]
    rbin.delete_rule(Identifier=rule)
    account.ec2.restore_snapshot_from_recycle_bin(SnapshotId=snapshot)
    assert ebs.list_snapshot_blocks(SnapshotId=snapshot)["Blocks"] == []


def test_the_command_line_makes_rules(account):
    rule = account.aws(
        "rbin", "create-rule", "--retention-period", "RetentionPeriodValue=14,RetentionPeriodUnit=DAYS",
        "--resource-type", "EBS_SNAPSHOT", "--description", "two weeks")["Identifier"]
    assert account.aws("rbin", "list-rules", "--resource-type", "EBS_SNAPSHOT")["Rules"][0]["Identifier"] == rule
    account.aws("rbin", "delete-rule", "--identifier", rule)


CONFIGURATION = '''
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }
variable "days" {}

resource "aws_rbin_rule" "kept" {
  description   = "kept for ${var.days} days"
  resource_type = "EBS_SNAPSHOT"
  resource_tags {
    resource_tag_key   = "keep"
    resource_tag_value = "yes"
  }
  retention_period {
    retention_period_value = var.days
    retention_period_unit  = "DAYS"
  }
  tags = { Name = "kept" }
}
'''


def test_terraform_rules_apply_change_plan_empty_and_go(terraform, tmp_path, rbin):  # noqa: F811
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    for days in (10, 20):
        terraform("apply", "-no-color", "-auto-approve", f"-var=days={days}")
        # 2 would mean that the plan is not empty.
        terraform("plan", "-no-color", "-detailed-exitcode", f"-var=days={days}")
        assert rbin.list_rules(ResourceType="EBS_SNAPSHOT")["Rules"][0]["Description"] == f"kept for {days} days"
    terraform("destroy", "-no-color", "-auto-approve", "-var=days=20")
    assert rbin.list_rules(ResourceType="EBS_SNAPSHOT")["Rules"] == []
