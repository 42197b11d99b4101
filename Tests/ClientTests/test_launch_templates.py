"""Launch templates by boto3: kept and read back whole, numbered, launched from, and overridden."""

import datetime

import pytest
from apus_testing import model
from apus_testing.waiting import quick

DATA = {"InstanceType": "t3.micro", "TagSpecifications": [
    {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "template"}, {"Key": "team", "Value": "a"}]}]}


@pytest.fixture
def template(ec2, image):
    made = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": image, **DATA})
    return made["LaunchTemplate"]["LaunchTemplateId"]


def data(ec2, template, version="$Latest"):
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=[version])
    return versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]


def sample(shape, name=""):
    """A value for every member of a structure, however deep."""
    if shape.type_name == "structure":
        return {key: sample(member, key) for key, member in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member, name)]
    if getattr(shape, "enum", None):
        return shape.enum[-1]
    return {"integer": 7, "long": 7, "double": 1.5, "boolean": True,
            "timestamp": datetime.datetime(2031, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)}.get(shape.type_name, f"a {name}")


def test_everything_that_template_data_can_say_is_read_back_as_it_was_sent(ec2):
    shape = model.operation("CreateLaunchTemplate").input_shape.members["LaunchTemplateData"]
    for left_out in ("InstanceType", "InstanceRequirements"):
        sent = {key: value for key, value in sample(shape).items() if key != left_out}
        sent["UserData"] = "aGVsbG8="
        if "InstanceType" in sent:
            sent["InstanceType"] = "t3.micro"
        sent["TagSpecifications"] = DATA["TagSpecifications"]
        made = ec2.create_launch_template(
            LaunchTemplateName=f"without-{left_out}", LaunchTemplateData=sent)["LaunchTemplate"]
        assert data(ec2, made["LaunchTemplateId"]) == sent


def test_versions_are_numbered_once_and_found_by_their_names(ec2, template, image, refused):
    for size in ("t3.small", "t3.medium"):
        ec2.create_launch_template_version(
            LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData={"InstanceType": size})
    assert data(ec2, template) == {"ImageId": image, **DATA, "InstanceType": "t3.medium"}
    assert data(ec2, template, "$Default")["InstanceType"] == "t3.micro"
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
    assert data(ec2, template, "$Default")["InstanceType"] == "t3.small"
    deleted = ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["2", "3", "9"])
    assert [one["VersionNumber"] for one in deleted["SuccessfullyDeletedLaunchTemplateVersions"]] == [3]
    assert [(one["VersionNumber"], one["ResponseError"]["Code"])
            for one in deleted["UnsuccessfullyDeletedLaunchTemplateVersions"]] == [
        (2, "unexpectedError"), (9, "launchTemplateVersionDoesNotExist")]
    again = ec2.create_launch_template_version(
        LaunchTemplateName="web", LaunchTemplateData={"InstanceType": "t3.large"})["LaunchTemplateVersion"]
    assert again["VersionNumber"] == 4
    ranged = ec2.describe_launch_template_versions(LaunchTemplateName="web", MinVersion="2", MaxVersion="4")
    assert [one["VersionNumber"] for one in ranged["LaunchTemplateVersions"]] == [4, 2]
    pages = ec2.get_paginator("describe_launch_template_versions").paginate(
        LaunchTemplateId=template, PaginationConfig={"PageSize": 1})
    assert [one["VersionNumber"] for page in pages for one in page["LaunchTemplateVersions"]] == [4, 2, 1]
    with refused("InvalidLaunchTemplateId.VersionNotFound", 400):
        ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["3"])
    ec2.delete_launch_template(LaunchTemplateId=template)
    with refused("InvalidLaunchTemplateName.NotFoundException", 400):
        ec2.describe_launch_template_versions(LaunchTemplateName="web")


def test_the_latest_and_default_versions_of_all_templates_are_found_at_once(ec2, template, image, refused):
    other = ec2.create_launch_template(
        LaunchTemplateName="other", LaunchTemplateData={"ImageId": image})["LaunchTemplate"]["LaunchTemplateId"]
    ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData={"InstanceType": "t3.small"})
    found = ec2.describe_launch_template_versions(Versions=["$Latest", "$Default"])["LaunchTemplateVersions"]
    assert sorted((one["LaunchTemplateId"], one["VersionNumber"]) for one in found) == sorted(
        [(template, 1), (template, 2), (other, 1)])
    with refused("MissingParameter", 400):
        ec2.describe_launch_template_versions(Versions=["1"])


def launch(ec2, **parameters):
    instance = ec2.run_instances(MinCount=1, MaxCount=1, **parameters)["Instances"][0]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance["InstanceId"]], WaiterConfig=quick())
    return ec2.describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"][0]["Instances"][0]


def tags(instance):
    return {tag["Key"]: tag["Value"] for tag in instance["Tags"]}


def test_a_launch_takes_what_it_does_not_say_from_the_template_and_tells_which(ec2, template):
    plain = launch(ec2, LaunchTemplate={"LaunchTemplateId": template})
    assert plain["InstanceType"] == "t3.micro"
    origin = {"aws:ec2launchtemplate:id": template, "aws:ec2launchtemplate:version": "1"}
    assert tags(plain) == {"Name": "template", "team": "a", **origin}
    ec2.create_launch_template_version(LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData={
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 3}})
    changed = launch(
        ec2, LaunchTemplate={"LaunchTemplateName": "web", "Version": "$Latest"}, InstanceType="t3.small",
        MetadataOptions={"HttpPutResponseHopLimit": 5},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "call"}]}])
    assert changed["InstanceType"] == "t3.small"
    assert tags(changed) == {"Name": "call", "team": "a", **origin, "aws:ec2launchtemplate:version": "2"}
    options = changed["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 5)


def test_tags_of_the_template_stay_where_callers_cannot_change_them(ec2, template, refused):
    id = launch(ec2, LaunchTemplate={"LaunchTemplateId": template})["InstanceId"]
    with refused("InvalidParameterValue", 400):
        ec2.delete_tags(Resources=[id], Tags=[{"Key": "aws:ec2launchtemplate:id"}])
    ec2.delete_tags(Resources=[id])
    left = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [id]}])["Tags"]
    assert {tag["Key"] for tag in left} == {"aws:ec2launchtemplate:id", "aws:ec2launchtemplate:version"}


def test_the_data_of_an_instance_make_a_template_for_another_like_it(ec2, image):
    first = launch(
        ec2, ImageId=image, InstanceType="t3.small", UserData="#!/bin/sh", DisableApiStop=True, EbsOptimized=True,
        BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 3, "VolumeType": "gp3"}}],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "first"}]}])
    told = ec2.get_launch_template_data(InstanceId=first["InstanceId"])["LaunchTemplateData"]
    told["MetadataOptions"].pop("State")
    made = ec2.create_launch_template(LaunchTemplateName="copy", LaunchTemplateData=told)
    assert "Warning" not in made
    second = launch(ec2, LaunchTemplate={"LaunchTemplateName": "copy"})
    for key in ("InstanceType", "ImageId", "EbsOptimized", "SubnetId", "MetadataOptions", "CpuOptions"):
        assert second[key] == first[key]
    assert len(second["BlockDeviceMappings"]) == 2 and tags(second)["Name"] == "first"
    assert ec2.describe_instance_attribute(
        InstanceId=second["InstanceId"], Attribute="disableApiStop")["DisableApiStop"]["Value"] is True


def test_what_cannot_be_kept_is_refused_and_what_cannot_be_launched_is_warned_of(
        account, ec2, template, image, refused):
    def create(name="new", **data):
        return ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    with refused("InvalidLaunchTemplateName.AlreadyExistsException", 400):
        create("web", ImageId=image)
    for name in ("no", "a name with spaces", "x" * 129):
        answer = account.ask("CreateLaunchTemplate", {"LaunchTemplateName": name, "LaunchTemplateData.ImageId": image})
        assert (answer.status, answer.code) == (400, "InvalidLaunchTemplateName.MalformedException")
    with refused("MissingParameter", 400):
        create()
    with refused("InvalidUserData.Malformed", 400):
        create(UserData="%%%")
    with refused("UnsupportedOperation", 400):
        create(ImageId="resolve:ssm:/aws/service/ami")
    with refused("InvalidAMIID.Malformed", 400):
        create(ImageId="")
    warned = create(ImageId="ami-0123456789abcdef0")
    assert warned["Warning"]["Errors"][0]["Code"] == "InvalidAMIID.NotFound"
    with refused("InvalidAMIID.NotFound", 400):
        ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "new"}, MinCount=1, MaxCount=1)
    create("profile", ImageId=image, InstanceType="t3.micro", IamInstanceProfile={"Name": "x"})
    with refused("UnsupportedOperation", 400):
        ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "profile"}, MinCount=1, MaxCount=1)
    with refused("InvalidLaunchTemplateId.VersionNotFound", 400):
        ec2.run_instances(LaunchTemplate={"LaunchTemplateId": template, "Version": "7"}, MinCount=1, MaxCount=1)


def test_another_account_does_not_see_a_template(template, stranger, refused):
    assert stranger.ec2.describe_launch_templates()["LaunchTemplates"] == []
    with refused("InvalidLaunchTemplateId.NotFound", 400):
        stranger.ec2.run_instances(LaunchTemplate={"LaunchTemplateId": template}, MinCount=1, MaxCount=1)
