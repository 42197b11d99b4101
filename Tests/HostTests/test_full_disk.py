"""A full disk of the host: a guest's write waits for room, is told of, and is never lost."""

import hashlib
import subprocess

import pytest

from apus_testing.waiting import eventually

from conftest import Site

LINE = "0123456789abcde\n"
SIZE = 320 << 20


@pytest.fixture
def cramped(lab):
    """An Apus whose whole state lies on a disk of 640 MiB, a part of which is taken."""
    cloud = lab.apus("full", "--public-pool", "198.19.0.0/16")
    cloud.state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=640m,mode=0700", "apus-test", cloud.state], check=True)
    try:
        yield Site(lab, cloud)
    finally:
        ballast(cloud).unlink(missing_ok=True)
        cloud.down()
        subprocess.run(["umount", cloud.state], check=True)
        cloud.state.rmdir()


def ballast(cloud):
    return cloud.state / "ballast"


def fill(cloud, leaving):
    room = subprocess.run(["stat", "-f", "-c", "%a %S", cloud.state], check=True, capture_output=True, text=True)
    blocks, size = map(int, room.stdout.split())
    with open(ballast(cloud), "wb") as file:
        file.write(bytes(blocks * size - leaving))


def waiting(site):
    return site.cloud.json("status")["waitingForSpace"]


@pytest.mark.parametrize("kind", [{"Size": 1}, {"Size": 4, "VolumeType": "io2", "Iops": 4000, "MultiAttachEnabled": True}],
                         ids=["own", "shared"])
def test_a_guest_waits_for_room_and_goes_on(cramped, kind):
    site = cramped
    machine = site.launch().wait("instance_running").wait_for_ssh()
    zone = machine.describe()["Placement"]["AvailabilityZone"]
    volume = site.ec2.create_volume(AvailabilityZone=zone, **kind)["VolumeId"]
    eventually(lambda: site.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available", "it is free")
    site.ec2.attach_volume(VolumeId=volume, InstanceId=machine.id, Device="/dev/sdf")
    eventually(lambda: machine.ssh("test -b /dev/vdb && echo there || true") == "there", "the guest sees it", 60)
    spare = site.ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
    eventually(lambda: site.ec2.describe_volumes(VolumeIds=[spare])["Volumes"][0]["State"] == "available", "so is the spare")
    address = machine.address
    fill(site.cloud, leaving=SIZE // 2)
    command = f"yes {LINE.strip()} | head -c {SIZE} | dd of=/dev/vdb bs=1M conv=fsync && echo written > /tmp/done"
    machine.ssh(f"sudo sh -c '{command}' < /dev/null > /tmp/log 2>&1 &", address=address)
    eventually(lambda: waiting(site) == [machine.id], "the guest is said to wait", 120)
    assert f"waiting       {machine.id}" in site.cloud.command("status").stdout
    # Another Apus finds it waiting.
    site.cloud.kill()
    site.start_again()
    eventually(lambda: waiting(site) == [machine.id], "the guest is said to wait still", 30)
    assert machine.state == "running"
    # What is asked for is kept all the same, and disks can be given back.
    for number in range(100):
        site.ec2.create_tags(Resources=[volume], Tags=[{"Key": "round", "Value": str(number)}])
    site.ec2.delete_volume(VolumeId=spare)
    gone = lambda: not site.ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": [spare]}])["Volumes"]
    eventually(gone, "the spare volume is gone", 30)
    impaired = [{"Name": "volume-status.status", "Values": ["impaired"]}]
    found = site.ec2.describe_volume_status(Filters=impaired)["VolumeStatuses"]
    assert volume in {one["VolumeId"] for one in found}
    ballast(site.cloud).unlink()
    eventually(lambda: machine.ssh("cat /tmp/done || true") == "written", "the guest has written it all", 120)
    assert waiting(site) == [] and site.ec2.describe_volume_status(Filters=impaired)["VolumeStatuses"] == []
    machine.ssh("echo 3 | sudo tee /proc/sys/vm/drop_caches")
    read = machine.ssh(f"sudo dd if=/dev/vdb bs=1M count={SIZE >> 20} 2>/dev/null | md5sum | cut -c 1-32", seconds=120)
    assert read == hashlib.md5((LINE * (SIZE // len(LINE))).encode()).hexdigest()
    assert "I/O error" not in machine.ssh("sudo dmesg")
    machine.terminate()
