"""EC2 Instance Connect: keys pushed by boto3 and by the aws command line, and what is refused."""

import subprocess

import pytest
from botocore.exceptions import ClientError

from apus_testing.waiting import quick


@pytest.fixture
def key(tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    return (tmp_path / "key.pub").read_text()


@pytest.fixture
def instance(ec2, image):
    id = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    return ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]


def refusal(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    error = refused.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Error"]["Code"]


def test_a_key_is_taken_from_boto3_and_from_the_command_line(account, instance, key, tmp_path):
    push = account.client("ec2-instance-connect").send_ssh_public_key
    zone = instance["Placement"]["AvailabilityZone"]
    answer = push(InstanceId=instance["InstanceId"], InstanceOSUser="ec2-user", SSHPublicKey=key, AvailabilityZone=zone)
    assert answer["Success"] is True
    assert answer["RequestId"] == answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    told = account.aws(
        "ec2-instance-connect", "send-ssh-public-key", "--instance-id", instance["InstanceId"], "--instance-os-user",
        "ec2-user", "--ssh-public-key", f"file://{tmp_path / 'key.pub'}")
    assert told["Success"] is True


def test_what_cannot_be_is_refused_with_the_services_codes(account, ec2, instance, key):
    push, id = account.client("ec2-instance-connect").send_ssh_public_key, instance["InstanceId"]
    right = {"InstanceId": id, "InstanceOSUser": "ec2-user", "SSHPublicKey": key}
    assert refusal(push, **{**right, "InstanceId": "i-0123456789abcdef0"}) == "EC2InstanceNotFoundException"
    for wrong in ({"InstanceOSUser": "12"}, {"AvailabilityZone": "us-east-1f"}, {"SSHPublicKey": "x" * 100},
                  {"SSHPublicKey": "ecdsa-sha2-nistp256 " + "A" * 100}):
        assert refusal(push, **{**right, **wrong}) == "InvalidArgsException", wrong
    ec2.stop_instances(InstanceIds=[id])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=quick())
    assert refusal(push, **right) == "EC2InstanceStateInvalidException"


def test_another_accounts_instance_is_not_found(account, roomy, instance, key):
    push = roomy.new_account().client("ec2-instance-connect").send_ssh_public_key
    assert refusal(push, InstanceId=instance["InstanceId"], InstanceOSUser="root", SSHPublicKey=key) \
        == "EC2InstanceNotFoundException"


def test_serial_consoles_are_refused_as_the_account_has_it_and_told_where_they_are(account, ec2, instance, key):
    push = account.client("ec2-instance-connect").send_serial_console_ssh_public_key
    right = {"InstanceId": instance["InstanceId"], "SSHPublicKey": key}
    assert refusal(push, **right) == "SerialConsoleAccessDisabledException"
    ec2.enable_serial_console_access()
    with pytest.raises(ClientError, match=f"apus console {instance['InstanceId']}"):
        push(**right)
    assert refusal(push, **right) == "SerialConsoleSessionUnsupportedException"
    ec2.disable_serial_console_access()


def test_a_wrong_signature_and_an_unknown_operation_are_refused_as_json(account, key):
    import boto3
    stranger = boto3.client("ec2-instance-connect", endpoint_url=account.endpoint, region_name="us-east-1",
                            aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x")
    assert refusal(stranger.send_ssh_public_key, InstanceId="i-0123456789abcdef0", InstanceOSUser="root",
                   SSHPublicKey=key) == "UnrecognizedClientException"
