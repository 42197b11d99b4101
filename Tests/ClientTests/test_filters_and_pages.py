"""Filters and pages of every Describe: the filters that AWS documents are taken, pages hold each thing once."""

import re

import pytest
from apus_testing import model

from examples import DESCRIBES, World, public_key


@pytest.fixture(scope="module")
def world(cloud, image, tmp_path_factory):
    world = World(cloud.new_account(), image, public_key(tmp_path_factory.mktemp("key"))) \
        .with_free_volume().with_lent_image(cloud.new_account())
    ec2 = world.account.ec2
    for number in range(12):
        group = ec2.create_security_group(GroupName=f"page-{number}", Description="d")["GroupId"]
        ec2.create_tags(Resources=[group], Tags=[{"Key": "number", "Value": str(number)}])
        ec2.create_subnet(VpcId=world.vpc, CidrBlock=f"10.20.{100 + number}.0/24")
    return world


@pytest.fixture(scope="module")
def describes(world):
    """Describes with filters that the cloud speaks."""
    return [name for name in model.implemented(world.account) if "Filters" in inputs(name)]


def inputs(name):
    shape = model.operation(name).input_shape
    return shape.members if shape else {}


def documented(name):
    """Names of filters as the reference lists them for the action."""
    text = inputs(name)["Filters"].documentation
    names = re.findall(r"<li>\s*<p>\s*<code>([^<]+)</code>", text)
    return ["tag:x" if one == "tag" else one for one in names]


# What an action wants besides filters.
BESIDES = {"DescribeLaunchTemplateVersions": lambda world: {"LaunchTemplateVersion.1": "$Latest"},
           "DescribeFleetInstances": lambda world: {"FleetId": world.fleet}}


def besides(name, world):
    return BESIDES[name](world) if name in BESIDES else {}


# Of resources that this cloud does not have, or that AWS itself ended.
ELSEWHERE = re.compile(r"capacity-reservation|outpost|spot-|host-id|iam-instance-profile|product-code|kernel-id|ramdisk-id"
                       r"|network-performance|operator\.|network-card|ipv6-pool|tpm|uefi|transit|carrier|peering|egress-only"
                       r"|elastic-gpu|local-gateway|nat-gateway|prefix-list|instance-lifecycle|placement-|fast-restored"
                       r"|multi-attach|fpga|gpu|inference|neuron|media|source-instance|source-image|image-allowed|free-tier"
                       r"|usage-operation|deprecat|customer-owned|network-border-group|public-ipv4-pool|nitro|reboot-migration")


def test_documented_filters_are_taken_and_find_nothing_for_a_value_that_nothing_has(world, describes):
    refused, found = [], []
    for name in describes:
        for filter_name in documented(name):
            parameters = {"Filter.1.Name": filter_name, "Filter.1.Value.1": "no-such-value",
                          **besides(name, world)}
            if name == "DescribeSecurityGroupReferences":
                continue
            answer = world.account.ask(name, parameters)
            if answer.status != 200 and not ELSEWHERE.search(filter_name):
                refused.append(f"{name} {filter_name}: {answer.code} {answer.message}")
            if answer.status == 200 and any(model.parsed(name, answer).get(key) for key in list_keys(name)):
                found.append(f"{name} {filter_name}")
    assert not found, "\n".join(found)
    assert not refused, "\n".join(refused)


def list_keys(name):
    return [key for key, member in model.operation(name).output_shape.members.items() if member.type_name == "list"]


def test_a_filter_that_aws_does_not_know_is_refused(world, describes):
    for name in describes:
        answer = world.account.ask(name, {
            "Filter.1.Name": "no-such-filter", "Filter.1.Value.1": "x", **besides(name, world)})
        assert (answer.code, answer.status) == ("InvalidParameterValue", 400), f"{name}: {answer.body[:300]}"


def test_a_filter_without_values_is_refused(world, describes):
    for name in describes:
        known = documented(name)
        if known and "PrefixList" not in name:  # there are none to be filtered
            answer = world.account.ask(name, {"Filter.1.Name": known[0]})
            assert answer.status == 400, f"{name}: {answer.body[:300]}"


def test_values_of_a_filter_are_alternatives_and_filters_must_all_hold(world):
    ec2 = world.account.ec2

    def names(*filters):
        groups = ec2.describe_security_groups(
            Filters=[{"Name": name, "Values": values} for name, values in filters])["SecurityGroups"]
        return {group["GroupName"] for group in groups}
    assert names(("group-name", ["page-1", "page-2", "nobody"])) == {"page-1", "page-2"}
    assert names(("group-name", ["page-1*"])) == {"page-1", "page-10", "page-11"}
    assert names(("group-name", ["page-1?"])) == {"page-10", "page-11"}
    assert names(("group-name", ["page-1*"]), ("tag:number", ["11", "2"])) == {"page-11"}
    assert names(("group-name", ["PAGE-1"])) == set()
    assert names(("group-name", ["page-\\*"])) == set()
    assert names(("tag-key", ["number"]), ("tag:number", ["3"])) == {"page-3"}


def test_pages_hold_each_thing_once_and_end(world, describes):
    ec2 = world.account.ec2
    for name in DESCRIBES:
        method = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        if not ec2.can_paginate(method) or "MaxResults" not in inputs(name):
            continue
        paginator = ec2.get_paginator(method)
        key = paginator.result_keys[0].expression
        whole = getattr(ec2, method)()[key]
        pages = [page[key] for page in paginator.paginate(PaginationConfig={"PageSize": 5})]
        together = [thing for page in pages for thing in page]
        assert sorted(map(repr, together)) == sorted(map(repr, whole)), name
        assert all(len(page) <= 5 for page in pages), name


def test_what_is_deleted_between_two_pages_is_missed_and_nothing_else(world):
    ec2 = world.account.ec2
    whole = {group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]}
    first = ec2.describe_security_groups(MaxResults=5)
    seen = {group["GroupId"] for group in first["SecurityGroups"]}
    victims = [group["GroupId"] for group in first["SecurityGroups"] if group["GroupName"].startswith("page-")][:1]
    victims += [group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]
                if group["GroupName"].startswith("page-") and group["GroupId"] not in seen][-1:]
    for victim in victims:
        ec2.delete_security_group(GroupId=victim)
    token = first["NextToken"]
    while token:
        page = ec2.describe_security_groups(MaxResults=5, NextToken=token)
        ids = {group["GroupId"] for group in page["SecurityGroups"]}
        assert not ids & seen
        seen |= ids
        token = page.get("NextToken")
    assert seen == (whole - set(victims)) | (seen & set(victims))


@pytest.mark.parametrize("token", ["nonsense", "AAAA", "", " ", pytest.param("x" * 5000, id="long")])
def test_a_token_that_was_never_given_is_refused(world, token):
    for name in ("DescribeSecurityGroups", "DescribeInstances", "DescribeVpcs", "DescribeTags"):
        answer = world.account.ask(name, {"NextToken": token, "MaxResults": "5"})
        assert answer.status in ((400,) if token.strip() else (200, 400)), f"{name}: {answer.body[:200]}"


def test_a_token_of_another_action_is_refused(world, refused):
    ec2 = world.account.ec2
    token = ec2.describe_security_groups(MaxResults=5)["NextToken"]
    with refused("InvalidNextToken", 400):
        ec2.describe_subnets(NextToken=token)


def test_named_resources_come_in_pages_where_the_reference_does_not_exclude_it(world):
    ec2 = world.account.ec2
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:7]
    first = ec2.describe_subnets(SubnetIds=subnets, MaxResults=5)
    rest = ec2.describe_subnets(SubnetIds=subnets, MaxResults=5, NextToken=first["NextToken"])
    shown = first["Subnets"] + rest["Subnets"]
    assert sorted(subnet["SubnetId"] for subnet in shown) == sorted(subnets) and "NextToken" not in rest
