"""Every action that answers in pages: each thing once, bounds, tokens. What it shows is held against the same without pages."""

import re

import pytest
from apus_testing import model, shown_items
from apus_testing.conformance import shown, shown_unless

from examples import EXAMPLES, least

# The smallest page where neither model nor reference names one.
LEAST = {"DescribeFleetInstances": 1, "DescribeFleets": 1, "DescribeImages": 1, "DescribePrefixLists": 1,
         "DescribeSpotPriceHistory": 1, "DescribeVolumesModifications": 1, "GetInstanceTypesFromInstanceRequirements": 1}

# Pages of what is many thousands of lines long.
MANY = {"DescribeInstanceTypes": 100, "DescribeSpotPriceHistory": 1000}


@pytest.fixture(scope="module")
def paged(actions):
    return [name for name in actions if {"MaxResults", "NextToken"} <= set(model.inputs(name))]


def bounds(action):
    """The least and the most that a page may be asked to hold; nil for no bound that is written down."""
    shape = model.inputs(action)["MaxResults"]
    told = re.search(r"between (\d+) and (\d+)", shape.documentation)
    least, most = (int(told[1]), int(told[2])) if told else (shape.metadata.get("min"), shape.metadata.get("max"))
    return (LEAST.get(action, 5) if least is None else least), most


def ask(world, action, **more):
    answer = world.account.ask(action, {**least(action, world), **{key: str(value) for key, value in more.items()}})
    assert answer.status == 200, f"{action} {more}: {answer.code} {answer.message}"
    return shown_items.items(action, answer.body), shown_items.texts(action, answer.body, "NextToken")


def pages(world, action, size):
    token, found = {}, []
    while True:
        things, following = ask(world, action, MaxResults=size, **token)
        found.append(things)
        if not following:
            return found
        token = {"NextToken": following[0]}


def test_pages_hold_each_thing_once_and_end(world, paged):
    wrong = []
    for action in paged:
        size = MANY.get(action) or max(1, bounds(action)[0])
        whole, rest = ask(world, action)
        found = pages(world, action, size)
        together = [thing for page in found for thing in page]
        if rest or sorted(map(repr, together)) != sorted(map(repr, whole)):
            wrong.append(f"{action}: {len(together)} in pages, {len(whole)} at once")
        elif any(len(page) > size for page in found):
            wrong.append(f"{action}: a page longer than {size}")
        else:
            shown(action, "pages", "pages" if len(found) > 1 else "one page")
    assert wrong == []


def test_a_page_is_as_long_as_the_reference_allows(world, paged):
    wrong = []
    for action in paged:
        fewest, most = bounds(action)
        for size in [fewest - 1] + ([most + 1] if most else []):
            answer = world.account.ask(action, {**least(action, world), "MaxResults": str(size)})
            if (answer.code, answer.status) != ("InvalidParameterValue", 400):
                wrong.append(f"{action} MaxResults={size}: {answer.status} {answer.code}")
        for size in [max(1, fewest)] + ([most] if most else []):
            answer = world.account.ask(action, {**least(action, world), "MaxResults": str(size)})
            if answer.status != 200:
                wrong.append(f"{action} MaxResults={size}: {answer.status} {answer.code}")
    shown_unless(wrong, paged, "page bounds")
    assert not wrong, "\n".join(wrong)


def test_a_token_is_its_own_actions_and_none_is_made_up(world, paged):
    foreign = shown_items.texts("DescribeSubnets", world.account.ask("DescribeSubnets", {"MaxResults": "5"}).body, "NextToken")
    assert foreign and not re.search(r"subnet|\d{4}", foreign[0])
    wrong = []
    for action in paged:
        for token in ["nonsense", "AAAA", "x" * 900] + (foreign if action != "DescribeSubnets" else []):
            answer = world.account.ask(action, {**least(action, world), "NextToken": token})
            if (answer.code, answer.status) != ("InvalidNextToken", 400):
                wrong.append(f"{action} NextToken={token[:10]}: {answer.status} {answer.code}")
    shown_unless(wrong, paged, "page tokens")
    assert wrong == []


def test_ids_and_pages_exclude_each_other_where_the_reference_says_so(world, paged):
    wrong, tried = [], []
    for action in paged:
        text = re.sub(r"<[^>]+>", "", model.inputs(action)["MaxResults"].documentation)
        if not re.search(r"cannot specify this parameter and the .*IDs parameter", text):
            continue
        tried.append(action)
        ids = model.serialized(action, EXAMPLES[action](world))
        sent = {key: value for key, value in ids.items() if key not in ("Action", "Version")}
        size = max(5, model.inputs(action)["MaxResults"].metadata.get("min", 0))
        answer = world.account.ask(action, {**sent, "MaxResults": str(size)})
        if (answer.code, answer.status) != ("InvalidParameterCombination", 400):
            wrong.append(f"{action}: {answer.status} {answer.code}")
    assert wrong == [] and len(tried) >= 4


def test_named_resources_come_in_pages_where_the_reference_does_not_exclude_it(world):
    ec2 = world.account.ec2
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:7]
    first = ec2.describe_subnets(SubnetIds=subnets, MaxResults=5)
    rest = ec2.describe_subnets(SubnetIds=subnets, MaxResults=5, NextToken=first["NextToken"])
    found = first["Subnets"] + rest["Subnets"]
    assert sorted(subnet["SubnetId"] for subnet in found) == sorted(subnets) and "NextToken" not in rest


def test_things_that_come_and_go_between_two_pages_shift_nothing(roomy, world):
    """What was there all the time is shown exactly once; each kind is listed by a key that never changes."""
    ec2 = roomy.new_account().ec2

    def volume_goes(id):
        ec2.get_waiter("volume_available").wait(VolumeIds=[id], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        ec2.delete_volume(VolumeId=id)
        ec2.get_waiter("volume_deleted").wait(VolumeIds=[id], WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    kinds = {
        "describe_security_groups": (
            "SecurityGroups", "GroupId", lambda n: ec2.create_security_group(GroupName=f"g{n}", Description="d")["GroupId"],
            lambda id: ec2.delete_security_group(GroupId=id)),
        "describe_network_interfaces": (
            "NetworkInterfaces", "NetworkInterfaceId",
            lambda n: ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"],
            lambda id: ec2.delete_network_interface(NetworkInterfaceId=id)),
        "describe_dhcp_options": (
            "DhcpOptions", "DhcpOptionsId",
            lambda n: ec2.create_dhcp_options(
                DhcpConfigurations=[{"Key": "domain-name", "Values": [f"{n}.x"]}])["DhcpOptions"]["DhcpOptionsId"],
            lambda id: ec2.delete_dhcp_options(DhcpOptionsId=id)),
        "describe_launch_templates": (
            "LaunchTemplates", "LaunchTemplateId", lambda n: ec2.create_launch_template(
                LaunchTemplateName=f"template-{n}", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"],
            lambda id: ec2.delete_launch_template(LaunchTemplateId=id)),
        "describe_volumes": (
            "Volumes", "VolumeId", lambda n: ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"],
            volume_goes),
    }
    data = {"ImageId": world.image, "InstanceType": "t3.micro"}
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    for method, (key, identifier, make, end) in kinds.items():
        ids = [make(number) for number in range(14)]
        first = getattr(ec2, method)(MaxResults=5)
        seen = [thing[identifier] for thing in first[key]]
        ends = [one for one in ids if one in seen][:2] + [one for one in ids if one not in seen][:2]
        for one in ends:
            end(one)
        for number in range(20, 24):
            make(number)
        token = first["NextToken"]
        while token:
            page = getattr(ec2, method)(MaxResults=5, NextToken=token)
            seen += [thing[identifier] for thing in page[key]]
            token = page.get("NextToken")
        assert len(seen) == len(set(seen)), method
        assert set(ids) - set(ends) <= set(seen), method
        assert not set(ends[2:]) & set(seen), method
