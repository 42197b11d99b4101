"""The life of a real instance, as its user sees it."""

import base64

import pytest

from apus_testing.waiting import eventually


@pytest.fixture(scope="module")
def machine(site):
    script = "#!/bin/sh\necho user data ran as $(id -un) > /home/ec2-user/told\n"
    machine = site.launch(UserData=script, BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 2}}])
    machine.wait("instance_running").wait_for_ssh()
    yield machine
    machine.terminate()


def test_it_answers_on_ssh_with_the_key_it_was_launched_with(machine):
    assert machine.ssh("id -un") == "ec2-user"


def test_it_is_called_by_its_private_address(machine):
    dashed = machine.describe()["PrivateIpAddress"].replace(".", "-")
    assert machine.ssh("hostname") == f"ip-{dashed}.ec2.internal"


def test_its_user_data_ran_as_root(machine):
    assert eventually(lambda: machine.ssh("cat told", check=False), "user data ran") == "user data ran as root"


def test_its_root_has_the_size_that_was_asked_for(machine):
    blocks = int(machine.ssh("df -k / | tail -1").split()[1])
    assert 1.8 * 1024 * 1024 < blocks < 2.1 * 1024 * 1024


def test_its_console_can_be_read(site, machine):
    def console():
        output = site.ec2.get_console_output(InstanceId=machine.id, Latest=True).get("Output", "")
        return base64.b64decode(output).decode(errors="replace") if " " not in output.strip() else output
    assert "ready in" in eventually(lambda: "ready in" in console() and console(), "the console tells of the boot")


def test_the_metadata_service_tells_it_of_itself_alone(machine):
    assert machine.ssh(metadata("meta-data/instance-id")) == machine.id
    assert machine.ssh(metadata("meta-data/local-ipv4")) == machine.describe()["PrivateIpAddress"]
    assert machine.ssh(metadata("meta-data/public-ipv4")) == machine.address


def test_a_reboot_keeps_everything_and_restarts_the_system(site, machine):
    process, address = machine.process, machine.address
    machine.ssh("touch kept && sync && echo 1 > /tmp/gone")
    site.ec2.reboot_instances(InstanceIds=[machine.id])
    eventually(lambda: machine.ssh("test -e /tmp/gone || echo restarted", check=False) == "restarted",
               "the system restarted", 90, every=0.5)
    assert machine.ssh("ls kept") == "kept"
    assert (machine.process, machine.address) == (process, address)


def test_stop_and_start_keep_the_disk_and_change_the_public_address(site, machine):
    before = machine.describe()
    machine.ssh("echo data > kept && sync")
    site.ec2.stop_instances(InstanceIds=[machine.id])
    machine.wait("instance_stopped")
    assert machine.process is None and machine.address is None
    site.ec2.start_instances(InstanceIds=[machine.id])
    machine.wait("instance_running").wait_for_ssh()
    after = machine.describe()
    assert machine.ssh("cat kept") == "data"
    assert after["PrivateIpAddress"] == before["PrivateIpAddress"]
    assert after["PublicIpAddress"] != before["PublicIpAddress"]


def test_powering_off_inside_stops_it_and_says_so(site, machine):
    machine.ssh("sudo poweroff", check=False)
    machine.wait("instance_stopped")
    assert machine.describe()["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    site.ec2.start_instances(InstanceIds=[machine.id])
    machine.wait("instance_running").wait_for_ssh()


def test_powering_off_inside_ends_one_that_was_launched_so(site):
    machine = site.launch(InstanceInitiatedShutdownBehavior="terminate").wait("instance_running").wait_for_ssh()
    volume = machine.describe()["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    machine.ssh("sudo poweroff", check=False)
    machine.wait("instance_terminated")
    eventually(lambda: not list((site.cloud.state / "volumes").glob(f"{volume}*")), "the volume's file is gone")
    # The bytes go first, then the record.
    eventually(lambda: all(found["VolumeId"] != volume for found in site.ec2.describe_volumes()["Volumes"]),
               "the volume is gone")


def test_what_is_no_disk_is_not_taken_in_as_an_image(site, tmp_path):
    text = tmp_path / "notes"
    text.write_text("no disk at all\n")
    done = site.cloud.command("image", "import", str(text), "--name", "notes", check=False)
    assert done.returncode == 1 and "format is raw" in done.stderr
    assert all(image["name"] != "notes" for image in site.cloud.json("image", "list"))


def test_an_uplink_that_the_host_does_not_have_is_told_at_the_start(lab):
    other = lab.apus("wrongly-linked")
    done = other.command("up", "--port", "0", "--uplink", "nosuch0", check=False, seconds=30)
    assert done.returncode == 2 and "no interface nosuch0" in done.stderr


def metadata(path):
    """A shell command for the guest that asks its metadata service with a token."""
    request = (r"PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n"
               r"Content-Length: 0\r\n\r\n")
    return (f"T=$(printf '{request}' | nc -w 3 169.254.169.254 80 | tail -n 1); "
            f"wget -qO- --header \"X-aws-ec2-metadata-token: $T\" http://169.254.169.254/latest/{path}")
