"""AWS's own waiters, as botocore carries them, are content with every resource that the cloud speaks of."""

import re

import botocore.waiter
import botocore.session
import pytest
from apus_testing.conformance import shown

QUICK = {"Delay": 0.1, "MaxAttempts": 300}

# By whom nothing can be waited for here, and why.
NEVER = {"PasswordDataAvailable": "no Windows guest writes its password to the console"}


@pytest.fixture(scope="module")
def waiters():
    """AWS's waiters by name, with the action that each asks."""
    loaded = botocore.waiter.WaiterModel(
        botocore.session.get_session().get_component("data_loader").load_service_model("ec2", "waiters-2"))
    return {name: loaded.get_waiter(name).operation for name in loaded.waiter_names}


def launched(w):
    return w.account.ec2.run_instances(
        ImageId=w.image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]


def running(w):
    instance = launched(w)
    w.account.ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig=QUICK)
    return instance


def stopping(w):
    instance = running(w)
    w.account.ec2.stop_instances(InstanceIds=[instance])
    return instance


def ending(w):
    instance = running(w)
    w.account.ec2.terminate_instances(InstanceIds=[instance])
    return instance


def volume(w):
    return w.account.ec2.create_volume(AvailabilityZone=w.zone, Size=1)["VolumeId"]


def free_volume(w):
    made = volume(w)
    w.account.ec2.get_waiter("volume_available").wait(VolumeIds=[made], WaiterConfig=QUICK)
    return made


def attached(w):
    made = free_volume(w)
    w.account.ec2.attach_volume(VolumeId=made, InstanceId=w.instance, Device="/dev/sdz")
    return made


def deleted(w):
    made = free_volume(w)
    w.account.ec2.delete_volume(VolumeId=made)
    return made


def new_vpc(w):
    return w.account.ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]


def copied_image(w):
    return w.account.ec2.copy_image(Name="waited", SourceImageId=w.own_image, SourceRegion="us-east-1")["ImageId"]


# What is done before each waiter, and what it is asked to wait for.
WAITS = {
    "ImageAvailable": lambda w: {"ImageIds": [copied_image(w)]},
    "ImageExists": lambda w: {"ImageIds": [w.own_image]},
    "InstanceExists": lambda w: {"InstanceIds": [launched(w)]},
    "InstanceRunning": lambda w: {"InstanceIds": [launched(w)]},
    "InstanceStatusOk": lambda w: {"InstanceIds": [launched(w)]},
    "InstanceStopped": lambda w: {"InstanceIds": [stopping(w)]},
    "InstanceTerminated": lambda w: {"InstanceIds": [ending(w)]},
    "InternetGatewayExists": lambda w: {"InternetGatewayIds": [w.gateway]},
    "KeyPairExists": lambda w: {"KeyNames": ["world"]},
    "NetworkInterfaceAvailable": lambda w: {"NetworkInterfaceIds": [
        w.account.ec2.create_network_interface(SubnetId=w.subnet)["NetworkInterface"]["NetworkInterfaceId"]]},
    "SecurityGroupExists": lambda w: {"GroupIds": [w.group]},
    "SnapshotCompleted": lambda w: {"SnapshotIds": [
        w.account.ec2.create_snapshot(VolumeId=w.free_volume)["SnapshotId"]]},
    "SpotInstanceRequestFulfilled": lambda w: {"SpotInstanceRequestIds": [
        w.account.ec2.request_spot_instances(LaunchSpecification={"ImageId": w.image, "InstanceType": "t3.micro"})[
            "SpotInstanceRequests"][0]["SpotInstanceRequestId"]]},
    "SubnetAvailable": lambda w: {"SubnetIds": [
        w.account.ec2.create_subnet(VpcId=w.vpc, CidrBlock="10.20.77.0/24")["Subnet"]["SubnetId"]]},
    "SystemStatusOk": lambda w: {"InstanceIds": [launched(w)]},
    "VolumeAvailable": lambda w: {"VolumeIds": [volume(w)]},
    "VolumeDeleted": lambda w: {"VolumeIds": [deleted(w)]},
    "VolumeInUse": lambda w: {"VolumeIds": [attached(w)]},
    "VpcAvailable": lambda w: {"VpcIds": [new_vpc(w)]},
    "VpcExists": lambda w: {"VpcIds": [w.vpc]},
}


def test_each_of_awss_waiters_for_what_is_spoken_has_a_line_here(waiters, actions):
    due = {name for name, action in waiters.items() if action in actions}
    assert due - set(WAITS) - set(NEVER) == set()


@pytest.mark.parametrize("name", sorted(WAITS))
def test_a_waiter_of_aws_comes_to_its_end(spent, waiters, actions, name):
    if waiters.get(name) not in actions:
        pytest.skip(f"{waiters.get(name)} is not spoken")
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    spent.account.ec2.get_waiter(snake).wait(WaiterConfig=QUICK, **WAITS[name](spent))
    shown(waiters[name], f"waiter {name}")


@pytest.mark.parametrize("name,parameters", [
    ("VolumeDeleted", {"VolumeIds": ["vol-0123456789abcdef0"]})])
def test_a_waiter_takes_what_is_not_there_for_gone(spent, name, parameters):
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    spent.account.ec2.get_waiter(snake).wait(WaiterConfig=QUICK, **parameters)
