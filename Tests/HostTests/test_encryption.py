"""Encrypted volumes of real guests: what is written is nowhere in the clear on the host, and comes back elsewhere."""

import base64
import os
import pathlib
import uuid

from apus_testing.waiting import eventually, quick
from test_snapshots import (  # noqa: F401 - some are fixtures
    attach, detach, machines, snapshot, sound, things, volume)

PLACES = (0, 5_000, 300_000)


def key():
    return str(uuid.uuid4())


def holding(folder, words):
    """The files below the folder that hold one of the words."""
    longest = max(map(len, words))
    found = []
    for path in pathlib.Path(folder).rglob("*"):
        try:
            if not path.is_file() or path.is_symlink():
                continue
            with open(path, "rb") as file:
                last = b""
                while piece := file.read(16 << 20):
                    text = last + piece
                    if any(word in text for word in words):
                        found.append(path)
                        break
                    last = text[-longest:]
        except FileNotFoundError:
            continue
    return found


def passphrases(process):
    """What opens the encrypted disks that a QEMU was booted with: it has them as sealed files in memory."""
    found = set()
    for number in os.listdir(f"/proc/{process}/fd"):
        link = f"/proc/{process}/fd/{number}"
        if "volume-key" in os.readlink(link):
            with open(link, "rb") as file:
                found.add(os.pread(file.fileno(), 4096, 0))
    return found


def marker():
    """A sector that no compression hides."""
    return os.urandom(512)


def shown(folder, *markers):
    """The files that hold a piece of a marker in the clear."""
    return holding(folder, [one[place:place + 32] for one in markers for place in (0, 300)])


def write(machine, name, sector):
    """The sector at places of several blocks and clusters, durable."""
    text = base64.b64encode(sector).decode()
    for place in PLACES:
        machine.ssh(f"echo {text} | base64 -d | sudo dd of=/dev/{name} bs=512 seek={place} conv=notrunc,fsync")


def read(machine, name):
    return {base64.b64decode(machine.ssh(f"sudo dd if=/dev/{name} bs=512 skip={place} count=1 2>/dev/null | base64"))
            for place in PLACES}


def test_what_is_written_is_nowhere_in_the_clear_and_comes_back(site, machines, things):  # noqa: F811
    first, second = machines
    own, other = key(), key()
    id = volume(site, things, first, Size=1, Encrypted=True, KmsKeyId=own)
    name = attach(site, id, first)
    early, later = marker(), marker()
    write(first, name, early)
    one = snapshot(site, things, id)
    # The moment of the second is held while the guest overwrites what it has.
    two = site.ec2.create_snapshot(VolumeId=id)["SnapshotId"]
    things["snapshots"].append(two)
    write(first, name, later)
    site.ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[two], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    copy = site.ec2.copy_snapshot(SourceSnapshotId=one, SourceRegion="us-east-1", Encrypted=True, KmsKeyId=other)
    things["snapshots"].append(copy["SnapshotId"])
    site.ec2.get_waiter("snapshot_completed").wait(
        SnapshotIds=[copy["SnapshotId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    for which, encryption in ((one, {}), (two, {}), (copy["SnapshotId"], {}),
                              (one, {"Encrypted": True, "KmsKeyId": other})):
        restored = volume(site, things, first, SnapshotId=which, **encryption)
        assert site.ec2.describe_volumes(VolumeIds=[restored])["Volumes"][0]["Encrypted"]
        found = attach(site, restored, second)
        assert read(second, found) == {early}
        write(second, found, later)
        assert shown(site.cloud.state, early, later) == []
        detach(site, restored)
    detach(site, id)
    assert shown(site.cloud.state, early, later) == []


def test_a_plain_snapshot_is_sealed_on_its_way_into_an_encrypted_volume(site, machines, things):  # noqa: F811
    first, second = machines
    id = volume(site, things, first, Size=1)
    name = attach(site, id, first)
    clear, sealed = marker(), marker()
    write(first, name, clear)
    detach(site, id)
    # A search that finds nothing must be able to find something, in blocks as in volumes.
    assert shown(site.cloud.state, clear)
    plain = snapshot(site, things, id)
    assert shown(site.cloud.state / "snapshots", clear)
    restored = volume(site, things, first, SnapshotId=plain, Encrypted=True, KmsKeyId=key())
    found = attach(site, restored, second)
    assert read(second, found) == {clear}
    write(second, found, sealed)
    assert shown(site.cloud.state, sealed) == []
    detach(site, restored)


def test_the_passphrase_is_in_no_argument_no_environment_and_no_file(site, things):  # noqa: F811
    root = site.ec2.describe_images(ImageIds=[site.image])["Images"][0]["RootDeviceName"]
    machine = site.launch(BlockDeviceMappings=[
        {"DeviceName": root, "Ebs": {"Encrypted": True, "KmsKeyId": key()}},
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "Encrypted": True, "DeleteOnTermination": True}}])
    machine.wait("instance_running").wait_for_ssh()
    try:
        process = machine.process
        secrets = passphrases(process)
        assert len(secrets) == 2, "a passphrase for each disk"
        for name in ("cmdline", "environ"):
            text = pathlib.Path(f"/proc/{process}/{name}").read_bytes()
            assert not any(secret in text for secret in secrets)
        assert holding(site.cloud.state, list(secrets)) == []
        word = f"marker-{uuid.uuid4().hex}"
        machine.ssh(f"echo {word} > ~/marker; sync")
        assert holding(site.cloud.state, [word.encode()]) == []
        site.ec2.stop_instances(InstanceIds=[machine.id])
        machine.wait("instance_stopped")
        site.ec2.start_instances(InstanceIds=[machine.id])
        machine.wait("instance_running").wait_for_ssh()
        assert machine.ssh("cat ~/marker") == word
        assert passphrases(machine.process) == secrets
    finally:
        machine.terminate()


def test_an_image_of_an_encrypted_root_boots_and_is_nowhere_in_the_clear(site, things):  # noqa: F811
    root = site.ec2.describe_images(ImageIds=[site.image])["Images"][0]["RootDeviceName"]
    machine = site.launch(BlockDeviceMappings=[{"DeviceName": root, "Ebs": {"Encrypted": True, "KmsKeyId": key()}}])
    machine.wait("instance_running").wait_for_ssh()
    sector, images, machines = marker(), [], [machine]  # noqa: F811
    try:
        machine.ssh(f"echo {base64.b64encode(sector).decode()} | base64 -d > ~/sector; sync")
        made = site.ec2.create_image(InstanceId=machine.id, Name="sealed")["ImageId"]
        images.append(made)
        site.ec2.get_waiter("image_available").wait(ImageIds=[made], WaiterConfig=quick(120))
        copy = site.ec2.copy_image(SourceImageId=made, SourceRegion="us-east-1", Name="sealed anew", Encrypted=True)
        images.append(copy["ImageId"])
        site.ec2.get_waiter("image_available").wait(ImageIds=images, WaiterConfig=quick(120))
        for image in images:
            machines.append(site.launch(ImageId=image))
            machines[-1].wait("instance_running").wait_for_ssh()
            assert base64.b64decode(machines[-1].ssh("base64 ~/sector")) == sector
        assert shown(site.cloud.state, sector) == []
    finally:
        for one in machines:
            one.terminate()
        for image in images:
            site.ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)


def test_fast_restore_of_an_encrypted_snapshot_has_its_volumes_whole_at_once_and_nowhere_in_the_clear(
        site, machines, things):  # noqa: F811
    first, second = machines
    id = volume(site, things, first, Size=1, Encrypted=True, KmsKeyId=key())
    name = attach(site, id, first)
    early, later = marker(), marker()
    write(first, name, early)
    detach(site, id)
    made = snapshot(site, things, id)
    folders = {one: site.cloud.state / one for one in ("bases", "feeds", "keys/bases")}
    pair = {"AvailabilityZones": [first.describe()["Placement"]["AvailabilityZone"]], "SourceSnapshotIds": [made]}

    def comes_to(state):
        def found():
            of_it = [{"Name": "snapshot-id", "Values": [made]}]
            return site.ec2.describe_fast_snapshot_restores(Filters=of_it)["FastSnapshotRestores"][0]["State"] == state
        eventually(found, f"fast restore is {state}", 60)
    site.ec2.enable_fast_snapshot_restores(**pair)
    comes_to("enabled")
    base = folders["bases"] / f"{made}.qcow2"
    assert base.exists() and shown(site.cloud.state, early) == []
    for encryption in ({}, {"Encrypted": True, "KmsKeyId": key()}):
        restored = volume(site, things, first, SnapshotId=made, **encryption)
        status = site.ec2.describe_volume_status(VolumeIds=[restored])["VolumeStatuses"][0]
        assert status["InitializationStatusDetails"]["Progress"] == 100
        assert not (folders["feeds"] / restored).exists(), "nothing of it is read later"
        free = snapshot(site, things, restored)
        found = attach(site, restored, second)
        assert read(second, found) == {early}
        held = site.ec2.create_snapshot(VolumeId=restored)["SnapshotId"]
        things["snapshots"].append(held)
        write(second, found, later)
        site.ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[held], WaiterConfig=quick(60))
        # Apus hands the base's key to guests that it finds, as well as to those that it boots.
        site.cloud.kill()
        site.start_again()
        assert read(second, found) == {later}
        detach(site, restored)
        for one in (free, held):
            copy = volume(site, things, first, SnapshotId=one)
            assert read(second, attach(site, copy, second)) == {early}
            detach(site, copy)
        assert shown(site.cloud.state, early, later) == []
    site.ec2.delete_snapshot(SnapshotId=made)
    comes_to("disabled")
    for one in things["volumes"]:
        site.ec2.delete_volume(VolumeId=one)
    eventually(lambda: not base.exists() and not list(folders["keys/bases"].iterdir()), "nothing is kept ready", 60)


def test_a_guest_boots_from_a_sealed_base(site, things):  # noqa: F811
    root = site.ec2.describe_images(ImageIds=[site.image])["Images"][0]["RootDeviceName"]
    machine = site.launch(BlockDeviceMappings=[{"DeviceName": root, "Ebs": {"Encrypted": True, "KmsKeyId": key()}}])
    machine.wait("instance_running").wait_for_ssh()
    image, machines = None, [machine]  # noqa: F811
    try:
        machine.ssh("echo kept > ~/kept; sync")
        image = site.ec2.create_image(InstanceId=machine.id, Name="ready")["ImageId"]
        site.ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig=quick(120))
        made = site.ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        zone = machine.describe()["Placement"]["AvailabilityZone"]
        site.ec2.enable_fast_snapshot_restores(AvailabilityZones=[zone], SourceSnapshotIds=[made])
        eventually(lambda: (site.cloud.state / "bases" / f"{made}.qcow2").exists(), "the base is there", 60)
        machines.append(site.launch(ImageId=image, Placement={"AvailabilityZone": zone}))
        machines[-1].wait("instance_running").wait_for_ssh()
        assert machines[-1].ssh("cat ~/kept") == "kept"
        assert not list((site.cloud.state / "feeds").iterdir())
    finally:
        for one in machines:
            one.terminate()
        if image:
            site.ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
