"""Security groups and their rules by boto3."""

import pytest

SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@pytest.fixture
def group(ec2):
    return ec2.create_security_group(GroupName="web", Description="for tests")["GroupId"]


def described(ec2, group):
    return ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]


def rules(ec2, group, **filters):
    return ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]


def test_the_default_group_lets_its_own_members_in_and_everything_out(ec2):
    group = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]
    assert group["IpPermissions"][0]["IpProtocol"] == "-1"
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group["GroupId"]
    assert group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    assert group["Description"] == "default VPC security group"


def test_the_default_group_cannot_be_deleted(ec2, refused):
    group = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]["GroupId"]
    with refused("CannotDelete", 400):
        ec2.delete_security_group(GroupId=group)


def test_a_new_group_lets_nothing_in_and_everything_out(ec2, group):
    made = described(ec2, group)
    assert made["IpPermissions"] == []
    assert [rule["IpProtocol"] for rule in made["IpPermissionsEgress"]] == ["-1"]


def test_each_source_of_a_rule_has_a_rule_id_of_its_own(ec2, group):
    answer = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 81, "IpRanges": [
            {"CidrIp": "10.0.0.0/8", "Description": "inside"}, {"CidrIp": "192.168.0.0/16"}]}])
    made = answer["SecurityGroupRules"]
    assert {rule["CidrIpv4"] for rule in made} == {"10.0.0.0/8", "192.168.0.0/16"}
    assert all(rule["SecurityGroupRuleId"].startswith("sgr-") for rule in made)
    assert [rule.get("Description") for rule in made if rule["CidrIpv4"] == "10.0.0.0/8"] == ["inside"]
    assert described(ec2, group)["IpPermissions"][0]["FromPort"] == 80
    assert len([rule for rule in rules(ec2, group) if not rule["IsEgress"]]) == 2


def test_rules_of_every_kind_are_kept_as_they_were_given(ec2, group):
    other = ec2.create_security_group(GroupName="other", Description="peer")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        SSH,
        {"IpProtocol": "udp", "FromPort": 0, "ToPort": 65535, "IpRanges": [{"CidrIp": "10.1.2.3/32"}]},
        {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": other}]},
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}])
    kept = {rule["IpProtocol"] + str(rule.get("FromPort", "")): rule for rule in described(ec2, group)["IpPermissions"]}
    assert kept["tcp22"]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    assert kept["udp0"]["ToPort"] == 65535
    assert (kept["icmp8"]["FromPort"], kept["icmp8"]["ToPort"]) == (8, -1)
    assert kept["-1"]["UserIdGroupPairs"][0]["GroupId"] == other and "FromPort" not in kept["-1"]
    assert kept["tcp443"]["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}]


def test_a_rule_that_is_there_already_is_refused_and_none_of_its_call_is_kept(ec2, group, refused):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    with refused("InvalidPermission.Duplicate", 400):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
            {**SSH, "FromPort": 23, "ToPort": 23}, SSH])
    assert len(described(ec2, group)["IpPermissions"]) == 1


def test_rules_are_revoked_by_their_text_and_by_their_id(ec2, group):
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        SSH, {**SSH, "FromPort": 80, "ToPort": 80}])["SecurityGroupRules"]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    other = next(rule for rule in made if rule["FromPort"] == 80)
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[other["SecurityGroupRuleId"]])
    assert described(ec2, group)["IpPermissions"] == []


def test_revoking_a_rule_that_is_not_there_is_refused(ec2, refused):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc)["GroupId"]
    with refused("InvalidPermission.NotFound", 400):
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    with refused("InvalidSecurityGroupRuleId.NotFound", 400):
        ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=["sgr-0123456789abcdef0"])


def test_the_way_out_is_ruled_like_the_way_in(ec2, group):
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
    assert described(ec2, group)["IpPermissionsEgress"] == []
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[SSH])
    assert described(ec2, group)["IpPermissionsEgress"][0]["ToPort"] == 22
    assert [rule["IsEgress"] for rule in rules(ec2, group)] == [True]


def test_a_rule_is_changed_under_its_id(ec2, group):
    rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])["SecurityGroupRules"][0]
    ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[{
        "SecurityGroupRuleId": rule["SecurityGroupRuleId"],
        "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 2222, "ToPort": 2223, "CidrIpv4": "10.0.0.0/8",
                              "Description": "moved"}}])
    changed = next(rule for rule in rules(ec2, group) if not rule["IsEgress"])
    assert changed["SecurityGroupRuleId"] == rule["SecurityGroupRuleId"]
    assert (changed["FromPort"], changed["ToPort"], changed["CidrIpv4"]) == (2222, 2223, "10.0.0.0/8")
    assert changed["Description"] == "moved"


def test_descriptions_change_without_touching_the_rule(ec2, group):
    rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])["SecurityGroupRules"][0]
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, SecurityGroupRuleDescriptions=[
        {"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "Description": "the door"}])
    assert described(ec2, group)["IpPermissions"][0]["IpRanges"] == [
        {"CidrIp": "0.0.0.0/0", "Description": "the door"}]


def test_a_group_that_another_group_refers_to_cannot_be_deleted(ec2, group, refused):
    other = ec2.create_security_group(GroupName="other", Description="d")["GroupId"]
    pair = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": other}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=pair)
    with refused("DependencyViolation", 400):
        ec2.delete_security_group(GroupId=other)
    references = ec2.describe_security_group_references(GroupId=[other])["SecurityGroupReferenceSet"]
    assert references == []  # AWS lists peers of peered VPCs only
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=pair)
    ec2.delete_security_group(GroupId=other)


def test_names_are_unique_in_a_vpc_and_free_in_another(ec2, group, refused):
    with refused("InvalidGroup.Duplicate", 400):
        ec2.create_security_group(GroupName="web", Description="again")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_security_group(GroupName="web", Description="elsewhere", VpcId=vpc)


@pytest.mark.parametrize("name", ["sg-web", "default", "x" * 256])
def test_names_that_aws_reserves_or_finds_too_long_are_refused(ec2, name):
    with pytest.raises(Exception) as raised:
        ec2.create_security_group(GroupName=name, Description="d")
    assert raised.value.response["Error"]["Code"] in (
        "InvalidParameterValue", "InvalidGroup.Reserved", "InvalidGroup.Duplicate")


def test_the_sixty_first_rule_of_a_direction_is_refused(ec2, group, refused):
    many = [{"CidrIp": f"10.0.{number}.0/24"} for number in range(60)]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": many}])
    with refused("RulesPerSecurityGroupLimitExceeded", 400):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    assert len([rule for rule in rules(ec2, group) if not rule["IsEgress"]]) == 60


def test_groups_are_found_by_what_they_are_and_by_their_rules(ec2, group):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    ec2.create_tags(Resources=[group], Tags=[{"Key": "tier", "Value": "front"}])
    for name, value in {
            "group-name": "we*", "group-id": group, "description": "for tests", "ip-permission.from-port": "22",
            "ip-permission.protocol": "tcp", "ip-permission.cidr": "0.0.0.0/0", "tag:tier": "front"}.items():
        found = ec2.describe_security_groups(Filters=[{"Name": name, "Values": [value]}])["SecurityGroups"]
        assert [one["GroupId"] for one in found] == [group], name
