"""What a Describe shows, item by item, as paths of member names to texts: what filters can be held against."""

import functools
import re
import xml.etree.ElementTree as tree

import botocore.model

from . import model


def items(name, body):
    """One list of (path, text) for each thing that the answer to the action shows; instances without their launches."""
    root = tree.fromstring(body)
    key = main_list(name)
    shape = model.operation(name).output_shape.members[key]
    things = list(_child(root, key, shape) or [])
    if name != "DescribeInstances":
        return [list(_leaves(shape.member, thing, "")) for thing in things]
    found = []
    for launch in things:
        members = dict(shape.member.members)
        instances = members.pop("Instances")
        common = [pair for pair in _leaves(shape.member, launch, "") if not pair[0].startswith("Instances.")]
        found += [common + list(_leaves(instances.member, one, "")) for one in _child(launch, "Instances", instances)]
    return found


def texts(name, body, member):
    """The text of a scalar member of the result, in a list; empty where it is left out."""
    child = _child(tree.fromstring(body), member, model.operation(name).output_shape.members[member])
    return [child.text] if child is not None and child.text else []


@functools.cache
def paths(name):
    """Every path that an item of the action's answers can show, by the model."""
    shape = model.operation(name).output_shape.members[main_list(name)].member
    found = list(dict.fromkeys(_paths(shape, "", ())))
    if name != "DescribeInstances":
        return found
    return [path.removeprefix("Instances.") for path in found]


def main_list(name):
    """The member of the result that holds the things described: the list, but for one of ids or of the deprecated."""
    lists = [key for key, member in model.operation(name).output_shape.members.items() if member.type_name == "list"]
    return lists[0] if lists else None


@functools.cache
def words(text):
    """`PrivateIpAddress` and `private-ip-address` alike, plurals as one."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return tuple(_singular(word) for word in re.split(r"[\s.:\-_]+", split.lower()) if word)


def _singular(word):
    if word.endswith("sses"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _child(element, name, shape):
    wanted = shape.serialization.get("name", name)
    return next((child for child in element if child.tag.split("}")[-1] == wanted), None)


def _leaves(shape, element, path):
    if isinstance(shape, botocore.model.StructureShape):
        for name, member in shape.members.items():
            child = _child(element, name, member)
            if child is not None:
                yield from _leaves(member, child, f"{path}.{name}" if path else name)
    elif isinstance(shape, botocore.model.ListShape):
        for child in element:
            yield from _leaves(shape.member, child, path)
    elif element.text:
        yield path, element.text


def _paths(shape, path, above):
    if isinstance(shape, botocore.model.StructureShape):
        if shape.name not in above:
            for name, member in shape.members.items():
                yield from _paths(member, f"{path}.{name}" if path else name, (*above, shape.name))
    elif isinstance(shape, botocore.model.ListShape):
        yield from _paths(shape.member, path, above)
    else:
        yield path
