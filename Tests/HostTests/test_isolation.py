"""What a guest's process may do on the host: as little as can be."""

import pathlib

import pytest


@pytest.fixture(scope="module")
def machine(site):
    machine = site.launch().wait("instance_running")
    yield machine
    machine.terminate()


def status(machine, field):
    for line in pathlib.Path(f"/proc/{machine.process}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return line.split(":", 1)[1].strip()
    return None


def test_it_runs_as_a_user_of_its_own(site, machine):
    other = site.launch().wait("instance_running")
    users = {status(one, "Uid").split()[0] for one in (machine, other)}
    assert len(users) == 2 and "0" not in users
    other.terminate()


@pytest.mark.parametrize("field", ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"])
def test_it_has_no_capabilities(machine, field):
    assert int(status(machine, field), 16) == 0


def test_it_can_gain_no_privileges_and_is_filtered(machine):
    assert status(machine, "NoNewPrivs") == "1"
    assert status(machine, "Seccomp") == "2"
    assert status(machine, "Groups") in ("", None)


def test_it_is_in_a_network_namespace_with_nothing_in_it(machine):
    own = pathlib.Path(f"/proc/{machine.process}/ns/net").readlink()
    assert own != pathlib.Path("/proc/self/ns/net").readlink()
    links = pathlib.Path(f"/proc/{machine.process}/net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in links] == ["lo"]


def test_it_has_only_its_own_files_open(site, machine):
    volumes = {mapping["Ebs"]["VolumeId"] for mapping in machine.describe()["BlockDeviceMappings"]}
    for link in pathlib.Path(f"/proc/{machine.process}/fd").iterdir():
        target = str(link.readlink())
        if str(site.cloud.state) not in target:
            continue
        inside = target[len(str(site.cloud.state)) + 1:]
        own = inside.startswith(f"guests/{machine.id}") or any(volume in inside for volume in volumes)
        assert own or inside.startswith(("bases/", "kernels/")), target
