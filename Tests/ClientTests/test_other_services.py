"""EBS direct APIs, Recycle Bin, EC2 Instance Connect and STS: what holds for every action alike, from their models."""

import base64
import functools
import hashlib

import botocore.exceptions
import pytest
from apus_testing.conformance import shown
from apus_testing import model

from examples import linux_image

WEEK = {"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
BLOCK = b"\x01" * 524_288
SUM = base64.b64encode(hashlib.sha256(BLOCK).digest()).decode()


class Things:
    """What the examples speak of, made anew for each call that changes it."""

    def __init__(self, account):
        self.account, self.ebs, self.rbin = account, account.client("ebs"), account.client("rbin")

    @functools.cache
    def instance(self):
        ec2 = self.account.ec2
        id = ec2.run_instances(ImageId=linux_image(self.account), InstanceType="t3.micro", MinCount=1, MaxCount=1)[
            "Instances"][0]["InstanceId"]
        ec2.get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
        return id

    def draft(self):
        return self.ebs.start_snapshot(VolumeSize=1)["SnapshotId"]

    def snapshot(self):
        snapshot = self.draft()
        self.ebs.put_snapshot_block(**block_of(snapshot))
        self.ebs.complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=1)
        self.account.ec2.get_waiter("snapshot_completed").wait(
            SnapshotIds=[snapshot], WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
        return snapshot

    def rule(self, **more):
        return self.rbin.create_rule(ResourceType="EBS_SNAPSHOT", RetentionPeriod=WEEK, **more)

    def locked(self):
        delay = {"UnlockDelay": {"UnlockDelayValue": 7, "UnlockDelayUnit": "DAYS"}}
        return self.rule(LockConfiguration=delay)["Identifier"]

    def block(self):
        snapshot = self.snapshot()
        listed = self.ebs.list_snapshot_blocks(SnapshotId=snapshot)["Blocks"][0]
        return {"SnapshotId": snapshot, "BlockIndex": 0, "BlockToken": listed["BlockToken"]}


def block_of(snapshot):
    return {"SnapshotId": snapshot, "BlockIndex": 0, "BlockData": BLOCK, "DataLength": len(BLOCK), "Checksum": SUM,
            "ChecksumAlgorithm": "SHA256"}


def written(things):
    snapshot = things.draft()
    things.ebs.put_snapshot_block(**block_of(snapshot))
    return {"SnapshotId": snapshot, "ChangedBlocksCount": 1}


EXAMPLES = {
    "ebs": {
        "CompleteSnapshot": written,
        "GetSnapshotBlock": lambda t: t.block(),
        "ListChangedBlocks": lambda t: {"SecondSnapshotId": t.snapshot()},
        "ListSnapshotBlocks": lambda t: {"SnapshotId": t.snapshot()},
        "PutSnapshotBlock": lambda t: block_of(t.draft()),
        "StartSnapshot": lambda t: {"VolumeSize": 1},
    },
    "rbin": {
        "CreateRule": lambda t: {"ResourceType": "EBS_SNAPSHOT", "RetentionPeriod": WEEK},
        "DeleteRule": lambda t: {"Identifier": t.rule()["Identifier"]},
        "GetRule": lambda t: {"Identifier": t.rule()["Identifier"]},
        "ListRules": lambda t: {"ResourceType": "EBS_SNAPSHOT"},
        "ListTagsForResource": lambda t: {"ResourceArn": t.rule()["RuleArn"]},
        "LockRule": lambda t: {"Identifier": t.rule()["Identifier"], "LockConfiguration": {
            "UnlockDelay": {"UnlockDelayValue": 7, "UnlockDelayUnit": "DAYS"}}},
        "TagResource": lambda t: {"ResourceArn": t.rule()["RuleArn"], "Tags": [{"Key": "a", "Value": "b"}]},
        "UnlockRule": lambda t: {"Identifier": t.locked()},
        "UntagResource": lambda t: {"ResourceArn": t.rule()["RuleArn"], "TagKeys": ["a"]},
        "UpdateRule": lambda t: {"Identifier": t.rule()["Identifier"], "Description": "new"},
    },
    "ec2-instance-connect": {
        "SendSSHPublicKey": lambda t: {"InstanceId": t.instance(), "InstanceOSUser": "admin", "SSHPublicKey": KEY},
        "SendSerialConsoleSSHPublicKey": lambda t: {"InstanceId": "i-0123456789abcdef0", "SSHPublicKey": KEY},
    },
    "sts": {"GetCallerIdentity": lambda t: {}},
}
# What is never answered here, and with which code.
REFUSED = {"SendSerialConsoleSSHPublicKey": "SerialConsoleAccessDisabledException"}
# What services call input that is not what their model says.
WRONG_INPUT = {"ec2-instance-connect": "InvalidArgsException"}
ACTIONS = [(service, action) for service, examples in EXAMPLES.items() for action in sorted(examples)]


@pytest.fixture(scope="module")
def things(roomy):
    return Things(roomy.new_account())


def call(things, service, action, parameters):
    client = things.account.client(service, parameter_validation=False)
    name = next(method for method, operation in client.meta.method_to_api_mapping.items() if operation == action)
    return getattr(client, name)(**parameters)


def refusal(things, service, action, parameters):
    """Code and status, or None where it was answered."""
    try:
        call(things, service, action, parameters)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return None


def in_path(shape):
    return shape.serialization.get("location") == "uri"


def wrong_values(shape):
    """Values that the shape does not allow, of a kind that a client can write down."""
    bounds, kind = shape.metadata, shape.type_name
    least, most = bounds.get("min"), bounds.get("max")
    in_document = shape.serialization.get("location") in (None, "uri")
    if kind in ("integer", "long"):
        yield from ["x", "1.5"]
        yield from [least - 1] if least is not None else []
        yield from [most + 1] if most is not None else []
    elif kind == "boolean" and in_document:
        yield from ["yes"]
    elif kind == "string":
        yield from ["nonsense value"] if getattr(shape, "enum", None) else []
        yield from ["x" * (most + 1)] if most else []
        yield from ["\u00e9 \u4e2d"] if bounds.get("pattern") and "S" not in bounds["pattern"] and in_document else []
    elif kind == "list" and most and in_document:
        element = shape.member
        one = "x" if element.type_name == "string" else {name: "x" for name in element.required_members or element.members}
        yield [one] * (most + 1)


@pytest.mark.parametrize("service,action", ACTIONS, ids=[action for _, action in ACTIONS])
def test_an_action_answers_as_its_model_says_and_refuses_what_it_does_not_allow(things, service, action):
    shape = model.service(service).operation_model(action).input_shape
    example = EXAMPLES[service][action](things)
    members = shape.members if shape else {}
    wrong_input = WRONG_INPUT.get(service, "ValidationException")
    for name in shape.required_members if shape else []:
        if not in_path(members[name]):
            without = {key: value for key, value in example.items() if key != name}
            assert refusal(things, service, action, without) == (wrong_input, 400), f"without {name}"
    for name, member in members.items():
        for value in wrong_values(member):
            told = refusal(things, service, action, {**example, name: value})
            assert told == (wrong_input, 400), f"{name}={str(value)[:40]!r}: {told}"
    if action in REFUSED:
        assert refusal(things, service, action, example) == (REFUSED[action], 400)
        for promise in ("required", "values"):
            shown(action, promise, service=service)
        return
    answer = call(things, service, action, example)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == model.service(service).operation_model(action).http.get(
        "responseCode", 200)
    for promise in ("answers", "required", "values"):
        shown(action, promise, service=service)


def test_every_action_of_their_lists_has_an_example():
    root = model.ROOT / "Tools" / "generator" / "actions"
    for service, examples in EXAMPLES.items():
        lines = (root / f"{service}.txt").read_text().splitlines()
        assert sorted(line for line in lines if line and not line.startswith("#")) == sorted(examples)


def test_a_token_of_a_snapshot_does_once_what_is_asked_twice(things):
    ask = {"VolumeSize": 1, "ClientToken": "once"}
    first = things.ebs.start_snapshot(**ask)["SnapshotId"]
    assert things.ebs.start_snapshot(**ask)["SnapshotId"] == first
    assert refusal(things, "ebs", "StartSnapshot", {**ask, "VolumeSize": 2}) == ("ConflictException", 409)
    shown("StartSnapshot", "token", service="ebs")
