"""VPCs and their parts by boto3: the default one, and one made by hand."""

import ipaddress

import pytest


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]


def of_vpc(vpc):
    return [{"Name": "vpc-id", "Values": [vpc]}]


def test_an_account_has_a_default_vpc_with_a_public_subnet_in_every_zone(ec2):
    vpcs = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    assert [vpc["CidrBlock"] for vpc in vpcs] == ["172.31.0.0/16"]
    zones = {zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]}
    subnets = ec2.describe_subnets(Filters=of_vpc(vpcs[0]["VpcId"]))["Subnets"]
    assert {subnet["AvailabilityZone"] for subnet in subnets} == zones
    for subnet in subnets:
        assert subnet["DefaultForAz"] and subnet["MapPublicIpOnLaunch"]
        assert subnet["AvailableIpAddressCount"] == 4091
        assert ipaddress.ip_network(subnet["CidrBlock"]).prefixlen == 20


def test_the_default_vpc_leads_to_the_internet(ec2):
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    gateway = ec2.describe_internet_gateways(
        Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])["InternetGateways"][0]
    tables = ec2.describe_route_tables(Filters=of_vpc(vpc))["RouteTables"]
    assert len(tables) == 1 and tables[0]["Associations"][0]["Main"]
    routes = {route["DestinationCidrBlock"]: route["GatewayId"] for route in tables[0]["Routes"]}
    assert routes == {"172.31.0.0/16": "local", "0.0.0.0/0": gateway["InternetGatewayId"]}


def test_a_vpc_of_ones_own_comes_with_a_main_table_an_acl_and_a_group_and_no_way_out(ec2, vpc):
    ec2.get_waiter("vpc_available").wait(VpcIds=[vpc])
    tables = ec2.describe_route_tables(Filters=of_vpc(vpc))["RouteTables"]
    assert [[route["GatewayId"] for route in table["Routes"]] for table in tables] == [["local"]]
    assert len(ec2.describe_network_acls(Filters=of_vpc(vpc))["NetworkAcls"]) == 1
    assert [group["GroupName"] for group in ec2.describe_security_groups(
        Filters=of_vpc(vpc))["SecurityGroups"]] == ["default"]


def test_blocks_are_brought_into_canonical_form(ec2):
    made = ec2.create_vpc(CidrBlock="100.68.0.18/18")["Vpc"]
    assert made["CidrBlock"] == "100.68.0.0/18"


def test_a_public_subnet_is_made_by_hand_and_taken_apart_again(ec2, vpc):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
    ec2.get_waiter("subnet_available").wait(SubnetIds=[subnet])
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    assert ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)["Return"]
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]

    made = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
    assert made["MapPublicIpOnLaunch"] and made["AvailableIpAddressCount"] == 251
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert {route["DestinationCidrBlock"]: (route["GatewayId"], route["State"]) for route in routes} == {
        "10.20.0.0/16": ("local", "active"), "0.0.0.0/0": (gateway, "active")}

    ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    ec2.delete_route_table(RouteTableId=table)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_security_groups(Filters=of_vpc(vpc))["SecurityGroups"] == []
    assert ec2.describe_route_tables(Filters=of_vpc(vpc))["RouteTables"] == []


def test_a_route_through_a_detached_gateway_is_a_black_hole(ec2, vpc):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.describe_route_tables(Filters=of_vpc(vpc))["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert [route["State"] for route in routes if route["DestinationCidrBlock"] == "0.0.0.0/0"] == ["blackhole"]


def test_what_still_holds_something_is_not_deleted(ec2, vpc, refused):
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")
    with refused("DependencyViolation", 400):
        ec2.delete_vpc(VpcId=vpc)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with refused("DependencyViolation", 400):
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
    with refused("Resource.AlreadyAssociated", 400):
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


@pytest.mark.parametrize("block, code", [
    ("10.20.0.0/15", "InvalidVpc.Range"), ("10.20.0.0/29", "InvalidVpc.Range"), ("10.20.0.0", "InvalidParameterValue"),
    ("10.20.0.300/24", "InvalidParameterValue"), ("nonsense", "InvalidParameterValue")])
def test_blocks_that_no_vpc_may_have_are_refused(ec2, refused, block, code):
    with refused(code, 400):
        ec2.create_vpc(CidrBlock=block)


@pytest.mark.parametrize("block, code", [
    ("10.21.0.0/24", "InvalidSubnet.Range"), ("10.20.1.128/25", "InvalidSubnet.Conflict"),
    ("10.20.2.0/29", "InvalidSubnet.Range"), ("nonsense", "InvalidParameterValue")])
def test_subnets_lie_inside_their_vpc_and_beside_each_other(ec2, vpc, refused, block, code):
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")
    with refused(code, 400):
        ec2.create_subnet(VpcId=vpc, CidrBlock=block)
    assert len(ec2.describe_subnets(Filters=of_vpc(vpc))["Subnets"]) == 1


def test_the_sixth_vpc_is_one_too_many(ec2, refused):
    for number in range(4):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    with refused("VpcLimitExceeded", 400):
        ec2.create_vpc(CidrBlock="10.9.0.0/16")
    assert len(ec2.describe_vpcs()["Vpcs"]) == 5


def test_the_default_vpc_can_be_deleted_and_made_again(ec2, refused):
    with refused("DefaultVpcAlreadyExists", 400):
        ec2.create_default_vpc()
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_vpcs()["Vpcs"] == []
    made = ec2.create_default_vpc()["Vpc"]
    assert made["IsDefault"] and made["CidrBlock"] == "172.31.0.0/16"
    assert ec2.describe_subnets()["Subnets"]


def test_attributes_of_a_vpc_are_read_back_as_they_were_set(ec2, vpc):
    def value(name, key):
        return ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)[key]["Value"]
    assert value("enableDnsSupport", "EnableDnsSupport") is True
    assert value("enableDnsHostnames", "EnableDnsHostnames") is False
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert value("enableDnsHostnames", "EnableDnsHostnames") is True


def test_dhcp_options_are_made_associated_and_put_back(ec2, vpc, refused):
    options = ec2.create_dhcp_options(DhcpConfigurations=[
        {"Key": "domain-name", "Values": ["example.internal"]},
        {"Key": "domain-name-servers", "Values": ["10.20.0.2"]}])["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["DhcpOptionsId"] == options
    with refused("DependencyViolation", 400):
        ec2.delete_dhcp_options(DhcpOptionsId=options)
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    ec2.delete_dhcp_options(DhcpOptionsId=options)


def test_parts_of_a_vpc_carry_tags_from_their_making(ec2):
    def tagged(kind):
        return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": kind}]}]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]
    subnet = ec2.create_subnet(
        VpcId=vpc["VpcId"], CidrBlock="10.0.0.0/24", TagSpecifications=tagged("subnet"))["Subnet"]
    gateway = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))["InternetGateway"]
    table = ec2.create_route_table(VpcId=vpc["VpcId"], TagSpecifications=tagged("route-table"))["RouteTable"]
    for made, kind in ((vpc, "vpc"), (subnet, "subnet"), (gateway, "internet-gateway"), (table, "route-table")):
        assert made["Tags"] == [{"Key": "Name", "Value": kind}]
    found = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["Name"]}])["Tags"]
    assert {tag["ResourceType"] for tag in found} == {"vpc", "subnet", "internet-gateway", "route-table"}
