"""Debian with its own cloud-init, and with it every stock cloud image: built, exported, imported, booted by its loader."""

import base64
import os
import pathlib
import subprocess

import pytest

from apus_testing import jpeg
from apus_testing.running import ROOT
from apus_testing.waiting import eventually

BUILDER = ROOT / "Sources/ImageRecipes/Resources/debian-12/build-debian-image"
# The network of this machine, where packages come from: the lab, which the tests enter later, has none.
OUTSIDE = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

USER_DATA = """Content-Type: multipart/mixed; boundary="//"
MIME-Version: 1.0

--//
Content-Type: text/cloud-config; charset="us-ascii"

#cloud-config
write_files:
- path: /etc/told-by-cloud-config
  content: written
- path: /etc/ssh/sshd_config.d/60-pushed-keys.conf
  content: |
    AuthorizedKeysCommand /usr/lib/pushed-keys %u
    AuthorizedKeysCommandUser nobody
- path: /usr/lib/pushed-keys
  permissions: "0755"
  content: |
    #!/usr/bin/python3
    import sys
    from urllib.request import Request, urlopen
    base = "http://169.254.169.254/latest/"
    asked = Request(base + "api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    token = {"X-aws-ec2-metadata-token": urlopen(asked, timeout=5).read().decode()}
    keys = Request(base + "meta-data/managed-ssh-keys/active-keys/" + sys.argv[1], headers=token)
    for line in urlopen(keys, timeout=5).read().decode().splitlines():
        if line.startswith("ssh-"):
            print(line)
runcmd:
- systemctl reload ssh
- [sh, -c, "echo commanded as $(id -un) >>/var/tmp/told-by-runcmd"]

--//
Content-Type: text/x-shellscript; charset="us-ascii"

#!/bin/sh
echo "ran as $(id -un)" >>/var/tmp/told-by-script
--//--
"""


@pytest.fixture(scope="module")
def disk(site):
    """What the builder makes; its packages are kept between test runs."""
    folder = site.cloud.state.parent / "debian"
    done = subprocess.run(
        ["nsenter", f"--net=/proc/self/fd/{OUTSIDE}", "bash", str(BUILDER), "--install-packages", str(folder)],
        pass_fds=[OUTSIDE], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder / "disk.raw"


@pytest.fixture(scope="module")
def built(site, disk):
    """The recipe's image."""
    return site.cloud.command("image", "build", "debian-12", seconds=600).stdout.strip()


@pytest.fixture(scope="module")
def imported(site, disk):
    """The same disk as others ship theirs: one qcow2 file."""
    file = disk.with_suffix(".qcow2")
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", str(disk), str(file)], check=True, timeout=120)
    disk.unlink()
    return site.cloud.command("image", "import", str(file), "--name", "stock-debian").stdout.strip()


@pytest.fixture(scope="module")
def machine(site, imported):
    machine = site.launch(ImageId=imported, UserData=USER_DATA,
                          BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 5}}])
    machine.user = "debian"
    machine.wait("instance_running")
    try:
        machine.wait_for_ssh(300)
        machine.ssh("cloud-init status --wait", check=False, seconds=240)
        yield machine
    except BaseException:
        print(console(site, machine)[-6000:])
        raise
    finally:
        machine.terminate()


def console(site, machine):
    output = site.ec2.get_console_output(InstanceId=machine.id, Latest=True).get("Output", "")
    return base64.b64decode(output).decode(errors="replace") if " " not in output.strip() else output


def test_it_is_registered_as_an_image_of_amazons_that_boots_by_itself(site, built):
    image = site.ec2.describe_images(ImageIds=[built], Owners=["amazon"])["Images"][0]
    assert image["Name"].startswith("apus-debian-12-") and image["Name"].endswith("-amd64")
    assert image["Public"] and image["State"] == "available" and image["BootMode"] == "legacy-bios"
    assert image["RootDeviceName"] == image["BlockDeviceMappings"][0]["DeviceName"] == "/dev/xvda"
    assert image["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 2
    assert image["Description"].startswith("Debian 12 (12.")


def test_building_it_again_finds_it(site, built):
    name = site.ec2.describe_images(ImageIds=[built])["Images"][0]["Name"]
    assert site.cloud.command("image", "build", "debian-12", "--name", name).stdout.strip() == built
    assert not list(pathlib.Path(site.cloud.state).glob("build-*"))


def test_cloud_init_finds_ec2_and_ends_without_errors(machine):
    assert machine.ssh("cloud-id") == "aws"
    assert machine.ssh("cloud-init query platform") == "ec2"
    assert machine.ssh("cloud-init query instance_id") == machine.id
    assert "status: done" in machine.ssh("cloud-init status --long")
    assert machine.ssh("python3 -c 'import json; print(json.load(open(\"/run/cloud-init/result.json\"))"
                       "[\"v1\"][\"errors\"])'") == "[]"


def test_its_user_may_all_and_it_has_the_key_pairs_key(machine):
    assert machine.ssh("id -un && sudo id -un") == "debian\nroot"


def test_it_is_called_by_its_private_address(machine):
    dashed = machine.describe()["PrivateIpAddress"].replace(".", "-")
    assert machine.ssh("hostname") == f"ip-{dashed}"
    assert machine.ssh("hostname --fqdn") == f"ip-{dashed}.ec2.internal"


def test_cloud_config_and_scripts_of_its_user_data_ran_as_root(machine):
    assert machine.ssh("cat /etc/told-by-cloud-config") == "written"
    assert machine.ssh("cat /var/tmp/told-by-runcmd") == "commanded as root"
    assert machine.ssh("cat /var/tmp/told-by-script") == "ran as root"


def test_its_root_grew_to_the_size_that_was_asked_for(machine):
    blocks = int(machine.ssh("df -k --output=size / | tail -1"))
    assert 4.5 * 1024 * 1024 < blocks < 5 * 1024 * 1024


def test_its_host_keys_and_machine_id_were_made_here(site, machine):
    fingerprint = machine.ssh("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    assert fingerprint in console(site, machine)
    assert len(machine.ssh("cat /etc/machine-id")) == 32


def test_its_screen_is_that_of_its_display(site, machine):
    for wakes in (False, True):
        shot = site.ec2.get_console_screenshot(InstanceId=machine.id, WakeUp=wakes)
        width, height, rows = jpeg.brightness(base64.b64decode(shot["ImageData"]))
        # The text mode in which the kernel's console comes up; it has asked for a login.
        assert (width, height) == (720, 400)
        written = sum(any(shade > 100 for row in rows[top:top + 16] for shade in row) for top in range(0, 400, 16))
        assert written >= 2, f"{written} lines of text"


def test_a_key_that_is_pushed_lets_one_in(site, machine, tmp_path):
    key = tmp_path / "pushed"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)

    def enter():
        return site.lab.run(
            "ssh", "-i", str(key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10",
            "-o", "LogLevel=ERROR", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            f"debian@{machine.address}", "id -un", check=False, seconds=60).stdout.strip()
    assert enter() == ""
    push = site.account.client("ec2-instance-connect").send_ssh_public_key
    assert push(InstanceId=machine.id, InstanceOSUser="debian", SSHPublicKey=key.with_suffix(".pub").read_text())["Success"]
    assert enter() == "debian"


def test_no_unit_of_it_failed(machine):
    assert machine.ssh("systemctl list-units --failed --no-legend --plain") == ""


def test_a_stop_presses_its_power_button_and_a_start_is_no_first_boot(site, machine):
    before = machine.ssh("cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id")
    site.ec2.stop_instances(InstanceIds=[machine.id])
    machine.wait("instance_stopped", 180)
    said = console(site, machine)
    assert "Power key pressed" in said or "poweroff.target" in said or "System Power Off" in said, said[-2000:]
    assert "reboot: Power down" in said
    site.ec2.start_instances(InstanceIds=[machine.id])
    machine.wait("instance_running").wait_for_ssh(240)
    machine.ssh("cloud-init status --wait", check=False, seconds=240)
    assert machine.ssh("cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id") == before
    assert machine.ssh("cat /var/tmp/told-by-runcmd /var/tmp/told-by-script") == "commanded as root\nran as root"
    assert eventually(lambda: machine.ssh("cloud-init status") == "status: done", "cloud-init is done again")
