"""The EC2 model that botocore carries: what each action takes and gives, requests made from it, answers held against it."""

import functools
import json
import pathlib
import xml.etree.ElementTree as tree

import botocore.model
import botocore.parsers
import botocore.serialize
import botocore.session


ROOT = pathlib.Path(__file__).resolve().parents[3]


@functools.cache
def added_values():
    """Enum values that AWS answers and the model does not know, with their shapes' names."""
    corrections = json.loads((ROOT / "Tools/generator/corrections.json").read_text())["EC2"]
    added = {(each["shape"], each["value"]) for each in corrections if each["kind"] == "addValue"}
    # Answered in small letters, by AWS too.
    return added | {("PlatformValues", "windows")}


@functools.cache
def service(name):
    return botocore.session.get_session().get_service_model(name)


def ec2():
    return service("ec2")


def operation(name):
    return ec2().operation_model(name)


def inputs(name):
    """The members of the action's input by name."""
    shape = operation(name).input_shape
    return shape.members if shape else {}


def field_name(name, member):
    """What the EC2 protocol calls a member of a structure in a form."""
    if query_name := member.serialization.get("queryName"):
        return query_name
    spelled = member.serialization.get("name", name)
    return spelled[0].upper() + spelled[1:]


def serialized(name, parameters):
    """The form fields that boto3 would send, unchecked."""
    serializer = botocore.serialize.create_serializer("ec2", include_validation=False)
    request = serializer.serialize_to_request(parameters, operation(name))
    return dict(request["body"])


def parsed(name, answer):
    """What boto3 would make of an answer."""
    parser = botocore.parsers.create_parser("ec2")
    response = {"status_code": answer.status, "headers": answer.headers, "body": answer.body.encode()}
    return parser.parse(response, operation(name).output_shape)


@functools.cache
def implemented(account):
    """Names of the actions that the cloud speaks: all others answer that they are no action."""
    names = []
    for name in ec2().operation_names:
        answer = account.ask(name, {"NoSuchParameter": "x"})
        if answer.code not in ("InvalidAction", "UnsupportedOperation"):
            names.append(name)
    return names


def strays(shape, value, path=""):
    """Where a parsed answer breaks the model: wrong types, enum values that the model does not know."""
    if isinstance(shape, botocore.model.StructureShape):
        for name, member in value.items():
            if name in shape.members:
                yield from strays(shape.members[name], member, f"{path}.{name}")
    elif isinstance(shape, botocore.model.ListShape):
        for position, member in enumerate(value):
            yield from strays(shape.member, member, f"{path}[{position}]")
    elif shape.type_name == "string" and getattr(shape, "enum", None):
        # The catalogue of instance types is newer than the model; of other values that it lacks, the corrections say why.
        known = shape.name == "InstanceType" or (shape.name, value) in added_values()
        if not known and value not in shape.enum:
            yield f"{path}: {value!r} is none of {shape.name}"


def faults(name, status, body):
    """Where an answer breaks the model: elements and values it does not know, errors without code, message or id."""
    if status >= 300:
        missing = [element for element in ("Code", "Message", "RequestID") if f"<{element}>" not in body]
        return [f"{name}: an error without {element}: {body[:300]}" for element in missing]
    shape = operation(name).output_shape
    parser = botocore.parsers.create_parser("ec2")
    told = parser.parse({"status_code": status, "headers": {}, "body": body.encode()}, shape)
    return [f"{name}: {stray}" for stray in (strays(shape, told) if shape else [])] + [
        f"{name}: unknown element {path}" for path in unread(name, body) if not (shape is None and path == "/return")]


def unread(name, body):
    """Elements of an answer that botocore's model of the action does not know, as paths."""
    root = tree.fromstring(body)
    shape = operation(name).output_shape
    found = []
    _unread(shape, root, "", found)
    return [path for path in found if path not in ("/requestId",)]


def _unread(shape, element, path, found):
    if isinstance(shape, botocore.model.StructureShape):
        by_name = {member.serialization.get("name", key): member for key, member in shape.members.items()}
        for child in element:
            tag = child.tag.split("}")[-1]
            if tag in by_name:
                _unread(by_name[tag], child, f"{path}/{tag}", found)
            else:
                found.append(f"{path}/{tag}")
    elif isinstance(shape, botocore.model.ListShape):
        for child in element:
            _unread(shape.member, child, path + "/item", found)
    elif shape is None:
        for child in element:
            found.append(f"{path}/{child.tag.split('}')[-1]}")
