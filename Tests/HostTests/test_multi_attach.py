"""One volume in two real guests at once: what one flushed the other reads, whoever dies in between."""

import itertools
import os
import pathlib
import signal
import threading
import time

from apus_testing.waiting import eventually, quick
from kills import Act, interrupt
from test_volumes import attach, completed, detach, disk, machines, make, seen, sound, volume  # noqa: F401

DEVICE = "/dev/sdf"


def shared(site, make, machines, **more):  # noqa: F811
    """A volume that both guests have."""
    id = make(4, **({"VolumeType": "io2", "Iops": 1000, "MultiAttachEnabled": True} | more))
    join(site, id, *machines)
    return id


def join(site, id, *machines):  # noqa: F811
    for machine in machines:
        site.ec2.attach_volume(VolumeId=id, InstanceId=machine.id, Device=DEVICE)
    eventually(lambda: all(holders(site, id).get(one.id) == "attached" for one in machines), f"{id} is attached")
    for machine in machines:
        seen(machine, id)


def holders(site, id):
    return {one["InstanceId"]: one["State"] for one in volume(site, id)["Attachments"]}


def leave(site, id, *machines):  # noqa: F811
    for machine in machines:
        site.ec2.detach_volume(VolumeId=id, InstanceId=machine.id)
        eventually(lambda: machine.id not in holders(site, id), f"{machine.id} has {id} no more")


def server(site, id):
    """The process that serves the volume; None while nobody has it."""
    marker = f"guest=server {site.cloud.state}/servers/{id}".encode()
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if marker in (entry / "cmdline").read_bytes().split(b"\0"):
                    return int(entry.name)
            except OSError:
                continue
    return None


def opened(process, id):
    """How often the process has the volume's file open."""
    return sum(f"/volumes/{id}" in os.readlink(entry) for entry in pathlib.Path(f"/proc/{process}/fd").iterdir())


def write(machine, id, text, place):
    """Answered when it is flushed."""
    machine.ssh(f"(echo {text}; dd if=/dev/zero bs=4096 count=1 2>/dev/null) | dd bs=4096 count=1 iflag=fullblock 2>/dev/null"
                f" | sudo dd of=/dev/{disk(machine, id)} bs=4096 seek={place} oflag=direct conv=fsync,notrunc", seconds=60)


def read(machine, id, place):
    return machine.ssh(
        f"sudo dd if=/dev/{disk(machine, id)} bs=4096 skip={place} count=1 iflag=direct 2>/dev/null | head -n 1", seconds=60)


def test_what_one_flushed_the_other_reads_and_one_process_alone_has_the_file(site, machines, make):  # noqa: F811
    first, second = machines
    id = shared(site, make, machines, Encrypted=True)
    for place in range(3):
        write(first, id, f"one-{place}", 2 * place)
        assert read(second, id, 2 * place) == f"one-{place}"
        write(second, id, f"two-{place}", 2 * place)
        assert read(first, id, 2 * place) == f"two-{place}"
    assert opened(first.process, id) == opened(second.process, id) == 0 and opened(server(site, id), id) > 0
    status = pathlib.Path(f"/proc/{server(site, id)}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    users = {pathlib.Path(f"/proc/{one}").stat().st_uid for one in (server(site, id), first.process, second.process)}
    assert len(users) == 3 and 0 not in users
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0 and fields["NoNewPrivs"] == "1"
    # With the last attachment the process goes, its file closed in good order.
    leave(site, id, first)
    write(second, id, "alone", 1)
    assert volume(site, id)["State"] == "in-use"
    leave(site, id, second)
    assert volume(site, id)["State"] == "available"
    assert server(site, id) is None and not (site.cloud.state / "servers" / id).exists()


def test_guests_wait_for_what_serves_them_and_lose_nothing(site, machines, make):  # noqa: F811
    first, second = machines
    id = shared(site, make, machines)
    write(first, id, "before", 0)
    for place in range(1, 4):
        dead = server(site, id)
        os.kill(dead, signal.SIGKILL)
        write(first, id, f"after-{place}", place)
        assert read(second, id, place) == f"after-{place}"
        assert server(site, id) not in (None, dead)
    assert read(second, id, 0) == "before"
    # Both at once: what was served is served again by the next Apus.
    site.cloud.kill()
    os.kill(server(site, id), signal.SIGKILL)
    site.start_again()
    write(second, id, "again", 4)
    assert read(first, id, 4) == "again"
    # Apus alone: nobody notices.
    kept = server(site, id)
    site.cloud.kill()
    site.start_again()
    assert server(site, id) == kept
    write(first, id, "still", 5)
    assert read(second, id, 5) == "still"
    leave(site, id, first, second)
    sound(site, id)


def test_kill_of_apus_in_the_middle_of_what_is_done_for_one_guest_leaves_the_other_alone(site, machines, make):  # noqa: F811
    first, second = machines
    id = shared(site, make, machines[:1])
    written = itertools.count()

    def plug_in():
        site.ec2.attach_volume(VolumeId=id, InstanceId=second.id, Device=DEVICE)

    def is_in():
        text = f"in-{next(written)}"
        write(first, id, text, 0)
        eventually(lambda: holders(site, id).get(second.id) == "attached", "the other has it too")
        seen(second, id)
        assert read(second, id, 0) == text

    def pull_out():
        site.ec2.detach_volume(VolumeId=id, InstanceId=second.id)

    def is_out():
        eventually(lambda: holders(site, id) == {first.id: "attached"}, "one has it alone")
        assert disk(second, id) is None

    interrupt(site, Act(plug_in, is_in, {"VolumeInUse"}), Act(pull_out, is_out, {"IncorrectState"}))
    leave(site, id, first)
    assert server(site, id) is None
    sound(site, id)


def test_a_guest_that_dies_leaves_the_volume_to_the_other(site, machines, make):  # noqa: F811
    first, second = machines
    id = shared(site, make, machines)
    write(second, id, "kept", 0)
    os.kill(second.process, signal.SIGKILL)
    eventually(lambda: second.state == "stopped", "the instance shows as stopped")
    assert read(first, id, 0) == "kept"
    write(first, id, "meanwhile", 1)
    site.ec2.start_instances(InstanceIds=[second.id])
    second.wait("instance_running").wait_for_ssh()
    assert read(second, id, 1) == "meanwhile"
    # Taken from it by force, the guest reads nothing any more.
    site.ec2.detach_volume(VolumeId=id, InstanceId=second.id, Force=True)
    eventually(lambda: second.id not in holders(site, id), "it is taken away")
    write(first, id, "mine", 1)
    leave(site, id, first)
    sound(site, id)


def test_limits_hold_for_all_guests_together_and_growth_is_seen_by_all(site, machines, make):  # noqa: F811
    id = shared(site, make, machines, Iops=100)
    names = {one: seen(one, id) for one in machines}

    def seconds(count):
        began = time.monotonic()
        readers = [threading.Thread(target=one.ssh, kwargs={"seconds": 120, "command":
                   f"sudo dd if=/dev/{names[one]} of=/dev/null bs=4k count={count} iflag=direct"}) for one in machines]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        return time.monotonic() - began

    # What was never written is no data, and is not counted for all together.
    machines[0].ssh(f"sudo dd if=/dev/zero of=/dev/{names[machines[0]]} bs=1M count=4 oflag=direct conv=fsync")
    # 1,500 operations at 100 a second; the first second's worth may come at once.
    limited = seconds(750)
    assert limited > 13
    site.ec2.modify_volume(VolumeId=id, Size=5, Iops=5000)
    completed(site, id)
    for machine in machines:
        assert machine.ssh(f"cat /sys/block/{names[machine]}/size") == str(5 << 21)
    assert seconds(750) < limited
    write(machines[0], id, "far", 1_200_000)
    assert read(machines[1], id, 1_200_000) == "far"
    leave(site, id, *machines)
    sound(site, id)


def test_a_growth_that_a_kill_cuts_off_is_seen_by_all_in_the_end(site, machines, make):  # noqa: F811
    id = shared(site, make, machines)
    names = {one: seen(one, id) for one in machines}

    def grow():
        site.ec2.modify_volume(VolumeId=id, Size=volume(site, id)["Size"] + 1)

    def has_grown():
        completed(site, id)
        size = volume(site, id)["Size"]
        for machine in machines:
            assert machine.ssh(f"cat /sys/block/{names[machine]}/size") == str(size << 21)
        write(machines[0], id, f"grown-{size}", (size << 18) - 1)
        assert read(machines[1], id, (size << 18) - 1) == f"grown-{size}"

    interrupt(site, Act(grow, has_grown, is_repeated=False))
    leave(site, id, *machines)
    sound(site, id)


def test_a_snapshot_is_of_one_moment_of_what_all_wrote(site, machines, make):  # noqa: F811
    first, second = machines
    id = shared(site, make, machines)
    write(first, id, "one", 0)
    write(second, id, "two", 1)
    snapshot = site.ec2.create_snapshot(VolumeId=id)["SnapshotId"]
    write(second, id, "later", 0)
    # Who held the moment goes on while a guest leaves.
    leave(site, id, first)
    site.ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig=quick(120))
    leave(site, id, second)
    copy = make(4, SnapshotId=snapshot, VolumeType="io2", Iops=1000, MultiAttachEnabled=True)
    join(site, copy, first, second)
    assert [read(one, copy, place) for place in (0, 1) for one in machines] == ["one", "one", "two", "two"]
    eventually(lambda: not list((site.cloud.state / "feeds").glob(f"{copy}*")), "it stands alone", 120)
    leave(site, copy, first, second)
    site.ec2.delete_snapshot(SnapshotId=snapshot)
    sound(site, id)
    sound(site, copy)


def counting(site, make, machines):  # noqa: F811
    """An own and a shared volume to which the first guest writes one number after another, to its own first."""
    own, id = make(1), shared(site, make, machines)
    attach(site, own, machines[0], "/dev/sdg")
    names = seen(machines[0], own), seen(machines[0], id)
    writes = "; ".join(f"echo $n | dd of=/dev/{name} bs=512 conv=sync,notrunc,fsync 2>/dev/null" for name in names)
    machines[0].ssh(f"sudo sh -c 'n=0; while test ! -e /tmp/enough; do n=$((n+1)); {writes}; done; touch /tmp/done' </dev/null >/dev/null 2>&1 &")
    eventually(lambda: number(machines[1], id) > 5, "the guest counts")
    return own, id


def number(machine, id):
    return int(machine.ssh(f"sudo dd if=/dev/{disk(machine, id)} bs=512 count=1 iflag=direct 2>/dev/null | head -n 1") or 0)


def stopped_counting(site, machines, *ids):  # noqa: F811
    machines[0].ssh("sudo touch /tmp/enough")
    eventually(lambda: machines[0].ssh("test -e /tmp/done && sudo rm /tmp/done /tmp/enough && echo done || true"), "it counts no more")
    for id in ids:
        leave(site, id, *(one for one in machines if one.id in holders(site, id)))
        sound(site, id)


def test_volumes_of_an_instance_are_captured_at_one_instant_shared_ones_too(site, machines, make):  # noqa: F811
    own, id = counting(site, make, machines)
    made = site.ec2.create_snapshots(InstanceSpecification={"InstanceId": machines[0].id, "ExcludeBootVolume": True})["Snapshots"]
    image = site.ec2.create_image(InstanceId=machines[0].id, Name="counting", NoReboot=True)["ImageId"]
    site.ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig=quick(240))
    devices = site.ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"]
    places = {one["DeviceName"]: one["Ebs"]["SnapshotId"] for one in devices}
    snapshots = {one["VolumeId"]: one["SnapshotId"] for one in made}
    assert len(places) == 3 and set(snapshots) == {own, id}
    numbers = []
    for first, second in [(snapshots[own], snapshots[id]), (places["/dev/sdg"], places[DEVICE])]:
        site.ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[first, second], WaiterConfig=quick(120))
        for snapshot in (first, second):
            copy = make(4, SnapshotId=snapshot)
            attach(site, copy, machines[1], "/dev/sdh")
            seen(machines[1], copy)
            numbers.append(number(machines[1], copy))
            detach(site, copy)
        assert numbers[-2] - numbers[-1] in (0, 1)
    # It counted on, and two moments are two.
    assert numbers[0] < numbers[2] < number(machines[1], id)
    stopped_counting(site, machines, own, id)
    site.ec2.deregister_image(ImageId=image)
    for snapshot in [*snapshots.values(), *places.values()]:
        site.ec2.delete_snapshot(SnapshotId=snapshot)


def test_a_kill_of_apus_while_several_processes_hold_one_moment_leaves_no_guest_standing(site, machines, make):  # noqa: F811
    own, id = counting(site, make, machines)
    wish = {"InstanceId": machines[0].id, "ExcludeBootVolume": True}

    def capture():
        site.ec2.create_snapshots(InstanceSpecification=wish)

    def goes_on():
        before = number(machines[1], id)
        eventually(lambda: number(machines[1], id) > before, "the guest counts on")
        mine = [{"Name": "volume-id", "Values": [own, id]}]
        eventually(lambda: all(one["State"] == "completed" for one in site.ec2.describe_snapshots(Filters=mine)["Snapshots"]),
                   "all are stored", 120)
        found = site.ec2.describe_snapshots(Filters=mine)["Snapshots"]
        assert len(found) in (0, 2)
        for one in found:
            site.ec2.delete_snapshot(SnapshotId=one["SnapshotId"])

    interrupt(site, Act(capture, goes_on, is_repeated=False))
    stopped_counting(site, machines, own, id)
