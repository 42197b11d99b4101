"""Kill -9, again and again, in the middle of launches: nothing of them is lost, doubled or stuck afterwards."""

import concurrent.futures
import threading

import pytest
from apus_testing.running import Apus
from apus_testing.waiting import eventually

from examples import linux_image

WORKERS, TOKENS, KILLS = 6, 60, 3


@pytest.fixture
def mortal(tmp_path):
    cloud = Apus(tmp_path / "state").start()
    yield cloud
    cloud.down()
    assert cloud.processes() == []


def launch(account, image, token):
    """The reservation's id, or None where no answer came."""
    answer = None
    try:
        answer = account.ask("RunInstances", {
            "ImageId": image, "InstanceType": "t3.nano", "MinCount": "1", "MaxCount": "2", "ClientToken": token})
    except OSError:
        return None
    except Exception as lost:  # noqa: BLE001 - http.client has many names for a connection that died
        assert "http.client" in type(lost).__module__, lost
        return None
    assert answer.status == 200, answer.body
    return answer.text("reservationId")


def reservations(ec2):
    pages = ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 50})
    return [reservation for page in pages for reservation in page["Reservations"]]


def test_each_token_has_its_instances_disks_and_addresses_once_after_every_kill(mortal):
    account = mortal.new_account()
    image = linux_image(account)
    account.ec2.describe_vpcs()
    answered = {}
    tokens = [f"token-{number}" for number in range(TOKENS)]
    for turn in range(KILLS):
        share = tokens[turn::KILLS]
        enough = threading.Semaphore(0)

        def ask(token):
            got = launch(account, image, token)
            if got:
                answered[token] = got
                enough.release()

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            pending = [pool.submit(ask, token) for token in share]
            for _ in range(3 + turn):
                enough.acquire(timeout=30)
            mortal.kill()
            for one in pending:
                one.result()
        mortal.start()
        account = account.at(mortal.endpoint)
    for token in tokens:
        got = launch(account, image, token)
        assert got is not None
        assert answered.setdefault(token, got) == got, f"{token} was launched twice"

    found = reservations(account.ec2)
    assert sorted(one["ReservationId"] for one in found) == sorted(answered.values())
    assert {len(one["Instances"]) for one in found} == {2}
    eventually(lambda: {instance["State"]["Name"] for one in reservations(account.ec2) for instance in one["Instances"]}
               == {"running"}, "every instance runs", 20, every=0.3)
    interfaces = account.ec2.describe_network_interfaces()["NetworkInterfaces"]
    volumes = account.ec2.describe_volumes()["Volumes"]
    assert len(interfaces) == len(volumes) == 2 * TOKENS
    addresses = [instance["PrivateIpAddress"] for one in found for instance in one["Instances"]]
    assert len(set(addresses)) == len(addresses)


def test_what_was_stopped_before_a_restart_starts_after_it(mortal):
    account = mortal.new_account()
    ec2, quick = account.ec2, {"Delay": 1, "MaxAttempts": 20}
    instance = ec2.run_instances(
        ImageId=linux_image(account), InstanceType="t3.nano", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig=quick)
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig=quick)
    mortal.stop()
    mortal.start()
    ec2 = account.at(mortal.endpoint).ec2
    ec2.start_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig=quick)
