"""Random requests made from the model: none gets a 5xx, and every answer is one that the model describes.

The seed is printed with a failure; APUS_TEST_SEED chooses another one, APUS_TEST_ROUNDS makes it go on longer.
"""

import datetime
import os
import random

import pytest
from apus_testing import model
from apus_testing.conformance import shown
from apus_testing.running import Apus

from examples import EXAMPLES, World, exampled, linux_image, public_key

SEED = int(os.environ.get("APUS_TEST_SEED", "20261123"))
ROUNDS = int(os.environ.get("APUS_TEST_ROUNDS", "12"))
LACKS_CAPACITY = {"InsufficientInstanceCapacity", "InsufficientAddressCapacity", "InsufficientCapacity"}


@pytest.fixture(scope="module")
def playground(tmp_path_factory):
    """A cloud of its own, since random requests leave anything behind."""
    cloud = Apus(tmp_path_factory.mktemp("playground") / "state").start()
    yield cloud
    assert cloud.is_running, f"apus ended by itself\n{cloud.last_of_log()}"
    cloud.down()
    assert cloud.processes() == []


@pytest.fixture(scope="module")
def world(playground, tmp_path_factory):
    image = linux_image(playground.first_account())
    return World(playground.new_account(), image, public_key(tmp_path_factory.mktemp("key"))) \
        .with_free_volume().with_lent_image(playground.new_account())


class Inputs:
    """Values for the shapes of the model: mostly wild, now and then sensible."""

    def __init__(self, seed, ids):
        self.random = random.Random(seed)
        self.ids = ids

    def structure(self, shape, depth=0):
        made = {}
        for name, member in shape.members.items():
            share = 0.75 if name in shape.required_members else (0.25 if depth == 0 else 0.4)
            if name != "DryRun" and depth < 5 and self.random.random() < share:
                made[name] = self.value(member, depth + 1)
        return made

    def value(self, shape, depth):
        kind = shape.type_name
        if kind == "structure":
            return self.structure(shape, depth)
        if kind == "list":
            return [self.value(shape.member, depth + 1) for _ in range(self.random.choice([0, 1, 1, 2, 3]))]
        if kind in ("integer", "long"):
            return self.random.choice([0, 1, 2, 5, 22, 1000, -1, -(1 << 31), (1 << 31) - 1, 65536])
        if kind in ("double", "float"):
            return self.random.choice([0.0, 1.5, -1e9, 1e300])
        if kind == "boolean":
            return self.random.random() < 0.5
        if kind == "timestamp":
            return datetime.datetime(self.random.choice([1970, 2026, 9999]), 1, 1)
        if kind == "blob":
            return self.random.randbytes(self.random.choice([0, 1, 100, 20000]))
        return self.text(shape)

    def text(self, shape):
        if getattr(shape, "enum", None) and self.random.random() < 0.8:
            return self.random.choice(shape.enum)
        return self.random.choice([
            self.random.choice(self.ids), self.random.choice(self.ids), "", " ", "x", "x" * 300, "default", "tcp", "-1",
            "10.0.0.0/8", "10.20.7.0/24", "0.0.0.0/0", "::/0", "10.20.1.5", "999.1.1.1", "2026-01-01", "t3.micro",
            "us-east-1a", "\u00e9\u4e2d\U0001f600", "\x00\x01", "<&>\"'", "i-0123456789abcdef0", "%s%n", "../../etc/passwd",
            "/dev/sdf", "{}", "NaN", "true", "gp3", "sg-", "*", "aws:x", "\\"])


def ids_of(world):
    return [value for value in vars(world).values() if isinstance(value, str) and "-" in value]


def check(name, account, form, wrong):
    answer = account.ask(name, {key: value for key, value in form.items() if key not in ("Action", "Version")})
    if answer.status >= 500 and answer.code not in LACKS_CAPACITY:
        wrong.append(f"{name}: {answer.status} {answer.code} for {form}")
    else:
        wrong.extend(model.faults(name, answer.status, answer.body))


def test_every_action_answers_what_is_sensible_as_the_model_says(playground, tmp_path_factory):
    """Each in a world where what it speaks of is still there: what one world no longer allows is asked in the next."""
    image, key = linux_image(playground.first_account()), public_key(tmp_path_factory.mktemp("key"))
    left, faults = exampled(model.implemented(playground.first_account())), []
    while left:
        world = World(playground.new_account(), image, key).with_free_volume().with_lent_image(playground.new_account())
        refused = []
        for name in left:
            form = model.serialized(name, EXAMPLES[name](world))
            answer = world.account.ask(name, {key: form[key] for key in form if key not in ("Action", "Version")})
            found = model.faults(name, answer.status, answer.body)
            faults += found
            if answer.status != 200:
                refused.append((name, answer.code, answer.message))
            elif not found:
                shown(name, "answers")
        assert len(refused) < len(left), refused
        left = [name for name, *_ in refused]
    assert faults == []


def test_no_random_request_gets_a_5xx_or_an_answer_beyond_the_model(world, playground):
    wrong = []
    inputs = Inputs(SEED, ids_of(world))
    names = model.implemented(world.account)
    for turn in range(ROUNDS):
        for name in inputs.random.sample(names, len(names)):
            shape = model.operation(name).input_shape
            made = inputs.structure(shape) if shape else {}
            if EXAMPLES.get(name) and inputs.random.random() < 0.4:
                made = {**made, **EXAMPLES[name](world)}
            if name == "RunInstances" and isinstance(made.get("MaxCount"), int):
                made["MaxCount"] = min(made["MaxCount"], 5)
            if name == "DescribeInstanceTypes":
                made.setdefault("MaxResults", 5)
            check(name, world.account, model.serialized(name, made), wrong)
    assert playground.is_running
    assert not wrong, f"seed {SEED}:\n" + "\n".join(wrong[:30])


def test_random_forms_that_no_client_would_send_get_no_5xx(world, playground):
    inputs = Inputs(SEED + 1, ids_of(world))
    names = model.implemented(world.account)
    parts = ["Filter", "1", "0", "-1", "999999999999999999999", "Name", "Value", "InstanceId", "", "TagSpecification", "é",
             "IpPermissions", "Ebs", "BlockDeviceMapping", "x" * 600, "MaxResults", "NextToken", "VpcId"]
    wrong = []
    for turn in range(ROUNDS * 25):
        name = inputs.random.choice(names)
        form = {".".join(inputs.random.choices(parts, k=inputs.random.randint(1, 14))): inputs.text(
            model.ec2().shape_for("String")) for _ in range(inputs.random.randint(1, 6))}
        answer = world.account.ask(name, form)
        if answer.status >= 500:
            wrong.append(f"{name}: {answer.status} {answer.code} for {form}")
    assert playground.is_running
    assert not wrong, f"seed {SEED}:\n" + "\n".join(wrong[:30])
