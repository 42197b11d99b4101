"""What a real guest may use of the host's processors: bounded by the host's kernel, by its type and its credits."""

import json

import pytest

from apus_testing.processor_groups import Bounds, obstacle
from apus_testing.waiting import eventually

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))


def credits(site, machine):
    return json.loads(site.cloud.command("credits", machine.id, "--json").stdout)[0]


def set_mode(site, machine, mode):
    site.ec2.modify_instance_credit_specification(
        InstanceCreditSpecifications=[{"InstanceId": machine.id, "CpuCredits": mode}])


def test_a_guest_may_use_as_much_as_its_type_has_and_its_credits_pay_for(site):
    machine = site.launch(InstanceType="t3.nano").wait("instance_running")
    bounds = Bounds(machine.process)
    assert bounds.folder.name == machine.id
    assert bounds.processors() == 2
    set_mode(site, machine, "standard")
    # Nothing is saved: a twentieth of each of two vCPUs is left, and what rest earns.
    eventually(lambda: 0.1 <= bounds.processors() < 0.3, "it is held to its baseline")
    used = credits(site, machine)["CPUCreditUsage"]
    assert used > 0

    site.cloud.kill()
    assert bounds.processors() < 0.3 and bounds.has(machine.process)
    site.start_again()
    assert bounds.has(machine.process) and credits(site, machine)["CPUCreditUsage"] >= used
    set_mode(site, machine, "unlimited")
    eventually(lambda: bounds.processors() == 2, "it may use its vCPUs again")

    machine.terminate()
    assert not bounds.folder.exists()


def test_a_group_goes_with_a_guest_that_dies_while_nobody_looks(site):
    machine = site.launch(InstanceType="m5.large").wait("instance_running")
    bounds = Bounds(machine.process)
    assert bounds.processors() == 2
    site.cloud.kill()
    bounds.kill()
    site.start_again()
    # It is booted again, in a group that is as new.
    eventually(lambda: machine.process and Bounds(machine.process).processors() == 2, "it is booted again", 60)
    machine.terminate()
    assert not bounds.folder.exists()
