"""Events that the operator schedules: told to the owner, put off, called off, and carried out at their time."""

import datetime
import json

from apus_testing.waiting import eventually, quick

HOUR = datetime.timedelta(hours=1)


def moment(delta):
    return (datetime.datetime.now(datetime.UTC) + delta).strftime("%Y-%m-%dT%H:%M:%SZ")


def schedule(cloud, instance, code, begin, *more):
    return json.loads(cloud.command(
        "events", "schedule", instance, code, "--not-before", moment(begin), *more).stdout)["event"]


def launch(ec2, image):
    id = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    return id


def events(ec2, id):
    status = ec2.describe_instance_status(InstanceIds=[id], IncludeAllInstances=True)["InstanceStatuses"][0]
    return {one["InstanceEventId"]: one for one in status.get("Events", [])}


def test_an_event_is_told_put_off_and_called_off(cloud, ec2, image, refused):
    id = launch(ec2, image)
    event = schedule(cloud, id, "system-reboot", 2 * HOUR, "--deadline", moment(10 * HOUR), "--description", "new power")
    assert (events(ec2, id)[event]["Code"], events(ec2, id)[event]["Description"]) == ("system-reboot", "new power")
    found = ec2.describe_instance_status(Filters=[{"Name": "event.code", "Values": ["system-reboot"]}])
    assert [one["InstanceId"] for one in found["InstanceStatuses"]] == [id]
    later = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + 5 * HOUR
    moved = ec2.modify_instance_event_start_time(InstanceId=id, InstanceEventId=event, NotBefore=later)["Event"]
    assert moved["NotBefore"] == later == events(ec2, id)[event]["NotBefore"]
    for wrong in (11 * HOUR, HOUR / 2):
        with refused("InvalidInstanceEventStartTime", 400):
            ec2.modify_instance_event_start_time(
                InstanceId=id, InstanceEventId=event, NotBefore=datetime.datetime.now(datetime.UTC) + wrong)
    with refused("InvalidInstanceEventIDNotFound", 400):
        ec2.modify_instance_event_start_time(
            InstanceId=id, InstanceEventId="instance-event-0123456789abcdef0", NotBefore=later)
    cloud.command("events", "cancel", id, event)
    assert events(ec2, id)[event]["Description"] == "[Canceled] new power"


def test_events_are_carried_out_at_their_time(cloud, ec2, image):
    id = launch(ec2, image)
    event = schedule(cloud, id, "instance-stop", datetime.timedelta(seconds=1))
    eventually(lambda: ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]["State"]["Name"]
               == "stopped", "it was stopped")
    assert events(ec2, id)[event]["Description"].startswith("[Completed] ")


def test_a_stop_and_a_start_call_off_what_was_scheduled(cloud, ec2, image):
    id = launch(ec2, image)
    event = schedule(cloud, id, "instance-retirement", 2 * HOUR, "--description", "old disks")
    ec2.stop_instances(InstanceIds=[id])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=quick())
    assert events(ec2, id)[event]["Description"] == "old disks"
    ec2.start_instances(InstanceIds=[id])
    assert events(ec2, id)[event]["Description"] == "[Canceled] old disks"


def test_an_event_begins_when_the_owners_window_opens(cloud, ec2, image):
    id = launch(ec2, image)
    now = datetime.datetime.now(datetime.UTC)
    opens = (now + datetime.timedelta(hours=30)).replace(minute=0, second=0, microsecond=0)
    closes = opens + 4 * HOUR
    window = ec2.create_instance_event_window(TimeRanges=[{
        "StartWeekDay": f"{opens:%A}".lower(), "StartHour": opens.hour,
        "EndWeekDay": f"{closes:%A}".lower(), "EndHour": closes.hour}])["InstanceEventWindow"]["InstanceEventWindowId"]
    ec2.associate_instance_event_window(InstanceEventWindowId=window, AssociationTarget={"InstanceIds": [id]})
    event = schedule(cloud, id, "instance-reboot", 2 * HOUR)
    assert events(ec2, id)[event]["NotBefore"] == opens
    told = schedule(cloud, id, "system-maintenance", 2 * HOUR)
    assert events(ec2, id)[told]["NotBefore"] < opens
    ec2.delete_instance_event_window(InstanceEventWindowId=window, ForceDelete=True)
    assert events(ec2, id)[event]["NotBefore"] == opens
