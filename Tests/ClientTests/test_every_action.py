"""What holds for every action alike: DryRun, ids, missing, surplus and ill-typed parameters.

The requests are made from botocore's model and the examples, altered, and sent unseen by boto3's own checks.
"""

import re

import pytest
from apus_testing import model
from apus_testing.conformance import shown_unless

from examples import EXAMPLES, changed, everything, exampled

ID = re.compile(r"^([a-z]+(?:-[a-z]+)?)-([0-9a-f]{17})$")
UNKNOWN = "0123456789abcdef0"

# Actions for which an id that is not there is as good as done, or is told in the answer, as the EC2 API Reference says.
FORGIVING = {
    "DeleteKeyPair", "DisableFastSnapshotRestores", "EnableFastSnapshotRestores", "ModifyInstanceCreditSpecification",
    "CreateLaunchTemplate", "CreateLaunchTemplateVersion", "DeleteFleets"}

NOT_FOUND = {
    "cr": "InvalidCapacityReservationId.NotFound", "pg": "InvalidPlacementGroupId.NotFound",
    "i": "InvalidInstanceID.NotFound", "vol": "InvalidVolume.NotFound", "ami": "InvalidAMIID.NotFound",
    "snap": "InvalidSnapshot.NotFound", "vpc": "InvalidVpcID.NotFound", "subnet": "InvalidSubnetID.NotFound",
    "igw": "InvalidInternetGatewayID.NotFound", "rtb": "InvalidRouteTableID.NotFound",
    "rtbassoc": "InvalidAssociationID.NotFound", "acl": "InvalidNetworkAclID.NotFound",
    "dopt": "InvalidDhcpOptionID.NotFound", "eni": "InvalidNetworkInterfaceID.NotFound",
    "sg": "InvalidGroup.NotFound", "sgr": "InvalidSecurityGroupRuleId.NotFound",
    "eipalloc": "InvalidAllocationID.NotFound", "eipassoc": "InvalidAssociationID.NotFound",
    "eni-attach": "InvalidAttachmentID.NotFound", "lt": "InvalidLaunchTemplateId.NotFound",
    "iew": "InvalidInstanceEventWindowID.NotFound", "fleet": "InvalidFleetId.NotFound", "sir": "InvalidSpotInstanceRequestID.NotFound"}


@pytest.fixture(scope="module")
def outsider(roomy):
    return roomy.new_account()


@pytest.fixture
def unchanged(world):
    """Asserts that what the test asked for has left everything as it was."""
    before = everything(world.account)
    yield
    assert changed(before, everything(world.account)) == []


def fields(name, world):
    return model.serialized(name, EXAMPLES[name](world))


def refusals(account, calls, expected, promise):
    """Sends calls (action, fields, what) and collects what was not refused properly. The others have shown a promise."""
    wrong = []
    for name, form, what in calls:
        answer = account.ask(name, {key: value for key, value in form.items() if key not in ("Action", "Version")})
        if not 400 <= answer.status < 500 or answer.code not in expected(name, what):
            wrong.append(f"{name} {what}: {answer.status} {answer.code} {answer.message}")
    shown_unless(wrong, [name for name, *_ in calls], promise)
    return wrong


def test_every_action_that_is_spoken_has_an_example(actions):
    assert [name for name in actions if name not in EXAMPLES] == []


def test_a_dry_run_tells_that_it_would_have_succeeded_and_does_nothing(world, actions, unchanged):
    wrong = []
    dry = [name for name in exampled(actions) if "DryRun" in model.inputs(name)]
    for name in dry:
        answer = world.account.ask(name, {**fields(name, world), "DryRun": "true"})
        if (answer.code, answer.status) != ("DryRunOperation", 412):
            wrong.append(f"{name}: {answer.status} {answer.code} {answer.message}")
    shown_unless(wrong, dry, "dry run")
    assert wrong == []


@pytest.mark.parametrize("name,parameters,code", [
    ("DeleteVpc", {"VpcId": f"vpc-{UNKNOWN}"}, "InvalidVpcID.NotFound"),
    ("TerminateInstances", {"InstanceId.1": f"i-{UNKNOWN}"}, "InvalidInstanceID.NotFound"),
    ("TerminateInstances", {"InstanceId.1": "nonsense"}, "InvalidInstanceID.Malformed"),
    ("GetConsoleOutput", {"InstanceId": f"i-{UNKNOWN}"}, "InvalidInstanceID.NotFound"),
    ("CreateKeyPair", {"KeyName": "world"}, "InvalidKeyPair.Duplicate"),
])
def test_a_dry_run_of_what_is_refused_is_refused_the_same_way(world, unchanged, name, parameters, code):
    answer = world.account.ask(name, {**parameters, "DryRun": "true"})
    assert (answer.code, answer.status) == (code, 400)


def with_ids(actions, world, replacement):
    """Every example once per id in it, with that id replaced."""
    for name in exampled(actions):
        form = fields(name, world)
        for field, value in form.items():
            found = ID.match(value) if isinstance(value, str) else None
            if found and not name.endswith("Tags"):
                yield name, {**form, field: replacement(found)}, f"{field}={replacement(found)}"


def test_an_id_of_nothing_is_not_found(world, actions, unchanged):
    def expected(name, what):
        prefix = ID.match(what.split("=")[1]).group(1)
        return {NOT_FOUND[prefix], "InvalidGatewayID.NotFound"} if "GatewayId" in what else {NOT_FOUND[prefix]}
    calls = [call for call in with_ids(actions, world, lambda id: f"{id.group(1)}-{UNKNOWN}")
             if call[0] not in FORGIVING]
    assert len(calls) > 60
    assert refusals(world.account, calls, expected, "unknown ids") == []


@pytest.mark.parametrize("malformed", ["{prefix}-", "{prefix}-xyz", "{prefix}-0123", "nonsense", "{prefix}-0123456789ABCDEF0",
                                       "{prefix}_0123456789abcdef0", "{prefix}-0123456789abcdef0' OR 1=1"])
def test_a_malformed_id_is_refused(world, actions, unchanged, malformed):
    def expected(name, what):
        return {code for code in refused_codes if ".Malformed" in code or ".NotFound" in code} | {
            "InvalidParameterValue", "InvalidParameterCombination", "InvalidInput"}
    refused_codes = set(NOT_FOUND.values()) | {
        "InvalidInstanceID.Malformed", "InvalidAMIID.Malformed", "InvalidVpcId.Malformed", "InvalidSubnetId.Malformed",
        "InvalidInternetGatewayId.Malformed", "InvalidRouteTableId.Malformed", "InvalidSnapshotID.Malformed",
        "InvalidRouteTableAssociationId.Malformed", "InvalidNetworkAclId.Malformed", "InvalidDhcpOptionsId.Malformed",
        "InvalidNetworkInterfaceId.Malformed", "InvalidGroupId.Malformed", "InvalidSecurityGroupRuleId.Malformed",
        "InvalidAllocationID.Malformed", "InvalidAssociationID.Malformed",
        "InvalidNetworkInterfaceAttachmentId.Malformed", "InvalidLaunchTemplateId.Malformed",
        "InvalidFleetId.Malformed", "InvalidSpotInstanceRequestID.Malformed",
        "InvalidCapacityReservationId.Malformed", "InvalidInstanceEventWindowID.Malformed"}
    calls = [call for call in with_ids(actions, world, lambda id: malformed.format(prefix=id.group(1)))
             if call[0] not in FORGIVING]
    assert refusals(world.account, calls, expected, "malformed ids") == []


def test_an_id_of_another_account_is_not_found(world, actions, outsider, unchanged):
    """The stranger asks with the ids of the world; its own launch parameters aside, nothing may be found."""
    calls = []
    for name in exampled(actions):
        form = fields(name, world)
        owned = [value for value in form.values() if isinstance(value, str) and ID.match(value)]
        if owned and name not in FORGIVING and name != "RegisterImage":
            calls.append((name, form, "as a stranger"))
    before = everything(outsider)
    codes = set(NOT_FOUND.values()) | {"InvalidKeyPair.NotFound", "AuthFailure", "InvalidID"}
    assert refusals(outsider, calls, lambda name, what: codes, "accounts") == []
    assert changed(before, everything(outsider)) == []


def test_a_parameter_that_the_model_requires_is_missed(world, actions, unchanged):
    calls = []
    for name in exampled(actions):
        shape = model.operation(name).input_shape
        for member in shape.required_members if shape else []:
            without = {key: value for key, value in EXAMPLES[name](world).items() if key != member}
            if member in EXAMPLES[name](world):
                calls.append((name, model.serialized(name, without), f"without {member}"))
    assert len(calls) > 40
    assert refusals(world.account, calls, lambda name, what: {"MissingParameter"}, "required") == []


def test_no_request_without_any_parameter_breaks_anything(world, actions):
    wrong = []
    for name in actions:
        answer = world.account.ask(name, {"DryRun": "true"})
        if answer.status >= 500:
            wrong.append(f"{name}: {answer.status} {answer.code}")
    assert wrong == []


def test_a_parameter_that_the_model_does_not_know_is_refused(world, actions, unchanged):
    calls = [(name, {**fields(name, world), surplus: "x"}, surplus)
             for name in exampled(actions) for surplus in ("Surplus", "Surplus.1.Name", "dryrun")]
    assert refusals(world.account, calls, lambda name, what: {"UnknownParameter"}, "surplus") == []
