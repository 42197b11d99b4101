"""The life of an instance, by boto3 with its waiters and paginators and by the aws command line."""

import base64

import pytest

from apus_testing.waiting import eventually, quick


@pytest.fixture
def instance(ec2, image):
    launched = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]},
                           {"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "root"}]}])
    id = launched["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    return id


def describe(ec2, id):
    return ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]


def test_a_launch_answers_pending_and_the_waiters_follow_it_to_its_end(ec2, image):
    launched = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    id = launched["InstanceId"]
    assert launched["State"] == {"Code": 0, "Name": "pending"}
    for waiter in ("instance_exists", "instance_running", "instance_status_ok"):
        ec2.get_waiter(waiter).wait(InstanceIds=[id], WaiterConfig=quick())
    stopping = ec2.stop_instances(InstanceIds=[id])["StoppingInstances"][0]
    assert (stopping["PreviousState"]["Name"], stopping["CurrentState"]["Name"]) == ("running", "stopping")
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=quick())
    ec2.start_instances(InstanceIds=[id])
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    ec2.terminate_instances(InstanceIds=[id])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[id], WaiterConfig=quick())
    assert describe(ec2, id)["State"] == {"Code": 48, "Name": "terminated"}


def test_the_whole_journey_by_the_aws_command_line(account, image):
    aws = account.aws
    group = aws("ec2", "create-security-group", "--group-name", "cli", "--description", "cli")["GroupId"]
    aws("ec2", "authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "22",
        "--cidr", "0.0.0.0/0")
    id = aws("ec2", "run-instances", "--image-id", image, "--instance-type", "t3.micro", "--security-group-ids", group,
             "--user-data", "#!/bin/sh\necho hello", "--query", "Instances[0].InstanceId")
    eventually(lambda: aws("ec2", "describe-instances", "--instance-ids", id,
                           "--query", "Reservations[0].Instances[0].State.Name") == "running", "it runs", every=0.5)
    kept = aws("ec2", "describe-instance-attribute", "--instance-id", id, "--attribute", "userData")
    assert base64.b64decode(kept["UserData"]["Value"]).startswith(b"#!/bin/sh")
    aws("ec2", "terminate-instances", "--instance-ids", id)
    eventually(lambda: aws("ec2", "describe-instances", "--instance-ids", id,
                           "--query", "Reservations[0].Instances[0].State.Name") == "terminated", "it is gone", every=0.5)


def test_its_tags_volume_and_interface_are_found_by_filters(ec2, instance):
    found = describe(ec2, instance)
    volume = found["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    by_tag = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["we?"]}])["Reservations"]
    assert [one["InstanceId"] for one in by_tag[0]["Instances"]] == [instance]
    attached = ec2.describe_volumes(
        Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])["Volumes"]
    assert [one["VolumeId"] for one in attached] == [volume]
    assert attached[0]["Tags"] == [{"Key": "Name", "Value": "root"}]
    interfaces = ec2.describe_network_interfaces(
        Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])["NetworkInterfaces"]
    assert interfaces[0]["PrivateIpAddress"] == found["PrivateIpAddress"]


def test_an_elastic_address_takes_the_place_of_the_public_one_and_gives_it_back(ec2, instance):
    first = describe(ec2, instance)["PublicIpAddress"]
    allocated = ec2.allocate_address(Domain="vpc")
    association = ec2.associate_address(
        AllocationId=allocated["AllocationId"], InstanceId=instance)["AssociationId"]
    assert describe(ec2, instance)["PublicIpAddress"] == allocated["PublicIp"] != first
    ec2.disassociate_address(AssociationId=association)
    assert describe(ec2, instance).get("PublicIpAddress") != allocated["PublicIp"]
    ec2.release_address(AllocationId=allocated["AllocationId"])


def test_protection_holds_until_it_is_taken_off(ec2, instance, refused):
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
    with refused("OperationNotPermitted", 400):
        ec2.terminate_instances(InstanceIds=[instance])
    assert describe(ec2, instance)["State"]["Name"] == "running"
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[instance])


def test_the_type_changes_only_while_it_is_stopped(ec2, instance, refused):
    with refused("IncorrectInstanceState", 400):
        ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": "t3.small"})
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig=quick())
    ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": "t3.small"})
    assert describe(ec2, instance)["InstanceType"] == "t3.small"


def test_a_repeated_client_token_launches_once_and_another_request_with_it_is_refused(ec2, image, refused):
    request = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 2, "MaxCount": 2, "ClientToken": "once"}
    first, second = ec2.run_instances(**request), ec2.run_instances(**request)
    assert first["ReservationId"] == second["ReservationId"]
    assert [one["InstanceId"] for one in first["Instances"]] == [one["InstanceId"] for one in second["Instances"]]
    with refused("IdempotentParameterMismatch", 400):
        ec2.run_instances(**request | {"MaxCount": 3})
    pages = ec2.get_paginator("describe_instances").paginate()
    assert sum(len(reservation["Instances"]) for page in pages for reservation in page["Reservations"]) == 2


def test_pages_hold_each_instance_once_while_others_end(ec2, image):
    ids = {one["InstanceId"] for one in ec2.run_instances(
        ImageId=image, InstanceType="t3.nano", MinCount=17, MaxCount=17)["Instances"]}
    more = {ec2.run_instances(ImageId=image, InstanceType="t3.nano", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
            for _ in range(8)}
    seen = []
    for page in ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5}):
        seen += [one["InstanceId"] for reservation in page["Reservations"] for one in reservation["Instances"]]
        if more:
            ec2.terminate_instances(InstanceIds=[more.pop()])
    assert len(seen) == len(set(seen)) and ids <= set(seen)


def test_a_dry_run_says_that_it_would_have_worked_and_changes_nothing(ec2, image, refused):
    with refused("DryRunOperation", 412):
        ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, DryRun=True)
    assert ec2.describe_instances()["Reservations"] == []


def test_too_much_for_any_host_is_refused_as_a_lack_of_capacity_and_nothing_is_made(ec2, image, refused):
    with refused("InsufficientInstanceCapacity", 500):
        ec2.run_instances(ImageId=image, InstanceType="m5.metal", MinCount=1, MaxCount=1)
    assert ec2.describe_instances()["Reservations"] == []


def test_another_account_sees_and_reaches_nothing(ec2, instance, stranger, refused):
    assert stranger.ec2.describe_instances()["Reservations"] == []
    for call in (stranger.ec2.stop_instances, stranger.ec2.terminate_instances, stranger.ec2.describe_instances):
        with refused("InvalidInstanceID.NotFound", 400):
            call(InstanceIds=[instance])
    with refused("InvalidInstanceID.NotFound", 400):
        stranger.ec2.create_tags(Resources=[instance], Tags=[{"Key": "a", "Value": "b"}])
    assert describe(ec2, instance)["State"]["Name"] == "running"


def test_pages_of_named_instances_are_refused(ec2, instance, refused):
    with refused("InvalidParameterCombination", 400):
        ec2.describe_instances(InstanceIds=[instance], MaxResults=5)


def test_an_instance_with_its_root_on_instance_store_runs_reboots_and_neither_stops_nor_starts(ec2, refused):
    image = ec2.describe_images(
        Owners=["amazon"], Filters=[{"Name": "root-device-type", "Values": ["instance-store"]}])["Images"][0]["ImageId"]
    id = ec2.run_instances(ImageId=image, InstanceType="m1.small", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    shown = ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]
    assert (shown["RootDeviceType"], shown["RootDeviceName"]) == ("instance-store", "/dev/sda1")
    assert shown["BlockDeviceMappings"] == []
    with refused("UnsupportedOperation", 400):
        ec2.stop_instances(InstanceIds=[id])
    ec2.reboot_instances(InstanceIds=[id])
    ec2.terminate_instances(InstanceIds=[id])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[id], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
