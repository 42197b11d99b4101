"""`apus types find` selects what AWS's amazon-ec2-instance-selector would: the documented meaning of that tool's filters, applied
here to what DescribeInstanceTypes shows, against the same wish put to Apus."""

import json
import re

import pytest


@pytest.fixture(scope="module")
def types(cloud):
    pages = cloud.first_account().ec2.get_paginator("describe_instance_types").paginate()
    return [each for page in pages for each in page["InstanceTypes"]]


def spans(low, high, value):
    return (low is None or low <= value) and (high is None or value <= high)


def network(each):
    """Gbit/s of the network performance; -1 where it is told by a word, as the tool has it."""
    found = re.fullmatch(r"(?:(\d+)x )?(?:Up to )?([\d.]+) Gigabit", each["NetworkInfo"]["NetworkPerformance"])
    return int(found[1] or 1) * float(found[2]) if found else -1


def gpus(each):
    return sum(gpu["Count"] for gpu in each.get("GpuInfo", {}).get("Gpus", []))


# Each flag: what it reads of a type. A value stands for itself; `-min` and `-max` bound it.
MEASURES = {
    "vcpus": lambda each: each["VCpuInfo"]["DefaultVCpus"],
    "memory": lambda each: each["MemoryInfo"]["SizeInMiB"] / 1024,
    "gpus": gpus,
    "network-performance": network,
    "instance-storage": lambda each: each.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0),
}
CHOICES = {
    "cpu-architecture": lambda each, value: value in each["ProcessorInfo"]["SupportedArchitectures"],
    "usage-class": lambda each, value: value in each["SupportedUsageClasses"],
    "cpu-manufacturer": lambda each, value: value == each["ProcessorInfo"]["Manufacturer"].lower(),
    "baremetal": lambda each, value: value == each["BareMetal"],
    "burst-support": lambda each, value: value == each["BurstablePerformanceSupported"],
    "hibernation-support": lambda each, value: value == each["HibernationSupported"],
    "current-generation": lambda each, value: value == each["CurrentGeneration"],
}


def selected(types, wish):
    """By the tool's documentation: every filter that is given must hold."""
    def fits(each):
        for flag, value in wish.items():
            if flag in CHOICES:
                held = CHOICES[flag](each, value)
            elif flag.endswith(("-min", "-max")):
                bound = MEASURES[flag[:-4]](each)
                held = value <= bound if flag.endswith("-min") else bound <= value
            else:
                held = MEASURES[flag](each) == value
            if not held:
                return False
        return True
    return {each["InstanceType"] for each in types if fits(each)}


WORDS = {"vcpus": "--vcpus", "memory": "--memory-gib", "gpus": "--gpus", "network-performance": "--network-gbps",
         "instance-storage": "--local-storage-gb"}
MAKERS = {"intel": "Intel", "amd": "AMD", "aws": "AWS"}


def words(wish):
    """The same wish as Apus reads it."""
    for measure, option in WORDS.items():
        low, high = wish.get(f"{measure}-min", ""), wish.get(f"{measure}-max", "")
        if measure in wish:
            yield from [option, str(wish[measure])]
        elif low != "" or high != "":
            yield from [option, f"{low}..{high}"]
    if "cpu-architecture" in wish:
        yield from ["--architecture", wish["cpu-architecture"]]
    if "cpu-manufacturer" in wish:
        yield from ["--manufacturer", MAKERS[wish["cpu-manufacturer"]]]
    yield from ["--usage-class", wish["usage-class"]]
    if "burst-support" in wish:
        yield "--burstable" if wish["burst-support"] else "--no-burstable"
    yield from ["--hibernation"] if wish.get("hibernation-support") else []
    yield from ["--bare-metal"] if wish["baremetal"] else []
    yield from [] if wish.get("current-generation") else ["--previous-generation"]


WISHES = [
    # The examples of the tool's own documentation.
    {"memory": 4, "vcpus": 2, "cpu-architecture": "x86_64"},
    {"network-performance": 100, "usage-class": "spot"},
    {"vcpus": 2},
    {"network-performance": 100},
    {"memory": 4, "vcpus": 2, "cpu-architecture": "arm64"},
    # Its flags, by themselves and together.
    {"gpus": 1, "cpu-architecture": "x86_64"},
    {"gpus-min": 4, "vcpus-max": 128},
    {"gpus-max": 0, "memory-min": 512},
    {"vcpus-min": 4, "vcpus-max": 8, "memory-min": 8, "memory-max": 16, "burst-support": False},
    {"vcpus-max": 2, "burst-support": True, "current-generation": True},
    {"memory": 16, "hibernation-support": True, "cpu-manufacturer": "intel"},
    {"memory-min": 64, "cpu-manufacturer": "amd", "current-generation": True},
    {"vcpus": 64, "cpu-manufacturer": "aws"},
    {"instance-storage-min": 3_000, "vcpus-max": 32},
    {"instance-storage-min": 1, "instance-storage-max": 100, "usage-class": "spot"},
    {"network-performance-min": 50, "vcpus-max": 32, "burst-support": False},
    {"network-performance-max": 5, "memory-min": 16, "current-generation": True},
    {"baremetal": True, "vcpus-min": 96, "cpu-architecture": "x86_64"},
    {"baremetal": True, "vcpus-min": 1, "cpu-manufacturer": "aws", "instance-storage-min": 1},
]


@pytest.mark.parametrize("wish", WISHES, ids=[" ".join(f"{key}={value}" for key, value in wish.items()) for wish in WISHES])
def test_the_same_types_are_found_as_the_selector_selects(cloud, types, wish):
    # Apus never recommends what runs macOS, and says on demand and no bare metal where nothing is said.
    wish = {"usage-class": "on-demand", "baremetal": False, **wish}
    expected = {name for name in selected(types, wish) if not name.startswith("mac")}
    found = json.loads(cloud.command(
        "types", "find", *words(wish), "--every-size", "--limit", "10000", "--json").stdout)
    assert {each["instanceType"] for each in found} == expected
    assert expected, "a wish that nothing fits shows nothing"
