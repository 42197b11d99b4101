"""A database under writes: what it acknowledged before a snapshot is in the snapshot, and the rest is consistent."""

import base64
import hashlib
import re
import shutil
import subprocess

import pytest

from apus_testing.waiting import eventually
from test_snapshots import attach, completed, detach, machines, snapshot, things, volume  # noqa: F401

BLOCK = 524_288
TOOLS = ("sqlite3", "mke2fs")

# A row for each transaction, told to be there once SQLite has acknowledged it and, as EXTRA alone promises, the end of its
# rollback journal is on the disk.
WRITER = r"""
cd /data
i=0
while [ ! -e /tmp/stop ]; do
  i=$((i+1))
  tools/sqlite3 db "PRAGMA synchronous=EXTRA;
    INSERT INTO t SELECT $i, b, length(b) FROM (SELECT randomblob(1000 + $i % 7000) AS b);" >/dev/null || exit 1
  echo $i > /tmp/told && mv /tmp/told /tmp/acknowledged
done
"""


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A file system of 256 MiB with this host's SQLite and all that it needs to run."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("database")
    tools = folder / "root" / "tools"
    (tools / "lib").mkdir(parents=True)
    program = shutil.which("sqlite3")
    libraries = re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", program], capture_output=True, text=True).stdout)
    for path in [program, *libraries]:
        shutil.copy(path, tools / "lib")
    loader = next(path for path in libraries if "ld-linux" in path).rsplit("/", 1)[1]
    (tools / "sqlite3").write_text(
        f'#!/bin/sh\nexec /data/tools/lib/{loader} --library-path /data/tools/lib /data/tools/lib/sqlite3 "$@"\n')
    (tools / "sqlite3").chmod(0o755)
    image = folder / "disk"
    subprocess.run(
        ["mke2fs", "-q", "-t", "ext4", "-m", "0", "-d", str(folder / "root"), str(image), "256M"], check=True)
    return image


@pytest.fixture
def source(site, things, disk):
    """The file system as a snapshot, by the EBS direct APIs."""
    ebs = site.account.client("ebs")
    made = ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
    things["snapshots"].append(made)
    count = 0
    with open(disk, "rb") as image:
        for index, data in enumerate(iter(lambda: image.read(BLOCK), b"")):
            if any(data):
                count += 1
                ebs.put_snapshot_block(
                    SnapshotId=made, BlockIndex=index, BlockData=data, DataLength=BLOCK, ChecksumAlgorithm="SHA256",
                    Checksum=base64.b64encode(hashlib.sha256(data).digest()).decode())
    ebs.complete_snapshot(SnapshotId=made, ChangedBlocksCount=count)
    return completed(site, made)


def sql(machine, statement):
    return machine.ssh(f'sudo /data/tools/sqlite3 /data/db "{statement}"', seconds=60)


def mount(site, id, machine):
    name = attach(site, id, machine)
    machine.ssh(f"sudo mkdir -p /data && sudo mount -t ext4 /dev/{name} /data", seconds=60)


def unmount(site, id, machine):
    machine.ssh("sudo umount /data", seconds=60)
    detach(site, id)


def acknowledged(machine):
    return int(machine.ssh("cat /tmp/acknowledged 2>/dev/null || echo 0"))


def test_a_snapshot_under_transactions_restores_on_another_instance(site, machines, things, source):
    first, second = machines
    id = volume(site, things, first, SnapshotId=source)
    mount(site, id, first)
    sql(first, "CREATE TABLE t(id INTEGER PRIMARY KEY, bytes BLOB, length INTEGER)")
    writer = base64.b64encode(WRITER.encode()).decode()
    first.ssh(f"rm -f /tmp/stop /tmp/acknowledged; echo {writer} | base64 -d > /tmp/writer; "
              "sudo sh /tmp/writer < /dev/null > /tmp/writer.log 2>&1 &")
    taken = []
    for least in (10, 30):
        eventually(lambda: acknowledged(first) >= least, "the database takes transactions", 120, every=0.5)
        before = acknowledged(first)
        made = snapshot(site, things, id, wait=False)
        taken.append((made, before, acknowledged(first)))
        completed(site, made)
    first.ssh("touch /tmp/stop")
    # The first snapshot goes; the second and the volume are as they were.
    site.ec2.delete_snapshot(SnapshotId=taken[0][0])
    made, before, after = taken[1]
    restored = volume(site, things, first, SnapshotId=made)
    mount(site, restored, second)
    assert sql(second, "PRAGMA integrity_check") == "ok"
    count, last, wrong = sql(
        second, "SELECT count(*), max(id), count(*) FILTER (WHERE length(bytes) != length) FROM t").split("|")
    # None is missing, and it ends between what was acknowledged before the call and what was begun by its end.
    assert count == last and wrong == "0" and before <= int(last) <= after + 1, (before, count, last, after)
    sql(second, "INSERT INTO t VALUES (1000000, zeroblob(1), 1)")
    unmount(site, restored, second)
    assert acknowledged(first) >= after and sql(first, "PRAGMA integrity_check") == "ok"
    unmount(site, id, first)
