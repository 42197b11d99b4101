"""What reaches a real guest and what does not."""

import pytest

from apus_testing.waiting import eventually
from test_journey import metadata


@pytest.fixture(scope="module")
def pair(site):
    """Two guests of one VPC: the second in a group that lets the first one's group in at port 5000."""
    group = site.make_group("inner", [22])
    site.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 5000, "ToPort": 5000,
                                       "UserIdGroupPairs": [{"GroupId": site.group}]}])
    machines = site.launch(), site.launch(SecurityGroupIds=[group])
    for machine in machines:
        machine.wait("instance_running").wait_for_ssh()
    for machine in machines:
        for port in (5000, 5001, 8080):
            machine.ssh(f"mkdir -p w && echo page > w/index.html && busybox httpd -p {port} -h w")
    yield machines
    for machine in machines:
        machine.terminate()


def test_a_port_that_no_rule_names_does_not_answer(site, pair):
    assert site.lab.answers(pair[0].address, 22)
    assert not site.lab.answers(pair[0].address, 8080)


def test_a_rule_takes_effect_on_a_running_guest_and_so_does_its_end(site, pair):
    site.allow(site.group, 8080)
    eventually(lambda: site.lab.answers(pair[0].address, 8080), "the port is open", 10)
    site.revoke(site.group, 8080)
    eventually(lambda: not site.lab.answers(pair[0].address, 8080), "the port is closed", 10)


def test_a_group_named_as_source_lets_its_members_in_at_that_port_alone(pair):
    inner = pair[1].describe()["PrivateIpAddress"]
    assert pair[0].ssh(f"timeout 5 wget -qO- http://{inner}:5000/index.html") == "page"
    assert pair[0].ssh(f"timeout 3 wget -qO- http://{inner}:5001/index.html", check=False) == ""


def test_names_of_instances_resolve_and_unknown_names_fail_at_once(pair):
    name = pair[1].describe()["PrivateDnsName"]
    assert pair[1].describe()["PrivateIpAddress"] in pair[0].ssh(f"nslookup {name}")
    assert "yes" in pair[0].ssh("timeout 5 nslookup nowhere.invalid >/dev/null 2>&1; test $? -ne 124 -a $? -ne 143 && echo yes")


def test_a_guest_in_another_vpc_with_the_same_addresses_is_out_of_reach(site, pair):
    vpc = site.ec2.create_vpc(CidrBlock="172.31.0.0/16")["Vpc"]["VpcId"]
    subnet = site.ec2.create_subnet(VpcId=vpc, CidrBlock=block_of(site, pair[0]))["Subnet"]["SubnetId"]
    group = site.make_group("other", [22, 5000], vpc)
    taken = {machine.describe()["PrivateIpAddress"] for machine in pair}
    other = site.launch(SubnetId=subnet, SecurityGroupIds=[group]).wait("instance_running")
    address = other.describe()["PrivateIpAddress"]
    assert other.address is None
    assert address in taken or pair[0].ssh(f"ping -c 1 -W 1 {address} >/dev/null 2>&1 && echo reached", check=False) == ""
    other.terminate()
    site.ec2.delete_security_group(GroupId=group)
    site.ec2.delete_subnet(SubnetId=subnet)
    site.ec2.delete_vpc(VpcId=vpc)


def test_an_elastic_address_moves_between_guests(site, pair):
    address = site.ec2.allocate_address(Domain="vpc")
    for machine in pair:
        site.ec2.associate_address(
            AllocationId=address["AllocationId"], InstanceId=machine.id, AllowReassociation=True)
        eventually(lambda: machine.address == address["PublicIp"], "the API shows the address", 10)
        # A connection that began before the address moved hangs, as on AWS: it is given up early.
        eventually(lambda: machine.ssh("hostname", check=False, seconds=5) == machine.describe()["PrivateDnsName"],
                   "the address leads to the guest", 30)
    site.ec2.disassociate_address(
        AssociationId=site.ec2.describe_addresses(
            AllocationIds=[address["AllocationId"]])["Addresses"][0]["AssociationId"])
    site.ec2.release_address(AllocationId=address["AllocationId"])
    eventually(lambda: pair[1].address and site.lab.answers(pair[1].address, 22), "its own address is back", 15)


def test_packets_under_a_false_address_are_dropped(pair):
    target = pair[1].describe()["PrivateIpAddress"]
    false = target.rsplit(".", 1)[0] + ".250"
    pair[0].ssh(f"sudo ip addr add {false}/20 dev eth0")
    assert pair[0].ssh(f"ping -I {false} -c 2 -W 1 {target} >/dev/null 2>&1 && echo passed", check=False) == ""
    pair[0].ssh(f"sudo ip addr del {false}/20 dev eth0")


def test_metadata_wants_a_token_unless_the_options_say_otherwise(site, pair):
    plain = "wget -qO- http://169.254.169.254/latest/meta-data/instance-id"
    site.ec2.modify_instance_metadata_options(InstanceId=pair[0].id, HttpTokens="required")
    eventually(lambda: pair[0].ssh(plain, check=False) == "", "a token is wanted", 10)
    assert pair[0].ssh(metadata("meta-data/instance-id")) == pair[0].id
    site.ec2.modify_instance_metadata_options(InstanceId=pair[0].id, HttpTokens="optional")
    eventually(lambda: pair[0].ssh(plain, check=False) == pair[0].id, "no token is wanted", 10)


def test_the_same_request_from_two_guests_gets_two_answers(pair):
    assert [machine.ssh(metadata("meta-data/instance-id")) for machine in pair] == [machine.id for machine in pair]


def block_of(site, machine):
    subnet = machine.describe()["SubnetId"]
    return site.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["CidrBlock"]
