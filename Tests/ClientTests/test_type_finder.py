"""`apus types find`: ranks with reasons, knows the room of the cloud that serves, and says what it does not know."""

import json

import pytest

from apus_testing.running import Apus


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
    text = own.command("types", "find", "--workload", "web", "--limit", "3").stdout
    assert text.startswith(f"1. {found[0]['instanceType']}  score {found[0]['score']}, price")
    own.stop()
    assert all("fitsNow" not in each for each in find(own, "--workload", "web"))
    refused = own.command("types", "find", "--workload", "web", "--fits-here", check=False)
    assert refused.returncode == 1 and "none serves" in refused.stderr


def test_wishes_are_kept_to_and_nonsense_is_refused(own):
    found = find(own, "--memory", "1", "--vcpus", "4..8", "--memory-gib", "..32", "--architecture", "x86_64", "--fits-here")
    assert found and all(4 <= each["vCPUs"] <= 8 and each["memoryGiB"] <= 32 for each in found)
    for wrong in [(), ("--cpu", "-1"), ("--workload", "mining"), ("--cpu", "1", "--vcpus", "8..4"),
                  ("--cpu", "1", "--vcpus", "x"), ("--cpu", "1", "--limit", "0"), ("--cpu", "1", "--load", "101")]:
        assert own.command("types", "find", *wrong, check=False).returncode == 64, wrong
