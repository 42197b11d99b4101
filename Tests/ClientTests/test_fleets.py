"""Instant fleets by boto3: spread over types by price and weight, honest about what could not be launched."""

import pytest

CHEAP, DEAR = "t3.micro", "m5.large"


@pytest.fixture
def template(ec2, image):
    return ec2.create_launch_template(LaunchTemplateName="fleet", LaunchTemplateData={
        "ImageId": image, "InstanceType": CHEAP,
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "a"}]}],
    })["LaunchTemplate"]["LaunchTemplateId"]


@pytest.fixture
def launch(ec2, template):
    def launch(count, *overrides, default="on-demand", **more):
        configuration = {"LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "$Latest"}}
        if overrides:
            configuration["Overrides"] = list(overrides)
        target = {"TotalTargetCapacity": count, "DefaultTargetCapacityType": default, **more.pop("target", {})}
        return ec2.create_fleet(
            Type="instant", LaunchTemplateConfigs=[configuration], TargetCapacitySpecification=target, **more)
    return launch


def counts(fleet):
    return {one["InstanceType"]: len(one["InstanceIds"]) for one in fleet["Instances"]}


def test_a_fleet_launches_the_cheapest_and_tells_what_was_launched(ec2, launch):
    made = launch(2, {"InstanceType": DEAR}, {"InstanceType": CHEAP}, TagSpecifications=[
        {"ResourceType": "fleet", "Tags": [{"Key": "kind", "Value": "f"}]},
        {"ResourceType": "instance", "Tags": [{"Key": "of", "Value": "fleet"}]}])
    assert counts(made) == {CHEAP: 2} and made["Errors"] == []
    assert ec2.describe_fleets()["Fleets"] == [], "an instant fleet shows only where it is named"
    told = ec2.describe_fleets(FleetIds=[made["FleetId"]])["Fleets"][0]
    assert (told["FleetState"], told["Type"], told["ActivityStatus"]) == ("active", "instant", "fulfilled")
    assert told["FulfilledCapacity"] == 2 and told["Tags"] == [{"Key": "kind", "Value": "f"}]
    assert [one["InstanceType"] for one in told["LaunchTemplateConfigs"][0]["Overrides"]] == [DEAR, CHEAP]
    ids = [one["InstanceId"] for one in ec2.describe_fleet_instances(FleetId=made["FleetId"])["ActiveInstances"]]
    instances = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"]
    tags = {tag["Key"]: tag["Value"] for tag in instances[0]["Tags"]}
    assert (tags["team"], tags["of"], tags["aws:ec2:fleet-id"]) == ("a", "fleet", made["FleetId"])
    deleted = ec2.delete_fleets(FleetIds=[made["FleetId"]], TerminateInstances=True)["SuccessfulFleetDeletions"][0]
    assert deleted["CurrentFleetState"] == "deleted_terminating"
    ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert ec2.describe_fleets(FleetIds=[made["FleetId"]])["Fleets"][0]["FleetState"] == "deleted"


def test_weights_count_and_priorities_come_first_where_they_are_asked_for(launch):
    weighted = launch(5, {"InstanceType": CHEAP, "WeightedCapacity": 2})
    assert counts(weighted) == {CHEAP: 3}
    by_priority = launch(
        1, {"InstanceType": CHEAP, "Priority": 2}, {"InstanceType": DEAR, "Priority": 1},
        OnDemandOptions={"AllocationStrategy": "prioritized"})
    assert counts(by_priority) == {DEAR: 1}


def test_weights_and_prices_may_be_beyond_all_measure(launch):
    light = launch(1, {"InstanceType": DEAR, "WeightedCapacity": 1e-300}, OnDemandOptions={"MaxTotalPrice": "0.4"})
    assert 1 <= counts(light)[DEAR] <= 4
    assert counts(launch(1, OnDemandOptions={"MaxTotalPrice": "1e300"})) == {CHEAP: 1}


def test_a_fleet_is_fulfilled_once_all_is_asked_for_whatever_was_launched(ec2, launch):
    fleet = launch(1, {"InstanceType": "mac1.metal"})["FleetId"]
    told = ec2.describe_fleets(FleetIds=[fleet])["Fleets"][0]
    assert (told["ActivityStatus"], told["FulfilledCapacity"]) == ("fulfilled", 0)


def test_attributes_stand_for_the_types_that_have_them(launch):
    wanted = {"VCpuCount": {"Min": 2, "Max": 2}, "MemoryMiB": {"Min": 8192, "Max": 8192}, "AllowedInstanceTypes": ["m5*"]}
    made = launch(1, {"InstanceRequirements": wanted})
    assert [one.startswith("m5") and one.endswith(".large") for one in counts(made)] == [True]


def test_what_cannot_be_launched_is_told_and_the_rest_is_launched(launch):
    made = launch(1, {"InstanceType": "mac1.metal", "Priority": 1}, {"InstanceType": CHEAP, "Priority": 2},
                  OnDemandOptions={"AllocationStrategy": "prioritized"})
    assert counts(made) == {CHEAP: 1}
    assert [(one["Lifecycle"], one["LaunchTemplateAndOverrides"]["Overrides"]["InstanceType"]) for one in made["Errors"]] == [
        ("on-demand", "mac1.metal")]
    nothing = launch(2, {"InstanceType": "mac1.metal"}, OnDemandOptions={
        "SingleInstanceType": True, "MinTargetCapacity": 2})
    assert nothing["Instances"] == [] and nothing["Errors"][0]["ErrorCode"]


def test_part_of_a_fleet_is_spot_instances(ec2, launch):
    made = launch(3, default="spot", target={"OnDemandTargetCapacity": 1}, SpotOptions={"AllocationStrategy": "diversified"})
    assert {one["Lifecycle"]: len(one["InstanceIds"]) for one in made["Instances"]} == {"on-demand": 1, "spot": 2}
    active = ec2.describe_fleet_instances(FleetId=made["FleetId"])["ActiveInstances"]
    assert len([one for one in active if one.get("SpotInstanceRequestId")]) == 2


def test_other_fleets_and_other_deletions_are_refused(ec2, launch, template, refused):
    configuration = [{"LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"}}]
    for type in ("maintain", "request"):
        with refused("UnsupportedOperation", 400):
            ec2.create_fleet(Type=type, LaunchTemplateConfigs=configuration,
                             TargetCapacitySpecification={"TotalTargetCapacity": 1})
    made = launch(0)["FleetId"]
    failed = ec2.delete_fleets(FleetIds=[made, "fleet-0123456789abcdef0", "x"], TerminateInstances=False)
    assert [one["Error"]["Code"] for one in failed["UnsuccessfulFleetDeletions"]] == [
        "NoTerminateInstancesNotSupported", "fleetIdDoesNotExist", "fleetIdMalformed"]
    with refused("UnsupportedOperation", 400):
        launch(1, {"InstanceType": CHEAP, "Placement": {"AvailabilityZone": "us-east-1a"}})
    with refused("InvalidTargetCapacitySpecification", 400):
        launch(1, target={"OnDemandTargetCapacity": 2})
