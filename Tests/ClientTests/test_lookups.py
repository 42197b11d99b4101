"""Look-ups by boto3: regions, zones, types, images; and tags, addresses and volumes as clients use them."""

import pytest


def test_the_region_and_its_zones_are_there(ec2):
    assert "us-east-1" in {region["RegionName"] for region in ec2.describe_regions()["Regions"]}
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert len(zones) >= 2
    for zone in zones:
        assert zone["State"] == "available" and zone["ZoneName"].startswith("us-east-1")
        assert zone["ZoneId"].startswith("use1-az") and zone["ZoneType"] == "availability-zone"


def test_types_are_found_by_name_and_by_what_they_have(ec2):
    micro = ec2.describe_instance_types(InstanceTypes=["t3.micro"])["InstanceTypes"][0]
    assert micro["VCpuInfo"]["DefaultVCpus"] == 2 and micro["MemoryInfo"]["SizeInMiB"] == 1024
    assert micro["ProcessorInfo"]["SupportedArchitectures"] == ["x86_64"]
    pages = ec2.get_paginator("describe_instance_types").paginate(Filters=[
        {"Name": "memory-info.size-in-mib", "Values": ["1024"]}, {"Name": "instance-type", "Values": ["t3*.*"]}])
    assert "t3.micro" in {one["InstanceType"] for page in pages for one in page["InstanceTypes"]}


def test_a_type_that_does_not_exist_is_refused(ec2, refused):
    with refused("InvalidInstanceType", 400):
        ec2.describe_instance_types(InstanceTypes=["t3.enormous"])


def test_types_are_offered_per_zone(ec2):
    zones = {zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]}
    offered = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["t3.micro"]}])
    assert {one["Location"] for one in offered["InstanceTypeOfferings"]} == zones


def test_images_of_amazon_are_found_and_carry_what_clients_need(ec2):
    images = ec2.describe_images(Owners=["amazon"])["Images"]
    assert images
    for image in images:
        assert image["ImageOwnerAlias"] == "amazon" and image["Public"]
        assert image["RootDeviceName"].startswith("/dev/") and image["CreationDate"].endswith("Z")
        if image["RootDeviceType"] == "ebs":
            root = [one for one in image["BlockDeviceMappings"] if one["DeviceName"] == image["RootDeviceName"]]
            assert root[0]["Ebs"]["SnapshotId"].startswith("snap-") and root[0]["Ebs"]["VolumeSize"] > 0


def test_images_of_ones_own_are_told_apart(ec2, image, stranger, refused):
    snapshot = ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    made = ec2.register_image(
        Name="mine", Architecture="x86_64", RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}])["ImageId"]
    assert [one["ImageId"] for one in ec2.describe_images(Owners=["self"])["Images"]] == [made]
    with refused("InvalidAMIID.NotFound", 400):
        stranger.ec2.describe_images(ImageIds=[made])
    ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": [{"UserId": stranger.id}]})
    assert stranger.ec2.describe_images(ExecutableUsers=["self"])["Images"][0]["ImageId"] == made
    ec2.deregister_image(ImageId=made)
    assert ec2.describe_images(Owners=["self"])["Images"] == []


def test_tags_are_set_over_and_taken_away(ec2):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]

    def tags():
        return {tag["Key"]: tag["Value"] for tag in ec2.describe_tags(
            Filters=[{"Name": "resource-id", "Values": [vpc]}])["Tags"]}
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "\u00e9\u4e2d"}])
    assert tags() == {"a": "\u00e9\u4e2d", "b": "2"}
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "b", "Value": "other"}])
    assert "b" in tags()
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "b"}])
    assert tags() == {"a": "\u00e9\u4e2d"}


@pytest.mark.parametrize("tags, code", [
    ([{"Key": "aws:x", "Value": "y"}], "InvalidParameterValue"),
    ([{"Key": "k" * 129, "Value": "y"}], "InvalidParameterValue"),
    ([{"Key": "k", "Value": "v" * 257}], "InvalidParameterValue"),
    ([{"Key": f"k{number}", "Value": ""} for number in range(51)], "TagLimitExceeded")])
def test_tags_that_aws_does_not_allow_are_refused(ec2, refused, tags, code):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    with refused(code, 400):
        ec2.create_tags(Resources=[vpc], Tags=tags)
    assert ec2.describe_tags()["Tags"] == []


def test_an_address_is_allocated_and_released_and_gone(ec2, refused):
    made = ec2.allocate_address(Domain="vpc")
    assert made["PublicIp"].startswith("198.1") and made["Domain"] == "vpc"
    assert ec2.describe_addresses(PublicIps=[made["PublicIp"]])["Addresses"][0]["AllocationId"] == made["AllocationId"]
    ec2.release_address(AllocationId=made["AllocationId"])
    with refused("InvalidAllocationID.NotFound", 400):
        ec2.release_address(AllocationId=made["AllocationId"])


def test_an_address_in_use_is_not_released(ec2, image, refused):
    instance, other = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=2, MaxCount=2)["Instances"]
    ec2.get_waiter("instance_running").wait(
        InstanceIds=[instance["InstanceId"], other["InstanceId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    made = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=made["AllocationId"], InstanceId=instance["InstanceId"])
    with refused("InvalidIPAddress.InUse", 400):
        ec2.release_address(AllocationId=made["AllocationId"])
    with refused("Resource.AlreadyAssociated", 400):
        ec2.associate_address(AllocationId=made["AllocationId"], AllowReassociation=False,
                              NetworkInterfaceId=other["NetworkInterfaces"][0]["NetworkInterfaceId"])


def test_the_account_tells_its_attributes(ec2):
    told = {one["AttributeName"]: one["AttributeValues"][0]["AttributeValue"]
            for one in ec2.describe_account_attributes()["AccountAttributes"]}
    assert told["supported-platforms"] == "VPC"
    assert told["default-vpc"] == ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
