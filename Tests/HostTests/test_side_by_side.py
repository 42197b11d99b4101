"""Two Apus on one host do not meet, and each leaves nothing."""

import subprocess

from conftest import Site


def test_two_clouds_with_their_own_pools_run_side_by_side(lab, site):
    other = Site(lab, lab.apus("two", "--public-pool", "198.19.0.0/16"))
    mine, theirs = site.launch(), other.launch()
    mine.wait("instance_running").wait_for_ssh()
    theirs.wait("instance_running").wait_for_ssh()
    assert theirs.address.startswith("198.19.") and mine.address.startswith("198.18.")
    before = namespaces()
    other.cloud.down()
    assert other.cloud.processes() == []
    assert len(namespaces()) < len(before)
    assert mine.ssh("echo here") == "here"
    mine.terminate()


def namespaces():
    listed = subprocess.run(["ip", "netns"], capture_output=True, text=True).stdout.splitlines()
    return {line.split()[0] for line in listed if line.startswith("apus-")}
