"""Each filter that AWS documents for a Describe selects by what the Describe shows: those that have the value, no others.

Names of filters are read from the reference that botocore's model carries; values from what is shown without filters.
"""

import html
import re

import pytest
from apus_testing import model, shown_items
from apus_testing.conformance import shown, shown_unless

from examples import least
from filter_places import places

# Of what is many thousands of lines long, some.
SAMPLES = {"DescribeInstanceTypes": {f"InstanceType.{number}": name for number, name in enumerate([
    "t2.micro", "t3.micro", "m5d.large", "m6a.large", "m5.metal", "c7g.large", "m8g.large", "g4dn.xlarge", "inf1.xlarge",
    "p4d.24xlarge", "f2.6xlarge", "trn1.2xlarge", "dl1.24xlarge", "vt1.3xlarge"], 1)}}


# Selects by what was sent alone, where the Describe shows a default too.
SELECTS_LESS = set()


def documented(action):
    """Names of filters as the reference lists them, in its order."""
    # A list within the list names values.
    text = re.sub(r"<ul>(?:(?!</?ul>).)*</ul>\s*</li>", "</li>", model.inputs(action)["Filters"].documentation, flags=re.S)
    names = [html.unescape(name) for name in re.findall(r"<li>\s*<p>\s*<code>([^<]+)</code>", text)]
    return list(dict.fromkeys("tag:<key>" if name == "tag" else name for name in names))


@pytest.fixture(scope="module")
def describes(actions):
    return [name for name in actions if "Filters" in model.inputs(name)]


class Shown:
    """What a Describe shows to an account, and which of it a filter selects."""

    def __init__(self, world, action):
        self.account, self.action = world.account, action
        self.common = {**least(action, world), **SAMPLES.get(action, {})}
        self.things = self.ask({})

    def ask(self, filters):
        answer = self.account.ask(self.action, {**self.common, **filters})
        assert answer.status == 200, f"{self.action} {filters}: {answer.code} {answer.message}"
        return shown_items.items(self.action, answer.body)

    def selected(self, name, *values):
        numbered = {f"Filter.1.Value.{number}": value for number, value in enumerate(values, 1)}
        return self.ask({"Filter.1.Name": name, **numbered})

    def values(self, thing, name):
        if name.startswith("tag:"):
            pairs = [text for path, text in thing if path in ("Tags.Key", "TagSet.Key", "Tags.Value", "TagSet.Value")]
            return [value for key, value in zip(pairs[::2], pairs[1::2]) if key == name[4:]]
        at = places(self.action, name)
        return [text for path, text in thing if path in at]

    def having(self, name, matches):
        return [thing for thing in self.things if any(matches(value) for value in self.values(thing, name))]

    def rarest(self, name):
        """The value that the fewest things have."""
        counts = {}
        for thing in self.things:
            for value in set(self.values(thing, name)):
                counts[value] = counts.get(value, 0) + 1
        return min(counts, key=lambda value: (counts[value], value), default=None)

    def tag_key(self):
        return next((text for thing in self.things for path, text in thing if path in ("Tags.Key", "TagSet.Key")), None)


def literally(text):
    return re.sub(r"([*?\\])", r"\\\1", text)


def same(some, others):
    return sorted(map(repr, some)) == sorted(map(repr, others))


def faults(shown_things, name):
    """What is wrong with the filter; None where nothing is shown that it could select."""
    value = shown_things.rarest(name)
    if value is None:
        return None
    wrong = []

    def expect(wanted, things, matches):
        if not same(things, shown_things.having(name, matches)):
            wrong.append(f"{shown_things.action} {name}={wanted}: {len(things)} instead of "
                         f"{len(shown_things.having(name, matches))}")
    expect(value, shown_things.selected(name, literally(value)), lambda other: other == value)
    head, tail = value[:-1], value[1:]
    expect(head + "*", shown_things.selected(name, "no-such-value", literally(head) + "*"),
           lambda other: other.startswith(head))
    expect("?" + tail, shown_things.selected(name, "?" + literally(tail)),
           lambda other: len(other) == len(value) and other[1:] == tail)
    return wrong


def test_a_documented_filter_selects_what_shows_its_value(world, describes):
    wrong = []
    for action in describes:
        things = Shown(world, action)
        proven = 0
        names = documented(action)
        for name in names:
            spelled = f"tag:{things.tag_key()}" if name == "tag:<key>" else name
            if things.selected(spelled, "no-such-value"):
                wrong.append(f"{action} {name}: found what nothing has")
                continue
            found = None if (action, name) in SELECTS_LESS else faults(things, spelled)
            if found:
                wrong += found
            elif found is not None:
                proven += 1
        shown(action, "filters", [proven, len(names)])
    assert not wrong, "\n".join(wrong)


def test_a_filter_that_aws_does_not_know_is_refused(world, describes):
    wrong = []
    for action in describes:
        answer = world.account.ask(action, {
            **least(action, world), "Filter.1.Name": "no-such-filter", "Filter.1.Value.1": "x"})
        if (answer.code, answer.status) != ("InvalidParameterValue", 400):
            wrong.append(f"{action}: {answer.status} {answer.code}")
    shown_unless(wrong, describes, "other filters")
    assert wrong == []


def test_a_filter_without_name_or_values_and_too_many_values_are_refused(world, describes):
    wrong = []
    for action in describes:
        name = documented(action)[0]
        many = {f"Filter.1.Value.{number}": f"v{number}" for number in range(1, 202)}
        for broken, codes in [
                ({"Filter.1.Name": name}, {"InvalidParameterValue"}),
                ({"Filter.1.Value.1": "x"}, {"MissingParameter", "InvalidParameterValue"}),
                ({"Filter.1.Name": name, **many}, {"FilterLimitExceeded"})]:
            answer = world.account.ask(action, {**least(action, world), **broken})
            if answer.status != 400 or answer.code not in codes:
                wrong.append(f"{action} {sorted(broken)[:2]}: {answer.status} {answer.code} {answer.message}")
    assert wrong == []


def test_values_of_a_filter_are_alternatives_and_filters_must_all_hold(ec2):
    for number in range(12):
        group = ec2.create_security_group(GroupName=f"page-{number}", Description="d")["GroupId"]
        ec2.create_tags(Resources=[group], Tags=[{"Key": "number", "Value": str(number)}])

    def names(*filters):
        groups = ec2.describe_security_groups(
            Filters=[{"Name": name, "Values": values} for name, values in filters])["SecurityGroups"]
        return {group["GroupName"] for group in groups}
    assert names(("group-name", ["page-1", "page-2", "nobody"])) == {"page-1", "page-2"}
    assert names(("group-name", ["page-1*"])) == {"page-1", "page-10", "page-11"}
    assert names(("group-name", ["page-1?"])) == {"page-10", "page-11"}
    assert names(("group-name", ["page-1*"]), ("tag:number", ["11", "2"])) == {"page-11"}
    assert names(("group-name", ["PAGE-1"])) == set()
    assert names(("group-name", ["page-\\*"])) == set()
    assert names(("tag-key", ["number"]), ("tag:number", ["3"])) == {"page-3"}
