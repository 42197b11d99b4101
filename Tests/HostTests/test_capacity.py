"""Templates, fleets, groups, reservations, spot instances and events on real guests, on a host with room for two of them."""

import datetime
import json
import os

import pytest
from apus_testing.waiting import eventually

from conftest import Machine, Site
from test_journey import metadata

# A t3.nano has two processors.
ROOM = 4
NOTICE = 30


@pytest.fixture(scope="module")
def small(lab):
    cloud = lab.apus("small", "--public-pool", "198.19.0.0/16", "--processor-overcommit", str(ROOM / os.cpu_count()),
                     "--spot-notice", str(NOTICE))
    site = Site(lab, cloud)
    yield site
    site.cloud.down()
    assert site.cloud.processes() == []


@pytest.fixture
def template(small):
    data = {"ImageId": small.image, "InstanceType": "t3.nano", "KeyName": "test", "SecurityGroupIds": [small.group],
            "UserData": "IyEvYmluL3NoCmVjaG8gZnJvbS10aGUtdGVtcGxhdGUgPiAvdG9sZAo="}  # echo from-the-template > /told
    id = small.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
    yield id
    small.ec2.delete_launch_template(LaunchTemplateId=id)


@pytest.fixture
def machines(small):
    made = []
    yield made
    for machine in made:
        machine.terminate()


def running(machine):
    return machine.wait("instance_running").wait_for_ssh()


def seen(machine, path):
    return machine.ssh(metadata(f"meta-data/{path}"))


def everything(ec2):
    """What exists that a launch makes."""
    live = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    return (len(ec2.describe_instances(Filters=live)["Reservations"]), len(ec2.describe_volumes()["Volumes"]),
            len(ec2.describe_network_interfaces()["NetworkInterfaces"]))


def request(ec2, id):
    return ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[id])["SpotInstanceRequests"][0]


def test_a_fleet_of_two_from_a_template_fills_the_host(small, template, machines):
    specification = {"LaunchTemplateId": template, "Version": "$Latest"}
    fleet = small.ec2.create_fleet(
        Type="instant", LaunchTemplateConfigs=[{"LaunchTemplateSpecification": specification}],
        TargetCapacitySpecification={"TotalTargetCapacity": 2, "DefaultTargetCapacityType": "on-demand"})
    assert fleet.get("Errors", []) == []
    ids = [id for one in fleet["Instances"] for id in one["InstanceIds"]]
    assert len(ids) == 2
    machines += [Machine(small, id) for id in ids]
    for machine in machines:
        running(machine)
        eventually(lambda: machine.ssh("cat /told", check=False) == "from-the-template", "its user data ran")
        tags = {tag["Key"]: tag["Value"] for tag in machine.describe()["Tags"]}
        assert tags["aws:ec2launchtemplate:id"] == template
    before = everything(small.ec2)
    with pytest.raises(small.ec2.exceptions.ClientError) as refusal:
        small.launch()
    assert refusal.value.response["Error"]["Code"] == "InsufficientInstanceCapacity"
    assert everything(small.ec2) == before
    small.ec2.delete_fleets(FleetIds=[fleet["FleetId"]], TerminateInstances=True)
    for machine in machines:
        machine.wait("instance_terminated")


def test_a_spot_instance_reads_that_it_goes_and_gives_its_room_to_a_launch_on_demand(small, machines):
    specification = {"ImageId": small.image, "InstanceType": "t3.nano", "KeyName": "test", "SecurityGroupIds": [small.group]}
    spots = []
    for _ in range(2):
        id = small.ec2.request_spot_instances(
            LaunchSpecification=specification)["SpotInstanceRequests"][0]["SpotInstanceRequestId"]
        instance = eventually(lambda: request(small.ec2, id).get("InstanceId"), "it is fulfilled")
        machines.append(running(Machine(small, instance)))
        spots.append((machines[-1], id))
    (older, kept), (newer, lost) = spots
    assert seen(newer, "instance-life-cycle") == "spot"
    assert newer.ssh(f"{metadata('meta-data/spot/instance-action')} || echo none") == "none"
    began = datetime.datetime.now(datetime.UTC)
    launched = small.launch()
    machines.append(launched)
    assert request(small.ec2, lost)["Status"]["Code"] == "marked-for-termination"
    assert launched.state == "pending" and newer.state == "running"
    notice = json.loads(seen(newer, "spot/instance-action"))
    due = datetime.datetime.fromisoformat(notice["time"])
    assert notice["action"] == "terminate"
    assert abs((due - began).total_seconds() - NOTICE) <= 5
    assert seen(newer, "spot/termination-time") == notice["time"]
    assert json.loads(seen(newer, "events/recommendations/rebalance"))["noticeTime"]
    newer.wait("instance_terminated")
    assert datetime.datetime.now(datetime.UTC) >= due
    running(launched)
    eventually(lambda: request(small.ec2, lost)["Status"]["Code"] == "instance-terminated-no-capacity", "its request tells why")
    assert older.state == "running" and request(small.ec2, kept)["State"] == "active"


def test_a_group_a_reservation_and_an_event_are_seen_by_guests(small, machines):
    small.ec2.create_placement_group(GroupName="apart", Strategy="spread")
    first = small.launch(Placement={"GroupName": "apart"})
    machines.append(running(first))
    assert seen(first, "placement/group-name") == "apart"
    zone = first.describe()["Placement"]["AvailabilityZone"]
    reservation = small.ec2.create_capacity_reservation(
        InstanceType="t3.nano", InstancePlatform="Linux/UNIX", AvailabilityZone=zone, InstanceCount=1,
        InstanceMatchCriteria="targeted")["CapacityReservation"]["CapacityReservationId"]
    try:
        before = everything(small.ec2)
        with pytest.raises(small.ec2.exceptions.ClientError) as refusal:
            small.launch(Placement={"AvailabilityZone": zone})
        assert refusal.value.response["Error"]["Code"] == "InsufficientInstanceCapacity"
        assert everything(small.ec2) == before
        second = small.launch(Placement={"AvailabilityZone": zone}, CapacityReservationSpecification={
            "CapacityReservationTarget": {"CapacityReservationId": reservation}})
        machines.append(running(second))
        told = small.ec2.describe_capacity_reservations(CapacityReservationIds=[reservation])["CapacityReservations"][0]
        assert (told["AvailableInstanceCount"], told["TotalInstanceCount"]) == (0, 1)
    finally:
        small.ec2.cancel_capacity_reservation(CapacityReservationId=reservation)
    later = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert json.loads(seen(first, "events/maintenance/scheduled")) == []
    small.cloud.command("events", "schedule", first.id, "instance-stop", "--not-before", later)
    event = json.loads(seen(first, "events/maintenance/scheduled"))[0]
    assert (event["Code"], event["State"]) == ("instance-stop", "active")
    small.cloud.command("events", "cancel", first.id, event["EventId"])
    assert json.loads(seen(first, "events/maintenance/scheduled")) == []
