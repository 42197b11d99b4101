"""Every quota that an operator may set holds, with AWS's code, and what it refuses leaves nothing behind."""

import json
import re
import subprocess

import pytest
from apus_testing.running import Apus, binary

from examples import everything, linux_image

SMALL = {
    "vpcs": 2, "subnets-per-vpc": 4, "internet-gateways": 2, "route-tables-per-vpc": 2, "routes-per-table": 3,
    "elastic-addresses": 1, "security-groups": 2, "rules-per-group": 2, "groups-per-interface": 1, "key-pairs": 1,
    "network-interfaces": 8, "tags-per-resource": 3, "instances": 4, "snapshots": 2, "fast-restored-snapshots": 1,
    "encryption-keys": 1, "vcpus-standard": 6, "vcpus-g": 4, "storage-gib-gp3": 30, "storage-gib-io2": 100, "iops-io2": 1000,
    "iops-io1": 500, "launch-templates": 1, "versions-per-launch-template": 2,
    "placement-groups": 1}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    options = [word for name, count in SMALL.items() for word in ("--quota", f"{name}={count}")]
    cloud = Apus(tmp_path_factory.mktemp("small") / "state", options=options).start()
    yield cloud
    cloud.down()


class Tenant:
    """An account of the small cloud, and calls that use its quotas up."""

    def __init__(self, cloud):
        self.account = cloud.new_account()
        self.ec2 = self.account.ec2
        self.image = linux_image(cloud.first_account())
        self.vpc = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        self.subnet = self.ec2.describe_subnets()["Subnets"][0]["SubnetId"]

    def until_refused(self, call, most):
        """The code that ends a row of calls that succeed, and how many did."""
        for done in range(most + 1):
            before = self.ids()
            try:
                call(done)
            except self.ec2.exceptions.ClientError as error:
                assert self.ids() == before
                return error.response["Error"]["Code"], done
        raise AssertionError(f"{most + 1} calls were let through")

    def ids(self):
        """Of everything that the account has."""
        return {name: set(re.findall(r">([a-z]+-[0-9a-f]{17})<", body)) for name, body in everything(self.account).items()}

    def launch(self, number, kind="t3.micro", count=1):
        return self.ec2.run_instances(ImageId=self.image, InstanceType=kind, MinCount=count, MaxCount=count)

    def volume(self, number, **more):
        return self.ec2.create_volume(AvailabilityZone="us-east-1a", **{"Size": 10, "VolumeType": "gp3", **more})

    def route_table(self):
        return self.ec2.describe_route_tables()["RouteTables"][0]["RouteTableId"]

    def gateway(self):
        return self.ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]

    def group(self):
        return self.ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]

    def free_volume(self):
        volume = self.volume(0, Size=1)["VolumeId"]
        self.ec2.get_waiter("volume_available").wait(
            VolumeIds=[volume], WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
        return volume


def permission(number):
    return [{"IpProtocol": "tcp", "FromPort": number + 1, "ToPort": number + 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]


# What uses a quota up, its code, and how many calls succeed before. The default VPC counts as on AWS.
CASES = {
    "vpcs": (lambda t: lambda n: t.ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16"), "VpcLimitExceeded", 1),
    "subnets-per-vpc": (lambda t: lambda n: t.ec2.create_subnet(VpcId=t.vpc, CidrBlock=f"172.31.{100 + n}.0/24"),
                        "SubnetLimitExceeded", 1),
    "internet-gateways": (lambda t: lambda n: t.ec2.create_internet_gateway(), "InternetGatewayLimitExceeded", 1),
    "route-tables-per-vpc": (lambda t: lambda n: t.ec2.create_route_table(VpcId=t.vpc), "RouteTableLimitExceeded", 1),
    "routes-per-table": (lambda t: with_table(t), "RouteLimitExceeded", 2),
    "elastic-addresses": (lambda t: lambda n: t.ec2.allocate_address(Domain="vpc"), "AddressLimitExceeded", 1),
    "security-groups": (lambda t: lambda n: t.ec2.create_security_group(GroupName=f"g{n}", Description="d"),
                        "SecurityGroupLimitExceeded", 1),
    "rules-per-group": (lambda t: lambda n: t.ec2.authorize_security_group_ingress(
        GroupId=t.group(), IpPermissions=permission(n)), "RulesPerSecurityGroupLimitExceeded", 1),
    "groups-per-interface": (lambda t: with_groups(t), "SecurityGroupsPerInterfaceLimitExceeded", 0),
    "key-pairs": (lambda t: lambda n: t.ec2.create_key_pair(KeyName=f"k{n}", KeyType="ed25519"), "KeyPairLimitExceeded", 1),
    "network-interfaces": (lambda t: lambda n: t.ec2.create_network_interface(SubnetId=t.subnet),
                           "NetworkInterfaceLimitExceeded", 8),
    "tags-per-resource": (lambda t: lambda n: t.ec2.create_tags(Resources=[t.vpc], Tags=[{"Key": f"k{n}", "Value": ""}]),
                          "TagLimitExceeded", 3),
    "launch-templates": (lambda t: lambda n: template(t, n), "LaunchTemplateLimitExceeded", 1),
    "versions-per-launch-template": (lambda t: with_template(t), "LaunchTemplateVersionLimitExceeded", 1),
    "placement-groups": (lambda t: lambda n: t.ec2.create_placement_group(GroupName=f"g{n}"), "PlacementGroupLimitExceeded", 1),
    "instances": (lambda t: lambda n: stopped_launch(t), "InstanceLimitExceeded", 4),
    "vcpus-standard": (lambda t: lambda n: t.launch(n), "VcpuLimitExceeded", 3),
    "vcpus-g": (lambda t: lambda n: t.launch(n, "g4dn.xlarge"), "VcpuLimitExceeded", 1),
    "snapshots": (lambda t: with_volume(t, lambda v: t.ec2.create_snapshot(VolumeId=v)), "SnapshotLimitExceeded", 2),
    "storage-gib-gp3": (lambda t: lambda n: t.volume(n), "VolumeLimitExceeded", 3),
    "storage-gib-io2": (lambda t: lambda n: t.volume(n, Size=50, VolumeType="io2", Iops=100), "VolumeLimitExceeded", 2),
    "iops-io2": (lambda t: lambda n: t.volume(n, Size=10, VolumeType="io2", Iops=400), "MaxIOPSLimitExceeded", 2),
    "iops-io1": (lambda t: lambda n: t.volume(n, Size=10, VolumeType="io1", Iops=500), "MaxIOPSLimitExceeded", 1),
}
# In EC2APITests: FastSnapshotRestoreTests, EncryptionTests, CopyVolumesTests.
ELSEWHERE = {"fast-restored-snapshots", "encryption-keys", "volume-copies"}


def with_table(tenant):
    table, gateway = tenant.route_table(), tenant.gateway()
    return lambda n: tenant.ec2.create_route(
        RouteTableId=table, DestinationCidrBlock=f"192.0.2.{n}/32", GatewayId=gateway)


def template(tenant, number):
    data = {"InstanceType": "t3.micro"}
    return tenant.ec2.create_launch_template(LaunchTemplateName=f"template-{number}", LaunchTemplateData=data)


def with_template(tenant):
    made = template(tenant, 0)["LaunchTemplate"]["LaunchTemplateId"]
    return lambda n: tenant.ec2.create_launch_template_version(
        LaunchTemplateId=made, LaunchTemplateData={"InstanceType": "t3.small"})


def with_groups(tenant):
    groups = [tenant.group(), tenant.ec2.create_security_group(GroupName="x", Description="d")["GroupId"]]
    return lambda n: tenant.ec2.create_network_interface(SubnetId=tenant.subnet, Groups=groups)


def with_volume(tenant, call):
    volume = tenant.free_volume()
    return lambda n: call(volume)


def stopped_launch(tenant):
    """Instances that are stopped use no processors, and stay in the account."""
    instance = tenant.launch(0)["Instances"][0]["InstanceId"]
    quick = {"Delay": 0.1, "MaxAttempts": 200}
    tenant.ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig=quick)
    tenant.ec2.stop_instances(InstanceIds=[instance])
    tenant.ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig=quick)


@pytest.mark.parametrize("quota", sorted(CASES))
def test_a_quota_holds_and_what_it_refuses_leaves_nothing(small, quota):
    prepare, code, allowed = CASES[quota]
    tenant = Tenant(small)
    assert tenant.until_refused(prepare(tenant), SMALL[quota] + 2) == (code, allowed)


def test_every_quota_that_may_be_set_is_tested():
    told = subprocess.run([binary(), "up", "--help"], capture_output=True, text=True, check=True).stdout
    words = re.sub(r"\s+", " ", told)
    names = set(re.search(r"NAME=COUNT \(repeatable\): (.*?)\.", words)[1].split(", "))
    alike = {name for name in names if name.startswith(("vcpus-", "storage-gib-"))}
    assert set(SMALL) <= names and names - alike - ELSEWHERE <= set(CASES)


def test_what_stops_running_gives_its_processors_back(small):
    tenant = Tenant(small)
    instances = [tenant.launch(number)["Instances"][0]["InstanceId"] for number in range(3)]
    quick = {"Delay": 0.1, "MaxAttempts": 200}
    tenant.ec2.get_waiter("instance_running").wait(InstanceIds=instances, WaiterConfig=quick)
    tenant.ec2.stop_instances(InstanceIds=instances[:1])
    tenant.ec2.get_waiter("instance_stopped").wait(InstanceIds=instances[:1], WaiterConfig=quick)
    fourth = tenant.launch(0)["Instances"][0]["InstanceId"]
    answer = tenant.account.ask("StartInstances", {"InstanceId.1": instances[0]})
    assert (answer.code, answer.status) == ("VcpuLimitExceeded", 400)
    tenant.ec2.terminate_instances(InstanceIds=[fourth])
    assert tenant.account.ask("StartInstances", {"InstanceId.1": instances[0]}).status == 200


def test_as_many_are_launched_as_the_quota_allows(small):
    tenant = Tenant(small)
    made = tenant.ec2.run_instances(ImageId=tenant.image, InstanceType="t3.micro", MinCount=1, MaxCount=4)["Instances"]
    assert len(made) == 3


def test_a_volume_that_grows_or_changes_its_type_counts_as_what_it_becomes(small):
    tenant = Tenant(small)
    volume = tenant.free_volume()
    tenant.volume(0, Size=20)
    refused = tenant.account.ask("ModifyVolume", {"VolumeId": volume, "Size": "11"})
    assert (refused.code, refused.status) == ("VolumeLimitExceeded", 400)
    assert tenant.account.ask("ModifyVolume", {"VolumeId": volume, "Size": "10"}).status == 200
    assert tenant.account.ask("CreateVolume", {"AvailabilityZone": "us-east-1a", "Size": "1", "VolumeType": "gp3"}).code \
        == "VolumeLimitExceeded"


def test_quotas_are_told_where_aws_tells_them(small):
    ec2 = small.new_account().ec2
    told = {attribute["AttributeName"]: attribute["AttributeValues"][0]["AttributeValue"]
            for attribute in ec2.describe_account_attributes()["AccountAttributes"]}
    assert (told["max-instances"], told["max-elastic-ips"], told["vpc-max-elastic-ips"]) == ("4", "1", "1")
    assert told["vpc-max-security-groups-per-interface"] == "1"


def test_limits_tell_each_bound_and_what_an_account_has_of_it(small):
    tenant = Tenant(small)
    tenant.launch(0, count=2)
    tenant.volume(0, Size=7)
    told = {line["quota"]: (line["use"], line["limit"]) for line in json.loads(
        small.command("limits", tenant.account.id, "--json").stdout)}
    assert {name: limit for name, (_, limit) in told.items() if name in SMALL} == SMALL
    assert (told["instances"], told["vcpus-standard"], told["vcpus-g"]) == ((2, 4), (4, 6), (0, 4))
    assert told["storage-gib-gp3"][0] + told["storage-gib-gp2"][0] == 2 * 8 + 7 and told["vpcs"] == (1, 2) and told["network-interfaces"] == (2, 8)
    assert told["subnets-per-vpc"] == (3, 4)
    lines = small.command("limits", tenant.account.id, "--used").stdout.splitlines()
    assert lines[0].split() == ["quota", "use", "limit"] and any(line.split() == ["instances", "2", "4"] for line in lines)
    assert not any(line.split()[1] == "0" for line in lines[1:])
    refused = small.command("limits", "999999999999", check=False)
    assert refused.returncode == 1 and "no account" in refused.stderr
