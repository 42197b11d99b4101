"""Backups by the EBS direct APIs: written, read, compared, and every refusal, by boto3 and the aws command line."""

import base64
import hashlib
import json
import time
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from conftest import refused_with

BLOCK = 524_288


def data(seed):
    return hashlib.shake_256(str(seed).encode()).digest(BLOCK)


def checksum(block):
    return base64.b64encode(hashlib.sha256(block).digest()).decode()


@pytest.fixture
def ebs(account):
    return account.client("ebs")


@pytest.fixture
def unchecked(account):
    """Sends what boto3 itself would refuse."""
    return account.client("ebs", parameter_validation=False)


def put(ebs, snapshot, index, block, **more):
    return ebs.put_snapshot_block(**{
        "SnapshotId": snapshot, "BlockIndex": index, "BlockData": block, "DataLength": len(block),
        "Checksum": checksum(block), "ChecksumAlgorithm": "SHA256", **more})


def write(account, blocks, **start):
    """A completed snapshot with these blocks."""
    ebs = account.client("ebs")
    snapshot = ebs.start_snapshot(**{"VolumeSize": 1, **start})["SnapshotId"]
    for index, block in blocks.items():
        put(ebs, snapshot, index, block)
    linear = hashlib.sha256(b"".join(hashlib.sha256(blocks[index]).digest() for index in sorted(blocks))).digest()
    ebs.complete_snapshot(
        SnapshotId=snapshot, ChangedBlocksCount=len(blocks), Checksum=base64.b64encode(linear).decode(),
        ChecksumAlgorithm="SHA256", ChecksumAggregationMethod="LINEAR")
    account.ec2.get_waiter("snapshot_completed").wait(
        SnapshotIds=[snapshot], WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    return snapshot


def listed(call, key, **parameters):
    found, token = [], {}
    while True:
        page = call(**parameters, **token)
        assert page["BlockSize"] == BLOCK
        found += page[key]
        if "NextToken" not in page:
            return found
        token = {"NextToken": page["NextToken"]}


def read(ebs, snapshot):
    blocks = {}
    for block in listed(ebs.list_snapshot_blocks, "Blocks", SnapshotId=snapshot, MaxResults=100):
        answer = ebs.get_snapshot_block(SnapshotId=snapshot, **block)
        bytes = answer["BlockData"].read()
        assert answer["DataLength"] == BLOCK and answer["Checksum"] == checksum(bytes)
        assert answer["ChecksumAlgorithm"] == "SHA256"
        blocks[block["BlockIndex"]] = bytes
    return blocks


def test_a_backup_reads_back_bit_for_bit(account, ebs):
    blocks = {index: data(index) for index in (0, 7, 8, 2047)}
    snapshot = write(account, blocks | {9: bytes(BLOCK)})
    assert read(ebs, snapshot) == blocks, "zeros are not listed"
    copy = write(account, read(ebs, snapshot))
    assert read(ebs, copy) == blocks


def test_a_snapshot_is_what_was_asked_for(account, ebs):
    started = ebs.start_snapshot(
        VolumeSize=3, Description="by hand", Tags=[{"Key": "a", "Value": "b"}], Timeout=10)
    assert started["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (started["Status"], started["OwnerId"], started["VolumeSize"]) == ("pending", account.id, 3)
    assert (started["BlockSize"], started["SseType"], started["Tags"]) == (BLOCK, "none", [{"Key": "a", "Value": "b"}])
    answer = put(ebs, started["SnapshotId"], 0, data(1), Progress=40)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201 and answer["Checksum"] == checksum(data(1))
    shown = account.ec2.describe_snapshots(SnapshotIds=[started["SnapshotId"]])["Snapshots"][0]
    assert (shown["State"], shown["VolumeSize"], shown["Description"]) == ("pending", 3, "by hand")
    assert (shown["Progress"], shown["Tags"], shown["OwnerId"]) == ("40%", started["Tags"], account.id)
    assert abs(shown["StartTime"] - started["StartTime"]).total_seconds() < 1
    completed = ebs.complete_snapshot(SnapshotId=started["SnapshotId"], ChangedBlocksCount=1)
    assert completed["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert completed["Status"] in ("pending", "completed")
    assert ebs.complete_snapshot(SnapshotId=started["SnapshotId"], ChangedBlocksCount=1)["Status"] != "error"


def test_an_increment_has_what_changed_and_all_the_rest(account, ebs):
    first = write(account, {0: data(0), 1: data(1), 2: data(2)})
    second = write(account, {1: data("new"), 2: bytes(BLOCK), 5: data(5)}, ParentSnapshotId=first, VolumeSize=2)
    assert read(ebs, second) == {0: data(0), 1: data("new"), 5: data(5)}
    changed = {block["BlockIndex"]: block for block in listed(
        ebs.list_changed_blocks, "ChangedBlocks", FirstSnapshotId=first, SecondSnapshotId=second)}
    assert sorted(changed) == [1, 2, 5]
    assert set(changed[2]) == {"BlockIndex", "FirstBlockToken"}
    assert set(changed[5]) == {"BlockIndex", "SecondBlockToken"}
    before = ebs.get_snapshot_block(
        SnapshotId=first, BlockIndex=1, BlockToken=changed[1]["FirstBlockToken"])["BlockData"].read()
    after = ebs.get_snapshot_block(
        SnapshotId=second, BlockIndex=1, BlockToken=changed[1]["SecondBlockToken"])["BlockData"].read()
    assert (before, after) == (data(1), data("new"))
    alone = ebs.list_changed_blocks(SecondSnapshotId=second)["ChangedBlocks"]
    assert [block["BlockIndex"] for block in alone] == [0, 1, 5]
    account.ec2.delete_snapshot(SnapshotId=first)
    assert read(ebs, second) == {0: data(0), 1: data("new"), 5: data(5)}


def test_unrelated_snapshots_are_not_compared(account, ebs):
    first, second = write(account, {0: data(0)}), write(account, {0: data(0)})
    with refused_with("ValidationException", 400) as refusal:
        ebs.list_changed_blocks(FirstSnapshotId=first, SecondSnapshotId=second)
    assert refusal.value.response["Reason"] == "UNRELATED_SNAPSHOTS"


def test_pages_follow_each_other_wherever_they_begin(account, ebs):
    zeros = {index: data(index % 3) for index in range(0, 250)}
    snapshot = write(account, zeros)
    page = ebs.list_snapshot_blocks(SnapshotId=snapshot, MaxResults=100, StartingBlockIndex=30)
    assert [block["BlockIndex"] for block in page["Blocks"]] == list(range(30, 130))
    rest = ebs.list_snapshot_blocks(
        SnapshotId=snapshot, MaxResults=200, StartingBlockIndex=0, NextToken=page["NextToken"])
    assert [block["BlockIndex"] for block in rest["Blocks"]] == list(range(130, 250))
    assert "NextToken" not in rest and rest["VolumeSize"] == 1
    assert rest["ExpiryTime"].timestamp() > time.time() + 86_400
    with refused_with("ValidationException", 400) as refusal:
        ebs.list_changed_blocks(SecondSnapshotId=snapshot, NextToken=page["NextToken"])
    assert refusal.value.response["Reason"] == "INVALID_PAGE_TOKEN"


def reason(call, code="ValidationException", status=400, **parameters):
    with refused_with(code, status) as refusal:
        call(**parameters)
    assert refusal.value.response["Error"]["Message"]
    assert refusal.value.response["ResponseMetadata"]["RequestId"]
    return refusal.value.response.get("Reason")


def test_block_tokens_are_good_for_their_block_and_caller_alone(account, ebs, stranger):
    first, second = write(account, {0: data(0), 1: data(1)}), write(account, {0: data(0)})
    token = ebs.list_snapshot_blocks(SnapshotId=first)["Blocks"][0]["BlockToken"]
    for snapshot, index, given in ((first, 1, token), (second, 0, token), (first, 0, "AAAA"), (first, 0, token[:-4])):
        assert reason(ebs.get_snapshot_block, SnapshotId=snapshot, BlockIndex=index, BlockToken=given) == \
            "INVALID_BLOCK_TOKEN"
    account.ec2.modify_snapshot_attribute(
        SnapshotId=first, Attribute="createVolumePermission", OperationType="add", UserIds=[stranger.id])
    other = stranger.client("ebs")
    assert reason(other.get_snapshot_block, SnapshotId=first, BlockIndex=0, BlockToken=token) == "INVALID_BLOCK_TOKEN"
    own = other.list_snapshot_blocks(SnapshotId=first)["Blocks"][0]["BlockToken"]
    assert other.get_snapshot_block(SnapshotId=first, BlockIndex=0, BlockToken=own)["BlockData"].read() == data(0)
    assert reason(put, "AccessDeniedException", 403, ebs=other, snapshot=first, index=0, block=data(0)) == \
        "UNAUTHORIZED_ACCOUNT"


def test_starting_is_refused_as_on_aws(account, unchecked, ebs):
    parent = write(account, {0: data(0)}, VolumeSize=2)
    pending = ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
    start = unchecked.start_snapshot
    for parameters, expected in (
            ({"VolumeSize": 0}, "INVALID_VOLUME_SIZE"), ({"VolumeSize": 65_537}, "INVALID_VOLUME_SIZE"),
            ({}, "INVALID_VOLUME_SIZE"), ({"VolumeSize": 1, "ParentSnapshotId": parent}, "INVALID_VOLUME_SIZE"),
            ({"VolumeSize": 1, "Timeout": 9}, "INVALID_PARAMETER_VALUE"),
            ({"VolumeSize": 1, "Timeout": 4_321}, "INVALID_PARAMETER_VALUE"),
            ({"VolumeSize": 1, "ParentSnapshotId": "vol-1"}, "INVALID_SNAPSHOT_ID"),
            ({"VolumeSize": 1, "ParentSnapshotId": pending}, "INVALID_SNAPSHOT_ID"),
            ({"VolumeSize": 2, "ParentSnapshotId": parent, "Encrypted": True}, "INVALID_PARAMETER_VALUE"),
            ({"VolumeSize": 1, "KmsKeyArn": "no"}, "INVALID_CUSTOMER_KEY"),
            ({"VolumeSize": 1, "Tags": [{"Key": "aws:x", "Value": ""}]}, "INVALID_TAG"),
            ({"VolumeSize": 1, "Tags": [{"Key": "a"}, {"Key": "a"}]}, "INVALID_TAG"),
            ({"VolumeSize": 1, "Tags": [{"Key": str(each)} for each in range(51)]}, "INVALID_TAG")):
        assert reason(start, **parameters) == expected, parameters
    missing = "snap-0123456789abcdef0"
    assert reason(start, "ResourceNotFoundException", 404, VolumeSize=1, ParentSnapshotId=missing) == \
        "SNAPSHOT_NOT_FOUND"


def test_a_token_starts_one_snapshot(ebs):
    first = ebs.start_snapshot(VolumeSize=1, ClientToken="one")
    again = ebs.start_snapshot(VolumeSize=1, ClientToken="one")
    assert first["SnapshotId"] == again["SnapshotId"]
    assert reason(ebs.start_snapshot, "ConflictException", 409, VolumeSize=2, ClientToken="one") is None


def test_putting_is_refused_as_on_aws(account, ebs, unchecked, stranger):
    snapshot = ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
    block = data(0)
    for more, expected in (
            ({"BlockIndex": 2_048}, "INVALID_BLOCK"), ({"BlockIndex": -1}, "INVALID_PARAMETER_VALUE"),
            ({"DataLength": 4_096}, "INVALID_BLOCK"), ({"BlockData": block[:-1]}, "INVALID_BLOCK"),
            ({"Checksum": checksum(b"")}, "INVALID_BLOCK"), ({"Checksum": "AAAA"}, "INVALID_PARAMETER_VALUE"),
            ({"ChecksumAlgorithm": "MD5"}, "INVALID_PARAMETER_VALUE"), ({"Progress": 101}, "INVALID_PARAMETER_VALUE")):
        assert reason(put, ebs=unchecked, snapshot=snapshot, **{"index": 0, "block": block, **more}) == expected, more
    for client in (stranger.client("ebs"), ebs):
        name = snapshot if client is not ebs else "snap-0123456789abcdef0"
        assert reason(put, "ResourceNotFoundException", 404, ebs=client, snapshot=name, index=0, block=block) == \
            "SNAPSHOT_NOT_FOUND"
    assert reason(ebs.list_snapshot_blocks, SnapshotId=snapshot) == "INVALID_SNAPSHOT_ID"
    put(ebs, snapshot, 3, block)
    put(ebs, snapshot, 3, block)
    for parameters in ({"ChangedBlocksCount": 2}, {"ChangedBlocksCount": 0},
                       {"ChangedBlocksCount": 1, "Checksum": checksum(block)}):
        assert reason(ebs.complete_snapshot, SnapshotId=snapshot, **parameters) == "INVALID_PARAMETER_VALUE"
    assert reason(unchecked.complete_snapshot, SnapshotId=snapshot, ChangedBlocksCount=-1) == "INVALID_PARAMETER_VALUE"
    ebs.complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=1)
    assert reason(put, ebs=ebs, snapshot=snapshot, index=0, block=block) == "INVALID_SNAPSHOT_ID"
    volume = account.ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    account.ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig={"Delay": 1})
    made = account.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    assert reason(put, ebs=ebs, snapshot=made, index=0, block=block) == "INVALID_SNAPSHOT_ID"


def sent(account, method, target, body=b"", service="ebs", **headers):
    """Signs and sends by hand; returns status, headers and body."""
    request = botocore.awsrequest.AWSRequest(method, account.endpoint + target, headers=headers, data=body)
    keys = botocore.credentials.Credentials(account.access_key, account.secret_key)
    botocore.auth.SigV4Auth(keys, service, "us-east-1").add_auth(request)
    prepared = urllib.request.Request(
        account.endpoint + target, data=body or None, method=method, headers=dict(request.headers.items()))
    try:
        with urllib.request.urlopen(prepared) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_errors_have_the_form_of_rest_json(account):
    status, headers, body = sent(account, "GET", "/nothing/here")
    assert (status, headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    assert headers["x-amzn-RequestId"] and json.loads(body)["Message"]
    status, headers, body = sent(account, "POST", "/snapshots", b"{", **{"Content-Type": "application/json"})
    assert (status, headers["x-amzn-errortype"]) == (400, "SerializationException")
    status, headers, body = sent(account, "POST", "/snapshots", b'{"Description":"' + b"x" * 300_000 + b'"}')
    assert (status, headers["x-amzn-errortype"]) == (413, "RequestEntityTooLargeException")
    account.secret_key = "wrong"
    status, headers, body = sent(account, "GET", "/snapshots/snap-1/blocks")
    assert (status, headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")
    assert "signature" in json.loads(body)["Message"]


def test_only_blocks_may_be_unsigned(account, ebs):
    unsigned = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    status, headers, _ = sent(account, "POST", "/snapshots", b'{"VolumeSize":1}', **unsigned)
    assert (status, headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")
    snapshot, block = ebs.start_snapshot(VolumeSize=1)["SnapshotId"], data(0)
    about = {"x-amz-Data-Length": str(BLOCK), "x-amz-Checksum": checksum(block), "x-amz-Checksum-Algorithm": "SHA256"}
    chunked = b"%x\r\n" % BLOCK + block + b"\r\n0\r\n\r\n"
    for body, more in ((block, unsigned), (chunked, {
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(BLOCK)})):
        assert sent(account, "PUT", f"/snapshots/{snapshot}/blocks/1", body, **about, **more)[0] == 201, more
    ebs.complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=1)


def test_the_command_line_makes_and_reads_a_backup(account, tmp_path):
    (tmp_path / "block").write_bytes(data(0))
    snapshot = account.aws("ebs", "start-snapshot", "--volume-size", "1")["SnapshotId"]
    account.aws("ebs", "put-snapshot-block", "--snapshot-id", snapshot, "--block-index", "4", "--data-length",
                str(BLOCK), "--block-data", str(tmp_path / "block"), "--checksum", checksum(data(0)),
                "--checksum-algorithm", "SHA256")
    account.aws("ebs", "complete-snapshot", "--snapshot-id", snapshot, "--changed-blocks-count", "1")
    account.ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig={"Delay": 1})
    block = account.aws("ebs", "list-snapshot-blocks", "--snapshot-id", snapshot)["Blocks"][0]
    account.aws("ebs", "get-snapshot-block", "--snapshot-id", snapshot, "--block-index", str(block["BlockIndex"]),
                "--block-token", block["BlockToken"], str(tmp_path / "read"))
    assert block["BlockIndex"] == 4 and (tmp_path / "read").read_bytes() == data(0)
