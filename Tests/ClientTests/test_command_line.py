"""The command line as people and scripts use it: odd folders, restarts, profiles, and what it says when it cannot."""

import json
import os
import socket
import subprocess

import pytest

from apus_testing.running import Apus, binary


def run(*words, **variables):
    return subprocess.run(
        [binary(), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        env=os.environ | variables)


@pytest.fixture
def own(tmp_path):
    cloud = Apus(tmp_path / "state")
    yield cloud
    cloud.down()


def zones(cloud):
    return {subnet["AvailabilityZone"] for subnet in cloud.first_account().ec2.describe_subnets()["Subnets"]}


def test_a_cloud_keeps_the_region_that_it_was_made_with(own):
    own.options += ["--region", "eu-west-1"]
    own.start()
    made = zones(own)
    assert made == {"eu-west-1a", "eu-west-1b", "eu-west-1c"}
    own.stop()
    own.options = ["--simulate"]
    own.start()
    assert own.json("env")["AWS_REGION"] == "eu-west-1" and zones(own) == made
    own.stop()
    other = own.command("up", "--simulate", "--port", "0", "--region", "us-east-1", check=False)
    assert other.returncode == 2 and "eu-west-1" in other.stderr and "--region" in other.stderr


def test_an_account_made_before_the_first_start_has_its_vpc_in_the_clouds_region(own):
    made = own.json("accounts", "create")
    assert set(made) == {"accountId", "accessKeyId", "secretAccessKey"}
    own.options += ["--region", "eu-west-1"]
    own.start()
    account = own.first_account()
    account.access_key, account.secret_key = made["accessKeyId"], made["secretAccessKey"]
    found = {subnet["AvailabilityZone"] for subnet in account.client("ec2").describe_subnets()["Subnets"]}
    assert found == {"eu-west-1a", "eu-west-1b", "eu-west-1c"}


def test_a_simulated_cloud_is_not_gone_on_with_for_real_nor_the_other_way_round(own):
    own.start()
    own.stop()
    real = own.command("up", "--port", "0", check=False)
    assert real.returncode == 2 and "--simulate" in real.stderr
    endpoint = own.state / "endpoint.json"
    endpoint.write_text(json.dumps(json.loads(endpoint.read_text()) | {"isSimulated": False}))
    simulated = own.command("up", "--port", "0", "--simulate", check=False)
    assert simulated.returncode == 2 and "without --simulate" in simulated.stderr


def test_a_profile_is_written_where_the_aws_command_line_looks_and_others_stay(own, tmp_path):
    own.start()
    config, credentials = tmp_path / "new" / "config", tmp_path / "other" / "credentials"
    variables = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    words = ["env", "--state-dir", str(own.state), "--profile"]
    for name in ("first", "second", "first"):
        done = run(*words, name, **variables)
        assert done.returncode == 0, done.stderr
    assert config.read_text().splitlines().count("[profile first]") == 1
    assert config.read_text().count("endpoint_url") == 2
    assert credentials.read_text().count("aws_secret_access_key") == 2
    assert credentials.stat().st_mode & 0o777 == 0o600
    home = run(*words, "third", HOME=str(tmp_path / "home"), AWS_CONFIG_FILE=str(config))
    assert home.returncode == 0 and (tmp_path / "home" / ".aws" / "credentials").exists()
    blocked = run(*words, "fourth", **variables | {"AWS_CONFIG_FILE": "/dev/null/config"})
    assert blocked.returncode == 1 and "/dev/null" in blocked.stderr and "NSCocoa" not in blocked.stderr


def test_the_state_is_told_in_json_that_names_where_and_who(own):
    assert json.loads(own.command("status", "--json", check=False).stdout) == {"serving": False}
    own.start()
    status = own.json("status")
    assert status["serving"] is True and status["simulated"] is True and status["pid"] == own.process.pid
    assert status["endpoint"] == own.endpoint


@pytest.mark.parametrize("folder,code", [("", 64), ("/dev/null", 2), ("/proc/none", 2), ("/tmp/" + "x" * 120, 2)])
def test_a_state_folder_that_cannot_be_is_refused_in_words(folder, code):
    done = run("up", "--simulate", "--port", "0", "--state-dir", folder)
    assert done.returncode == code, done.stderr
    assert "NSCocoa" not in done.stderr and (code == 64 or "Choose another" in done.stderr)


def test_a_busy_port_is_told_in_words(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("up", "--simulate", "--port", port, "--state-dir", str(tmp_path / "state"))
    assert done.returncode == 2
    assert f"127.0.0.1:{port}: Address already in use. Choose another port with --port." in done.stderr


def test_an_image_is_not_built_for_a_cloud_that_could_not_take_it(own):
    own.start()
    done = own.command("image", "build", "tiny", check=False)
    assert done.returncode == 1 and done.stderr.strip() == "Error: A simulated cloud has no disks to import."


def test_the_doctor_leaves_nothing_on_a_host_that_it_only_looks_at(tmp_path):
    folder = tmp_path / "never"
    findings = json.loads(run("doctor", "--json", "--state-dir", str(folder)).stdout)
    assert all("advice" in finding for finding in findings if finding["verdict"] == "missing")
    assert not folder.exists()


def test_an_uplink_of_simulated_guests_is_refused(tmp_path):
    done = run("up", "--simulate", "--uplink", "eth0", "--port", "0", "--state-dir", str(tmp_path / "state"))
    assert done.returncode == 64 and "--uplink" in done.stderr
