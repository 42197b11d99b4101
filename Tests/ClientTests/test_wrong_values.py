"""Every member of every action, as deep as the model goes: values that it does not allow are refused and change nothing."""

import pytest
from apus_testing import model
from apus_testing.conformance import shown_unless

from examples import EXAMPLES, changed, everything, exampled

WRONG = {
    "integer": ["x", "1.5", "99999999999999999999", "0x10"],
    "long": ["x", "1.5", "99999999999999999999"],
    "boolean": ["yes", "1", "TRUEE"],
    "timestamp": ["yesterday", "2026-13-01T00:00:00Z", "1e999"],
    "double": ["x", "nan", "inf"],
    "float": ["x", "nan", "inf"],
    "blob": ["%%%", "a", "=a==", "\u00e9"],
}
DEPTH = 6

# Names that EC2 refuses with a code of their own.
OWN_CODES = {
    "Name": {"InvalidAMIName.Malformed"}, "InstanceType": {"InvalidInstanceType"}, "KeyFormat": {"InvalidKey.Format"},
    "LaunchTemplateName": {"InvalidLaunchTemplateName.MalformedException", "InvalidParameterCombination"},
    "LaunchTemplateName.1": {"InvalidLaunchTemplateName.NotFoundException"}}


def leaves(shape, prefix="", above=()):
    """Form fields of the scalars and lists below a structure, with their shapes; of lists the first element."""
    for name, member in shape.members.items():
        field = prefix + model.field_name(name, member)
        while member.type_name == "list":
            yield field, member
            field, member = field + ".1", member.member
        if member.type_name != "structure":
            yield field, member
        elif member.name not in above and len(above) < DEPTH:
            yield from leaves(member, field + ".", (*above, member.name))


def wrong_values(field, shape):
    """Sets of form fields that break the shape."""
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max")
    kind = shape.type_name
    if kind == "list":
        if most:
            yield {f"{field}.{number}": "x" for number in range(1, most + 2)}
        return
    yield {field + ".Surplus": "x"}
    values = list(WRONG.get(kind, []))
    if kind == "string":
        values += ["nonsense"] if getattr(shape, "enum", None) and shape.name not in OPEN else []
        values += ["x" * (most + 1)] if most and most < 70_000 else []
        values += ["x" * (least - 1)] if least > 1 else []
    elif kind in ("integer", "long"):
        values += [str(most + 1)] if most is not None else []
        values += [str(least - 1)] if "min" in shape.metadata else []
    yield from ({field: value} for value in values)


# Lists of values that AWS adds to between the model's versions: the action judges them.
OPEN = {"InstanceType", "PlatformValues", "AccountAttributeName"}


def calls(name, world):
    form = model.serialized(name, EXAMPLES[name](world))
    for field, shape in leaves(model.operation(name).input_shape):
        if field == "DryRun":
            continue
        for broken in wrong_values(field, shape):
            kept = {key: value for key, value in form.items()
                    if key not in ("Action", "Version") and not key.startswith(field + ".") and key != field}
            yield field, {**kept, **broken}


def judged(answer, field):
    name = field.rpartition(".")[2] if not field.endswith(".1") else field
    codes = {"InvalidParameterValue", "UnknownParameter"} | OWN_CODES.get(name, set())
    # What stands beside a member that is deep in a structure may be missed before it is looked at.
    return answer.status == 400 and answer.code in codes | ({"MissingParameter"} if "." in field else set())


def test_a_value_that_the_model_does_not_allow_is_refused_wherever_it_stands(world, actions):
    before, wrong, count = everything(world.account), [], 0
    tried = [name for name in exampled(actions) if model.inputs(name)]
    for name in tried:
        for field, form in calls(name, world):
            count += 1
            answer = world.account.ask(name, form)
            if not judged(answer, field):
                sent = {key: value[:40] for key, value in form.items() if key.startswith(field)}
                wrong.append(f"{name} {sent}: {answer.status} {answer.code} {answer.message}")
    shown_unless(wrong, tried, "values")
    print(f"{count} requests")
    assert not wrong, "\n".join(wrong[:60])
    assert changed(before, everything(world.account)) == []


@pytest.mark.parametrize("text", ["", " ", "\x00", "\u00e9", "x" * 70_000], ids=["empty", "blank", "nul", "accent", "long"])
def test_no_text_whatsoever_breaks_an_action(world, actions, text):
    """Texts that no member takes, or that any might: a 4xx or an answer, never a 5xx."""
    for name in exampled(actions):
        if name.startswith(("Describe", "Get", "List")):
            for field, shape in leaves(model.operation(name).input_shape):
                if shape.type_name == "string" and "." not in field:
                    answer = world.account.ask(name, {field: text})
                    assert answer.status < 500, f"{name} {field}: {answer.body[:300]}"
