"""GPUs of a simulated host that counts them: launched on, given back, refused beyond."""

import pytest
from botocore.exceptions import ClientError

from apus_testing.running import Apus
from apus_testing.waiting import quick
from examples import linux_image


@pytest.fixture
def cloud(tmp_path):
    cloud = Apus(tmp_path / "state", options=["--gpu", "t4=1"]).start()
    yield cloud
    cloud.down()


def test_a_host_gives_out_the_gpus_that_it_has(cloud):
    account = cloud.first_account()
    ec2, image = account.ec2, linux_image(account)

    def launch(kind):
        return ec2.run_instances(ImageId=image, InstanceType=kind, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]

    first = launch("g4dn.xlarge")
    ec2.get_waiter("instance_running").wait(InstanceIds=[first], WaiterConfig=quick())
    for kind in ("g4dn.xlarge", "g5.xlarge"):
        with pytest.raises(ClientError) as refused:
            launch(kind)
        answer = refused.value.response
        assert answer["Error"]["Code"] == "InsufficientInstanceCapacity"
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 500
    ec2.stop_instances(InstanceIds=[first])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[first], WaiterConfig=quick())
    second = launch("g4dn.2xlarge")
    with pytest.raises(ClientError) as refused:
        ec2.start_instances(InstanceIds=[first])
    assert refused.value.response["Error"]["Code"] == "InsufficientInstanceCapacity"
    ec2.terminate_instances(InstanceIds=[second])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[second], WaiterConfig=quick())
    ec2.start_instances(InstanceIds=[first])


def test_wrong_words_about_gpus_are_refused(tmp_path):
    cloud = Apus(tmp_path / "state")
    for words in (["--simulate", "--gpu", "t4"], ["--simulate", "--gpu", "=1"], ["--gpu", "t4=1"]):
        assert cloud.command("up", "--port", "0", *words, check=False, seconds=20).returncode != 0
