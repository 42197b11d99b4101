"""Guests and what lies beyond the host: a namespace plays the internet, another Apus has the uplink to it."""

import re
import subprocess
import sys

import pytest
from apus_testing.waiting import eventually
from conftest import Site
from test_journey import metadata

INTERNET, HOST = "203.0.113.1", "203.0.113.2"

# Says the client's address to whoever connects.
SERVER = """
import socket
listener = socket.create_server(("0.0.0.0", 80))
print("ready", flush=True)
while True:
    connection, (address, _) = listener.accept()
    connection.recv(4096)
    connection.sendall(f"HTTP/1.0 200 OK\\r\\n\\r\\n{address}".encode())
    connection.close()
"""

# Says the hop count of each packet with payload that leaves port 80 on a link.
LISTENER = """
import socket, struct, sys
packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
packets.bind((sys.argv[1], 0))
print("ready", flush=True)
while True:
    frame, address = packets.recvfrom(4096)
    if frame[12:14] != b"\\x08\\x00" or frame[23] != 6:
        continue
    size = 14 + (frame[14] & 15) * 4
    payload = struct.unpack("!H", frame[16:18])[0] - (size - 14) - (frame[size + 12] >> 4) * 4
    if struct.unpack("!H", frame[size:size + 2])[0] == 80 and payload > 0:
        print(frame[22], flush=True)
"""


@pytest.fixture(scope="module")
def internet(lab):
    """A namespace at the end of the lab's link `wan0`, with a web server that says who asked."""
    name = f"{lab.name}-net"
    subprocess.run(["ip", "netns", "add", name], check=True)
    lab.run("ip", "link", "add", "wan0", "type", "veth", "peer", "name", "eth0", "netns", name)
    lab.run("ip", "addr", "add", f"{HOST}/24", "dev", "wan0")
    lab.run("ip", "link", "set", "wan0", "up")
    for words in (["link", "set", "lo", "up"], ["addr", "add", f"{INTERNET}/24", "dev", "eth0"],
                  ["link", "set", "eth0", "up"]):
        subprocess.run(["ip", "-n", name, *words], check=True)
    lab.run("ip", "route", "add", "default", "via", INTERNET)
    server = talking(["nsenter", f"--net=/run/netns/{name}", sys.executable, "-c", SERVER])
    yield name
    end(server)
    lab.run("ip", "link", "del", "wan0", check=False)
    subprocess.run(["ip", "netns", "del", name], check=False)


@pytest.fixture(scope="module")
def far(lab, internet):
    """A site whose guests reach the internet."""
    site = Site(lab, lab.apus("far", "--public-pool", "198.19.0.0/16", "--uplink", "wan0"))
    yield site
    site.cloud.down()


@pytest.fixture(scope="module")
def machine(far):
    machine = far.launch().wait("instance_running").wait_for_ssh()
    yield machine
    machine.terminate()


def test_a_guest_with_a_public_address_reaches_out_and_is_seen_as_the_host(machine):
    assert machine.ssh(f"timeout 10 wget -qO- http://{INTERNET}/") == HOST


def test_what_no_rule_lets_out_stays_in(far, machine):
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    far.ec2.revoke_security_group_egress(GroupId=far.group, IpPermissions=[everything])
    asked = f"timeout 2 wget -qO- http://{INTERNET}/"
    eventually(lambda: machine.ssh(asked, check=False) == "", "nothing gets out", 10)
    far.ec2.authorize_security_group_egress(GroupId=far.group, IpPermissions=[everything])
    eventually(lambda: machine.ssh(asked, check=False) == HOST, "it gets out again", 10)


def test_a_guest_without_a_public_address_does_not_reach_out(far, machine):
    script = f"#!/bin/sh\ntimeout 5 wget -qO- http://{INTERNET}/ && W=out || W=in\necho packets stay $W > /dev/console\n"
    inner = far.launch(UserData=script, NetworkInterfaces=[{
        "DeviceIndex": 0, "SubnetId": machine.describe()["SubnetId"], "Groups": [far.group],
        "AssociatePublicIpAddress": False}])
    console = far.cloud.state / "guests" / inner.id / "console.log"
    said = eventually(lambda: re.search(rb"packets stay (in|out)", console.read_bytes()), "the guest tells", 120, every=0.5)
    inner.terminate()
    assert said.group(1) == b"in"


def test_answers_of_the_metadata_service_go_as_many_hops_as_the_options_say(far, machine):
    interface = machine.describe()["NetworkInterfaces"][0]["NetworkInterfaceId"]
    link, vpc = "e" + interface.split("-")[1][-14:], machine.describe()["VpcId"]
    for limit in (1, 3):
        far.ec2.modify_instance_metadata_options(InstanceId=machine.id, HttpPutResponseHopLimit=limit)
        eventually(lambda: far.ec2.describe_instances(InstanceIds=[machine.id])["Reservations"][0]["Instances"][0]
                   ["MetadataOptions"]["HttpPutResponseHopLimit"] == limit, "the option is kept", 10)
        assert eventually(lambda: hops_seen(far, machine, vpc, link) == {limit}, f"answers go {limit} hops", 20)


def hops_seen(site, machine, vpc, link):
    """Of the packets that bring the guest a token."""
    from apus_testing.host_view import names_prefix
    space = f"/run/netns/{names_prefix(site.cloud.state)}-{vpc}"
    listener = talking(["nsenter", f"--net={space}", sys.executable, "-c", LISTENER, link])
    try:
        machine.ssh(metadata("meta-data/instance-id"))
    finally:
        said = end(listener)
    return {int(line) for line in said.split()[:1]}


def talking(command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def end(process):
    process.terminate()
    said = process.stdout.read()
    process.wait(10)
    process.stdout.close()
    return said
