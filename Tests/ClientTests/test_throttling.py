"""An account that asks too often is told to wait, by AWS's code; clients try again by themselves; others feel nothing."""

import botocore.exceptions
import pytest
from apus_testing.running import Apus


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A cloud that allows what AWS allows."""
    cloud = Apus(tmp_path_factory.mktemp("strict") / "state", options=["--throttle", "1"]).start()
    yield cloud
    cloud.down()


def refusals(call, times):
    refused = []
    for _ in range(times):
        try:
            call()
        except botocore.exceptions.ClientError as error:
            refused.append((error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]))
    return refused


def test_an_account_that_asks_too_often_is_told_to_wait_and_no_other_is(strict):
    busy, calm = strict.new_account(), strict.new_account()
    refused = refusals(lambda: busy.ec2.describe_volumes(), 100)
    assert set(refused) == {("RequestLimitExceeded", 503)} and len(refused) < 60
    assert refusals(lambda: busy.ec2.describe_volumes(MaxResults=5), 50) == []
    assert refusals(lambda: busy.ec2.describe_vpcs(), 50) == []
    assert refusals(lambda: calm.ec2.describe_volumes(), 40) == []


def test_a_refusal_changes_nothing_and_clients_try_again_by_themselves(strict):
    account = strict.new_account()
    patient = account.client(retries={"mode": "standard", "max_attempts": 8})
    vpc = patient.describe_vpcs()["Vpcs"][0]["VpcId"]
    for _ in range(22):
        patient.describe_stale_security_groups(VpcId=vpc)
    made = [account.ask("RunInstances", {"ImageId": "ami-0123456789abcdef0", "MinCount": "1", "MaxCount": "1"})
            for _ in range(12)]
    assert {answer.code for answer in made} == {"InvalidAMIID.NotFound", "RequestLimitExceeded"}
    assert account.ec2.describe_instances()["Reservations"] == []


def test_most_users_never_meet_the_bound(ec2):
    assert refusals(lambda: ec2.describe_volumes(), 300) == []
