"""Every action that takes a ClientToken does once what is asked twice, and refuses the token for anything else."""

import re

import pytest
from apus_testing import model
from apus_testing.conformance import shown_unless

from examples import EXAMPLES, changed, everything, exampled


@pytest.fixture(scope="module")
def tokened(actions):
    return [name for name in exampled(actions) if "ClientToken" in model.inputs(name)]


def form(action, world):
    sent = model.serialized(action, {**EXAMPLES[action](world), "ClientToken": f"token of {action}"})
    return {key: value for key, value in sent.items() if key not in ("Action", "Version")}


def another(action, sent):
    """What makes it another request; whether that makes sense does not matter, as the token is looked at first."""
    values = {"string": "other", "boolean": "true", "integer": "7"}
    for name, member in model.inputs(action).items():
        field = model.field_name(name, member)
        plain = member.type_name in values and not getattr(member, "enum", None)
        if plain and field not in sent and field not in ("DryRun", "ClientToken", "UserData"):
            return {field: values[member.type_name]}
    return next({field: re.sub(r"[0-9a-f]{17}$", "0" * 17, value)} for field, value in sent.items()
                if re.search(r"-[0-9a-f]{17}$", value))


def stripped(body):
    return re.sub(r"<requestId>.*?</requestId>", "", body)


def made(account):
    """What there is, by its ids: states of what was made once go on by themselves."""
    return {name: set(re.findall(r"[a-z-]+-[0-9a-f]{17}", body)) for name, body in everything(account).items()}


def test_a_token_does_once_what_is_asked_twice_and_nothing_else(spent, tokened):
    wrong = []
    for action in tokened:
        sent = form(action, spent)
        dry = spent.account.ask(action, {**sent, "DryRun": "true"})
        if dry.code != "DryRunOperation":
            wrong.append(f"{action}: {dry.code} {dry.message} to a dry run")
        first = spent.account.ask(action, sent)
        if first.status != 200:
            wrong.append(f"{action}: {first.code} {first.message}")
            continue
        before = made(spent.account)
        again = spent.account.ask(action, sent)
        if (again.status, stripped(again.body)) != (200, stripped(first.body)):
            wrong.append(f"{action}: another answer to the same request: {again.body[:300]}")
        other = spent.account.ask(action, {**sent, **another(action, sent)})
        if (other.code, other.status) != ("IdempotentParameterMismatch", 400):
            wrong.append(f"{action}: {other.status} {other.code} {other.message} to another request")
        if "reservationId" not in first.body and "modification" not in first.body.lower():
            wrong += [f"{action}: {name} differs" for name in changed(before, made(spent.account))
                      if name not in ("DescribeInstances", "DescribeVolumes")]  # states go on by themselves
    shown_unless(wrong, tokened, "token")
    assert wrong == [] and len(tokened) >= 8


def test_a_token_is_its_accounts_and_its_actions_own(spent, roomy):
    other = roomy.new_account()
    made = {account.ask("CreateVolume", {"AvailabilityZone": "us-east-1a", "Size": "1", "ClientToken": "mine"}).text("volumeId")
            for account in (spent.account, other)}
    assert len(made) == 2 and None not in made
    vpc = other.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    assert other.ask("CreateRouteTable", {"VpcId": vpc, "ClientToken": "mine"}).status == 200


def test_a_token_is_as_long_as_the_model_says_and_64_characters_where_it_says_nothing(world, tokened):
    def code(action, length):
        return world.account.ask(action, {**form(action, world), "ClientToken": "x" * length, "DryRun": "true"}).code
    longest = {action: model.inputs(action)["ClientToken"].metadata.get("max", 64) for action in tokened}
    assert set(longest.values()) == {64, 128}
    wrong = {action: most for action, most in longest.items()
             if (code(action, most), code(action, most + 1)) != ("DryRunOperation", "InvalidParameterValue")}
    assert wrong == {}


@pytest.mark.parametrize("token,code", [("x" * 64, "DryRunOperation"), ("x" * 129, "InvalidParameterValue"),
                                        ("caf\u00e9", "InvalidParameterValue"), ("\x07", "InvalidParameterValue")],
                         ids=["longest", "too long", "accent", "bell"])
def test_a_token_is_printable_and_short(world, tokened, token, code):
    for action in tokened:
        answer = world.account.ask(action, {**form(action, world), "ClientToken": token, "DryRun": "true"})
        assert answer.code == code, f"{action}: {answer.code} {answer.message}"
