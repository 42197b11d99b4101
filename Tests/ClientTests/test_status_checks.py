"""Status checks and what follows from them: what clients are told when guests are not well, and when they die."""

import datetime

import pytest

from apus_testing.waiting import eventually, quick


def launch(ec2, image, **more):
    id = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, **more)["Instances"][0]["InstanceId"]
    for waiter in ("instance_running", "instance_status_ok", "system_status_ok"):
        ec2.get_waiter(waiter).wait(InstanceIds=[id], WaiterConfig=quick())
    return id


@pytest.fixture
def instance(ec2, image):
    return launch(ec2, image)


def status(ec2, id, **more):
    found = ec2.describe_instance_status(InstanceIds=[id], **more)["InstanceStatuses"]
    return found[0] if found else None


def test_a_guest_that_runs_passes_all_checks(ec2, instance):
    shown = status(ec2, instance)
    for check in ("InstanceStatus", "SystemStatus", "AttachedEbsStatus"):
        assert shown[check] == {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}


@pytest.mark.parametrize("event, failed", [
    ("falls-silent", {"InstanceStatus"}), ("loses-machine", {"InstanceStatus", "SystemStatus"}),
    ("loses-disks", {"AttachedEbsStatus"})])
def test_each_check_fails_for_its_own_reason_and_passes_again(cloud, ec2, instance, event, failed):
    filters = {"InstanceStatus": "instance-status", "SystemStatus": "system-status", "AttachedEbsStatus": "attached-ebs-status"}
    before = datetime.datetime.now(datetime.timezone.utc)
    cloud.command("simulate", instance, event)
    # A guest that has just begun to boot is given time to answer; its machine and its disks are not.
    word = "initializing" if event == "falls-silent" else "impaired"
    eventually(lambda: all(status(ec2, instance)[check]["Status"] == word for check in failed), "the checks tell", 20)
    shown = status(ec2, instance)
    for check, name in filters.items():
        expected = word if check in failed else "ok"
        assert shown[check]["Status"] == expected
        found = ec2.describe_instance_status(Filters=[{"Name": f"{name}.status", "Values": [expected]}])
        assert instance in [one["InstanceId"] for one in found["InstanceStatuses"]]
        if expected == "impaired":
            since = shown[check]["Details"][0]["ImpairedSince"]
            assert shown[check]["Details"][0]["Status"] == "failed"
            assert abs((since - before).total_seconds()) < 30
    cloud.command("simulate", instance, "is-well")
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=[instance], WaiterConfig=quick())
    eventually(lambda: status(ec2, instance)["AttachedEbsStatus"]["Status"] == "ok", "all is well again")


def test_an_instance_that_does_not_run_has_no_checks(ec2, instance):
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig=quick())
    assert status(ec2, instance) is None
    shown = status(ec2, instance, IncludeAllInstances=True)
    for check in ("InstanceStatus", "SystemStatus", "AttachedEbsStatus"):
        assert shown[check]["Status"] == "not-applicable"


def test_a_report_changes_nothing(ec2, instance, stranger, refused):
    ec2.report_instance_status(Instances=[instance], Status="impaired", ReasonCodes=["unresponsive", "other"],
                               Description="it is slow", StartTime=datetime.datetime(2026, 1, 1))
    assert status(ec2, instance)["InstanceStatus"]["Status"] == "ok"
    with refused("InvalidParameterValue"):
        ec2.report_instance_status(Instances=[instance], Status="ok", ReasonCodes=["other"],
                                   StartTime=datetime.datetime(2026, 1, 2), EndTime=datetime.datetime(2026, 1, 1))
    with refused("InvalidInstanceID.NotFound"):
        stranger.ec2.report_instance_status(Instances=[instance], Status="ok", ReasonCodes=["other"])
    ec2.stop_instances(InstanceIds=[instance])
    with refused("IncorrectInstanceState"):
        ec2.report_instance_status(Instances=[instance], Status="ok", ReasonCodes=["other"])


def test_a_guest_that_dies_is_booted_again_with_its_addresses_three_times_a_day(cloud, ec2, instance):
    def describe():
        return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]

    before = describe()
    for _ in range(3):
        cloud.command("simulate", instance, "dies")
        eventually(lambda: describe()["State"]["Name"] == "running"
                   and describe()["StateTransitionReason"].startswith("Server initiated recovery"), "it is told")
        ec2.get_waiter("instance_status_ok").wait(InstanceIds=[instance], WaiterConfig=quick())
        after = describe()
        for kept in ("PrivateIpAddress", "PublicIpAddress", "BlockDeviceMappings", "LaunchTime"):
            assert after[kept] == before[kept]
    cloud.command("simulate", instance, "dies")
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig=quick())
    assert describe()["StateReason"]["Code"] == "Server.InternalError"


def test_a_guest_that_dies_stays_down_where_recovery_is_disabled(cloud, ec2, image):
    id = launch(ec2, image, MaintenanceOptions={"AutoRecovery": "disabled"})
    cloud.command("simulate", id, "dies")
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=quick())
