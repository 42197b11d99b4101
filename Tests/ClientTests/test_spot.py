"""Spot instances by boto3: requested, priced, taken away with notice by the operator, and given up to launches on demand."""

import pytest
from apus_testing.waiting import eventually, quick


@pytest.fixture
def specification(image):
    return {"ImageId": image, "InstanceType": "t3.micro"}


def request(ec2, specification, **more):
    return ec2.request_spot_instances(
        LaunchSpecification=specification, **more)["SpotInstanceRequests"][0]["SpotInstanceRequestId"]


def told(ec2, id):
    return ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[id])["SpotInstanceRequests"][0]


def fulfilled(ec2, id):
    ec2.get_waiter("spot_instance_request_fulfilled").wait(SpotInstanceRequestIds=[id], WaiterConfig=quick())
    return told(ec2, id)


def test_a_request_is_fulfilled_and_ends_with_its_instance(ec2, specification):
    id = request(ec2, specification, TagSpecifications=[
        {"ResourceType": "spot-instances-request", "Tags": [{"Key": "a", "Value": "b"}]}])
    active = fulfilled(ec2, id)
    assert (active["State"], active["Type"], active["Tags"]) == ("active", "one-time", [{"Key": "a", "Value": "b"}])
    assert active["LaunchSpecification"]["InstanceType"] == "t3.micro"
    instance = ec2.describe_instances(Filters=[
        {"Name": "spot-instance-request-id", "Values": [id]}])["Reservations"][0]["Instances"][0]
    assert (instance["InstanceLifecycle"], instance["InstanceId"]) == ("spot", active["InstanceId"])
    ec2.terminate_instances(InstanceIds=[active["InstanceId"]])
    eventually(lambda: told(ec2, id)["State"] == "closed", "it is closed")
    assert told(ec2, id)["Status"]["Code"] == "instance-terminated-by-user"


def test_a_persistent_request_launches_again_until_it_is_cancelled(ec2, specification):
    id = request(ec2, specification, Type="persistent")
    first = fulfilled(ec2, id)["InstanceId"]
    ec2.terminate_instances(InstanceIds=[first])
    eventually(lambda: told(ec2, id).get("InstanceId") not in (None, first), "another one runs")
    second = told(ec2, id)["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[second], WaiterConfig=quick())
    ec2.stop_instances(InstanceIds=[second])
    eventually(lambda: told(ec2, id)["State"] == "disabled", "its owner stopped it")
    ec2.start_instances(InstanceIds=[second])
    eventually(lambda: told(ec2, id)["State"] == "active", "it runs again")
    cancelled = ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[id])["CancelledSpotInstanceRequests"][0]
    assert cancelled["State"] == "cancelled"
    assert told(ec2, id)["Status"]["Code"] == "request-canceled-and-instance-running"
    ec2.terminate_instances(InstanceIds=[second])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[second], WaiterConfig=quick())
    assert told(ec2, id)["State"] == "cancelled"


def test_the_price_is_the_tables_and_too_little_gets_nothing(ec2, specification, refused):
    history = ec2.describe_spot_price_history(
        InstanceTypes=["t3.micro"], AvailabilityZone="us-east-1a", ProductDescriptions=["Linux/UNIX"])["SpotPriceHistory"]
    assert len(history) == 1
    price = float(history[0]["SpotPrice"])
    id = request(ec2, specification, SpotPrice=f"{price / 2:.6f}")
    eventually(lambda: told(ec2, id)["Status"]["Code"] == "price-too-low", "it is told so")
    assert told(ec2, id)["State"] == "open"
    with refused("SpotMaxPriceTooLow", 400):
        ec2.run_instances(**specification, MinCount=1, MaxCount=1, InstanceMarketOptions={
            "MarketType": "spot", "SpotOptions": {"MaxPrice": f"{price / 2:.6f}"}})
    ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[id])
    assert told(ec2, id)["Status"]["Code"] == "canceled-before-fulfillment"


def test_a_spot_instance_is_not_protected_and_keeps_its_type(ec2, specification, refused):
    market = {"MarketType": "spot", "SpotOptions": {
        "SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "stop"}}
    for protection in ("DisableApiStop", "DisableApiTermination"):
        with refused("InvalidParameterCombination", 400):
            ec2.run_instances(
                **specification, MinCount=1, MaxCount=1, InstanceMarketOptions=market, **{protection: True})
    id = ec2.run_instances(
        **specification, MinCount=1, MaxCount=1, InstanceMarketOptions=market, DisableApiTermination=False,
    )["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    for protection in ("DisableApiStop", "DisableApiTermination"):
        with refused("UnsupportedOperation", 400):
            ec2.modify_instance_attribute(InstanceId=id, **{protection: {"Value": True}})
    ec2.stop_instances(InstanceIds=[id])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=quick())
    with refused("UnsupportedOperation", 400):
        ec2.modify_instance_attribute(InstanceId=id, InstanceType={"Value": "t3.small"})
    ec2.terminate_instances(InstanceIds=[id])


def test_a_launch_as_spot_makes_a_request_for_each_instance(ec2, specification, refused):
    launched = ec2.run_instances(
        **specification, MinCount=2, MaxCount=2, InstanceMarketOptions={"MarketType": "spot"},
        TagSpecifications=[{"ResourceType": "spot-instances-request", "Tags": [{"Key": "a", "Value": "b"}]}])["Instances"]
    requests = {one["SpotInstanceRequestId"] for one in launched}
    assert len(requests) == 2
    assert {told(ec2, id)["State"] for id in requests} == {"active"}
    assert told(ec2, requests.pop())["Tags"] == [{"Key": "a", "Value": "b"}]
    ids = [one["InstanceId"] for one in launched]
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=quick())
    with refused("UnsupportedOperation", 400):
        ec2.stop_instances(InstanceIds=ids)
    with refused("InvalidParameterCombination", 400):
        ec2.run_instances(**specification, MinCount=1, MaxCount=1, InstanceMarketOptions={
            "MarketType": "spot", "SpotOptions": {"InstanceInterruptionBehavior": "stop"}})


def test_the_operator_takes_an_instance_away_with_notice(cloud, ec2, specification):
    id = request(ec2, specification)
    instance = fulfilled(ec2, id)["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig=quick())
    cloud.command("interrupt", instance)
    assert told(ec2, id)["Status"]["Code"] == "marked-for-termination"
    state = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"]
    assert state == "running", "its two minutes have just begun"


def test_what_is_wrong_with_a_request_is_refused(ec2, specification, refused):
    with refused("InvalidAMIID.NotFound", 400):
        request(ec2, {**specification, "ImageId": "ami-0123456789abcdef0"})
    with refused("InvalidParameterValue", 400):
        request(ec2, specification, SpotPrice="much")
    with refused("UnsupportedHibernationConfiguration", 400):
        request(ec2, specification, Type="persistent", InstanceInterruptionBehavior="hibernate")
    with refused("InvalidParameterCombination", 400):
        request(ec2, specification, InstanceInterruptionBehavior="hibernate")
    with refused("UnsupportedOperation", 400):
        request(ec2, specification, LaunchGroup="x")
