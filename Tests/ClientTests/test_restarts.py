"""Kill -9 of the control plane: what was acknowledged is there, and a repeated request is done once."""

import concurrent.futures

import botocore.exceptions
import pytest

from apus_testing.running import Apus


@pytest.fixture
def own_cloud(tmp_path):
    cloud = Apus(tmp_path / "state").start()
    yield cloud
    cloud.down()


def first_image(ec2):
    images = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]},
                                                             {"Name": "root-device-type", "Values": ["ebs"]}])["Images"]
    return next(image["ImageId"] for image in images if image.get("Platform") != "windows")


def test_each_token_has_one_reservation_after_a_kill_in_the_middle_of_a_burst(own_cloud):
    account = own_cloud.first_account()
    image = first_image(account.ec2)
    tokens = [f"burst-{number}" for number in range(60)]

    def launch(token):
        try:
            answer = own_cloud.first_account().ec2.run_instances(
                ImageId=image, InstanceType="t3.nano", MinCount=1, MaxCount=1, ClientToken=token)
            return token, answer["ReservationId"]
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            return token, None

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        work = [pool.submit(launch, token) for token in tokens]
        done = 0
        for finished in concurrent.futures.as_completed(work):
            done += 1
            if done == 20:
                own_cloud.kill()
    told = dict(future.result() for future in work)
    assert any(told.values())
    own_cloud.start()
    again = dict(launch(token) for token in tokens)
    assert all(again.values())
    for token, reservation in told.items():
        assert reservation in (None, again[token]), token
    ec2 = own_cloud.first_account().ec2
    found = [instance for page in ec2.get_paginator("describe_instances").paginate()
             for reservation in page["Reservations"] for instance in reservation["Instances"]]
    assert sorted(instance["ClientToken"] for instance in found) == sorted(tokens)


def test_a_second_apus_on_the_same_state_is_refused_and_says_why(own_cloud):
    second = own_cloud.command("up", "--simulate", "--port", "0", check=False, seconds=20)
    assert second.returncode == 2
    assert "already" in second.stderr


def test_keys_of_a_cloud_live_on_over_restarts(own_cloud):
    before = own_cloud.json("env")["AWS_ACCESS_KEY_ID"]
    group = own_cloud.first_account().ec2.create_security_group(GroupName="kept", Description="kept")["GroupId"]
    own_cloud.stop()
    own_cloud.start()
    assert own_cloud.json("env")["AWS_ACCESS_KEY_ID"] == before
    assert own_cloud.first_account().ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
