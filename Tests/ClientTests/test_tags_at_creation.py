"""Every action that takes TagSpecifications: the tags are there at once, and the rules of tags hold."""

import re

import pytest
from apus_testing import model
from apus_testing.conformance import shown_unless

from examples import EXAMPLES, changed, everything, exampled

# What an action makes, where its name does not say so.
MAKES = {
    "RequestSpotInstances": "spot-instances-request",
    "AllocateAddress": "elastic-ip", "RunInstances": "instance", "CreateDhcpOptions": "dhcp-options",
    "AuthorizeSecurityGroupIngress": "security-group-rule", "AuthorizeSecurityGroupEgress": "security-group-rule"}
# Names that no two may have.
UNIQUE = ["Name", "KeyName", "GroupName", "LaunchTemplateName"]


@pytest.fixture(scope="module")
def tagging(actions):
    return [name for name in exampled(actions) if "TagSpecifications" in model.inputs(name)]


def made_by(action):
    if action in MAKES:
        return MAKES[action]
    noun = re.sub(r"^(Create|Copy|Import|Register|Request|Allocate)", "", action).removesuffix("s")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", noun).lower()


def form(action, world, pairs, kind=None):
    example = EXAMPLES[action](world)
    named = {key: f"{action}-tagged" for key in UNIQUE if key in example and action != "RunInstances"}
    tags = [{"Key": key, "Value": value} for key, value in pairs]
    sent = model.serialized(action, {
        **example, **named, "TagSpecifications": [{"ResourceType": kind or made_by(action), "Tags": tags}]})
    return {key: value for key, value in sent.items() if key not in ("Action", "Version")}


def test_tags_given_at_creation_are_there_at_once(spent, tagging):
    wrong = []
    for action in tagging:
        answer = spent.account.ask(action, form(action, spent, [(f"by-{action}", "one"), ("k" * 128, "v" * 256)]))
        if answer.status != 200:
            wrong.append(f"{action}: {answer.status} {answer.code} {answer.message}")
            continue
        found = spent.account.ec2.describe_tags(Filters=[
            {"Name": "key", "Values": [f"by-{action}"]}, {"Name": "resource-type", "Values": [made_by(action)]}])["Tags"]
        if {tag["Value"] for tag in found} != {"one"}:
            wrong.append(f"{action}: DescribeTags shows {found}")
    shown_unless(wrong, tagging, "tags")
    assert wrong == [] and len(tagging) > 15


RULES = [
    ("fifty", [(f"k{number}", "v") for number in range(50)], None, "DryRunOperation"),
    ("fifty-one", [(f"k{number}", "v") for number in range(51)], None, "TagLimitExceeded"),
    ("reserved", [("aws:mine", "v")], None, "InvalidParameterValue"),
    ("reserved in capitals", [("AWS:mine", "v")], None, "InvalidParameterValue"),
    ("twice", [("k", "v"), ("k", "w")], None, "InvalidParameterValue"),
    ("long key", [("k" * 129, "v")], None, "InvalidParameterValue"),
    ("long value", [("k", "v" * 257)], None, "InvalidParameterValue"),
    ("other kind", [("k", "v")], "fpga-image", "InvalidParameterValue"),
    ("no kind", [("k", "v")], "nonsense", "InvalidParameterValue"),
    ("none", [], None, "InvalidParameterValue"),
]


@pytest.mark.parametrize("pairs,kind,code", [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_the_rules_of_tags_hold_wherever_they_are_given(world, tagging, pairs, kind, code):
    before, wrong = everything(world.account), []
    for action in tagging:
        answer = world.account.ask(action, {**form(action, world, pairs, kind), "DryRun": "true"})
        if answer.code != code:
            wrong.append(f"{action}: {answer.status} {answer.code} {answer.message}")
    shown_unless(wrong, tagging, "tag rules")
    assert wrong == []
    assert changed(before, everything(world.account)) == []


def test_fifty_tags_are_the_most_of_any_resource(world, roomy):
    account = roomy.new_account()
    for resource in one_of_each(account, world.image):
        for key in ("aws:mine", "AWS:mine"):
            answer = account.ask("CreateTags", {"ResourceId.1": resource, "Tag.1.Key": key, "Tag.1.Value": "v"})
            assert (answer.code, answer.status) == ("InvalidParameterValue", 400), resource
        tags = {f"Tag.{tag}.Key": f"k{tag}" for tag in range(1, 51)}
        values = {f"Tag.{tag}.Value": "v" for tag in range(1, 51)}
        assert account.ask("CreateTags", {"ResourceId.1": resource, **tags, **values}).status == 200, resource
        answer = account.ask("CreateTags", {"ResourceId.1": resource, "Tag.1.Key": "more", "Tag.1.Value": "v"})
        assert (answer.code, answer.status) == ("TagLimitExceeded", 400), resource
        answer = account.ask("CreateTags", {"ResourceId.1": resource, "Tag.1.Key": "k1", "Tag.1.Value": "new"})
        assert answer.status == 200, resource
        assert account.ask("DeleteTags", {"ResourceId.1": resource, "Tag.1.Key": "k1"}).status == 200
        answer = account.ask("CreateTags", {"ResourceId.1": resource, "Tag.1.Key": "more", "Tag.1.Value": "v"})
        assert answer.status == 200, resource


def one_of_each(account, image):
    """Of every kind that can be tagged."""
    ec2 = account.ec2
    vpc = ec2.describe_vpcs()["Vpcs"][0]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    return [
        vpc["VpcId"], vpc["DhcpOptionsId"], group, ec2.describe_subnets()["Subnets"][0]["SubnetId"],
        ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"],
        ec2.describe_route_tables()["RouteTables"][0]["RouteTableId"],
        ec2.describe_network_acls()["NetworkAcls"][0]["NetworkAclId"],
        ec2.describe_security_group_rules()["SecurityGroupRules"][0]["SecurityGroupRuleId"],
        ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"],
        ec2.create_key_pair(KeyName="k", KeyType="ed25519")["KeyPairId"],
        ec2.allocate_address(Domain="vpc")["AllocationId"], *launched(ec2, image), *reserved(ec2)]


def launched(ec2, image):
    """An instance, and what others are launched of."""
    data = {"ImageId": image, "InstanceType": "t3.micro"}
    instance = ec2.run_instances(**data, MinCount=1, MaxCount=1)["Instances"][0]
    ec2.get_waiter("instance_running").wait(
        InstanceIds=[instance["InstanceId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    root = ec2.describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"][0]["Instances"][0]
    volume = root["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    template = ec2.create_launch_template(LaunchTemplateName="tagged", LaunchTemplateData=data)["LaunchTemplate"]
    configuration = {"LaunchTemplateSpecification": {"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"}}
    target = {"TotalTargetCapacity": 0, "DefaultTargetCapacityType": "on-demand"}
    return [
        instance["InstanceId"], instance["NetworkInterfaces"][0]["NetworkInterfaceId"],
        ec2.create_snapshot(VolumeId=volume)["SnapshotId"],
        ec2.create_image(InstanceId=instance["InstanceId"], Name="tagged", NoReboot=True)["ImageId"],
        template["LaunchTemplateId"],
        ec2.create_fleet(Type="instant", LaunchTemplateConfigs=[configuration], TargetCapacitySpecification=target)["FleetId"],
        ec2.request_spot_instances(LaunchSpecification=data, SpotPrice="0.000001")["SpotInstanceRequests"][0][
            "SpotInstanceRequestId"]]


def reserved(ec2):
    return [
        ec2.create_placement_group(GroupName="p")["PlacementGroup"]["GroupId"],
        ec2.create_capacity_reservation(
            InstanceType="t3.micro", InstancePlatform="Linux/UNIX", InstanceCount=1, AvailabilityZone="us-east-1a",
        )["CapacityReservation"]["CapacityReservationId"]]
