"""Attribute-based selection, compared with the same filter written a second time over what DescribeInstanceTypes shows."""

import fnmatch
import random

import pytest

ACCELERATORS = [
    ("gpu", "GpuInfo", "Gpus"), ("fpga", "FpgaInfo", "Fpgas"), ("media", "MediaAcceleratorInfo", "Accelerators"),
    ("inference", "InferenceAcceleratorInfo", "Accelerators"), ("inference", "NeuronInfo", "NeuronDevices")]


@pytest.fixture
def types(account):
    pages = account.ec2.get_paginator("describe_instance_types").paginate()
    return [each for page in pages for each in page["InstanceTypes"]]


def accelerators(each):
    found = []
    for kind, info, key in ACCELERATORS:
        if info == "NeuronInfo" and "InferenceAcceleratorInfo" in each:
            continue
        for device in each.get(info, {}).get(key, []):
            count = device["Count"] or device["LogicalGpuCount"]
            maker = device.get("Manufacturer", "AWS")
            found.append({
                "kind": kind, "count": count, "memory": count * device["MemoryInfo"]["SizeInMiB"],
                "maker": "amazon-web-services" if maker == "AWS" else maker.lower(),
                "name": device["Name"].lower().replace(" ", "-")})
    return found


def within(value, bounds):
    return bounds is None or bounds.get("Min", 0) <= value <= bounds.get("Max", float("inf"))


def chosen(choice, default, has):
    return {"included": True, "required": has, "excluded": not has}[choice or default]


def fits(each, architecture, wish):
    """Written from the API reference, without a look at how the cloud does it."""
    vcpus, memory = each["VCpuInfo"]["DefaultVCpus"], each["MemoryInfo"]["SizeInMiB"]
    devices, disks = accelerators(each), each.get("InstanceStorageInfo", {})
    makers = {"Intel": "intel", "AMD": "amd", "AWS": "amazon-web-services", "Apple": "apple"}
    ebs = each["EbsInfo"].get("EbsOptimizedInfo", {})
    generation = "current" if each["CurrentGeneration"] else "previous"
    named = wish.get("AllowedInstanceTypes") or ["*"]
    return all([
        architecture in each["ProcessorInfo"]["SupportedArchitectures"],
        "hvm" in each["SupportedVirtualizationTypes"],
        any(fnmatch.fnmatchcase(each["InstanceType"], pattern) for pattern in named),
        not any(fnmatch.fnmatchcase(each["InstanceType"], pattern) for pattern in wish.get("ExcludedInstanceTypes", [])),
        within(vcpus, wish["VCpuCount"]), within(memory, wish["MemoryMiB"]),
        within(memory / 1024 / vcpus, wish.get("MemoryGiBPerVCpu")),
        makers[each["ProcessorInfo"]["Manufacturer"]] in (wish.get("CpuManufacturers") or makers.values()),
        generation in (wish.get("InstanceGenerations") or ["current", "previous"]),
        chosen(wish.get("BareMetal"), "excluded", each["BareMetal"]),
        chosen(wish.get("BurstablePerformance"), "excluded", each["BurstablePerformanceSupported"]),
        each["HibernationSupported"] or not wish.get("RequireHibernateSupport"),
        each["NetworkInfo"]["EncryptionInTransitSupported"] or not wish.get("RequireEncryptionInTransit"),
        within(each["NetworkInfo"]["MaximumNetworkInterfaces"], wish.get("NetworkInterfaceCount")),
        within(sum(card["BaselineBandwidthInGbps"] for card in each["NetworkInfo"]["NetworkCards"]),
               wish.get("NetworkBandwidthGbps")),
        within(ebs.get("BaselineBandwidthInMbps", 0), wish.get("BaselineEbsBandwidthMbps")),
        chosen(wish.get("LocalStorage"), "included", each["InstanceStorageSupported"]),
        within(disks.get("TotalSizeInGB", 0), wish.get("TotalLocalStorageGB")),
        not disks or any(disk["Type"] in (wish.get("LocalStorageTypes") or ["hdd", "ssd"]) for disk in disks["Disks"]),
        within(sum(device["count"] for device in devices), wish.get("AcceleratorCount")),
        within(sum(device["memory"] for device in devices), wish.get("AcceleratorTotalMemoryMiB")),
        any_of(devices, "kind", wish.get("AcceleratorTypes")), any_of(devices, "name", wish.get("AcceleratorNames")),
        any_of(devices, "maker", wish.get("AcceleratorManufacturers"))])


def any_of(devices, key, wanted):
    return not wanted or any(device[key] in wanted for device in devices)


def told(account, architecture, wish):
    pages = account.ec2.get_paginator("get_instance_types_from_instance_requirements").paginate(
        ArchitectureTypes=[architecture], VirtualizationTypes=["hvm"], InstanceRequirements=wish,
        PaginationConfig={"PageSize": 200})
    return [each["InstanceType"] for page in pages for each in page["InstanceTypes"]]


def wishes(seed):
    """Requirements by chance, most of them wide enough that something fits."""
    chance = random.Random(seed)

    def bounds(most, step=1):
        low = chance.choice([0, 0, 1, 2, most // 4 * step])
        return {"Min": low} | ({"Max": low + chance.randint(0, most) * step} if chance.random() < 0.6 else {})

    optional = {
        "MemoryGiBPerVCpu": lambda: {"Min": chance.choice([0.5, 2, 4]), "Max": chance.choice([4, 8, 16.5])},
        "CpuManufacturers": lambda: chance.sample(["intel", "amd", "amazon-web-services"], chance.randint(1, 2)),
        "InstanceGenerations": lambda: [chance.choice(["current", "previous"])],
        "BareMetal": lambda: chance.choice(["included", "required", "excluded"]),
        "BurstablePerformance": lambda: chance.choice(["included", "required", "excluded"]),
        "RequireHibernateSupport": lambda: chance.random() < 0.5,
        "RequireEncryptionInTransit": lambda: chance.random() < 0.5,
        "NetworkInterfaceCount": lambda: bounds(8), "NetworkBandwidthGbps": lambda: {"Min": chance.choice([0.5, 12.5, 100])},
        "BaselineEbsBandwidthMbps": lambda: bounds(40, 500),
        "LocalStorage": lambda: chance.choice(["included", "required", "excluded"]),
        "LocalStorageTypes": lambda: [chance.choice(["hdd", "ssd"])], "TotalLocalStorageGB": lambda: bounds(40, 100),
        "AcceleratorTypes": lambda: chance.sample(["gpu", "inference", "fpga", "media"], 2),
        "AcceleratorManufacturers": lambda: [chance.choice(["nvidia", "amd", "amazon-web-services", "xilinx"])],
        "AcceleratorNames": lambda: chance.sample(["t4", "a10g", "l4", "inferentia", "trainium", "u30"], 3),
        "AcceleratorCount": lambda: chance.choice([{"Max": 0}, {"Min": 1}, {"Min": 4, "Max": 8}]),
        "AcceleratorTotalMemoryMiB": lambda: bounds(100, 1000),
    }
    made = {"VCpuCount": bounds(32), "MemoryMiB": bounds(64, 1024)}
    made |= {name: optional[name]() for name in chance.sample(sorted(optional), chance.choice([0, 1, 2, 3]))}
    pattern = chance.choice([None, None, "AllowedInstanceTypes", "ExcludedInstanceTypes"])
    return made | ({pattern: chance.sample(["m*", "c5*", "*.large", "g*", "*3*", "r6*"], 2)} if pattern else {})


def test_types_are_those_that_the_same_filter_finds_in_what_is_described(account, types):
    found = 0
    for seed in range(150):
        wish, architecture = wishes(seed), "arm64" if seed % 4 == 0 else "x86_64"
        wanted = [each["InstanceType"] for each in types if fits(each, architecture, wish)]
        assert told(account, architecture, wish) == sorted(wanted), f"seed {seed}: {wish}"
        found += bool(wanted)
    assert found > 60
