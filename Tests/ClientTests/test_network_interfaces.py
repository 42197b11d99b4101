"""Network interfaces of one's own: made, taken along by a launch, attached to a stopped instance, deleted."""

import pytest


@pytest.fixture
def subnet(ec2):
    return ec2.describe_subnets()["Subnets"][0]


@pytest.fixture
def interface(ec2, subnet):
    return ec2.create_network_interface(
        SubnetId=subnet["SubnetId"], Description="mine",
        TagSpecifications=[{"ResourceType": "network-interface", "Tags": [{"Key": "a", "Value": "b"}]}]
    )["NetworkInterface"]["NetworkInterfaceId"]


def shown(ec2, id):
    return ec2.describe_network_interfaces(NetworkInterfaceIds=[id])["NetworkInterfaces"][0]


def launch(ec2, image, **parameters):
    made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, **parameters)
    id = made["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return id


def test_a_new_one_is_available_and_shows_what_was_asked_for(ec2, interface, subnet):
    one = shown(ec2, interface)
    assert (one["Status"], one["Description"], one["SubnetId"]) == ("available", "mine", subnet["SubnetId"])
    assert one["TagSet"] == [{"Key": "a", "Value": "b"}] and "Attachment" not in one
    assert [group["GroupName"] for group in one["Groups"]] == ["default"]
    assert subnet["AvailableIpAddressCount"] - 1 == ec2.describe_subnets(
        SubnetIds=[subnet["SubnetId"]])["Subnets"][0]["AvailableIpAddressCount"]


def test_one_that_a_launch_takes_along_outlives_the_instance(ec2, image, interface, refused):
    address = shown(ec2, interface)["PrivateIpAddress"]
    instance = launch(ec2, image, NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}])
    described = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert described["PrivateIpAddress"] == address
    assert described["NetworkInterfaces"][0]["Attachment"]["DeleteOnTermination"] is False
    with refused("InvalidParameterValue", 400):
        ec2.delete_network_interface(NetworkInterfaceId=interface)
    with refused("InvalidNetworkInterface.InUse", 400):
        ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1,
                          NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}])
    ec2.terminate_instances(InstanceIds=[instance])
    quick = {"Delay": 1, "MaxAttempts": 60}
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance], WaiterConfig=quick)
    ec2.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[interface], WaiterConfig=quick)
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    with refused("InvalidNetworkInterfaceID.NotFound", 400):
        shown(ec2, interface)


def test_one_is_attached_to_a_stopped_instance_and_detached_again(ec2, image, interface, subnet, refused):
    instance = launch(ec2, image, SubnetId=subnet["SubnetId"])
    with refused("UnsupportedOperation", 400):
        ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=instance, DeviceIndex=1)
    quick = {"Delay": 1, "MaxAttempts": 60}
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig=quick)
    attachment = ec2.attach_network_interface(
        NetworkInterfaceId=interface, InstanceId=instance, DeviceIndex=1)["AttachmentId"]
    ec2.start_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig=quick)
    described = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert [one["Attachment"]["DeviceIndex"] for one in described["NetworkInterfaces"]] == [0, 1]
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig=quick)
    with refused("OperationNotPermitted", 400):
        ec2.detach_network_interface(AttachmentId=described["NetworkInterfaces"][0]["Attachment"]["AttachmentId"])
    ec2.detach_network_interface(AttachmentId=attachment)
    assert shown(ec2, interface)["Status"] == "available"


def test_resources_without_tags_show_an_empty_list_where_aws_does(ec2, image):
    launch(ec2, image)
    ec2.create_key_pair(KeyName="plain", KeyType="ed25519")
    assert ec2.describe_network_interfaces()["NetworkInterfaces"][0]["TagSet"] == []
    for method, key in (("internet_gateways", "InternetGateways"), ("route_tables", "RouteTables"),
                        ("network_acls", "NetworkAcls"), ("dhcp_options", "DhcpOptions"), ("key_pairs", "KeyPairs"),
                        ("security_group_rules", "SecurityGroupRules")):
        assert getattr(ec2, f"describe_{method}")()[key][0]["Tags"] == [], method
    assert "Tags" not in ec2.describe_vpcs()["Vpcs"][0]
