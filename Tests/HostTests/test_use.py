"""What a real guest uses, as its host counts it, and the types that are found for it."""

import json


def use_of(site, id):
    found = site.cloud.command("types", "find", "--like", id, "--json", "--limit", "3")
    text = site.cloud.command("types", "find", "--like", id, "--limit", "1").stdout
    return json.loads(found.stdout), text.splitlines()[0]


def figure(sentence, after):
    return float(sentence.split(after)[1].split()[0].rstrip(",."))


def test_types_are_found_for_what_a_guest_really_uses(site):
    machine = site.launch().wait("instance_running").wait_for_ssh()
    found, before = use_of(site, machine.id)
    assert before.startswith(f"{machine.id}, a ") and "uses " in before
    assert figure(before, "uses ") > 0, "a machine that has booted has worked"
    assert 0 < figure(before, "vCPUs, "), "and touched memory"
    for each in found:
        assert any("would do" in reason for reason in each["reasons"]), each
    # Bytes that leave its disk and its interface are counted, whatever else goes on.
    machine.ssh("sudo dd if=/dev/vda of=/dev/null bs=1M count=200 iflag=direct 2>/dev/null; head -c 50000000 /dev/zero", seconds=120)
    _, after = use_of(site, machine.id)
    assert figure(after, "memory, ") > figure(before, "memory, "), (before, after)
    assert figure(after, "disks and ") > figure(before, "disks and "), (before, after)
