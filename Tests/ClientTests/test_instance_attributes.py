"""Every attribute of an instance: described, changed in the states in which AWS lets it, read back, and reset."""

import pytest
from botocore.exceptions import ClientError

from apus_testing import model
from apus_testing.waiting import quick


@pytest.fixture
def instance(ec2, image):
    id = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    return id


def stop(ec2, id):
    ec2.stop_instances(InstanceIds=[id])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=quick())


def attribute(ec2, id, name):
    """The one member that is answered, besides the id."""
    answer = ec2.describe_instance_attribute(InstanceId=id, Attribute=name)
    members = {key: value for key, value in answer.items() if key not in ("InstanceId", "ResponseMetadata")}
    assert answer["InstanceId"] == id and len(members) <= 1, members
    return next(iter(members.values()), None)


def refusal(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return refused.value.response["Error"]["Code"]


def test_each_attribute_of_the_model_is_told_alone(ec2, instance):
    shown = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    told = {name: attribute(ec2, instance, name)
            for name in model.inputs("DescribeInstanceAttribute")["Attribute"].enum}
    assert len(told) == 16
    assert told["instanceType"] == {"Value": "t3.micro"}
    assert told["userData"] in ({}, None) and told["kernel"] in ({}, None) and told["ramdisk"] in ({}, None)
    assert told["disableApiTermination"] == told["disableApiStop"] == {"Value": False}
    assert told["instanceInitiatedShutdownBehavior"] == {"Value": "stop"}
    assert told["rootDeviceName"] == {"Value": shown["RootDeviceName"]}
    assert told["blockDeviceMapping"] == shown["BlockDeviceMappings"]
    assert told["productCodes"] in ([], None)
    assert told["sourceDestCheck"] == {"Value": True} and shown["SourceDestCheck"]
    assert told["groupSet"] == shown["SecurityGroups"]
    assert told["ebsOptimized"] == {"Value": shown["EbsOptimized"]}
    assert told["sriovNetSupport"] == {"Value": shown["SriovNetSupport"]} and told["enaSupport"] == {"Value": True}
    assert told["enclaveOptions"] == {"Enabled": False}


def test_what_the_guest_begins_with_changes_while_it_is_stopped(ec2, instance):
    modify = ec2.modify_instance_attribute
    changes = [
        ("instanceType", {"InstanceType": {"Value": "t3.small"}}, {"Value": "t3.small"}),
        ("userData", {"UserData": {"Value": b"#!/bin/sh\n"}}, {"Value": "IyEvYmluL3NoCg=="}),
        ("ebsOptimized", {"EbsOptimized": {"Value": True}}, {"Value": True})]
    for name, change, _ in changes:
        assert refusal(modify, InstanceId=instance, **change) == "IncorrectInstanceState", name
    stop(ec2, instance)
    for name, change, wanted in changes:
        modify(InstanceId=instance, **change)
        assert attribute(ec2, instance, name) == wanted
    modify(InstanceId=instance, UserData={"Value": b""})
    assert attribute(ec2, instance, "userData") in ({}, None)
    assert refusal(modify, InstanceId=instance, InstanceType={"Value": "x9.huge"}) == "InvalidInstanceAttributeValue"
    ec2.start_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig=quick())
    shown = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert (shown["InstanceType"], shown["EbsOptimized"]) == ("t3.small", True)


def test_what_guards_it_changes_at_any_time_and_is_obeyed(ec2, instance, refused):
    modify = ec2.modify_instance_attribute
    modify(InstanceId=instance, DisableApiStop={"Value": True})
    modify(InstanceId=instance, Attribute="disableApiTermination", Value="true")
    assert attribute(ec2, instance, "disableApiStop") == attribute(ec2, instance, "disableApiTermination") == {"Value": True}
    with refused("OperationNotPermitted", 400):
        ec2.stop_instances(InstanceIds=[instance])
    with refused("OperationNotPermitted", 400):
        ec2.terminate_instances(InstanceIds=[instance])
    ec2.reboot_instances(InstanceIds=[instance])
    modify(InstanceId=instance, DisableApiStop={"Value": False})
    stop(ec2, instance)
    modify(InstanceId=instance, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[instance])


def test_network_shutdown_and_volumes_change_at_any_time(ec2, instance):
    modify = ec2.modify_instance_attribute
    modify(InstanceId=instance, InstanceInitiatedShutdownBehavior={"Value": "terminate"})
    assert attribute(ec2, instance, "instanceInitiatedShutdownBehavior") == {"Value": "terminate"}
    modify(InstanceId=instance, SourceDestCheck={"Value": False})
    assert attribute(ec2, instance, "sourceDestCheck") == {"Value": False}
    ec2.reset_instance_attribute(InstanceId=instance, Attribute="sourceDestCheck")
    assert attribute(ec2, instance, "sourceDestCheck") == {"Value": True}
    vpc = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="another", Description="d", VpcId=vpc)["GroupId"]
    modify(InstanceId=instance, Groups=[group])
    assert attribute(ec2, instance, "groupSet") == [{"GroupId": group, "GroupName": "another"}]
    root = attribute(ec2, instance, "rootDeviceName")["Value"]
    modify(InstanceId=instance, BlockDeviceMappings=[{"DeviceName": root, "Ebs": {"DeleteOnTermination": False}}])
    assert [mapping["Ebs"]["DeleteOnTermination"] for mapping in attribute(ec2, instance, "blockDeviceMapping")] == [False]
    assert refusal(modify, InstanceId=instance, BlockDeviceMappings=[
        {"DeviceName": "/dev/sdz", "Ebs": {"DeleteOnTermination": False}}]) == "InvalidInstanceAttributeValue"


def test_what_cannot_be_is_refused_and_changes_nothing(ec2, instance):
    modify, reset = ec2.modify_instance_attribute, ec2.reset_instance_attribute
    refusals = [
        ({}, "InvalidParameterCombination"),
        ({"DisableApiStop": {"Value": True}, "SourceDestCheck": {"Value": False}}, "InvalidParameterCombination"),
        ({"Kernel": {"Value": "aki-00000000"}}, "UnsupportedOperation"),
        ({"Ramdisk": {"Value": "ari-00000000"}}, "UnsupportedOperation"),
        ({"SriovNetSupport": {"Value": "simple"}}, "UnsupportedOperation"),
        ({"EnaSupport": {"Value": False}}, "UnsupportedOperation"),
        ({"Groups": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
        ({"InstanceInitiatedShutdownBehavior": {"Value": "sleep"}}, "InvalidParameterValue"),
        ({"Attribute": "rootDeviceName", "Value": "/dev/sdb"}, "InvalidParameterValue"),
        ({"Attribute": "disableApiStop", "Value": "maybe"}, "InvalidParameterValue")]
    before = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    for change, code in refusals:
        assert refusal(modify, InstanceId=instance, **change) == code, change
    for name in set(model.inputs("ResetInstanceAttribute")["Attribute"].enum) - {"sourceDestCheck"}:
        wanted = "UnsupportedOperation" if name in ("kernel", "ramdisk") else "InvalidParameterValue"
        assert refusal(reset, InstanceId=instance, Attribute=name) == wanted, name
    assert ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0] == before
    ec2.terminate_instances(InstanceIds=[instance])
    assert refusal(modify, InstanceId=instance, DisableApiStop={"Value": True}) == "IncorrectInstanceState"
