"""`apus types find`: ranks with reasons, knows the room of the cloud that serves, and says what it does not know."""

import json

import pytest

from apus_testing.running import Apus

from examples import linux_image


@pytest.fixture
def own(tmp_path):
    cloud = Apus(tmp_path / "state")
    yield cloud.start()
    cloud.down()


def find(cloud, *words):
    return json.loads(cloud.command("types", "find", *words, "--json").stdout)


def test_the_cloud_that_serves_tells_how_many_more_fit(own):
    found = find(own, "--workload", "web", "--limit", "3")
    assert len(found) == 3 and all(each["fitsNow"] > 1000 and each["reasons"] for each in found)
    lines = own.command("types", "find", "--workload", "web", "--limit", "3").stdout.splitlines()
    assert lines[0].split() == ["type", "score", "vCPUs", "GiB", "price", "spot", "fit", "now"]
    assert lines[1].split()[:3] == ["1", found[0]["instanceType"], str(found[0]["score"])] and lines[1].endswith("> 1000")
    assert f"1. {found[0]['instanceType']}" in lines and f"   - {found[0]['reasons'][0]}" in lines
    own.stop()
    assert all("fitsNow" not in each for each in find(own, "--workload", "web"))
    refused = own.command("types", "find", "--workload", "web", "--fits-here", check=False)
    assert refused.returncode == 1 and "none serves" in refused.stderr


def test_wishes_are_kept_to_and_nonsense_is_refused(own):
    found = find(own, "--memory", "1", "--vcpus", "4..8", "--memory-gib", "..32", "--architecture", "x86_64", "--fits-here")
    assert found and all(4 <= each["vCPUs"] <= 8 and each["memoryGiB"] <= 32 for each in found)
    for wrong in [(), ("--cpu", "-1"), ("--workload", "mining"), ("--cpu", "1", "--vcpus", "8..4"),
                  ("--cpu", "1", "--vcpus", "x"), ("--cpu", "1", "--vcpus", "1e300"), ("--cpu", "1", "--limit", "0"), ("--cpu", "1", "--load", "101")]:
        assert own.command("types", "find", *wrong, check=False).returncode == 64, wrong


# What each workload is answered, best first, where everything fits and prices are the table's own.
ANSWERS = {
    "web": ["t4g.medium", "t3a.medium", "t2.medium"],
    "database": ["r8gb.xlarge", "x8g.xlarge", "m8gb.2xlarge"],
    "batch": ["c6g.2xlarge", "c7g.2xlarge", "c8g.2xlarge"],
    "machine-learning": ["g6e.xlarge", "g5g.xlarge", "g7e.2xlarge"],
    "cache": ["x8g.large", "x8aedz.large", "x2gd.large"],
}


@pytest.mark.parametrize("workload", ANSWERS)
def test_a_workload_has_its_recommendations(cloud, workload):
    found = find(cloud, "--workload", workload, "--limit", "3")
    assert [each["instanceType"] for each in found] == ANSWERS[workload]


def test_what_does_not_fit_comes_last_and_says_so(narrow):
    found = find(narrow, "--vcpus", "2..64", "--memory-gib", "8..", "--cpu", "1", "--limit", "500")
    fits = [each["fitsNow"] > 0 for each in found]
    assert fits == sorted(fits, reverse=True) and True in fits and False in fits
    for each in found:
        assert ("does not fit on this cloud now" in each["reasons"]) == (each["fitsNow"] == 0)
    for half in (True, False):
        scores = [each["score"] for each in found if (each["fitsNow"] > 0) == half]
        assert scores == sorted(scores, reverse=True)


@pytest.fixture
def narrow(tmp_path):
    """A cloud that gives out a small part of what it has."""
    cloud = Apus(tmp_path / "state", options=["--simulated-processors", "16", "--processor-overcommit", "1"])
    yield cloud.start()
    cloud.down()


@pytest.fixture
def measured(own):
    """Runs an instance that is said to have used something, and tells its id."""
    image = linux_image(own.first_account())

    def measured(kind, **use):
        ec2 = own.first_account().ec2
        id = ec2.run_instances(ImageId=image, InstanceType=kind, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
        ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        words = [word for name, value in use.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        own.command("simulate", id, "uses", *words)
        return id
    return measured


def test_an_instance_that_is_seldom_busy_is_offered_burstable_types(own, measured):
    id = measured("m5.large", seconds=3600, processor_seconds=576, memory_mib=1024, disk_bytes=450_000_000)
    found = find(own, "--like", id)
    assert found[0]["instanceType"].startswith("t3") and "uses 8 % of 2 vCPUs: a burstable type would do" in \
        " ".join(found[0]["reasons"])
    assert all(each["memoryGiB"] >= 1.25 for each in found)
    prices = [each["onDemandPrice"] for each in found]
    assert prices == sorted(prices) and any("cheaper than m5.large" in reason for reason in found[0]["reasons"])
    text = own.command("types", "find", "--like", id).stdout
    assert text.startswith(f"{id}, a m5.large, in the 1 h since its machine was started: uses 8 % of 2 vCPUs, "
                           "1 of 8 GiB of memory, 1 Mbit/s on its disks and 0 on its interfaces.\n")


def test_an_instance_that_is_busy_is_offered_what_holds_it(own, measured):
    id = measured("c5.2xlarge", seconds=100, processor_seconds=560, memory_mib=12_000, network_bytes=12_500_000_000)
    found = find(own, "--like", id, "--limit", "200", "--every-size")
    facts = {each["InstanceType"]: each for page in own.first_account().ec2.get_paginator(
        "describe_instance_types").paginate() for each in page["InstanceTypes"]}
    assert found
    for each in found:
        facts_of = facts[each["instanceType"]]
        assert each["vCPUs"] >= 7 and each["memoryGiB"] * 1024 >= 15_000
        assert "x86_64" in facts_of["ProcessorInfo"]["SupportedArchitectures"]
        assert sum(card["BaselineBandwidthInGbps"] for card in facts_of["NetworkInfo"]["NetworkCards"]) >= 1.25
        assert not facts_of["BurstablePerformanceSupported"] or each["vCPUs"] > 8


def test_like_wants_an_instance_that_runs_and_nothing_else(own):
    refused = own.command("types", "find", "--like", "i-0123456789abcdef0", check=False)
    assert refused.returncode == 1 and "No instance i-0123456789abcdef0 runs" in refused.stderr
    assert own.command("types", "find", "--like", "i-1", "--cpu", "1", check=False).returncode == 64
    own.stop()
    refused = own.command("types", "find", "--like", "i-0123456789abcdef0", check=False)
    assert refused.returncode == 1 and "none serves" in refused.stderr
