"""Usage as an operator reads it: CSV of what accounts used, the same after a kill and when nothing serves."""

import csv
import io
import time

import pytest

from apus_testing.running import Apus
from apus_testing.waiting import quick
from examples import linux_image


@pytest.fixture
def cloud(tmp_path):
    cloud = Apus(tmp_path / "state").start()
    yield cloud
    cloud.down()


def usage(cloud, *words):
    return list(csv.DictReader(io.StringIO(cloud.command("usage", *words).stdout)))


def quantities(cloud, *words):
    return {(line["type"], line["usage"]): float(line["quantity"]) for line in usage(cloud, *words)}


def test_usage_is_told_by_account_type_and_tag_and_survives_a_kill(cloud):
    account, other = cloud.new_account(), cloud.new_account()
    ec2 = account.ec2
    tags = [{"ResourceType": kind, "Tags": [{"Key": "team", "Value": "blue"}]} for kind in ("instance", "volume")]
    id = ec2.run_instances(ImageId=linux_image(cloud.first_account()), InstanceType="t3.micro", MinCount=1, MaxCount=1,
                           TagSpecifications=tags)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=quick())
    ec2.allocate_address(Domain="vpc")
    time.sleep(1)
    ec2.stop_instances(InstanceIds=[id])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=quick())
    found = quantities(cloud, "--account", account.id, "--group-by", "type")
    assert found["t3.micro", "instance"] == 60
    assert found["idle", "address"] > 0 and any(usage == "volume" for _, usage in found)
    by_tag = usage(cloud, "--account", account.id, "--group-by", "tag:team")
    assert {(line["tag:team"], line["usage"], line["unit"]) for line in by_tag} == {
        ("blue", "instance", "seconds"), ("blue", "volume", "GiB-hours"), ("", "address", "hours")}
    assert usage(cloud, "--account", other.id) == []
    assert usage(cloud, "--account", account.id, "--to", "2020-01-01") == []
    cloud.kill()
    assert quantities(cloud, "--account", account.id, "--group-by", "type")["t3.micro", "instance"] == 60
    cloud.start()
    after = quantities(cloud, "--account", account.id, "--group-by", "type")
    assert after["t3.micro", "instance"] == 60 and after["idle", "address"] >= found["idle", "address"]
    refused = cloud.command("usage", "--group-by", "colour", check=False)
    assert refused.returncode != 0 and "colour" in refused.stderr
