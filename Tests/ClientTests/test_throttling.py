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


def first_refusal(call, most=5_000):
    """Asks faster than tokens come back, however slow the host is, until there are none."""
    for _ in range(most):
        if refused := refusals(call, 1):
            return refused[0]
    raise AssertionError(f"{most} requests were let through")


def test_an_account_that_asks_too_often_is_told_to_wait_and_no_other_is(strict):
    busy, calm = strict.new_account(), strict.new_account()
    assert first_refusal(lambda: busy.ec2.describe_volumes()) == ("RequestLimitExceeded", 503)
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


def test_the_ebs_direct_apis_and_the_recycle_bin_refuse_by_their_own_codes(strict):
    account = strict.new_account()
    ebs, bin = account.client("ebs"), account.client("rbin")
    assert first_refusal(lambda: ebs.start_snapshot(VolumeSize=1)) == ("RequestThrottledException", 400)
    assert first_refusal(lambda: bin.create_rule(
        ResourceType="EBS_SNAPSHOT", RetentionPeriod={"RetentionPeriodValue": 1, "RetentionPeriodUnit": "DAYS"},
    )) == ("ThrottlingException", 400)
    assert bin.list_rules(ResourceType="EBS_SNAPSHOT")["Rules"], "reads have tokens of their own"
    patient = account.client("ebs", retries={"mode": "standard", "max_attempts": 8})
    assert patient.start_snapshot(VolumeSize=1)["Status"] == "pending", "clients try again by themselves"


def test_instance_connect_refuses_by_its_own_code_and_clients_try_again_by_themselves(strict):
    account, calm = strict.new_account(), strict.new_account()

    def refusal(who, **settings):
        """Nothing is there to push a key to: every request is refused, but not for the same reason."""
        push = who.client("ec2-instance-connect", **settings).send_ssh_public_key
        return refusals(lambda: push(
            InstanceId="i-0123456789abcdef0", InstanceOSUser="ec2-user", SSHPublicKey="ssh-ed25519 " + "A" * 68), 1)[0]
    throttled = ("ThrottlingException", 400)
    assert refusal(account) != throttled
    assert any(refusal(account) == throttled for _ in range(5_000))
    assert refusal(calm) != throttled, "no other account feels it"
    assert refusal(account, retries={"mode": "standard", "max_attempts": 8}) != throttled


def test_most_users_never_meet_the_bound(ec2):
    assert refusals(lambda: ec2.describe_volumes(), 300) == []
