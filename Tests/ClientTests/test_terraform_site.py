"""Larger Terraform configurations apply, plan empty, change, plan empty again and destroy, leaving nothing."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from examples import changed, everything, public_key

CONFIGURATIONS = pathlib.Path(__file__).parent / "terraform"
PLUGIN_ROOTS = ["/opt", "/usr/share", "/usr/local/share", "~/.terraform.d", "~/.local/share/terraform"]


def provider_folder():
    """A local mirror that holds hashicorp/aws, where people and packages put such mirrors; None where there is none."""
    chosen = os.environ.get("APUS_TERRAFORM_PLUGINS")
    if chosen:
        return chosen
    for root in PLUGIN_ROOTS:
        root = pathlib.Path(root).expanduser()
        for pattern in ("registry.terraform.io", "*/registry.terraform.io", "*/*/registry.terraform.io"):
            for found in root.glob(pattern):
                if any(found.glob("hashicorp/aws/*")):
                    return str(found.parent)
    return None


class Terraform:
    """The configuration, copied to a folder of its own, with its variables."""

    def __init__(self, name, folder, account, plugins, key):
        self.folder, self.account = folder, account
        self.variables = {"endpoint": account.endpoint, "public_key": key}
        shutil.copy(CONFIGURATIONS / f"{name}.tf", folder)
        self.run("init", f"-plugin-dir={plugins}", "-input=false", variables=False)

    def run(self, *words, variables=True, codes=(0,)):
        given = [f"-var={name}={value}" for name, value in self.variables.items()] if variables else []
        nowhere = self.folder / "terraformrc"
        nowhere.touch()
        done = subprocess.run(
            ["terraform", f"-chdir={self.folder}", *words, "-no-color", *given], capture_output=True, text=True,
            env=self.account.environment() | {"TF_CLI_CONFIG_FILE": str(nowhere), "CHECKPOINT_DISABLE": "1"},
            stdin=subprocess.DEVNULL, timeout=600)
        assert done.returncode in codes, f"terraform {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def apply(self, **variables):
        self.variables |= variables
        return self.run("apply", "-auto-approve", "-input=false").stdout

    def assert_nothing_to_do(self):
        self.run("plan", "-detailed-exitcode", "-input=false")

    def output(self, name):
        return json.loads(self.run("output", "-json", variables=False).stdout)[name]["value"]


@pytest.fixture
def terraform(account, tmp_path):
    if not os.environ.get("APUS_TEST_SLOW"):
        pytest.skip("takes minutes: APUS_TEST_SLOW=1 runs it; test_terraform.py has the short one")
    if not shutil.which("terraform"):
        pytest.skip("terraform is not installed")
    plugins = provider_folder()
    if not plugins:
        pytest.skip(f"no folder with the provider hashicorp/aws in {', '.join(PLUGIN_ROOTS)}; "
                    "APUS_TERRAFORM_PLUGINS names another")
    folder = tmp_path / "configuration"
    folder.mkdir()
    key = public_key(tmp_path).decode().strip()
    return lambda name: Terraform(name, folder, account, plugins, key)


def instance(ec2, id):
    return ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]


def test_a_site_is_built_found_unchanged_altered_and_taken_away(terraform, account, ec2):
    ec2.describe_vpcs()
    before = everything(account)
    terraform = terraform("site")
    terraform.apply()
    terraform.assert_nothing_to_do()
    assert terraform.output("account") == account.id
    web = instance(ec2, terraform.output("instance"))
    assert web["State"]["Name"] == "running"
    assert web["PublicIpAddress"] == terraform.output("address")
    assert terraform.output("inner_private_ip") == "10.50.1.20"
    root = ec2.describe_volumes(VolumeIds=[web["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]])["Volumes"][0]
    assert (root["Size"], root["VolumeType"]) == (12, "gp3")

    told = terraform.apply(instance_type="t3.small", greeting="again", open_port=8080, stage="second")
    assert " 0 destroyed" in told  # an instance is stopped and changed, not replaced
    terraform.assert_nothing_to_do()
    changed_web = instance(ec2, web["InstanceId"])
    assert changed_web["InstanceType"] == "t3.small" and changed_web["State"]["Name"] == "running"
    assert {"Key": "Stage", "Value": "second"} in changed_web["Tags"]
    ports = {rule["FromPort"] for rule in ec2.describe_security_groups(
        GroupIds=[web["SecurityGroups"][0]["GroupId"]])["SecurityGroups"][0]["IpPermissions"]}
    assert ports == {22, 8080}

    terraform.run("destroy", "-auto-approve", "-input=false")
    gone = [one for reservation in ec2.describe_instances()["Reservations"] for one in reservation["Instances"]]
    assert {one["State"]["Name"] for one in gone} == {"terminated"}
    assert set(changed(before, everything(account))) <= {"DescribeInstances", "DescribeTags"}


def test_an_estate_of_most_kinds_of_resources_is_kept_in_order(terraform, account, ec2):
    terraform = terraform("estate")
    terraform.apply()
    terraform.assert_nothing_to_do()
    assert terraform.output("offered") == ["t3.micro", "t3.small"] and terraform.output("subnets") == 2
    router, web = (instance(ec2, terraform.output(name)) for name in ("router", "web"))
    assert (router["PrivateIpAddress"], router["PublicIpAddress"]) == ("10.60.0.50", terraform.output("address"))
    assert router["SourceDestCheck"] is False
    assert web["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert [mapping["DeviceName"] for mapping in web["BlockDeviceMappings"]] == ["/dev/xvda", "/dev/sdf"]

    told = terraform.apply(
        instance_type="t3.small", credits="unlimited", recovery="disabled", port=8443, description="two", hop_limit=2,
        protected="false")
    assert " 0 destroyed" in told
    terraform.assert_nothing_to_do()
    web = instance(ec2, web["InstanceId"])
    assert (web["InstanceType"], web["State"]["Name"]) == ("t3.small", "running")
    assert web["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
    assert web["MaintenanceOptions"]["AutoRecovery"] == "disabled"

    terraform.run("destroy", "-auto-approve", "-input=false")
    gone = [one for reservation in ec2.describe_instances()["Reservations"] for one in reservation["Instances"]]
    assert {one["State"]["Name"] for one in gone} == {"terminated"}
    assert [vpc["IsDefault"] for vpc in ec2.describe_vpcs()["Vpcs"]] == [True]
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert ec2.describe_volumes()["Volumes"] == [] and ec2.describe_addresses()["Addresses"] == []
