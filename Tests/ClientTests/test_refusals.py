"""Bad input gets AWS's code and status, never a 500, and leaves nothing half made."""

import base64

import pytest

UNKNOWN = {"instance": "i-0123456789abcdef0", "volume": "vol-0123456789abcdef0", "image": "ami-0123456789abcdef0",
           "vpc": "vpc-0123456789abcdef0", "subnet": "subnet-0123456789abcdef0", "group": "sg-0123456789abcdef0",
           "gateway": "igw-0123456789abcdef0", "table": "rtb-0123456789abcdef0", "interface": "eni-0123456789abcdef0",
           "allocation": "eipalloc-0123456789abcdef0", "options": "dopt-0123456789abcdef0",
           "key": "key-0123456789abcdef0", "rule": "sgr-0123456789abcdef0"}

LAUNCH = {"ImageId": "IMAGE", "InstanceType": "t3.micro", "MinCount": "1", "MaxCount": "1"}

# Action, parameters, code.
CASES = [
    ("DescribeInstances", {"InstanceId.1": UNKNOWN["instance"]}, "InvalidInstanceID.NotFound"),
    ("DescribeInstances", {"InstanceId.1": "i-xyz"}, "InvalidInstanceID.Malformed"),
    ("DescribeInstances", {"MaxResults": "2"}, "InvalidParameterValue"),
    ("DescribeInstances", {"MaxResults": "many"}, "InvalidParameterValue"),
    ("DescribeInstances", {"MaxResults": "5", "InstanceId.1": UNKNOWN["instance"]}, "InvalidParameterCombination"),
    ("DescribeInstanceStatus", {"MaxResults": "5", "InstanceId.1": "nonsense"}, "InvalidParameterCombination"),
    ("DescribeNetworkInterfaces", {"MaxResults": "5", "NetworkInterfaceId.1": UNKNOWN["interface"]},
     "InvalidParameterCombination"),
    ("DescribeVolumes", {"MaxResults": "5", "VolumeId.1": UNKNOWN["volume"]}, "InvalidParameterCombination"),
    ("DescribeVolumes", {"MaxResults": "1"}, "InvalidParameterValue"),
    ("DescribeTags", {"MaxResults": "1"}, "InvalidParameterValue"),
    ("DescribeImages", {"MaxResults": "0"}, "InvalidParameterValue"),
    ("DescribeImages", {"Owner.1": "nobody"}, "InvalidUserID.Malformed"),
    ("DescribeImages", {"ExecutableBy.1": "nobody"}, "InvalidUserID.Malformed"),
    ("DescribePrefixLists", {"NextToken": "nonsense"}, "InvalidNextToken"),
    ("DescribeTags", {"Filter.1.Name": "key", **{f"Filter.1.Value.{n}": f"k{n}" for n in range(1, 202)}},
     "FilterLimitExceeded"),
    ("DescribeAccountAttributes", {"AttributeName.1": "nonsense"}, "InvalidParameterValue"),
    ("DescribeRegions", {"RegionName.1": "nonsense"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "TagSpecification.1.ResourceType": "instance"}, "InvalidParameterValue"),
    ("CreateNetworkInterface", {"SubnetId": UNKNOWN["subnet"]}, "InvalidSubnetID.NotFound"),
    ("DeleteNetworkInterface", {"NetworkInterfaceId": UNKNOWN["interface"]}, "InvalidNetworkInterfaceID.NotFound"),
    ("DescribeInstances", {"NextToken": "nonsense"}, "InvalidNextToken"),
    ("DescribeInstances", {"Filter.1.Name": "no-such-filter", "Filter.1.Value.1": "x"}, "InvalidParameterValue"),
    ("DescribeInstances", {"Surplus": "x"}, "UnknownParameter"),
    ("StartInstances", {"InstanceId.1": UNKNOWN["instance"]}, "InvalidInstanceID.NotFound"),
    ("StopInstances", {"InstanceId.1": "nonsense"}, "InvalidInstanceID.Malformed"),
    ("StopInstances", {}, "MissingParameter"),
    ("RebootInstances", {"InstanceId.1": UNKNOWN["instance"]}, "InvalidInstanceID.NotFound"),
    ("TerminateInstances", {"InstanceId.1": UNKNOWN["instance"]}, "InvalidInstanceID.NotFound"),
    ("RunInstances", {**LAUNCH, "ImageId": UNKNOWN["image"]}, "InvalidAMIID.NotFound"),
    ("RunInstances", {**LAUNCH, "ImageId": "ami-1"}, "InvalidAMIID.Malformed"),
    ("RunInstances", {**LAUNCH, "InstanceType": "t3.enormous"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "MinCount": "0"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "MinCount": "3", "MaxCount": "2"}, "InvalidParameterValue"),
    ("RunInstances", {key: value for key, value in LAUNCH.items() if key != "MinCount"}, "MissingParameter"),
    ("RunInstances", {**LAUNCH, "KeyName": "nobody"}, "InvalidKeyPair.NotFound"),
    ("RunInstances", {**LAUNCH, "SubnetId": UNKNOWN["subnet"]}, "InvalidSubnetID.NotFound"),
    ("RunInstances", {**LAUNCH, "SecurityGroupId.1": UNKNOWN["group"]}, "InvalidGroup.NotFound"),
    ("RunInstances", {**LAUNCH, "UserData": "not base64!"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "UserData": base64.b64encode(b"x" * 16385).decode()}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "Monitoring.Enabled": "perhaps"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "InstanceInitiatedShutdownBehavior": "sleep"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "Placement.AvailabilityZone": "us-east-1z"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "PrivateIpAddress": "10.99.0.1"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "BlockDeviceMapping.1.DeviceName": "/dev/sdf",
                      "BlockDeviceMapping.1.Ebs.VolumeSize": "0"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "BlockDeviceMapping.1.DeviceName": "/dev/sdf",
                      "BlockDeviceMapping.1.Ebs.VolumeSize": "-5"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "InstanceType": "t2.micro", "CpuOptions.CoreCount": "1",
                      "CpuOptions.ThreadsPerCore": "2"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "InstanceType": "t2.micro", "CpuOptions.CoreCount": "64",
                      "CpuOptions.ThreadsPerCore": "1"}, "InvalidParameterValue"),
    ("RunInstances", {**LAUNCH, "SubnetId": UNKNOWN["subnet"], "SecurityGroup.1": "default"},
     "InvalidParameterCombination"),
    ("RunInstances", {**LAUNCH, "TagSpecification.1.ResourceType": "instance",
                      "TagSpecification.1.Tag.1.Key": "aws:mine", "TagSpecification.1.Tag.1.Value": "x"},
     "InvalidParameterValue"),
    ("CreateVolume", {"AvailabilityZone": "us-east-1a", "Size": "0"}, "InvalidParameterValue"),
    ("CreateVolume", {"AvailabilityZone": "nowhere", "Size": "1"}, "InvalidZone.NotFound"),
    ("DeleteVolume", {"VolumeId": UNKNOWN["volume"]}, "InvalidVolume.NotFound"),
    ("CreateVpc", {"CidrBlock": "10.0.0.0/8"}, "InvalidVpc.Range"),
    ("CreateVpc", {"CidrBlock": "nonsense"}, "InvalidParameterValue"),
    ("CreateVpc", {}, "MissingParameter"),
    ("DeleteVpc", {"VpcId": UNKNOWN["vpc"]}, "InvalidVpcID.NotFound"),
    ("CreateSubnet", {"VpcId": UNKNOWN["vpc"], "CidrBlock": "10.0.0.0/24"}, "InvalidVpcID.NotFound"),
    ("DeleteSubnet", {"SubnetId": UNKNOWN["subnet"]}, "InvalidSubnetID.NotFound"),
    ("DeleteInternetGateway", {"InternetGatewayId": UNKNOWN["gateway"]}, "InvalidInternetGatewayID.NotFound"),
    ("DeleteRouteTable", {"RouteTableId": UNKNOWN["table"]}, "InvalidRouteTableID.NotFound"),
    ("DescribeNetworkInterfaces", {"NetworkInterfaceId.1": UNKNOWN["interface"]}, "InvalidNetworkInterfaceID.NotFound"),
    ("ReleaseAddress", {"AllocationId": UNKNOWN["allocation"]}, "InvalidAllocationID.NotFound"),
    ("AssociateAddress", {"AllocationId": UNKNOWN["allocation"], "InstanceId": UNKNOWN["instance"]},
     "InvalidAllocationID.NotFound"),
    ("DeleteDhcpOptions", {"DhcpOptionsId": UNKNOWN["options"]}, "InvalidDhcpOptionID.NotFound"),
    ("DescribeSecurityGroups", {"GroupId.1": UNKNOWN["group"]}, "InvalidGroup.NotFound"),
    ("AuthorizeSecurityGroupIngress", {"GroupId": UNKNOWN["group"], "IpPermissions.1.IpProtocol": "tcp",
                                       "IpPermissions.1.FromPort": "1", "IpPermissions.1.ToPort": "1",
                                       "IpPermissions.1.IpRanges.1.CidrIp": "0.0.0.0/0"}, "InvalidGroup.NotFound"),
    ("DescribeKeyPairs", {"KeyName.1": "nobody"}, "InvalidKeyPair.NotFound"),
    ("ImportKeyPair", {"KeyName": "bad", "PublicKeyMaterial": base64.b64encode(b"nonsense").decode()},
     "InvalidKey.Format"),
    ("DeregisterImage", {"ImageId": UNKNOWN["image"]}, "InvalidAMIID.NotFound"),
    ("CreateTags", {"ResourceId.1": UNKNOWN["instance"], "Tag.1.Key": "a", "Tag.1.Value": "b"},
     "InvalidInstanceID.NotFound"),
    ("NoSuchAction", {}, "InvalidAction"),
    ("CreateTransitGateway", {}, "UnsupportedOperation"),
]


@pytest.mark.parametrize("action,parameters,code", CASES, ids=[f"{case[0]}-{case[2]}-{i}" for i, case in enumerate(CASES)])
def test_is_refused_with_awss_code_and_makes_nothing(account, image, action, parameters, code):
    before = census(account)
    sent = {name: image if value == "IMAGE" else value for name, value in parameters.items()}
    answer = account.ask(action, sent)
    assert (answer.code, answer.status) == (code, 400), answer.body
    assert census(account) == before


def test_quotas_hold_and_are_told(ec2, refused):
    for number in range(1, 5):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    with refused("VpcLimitExceeded", 400):
        ec2.create_vpc(CidrBlock="10.9.0.0/16")
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    with refused("AddressLimitExceeded", 400):
        ec2.allocate_address(Domain="vpc")
    for _ in range(4):  # the default VPC has one
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InternetGatewayLimitExceeded", 400):
        ec2.create_internet_gateway()
    vpc = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.1.0.0/16"]}])["Vpcs"][0]["VpcId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    for number in range(50):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=f"192.0.2.{number}/32", GatewayId=gateway)
    with refused("RouteLimitExceeded", 400):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="198.51.100.0/24", GatewayId=gateway)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/28")["Subnet"]["SubnetId"]
    groups = [ec2.create_security_group(GroupName=f"g{number}", Description="d", VpcId=vpc)["GroupId"] for number in range(6)]
    with refused("SecurityGroupsPerInterfaceLimitExceeded", 400):
        ec2.create_network_interface(SubnetId=subnet, Groups=groups)
    for _ in range(11):
        ec2.create_network_interface(SubnetId=subnet, Groups=groups[:5])
    with refused("InsufficientFreeAddressesInSubnet", 400):
        ec2.create_network_interface(SubnetId=subnet)


def test_a_request_of_too_many_parameters_or_bytes_is_refused(account):
    many = {f"InstanceId.{number}": UNKNOWN["instance"] for number in range(1, 20000)}
    assert 400 <= account.ask("DescribeInstances", many).status < 500
    assert account.ask("DescribeInstances", {"InstanceId.1": "x" * 3_000_000}).status in (400, 413)


def census(account):
    ec2 = account.ec2
    return (len(ec2.describe_instances()["Reservations"]), len(ec2.describe_volumes()["Volumes"]),
            len(ec2.describe_vpcs()["Vpcs"]), len(ec2.describe_subnets()["Subnets"]),
            len(ec2.describe_network_interfaces()["NetworkInterfaces"]), len(ec2.describe_key_pairs()["KeyPairs"]),
            len(ec2.describe_security_groups()["SecurityGroups"]), len(ec2.describe_addresses()["Addresses"]))
