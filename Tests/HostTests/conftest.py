"""A lab for real guests: a namespace that stands for the host, one Apus in it, the tiny image, and a key."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "PythonSupport"))

from apus_testing.lab import Lab, sweep  # noqa: E402
from apus_testing.running import end_in_good_order  # noqa: E402
from apus_testing.waiting import eventually, quick  # noqa: E402

TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", "nft": "nftables", "ip": "iproute2",
         "dnsmasq": "dnsmasq-base", "ssh": "openssh-client", "lz4": "lz4", "cpio": "cpio"}


def obstacle():
    if os.geteuid() != 0:
        return "needs root"
    missing = [f"{tool} (Debian package {package})" for tool, package in TOOLS.items() if not shutil.which(tool)]
    return f"needs {', '.join(missing)}" if missing else None


def pytest_collection_modifyitems(items):
    reason = obstacle()
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


class Machine:
    """A launched instance and the way to it."""

    user = "ec2-user"

    def __init__(self, site, instance):
        self.site, self.id = site, instance

    def describe(self):
        return self.site.ec2.describe_instances(InstanceIds=[self.id])["Reservations"][0]["Instances"][0]

    @property
    def state(self):
        return self.describe()["State"]["Name"]

    @property
    def address(self):
        return self.describe().get("PublicIpAddress")

    def ssh(self, command, check=True, seconds=30, address=None):
        """Runs a command in the guest; a connection that does not come about (255) is tried again where it must.

        address: known already, for when nobody can be asked.
        """
        done = self._ssh(command, seconds, address)
        for _ in range(2):
            if not check or done.returncode != 255:
                break
            done = self._ssh(command, seconds, address)
        if check:
            assert done.returncode == 0, f"{command}: {done.returncode} {done.stderr}"
        return done.stdout.strip()

    def _ssh(self, command, seconds, address):
        return self.site.lab.run(
            "ssh", "-i", str(self.site.key), "-o", "BatchMode=yes", "-o", "ConnectTimeout=3", "-o", "LogLevel=ERROR",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", f"{self.user}@{address or self.address}", command,
            check=False, seconds=seconds)

    def wait(self, waiter, seconds=120):
        self.site.ec2.get_waiter(waiter).wait(InstanceIds=[self.id], WaiterConfig=quick(seconds, 0.2))
        return self

    def wait_for_ssh(self, seconds=120):
        try:
            eventually(lambda: self.ssh("echo yes", check=False) == "yes", f"{self.id} answers on ssh", seconds, every=0.5)
        except AssertionError as silence:
            raise AssertionError(f"{silence}\n{self.seen_from_outside()}") from None
        return self

    def seen_from_outside(self):
        """What can be told of a guest that does not answer: state, processor time, the way to it, its last words."""
        def processor_time():
            fields = pathlib.Path(f"/proc/{self.process}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        before = processor_time() if self.process else None
        tried = self._ssh("true", 10, None)
        told = [f"{self.state} at {self.address}, QEMU {self.process}, ssh: {tried.returncode} {tried.stderr.strip()}"]
        if before is not None:
            told.append(f"processor: {before:.1f} s, {processor_time() - before:.1f} s more during that try")
        told.append(self.site.lab.run("ip", "route", "get", self.address, check=False).stdout.strip())
        told.append(self.ec2_console()[-600:])
        return "\n".join(told)

    def ec2_console(self):
        return self.site.ec2.get_console_output(InstanceId=self.id, Latest=True).get("Output", "")

    def terminate(self):
        self.site.ec2.terminate_instances(InstanceIds=[self.id], SkipOsShutdown=True)
        return self.wait("instance_terminated")

    @property
    def process(self):
        """The id of its QEMU."""
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    line = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if f"guest={self.id}".encode() in line and line.split(b"\0")[0].endswith(b"qemu-system-x86_64"):
                    return int(entry.name)
        return None


class Site:
    """One Apus with the tiny image, a key pair and a group that lets ssh in."""

    def __init__(self, lab, cloud):
        self.lab, self.cloud = lab, cloud
        cloud.start()
        self.image = cloud.command("image", "build", "tiny", seconds=300).stdout.strip().splitlines()[-1]
        self.account = cloud.first_account()
        self.key = cloud.state.parent / f"{cloud.state.name}.pem"
        made = self.lab_client().create_key_pair(KeyName="test", KeyType="ed25519")
        self.key.write_text(made["KeyMaterial"])
        self.key.chmod(0o600)
        self.group = self.make_group("ssh", [22])

    def lab_client(self):
        return self.account.client("ec2")

    @property
    def ec2(self):
        return self.lab_client()

    def start_again(self):
        """Starts an Apus that was ended, which then serves on another port."""
        self.cloud.start()
        self.account = self.cloud.first_account()

    def make_group(self, name, ports, vpc=None):
        more = {"VpcId": vpc} if vpc else {}
        group = self.ec2.create_security_group(GroupName=name, Description=name, **more)["GroupId"]
        for port in ports:
            self.allow(group, port)
        return group

    def allow(self, group, port):
        self.ec2.authorize_security_group_ingress(
            GroupId=group, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp="0.0.0.0/0")

    def revoke(self, group, port):
        self.ec2.revoke_security_group_ingress(
            GroupId=group, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp="0.0.0.0/0")

    def launch(self, **more):
        settings = {"ImageId": self.image, "InstanceType": "t3.nano", "KeyName": "test", "MinCount": 1, "MaxCount": 1,
                    "SecurityGroupIds": [self.group]} | more
        if "NetworkInterfaces" in settings:
            settings.pop("SecurityGroupIds")
        return Machine(self, self.ec2.run_instances(**settings)["Instances"][0]["InstanceId"])


@pytest.fixture(scope="session")
def lab():
    end_in_good_order()
    sweep()
    lab = Lab()
    try:
        lab.enter()
        yield lab
    finally:
        lab.close()
    assert lab.name not in subprocess.run(["ip", "netns"], capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def site(lab):
    site = Site(lab, lab.apus("one"))
    yield site
    site.cloud.down()
    assert site.cloud.processes() == []
