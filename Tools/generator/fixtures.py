"""Writes what Tests/AWSWireTests compares our wire with: requests as botocore sends them, answers as it reads them.

Every member of every spoken operation is filled.
"""

import base64
import datetime
import json
import os
import re
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import botocore.awsrequest
import botocore.parsers
import botocore.serialize
import botocore.session
import botocore.utils

from generate import HERE, SERVICES, action_list, settle
from naming import case_name, escaped, member_name, type_name
from swift import ENUM_LIMIT

TESTS = os.path.join(HERE, "..", "..", "Tests", "AWSWireTests")
MOMENT = "2026-01-02T03:04:05.678Z"
BASE64_STRINGS = {"RunInstancesUserData"}
# Texts for shapes that have a pattern: the first that fits is the sample.
FITTING = ["x y-\u00e9", "snap-0123456789abcdef0", "aGk+Lw==", "SHA256", "abcDEF12345",
           "arn:aws:kms:us-east-1:123456789012:key/k+1", "arn:aws:rbin:us-east-1:123456789012:rule/abcDEF12345",
           "arn:aws:outposts:us-east-1:123456789012:outpost/op-0123456789abcdef0",
           "arn:aws:ec2:us-east-1:123456789012:placement-group/a", "123456789012", "i-0123456789abcdef0", "us-east-1a"]


def opened_enums():
    """Names of shapes that the model has as enums and a correction makes plain strings."""
    with open(os.path.join(HERE, "corrections.json"), encoding="utf-8") as file:
        corrections = json.load(file)
    return {each["shape"] for service in corrections.values() for each in service
            if each["kind"] == "retype" and each["to"] == "string"}


OPENED_ENUMS = opened_enums()


class Sample:
    """A value per shape, the same wherever the shape occurs below one root: as Python, as Swift, and spelled out."""

    def __init__(self, namespace, prefix=""):
        self.namespace, self.prefix = namespace, prefix

    def python(self, shape, name="x"):
        kind = shape.type_name
        if kind == "structure":
            return {key: self.python(member, key) for key, member in shape.members.items()}
        if kind == "list":
            return [self.python(shape.member, name + suffix) for suffix in ("A", "B")]
        return self.scalar(shape, name)

    def scalar(self, shape, name):
        kind = shape.type_name
        if kind == "string":
            if shape.name in BASE64_STRINGS:
                return base64.b64encode(name.encode()).decode()
            if shape.enum:
                return shape.enum[-1] if not name.endswith("A") else shape.enum[0]
            text = name + " <&> \u00e9"
            if "pattern" in shape.metadata:
                return fitting(shape, text)
            return text.ljust(shape.metadata.get("min", 0), "x")[: shape.metadata.get("max", 128)]
        if kind in ("integer", "long"):
            return max(shape.metadata.get("min", 0), min(shape.metadata.get("max", 77), 77))
        if kind in ("double", "float"):
            return 2.5
        if kind == "boolean":
            return True
        if kind == "timestamp":
            return datetime.datetime.fromisoformat(MOMENT.replace("Z", "+00:00"))
        if kind == "blob":
            return name.encode()
        raise SystemExit(f"no sample for {kind}")

    def is_enum(self, shape):
        if shape.type_name != "string" or not shape.enum:
            return False
        return len(shape.enum) <= ENUM_LIMIT and shape.name not in OPENED_ENUMS

    # Spelled out: one line per scalar, by the names of our structs.

    def lines(self, shape, value, path):
        kind = shape.type_name
        if kind == "structure":
            for key, member in shape.members.items():
                yield from self.lines(member, value[key], f"{path}.{member_name(key)}" if path else member_name(key))
        elif kind == "list":
            for index, element in enumerate(value):
                yield from self.lines(shape.member, element, f"{path}[{index}]")
        else:
            yield f"{path}={self.spelled(shape, value)}"

    def spelled(self, shape, value):
        kind = shape.type_name
        if shape.name in BASE64_STRINGS:
            return value
        if kind == "boolean":
            return "true" if value else "false"
        if kind == "timestamp":
            return MOMENT
        if kind == "blob":
            return base64.b64encode(value).decode()
        return str(value)

    # Swift

    def swift(self, shape, value):
        kind = shape.type_name
        if kind == "structure":
            return f"sample{self.prefix}{shape.name}()"
        if kind == "list":
            return "[" + ", ".join(self.swift(shape.member, element) for element in value) + "]"
        if self.is_enum(shape):
            return f".{escaped(case_name(value))}"
        if kind == "string":
            return json.dumps(value, ensure_ascii=False)
        if kind == "timestamp":
            return "moment"
        if kind == "blob":
            return f"Array({json.dumps(value.decode())}.utf8)"
        return self.spelled(shape, value)

    def function(self, shape):
        name = type_name(shape.name)
        arguments = [f"        {member_name(key)}: {self.swift(member, self.python(member, key))}"
                     for key, member in shape.members.items()]
        inside = ",\n".join(arguments)
        return (f"\nprivate func sample{self.prefix}{shape.name}() -> {self.namespace}.{name} {{\n"
                f"    {self.namespace}.{name}(\n{inside})\n}}\n")

    # XML, by the model alone

    def xml(self, shape, value, item):
        kind = shape.type_name
        if kind == "structure":
            return "".join(self.element(member.serialization.get("name", key), member, value[key], item)
                           for key, member in shape.members.items())
        if kind == "list":
            inner = shape.member.serialization.get("name", item)
            return "".join(self.element(inner, shape.member, element, item) for element in value)
        return escape(self.spelled(shape, value))

    def element(self, name, shape, value, item):
        return f"<{name}>{self.xml(shape, value, item)}</{name}>"


def fitting(shape, plain):
    pattern = shape.metadata["pattern"].replace("{11}{0,1011}", "{0,1011}").replace("/^.{1,255}", "/.{1,255}")
    pattern = re.sub(r"\\p\{[LZN]\}", r"\\w ", pattern)
    for text in [plain, *FITTING]:
        if re.fullmatch(pattern, text) and len(text) <= shape.metadata.get("max", len(text)):
            return text
    raise SystemExit(f"no sample fits {shape.name}: {pattern}")


def rest_request(sample, model, operation):
    """As botocore sends it; the body as text."""
    parameters = sample.python(operation.input_shape)
    serializer = botocore.serialize.create_serializer(model.metadata["protocol"], include_validation=False)
    sent = serializer.serialize_to_request(parameters, operation)
    body = sent["body"].decode() if isinstance(sent["body"], bytes) else sent["body"]
    return {"operation": operation.name, "method": sent["method"], "path": sent["url_path"],
            "query": botocore.utils.percent_encode_sequence(sent["query_string"]),
            "headers": {name: str(value) for name, value in sent["headers"].items()}, "body": body,
            "members": list(sample.lines(operation.input_shape, parameters, ""))}


def rest_answer(sample, model, operation):
    """Headers and body, once botocore has read every value back from them."""
    shape = operation.output_shape
    value, headers, document = sample.python(shape), {}, {}
    body = None
    for key, member in shape.members.items():
        name = member.serialization.get("name", key)
        if member.serialization.get("location") == "header":
            headers[name] = str(value[key])
        elif key == shape.serialization.get("payload"):
            body = value[key].decode()
        else:
            document[name] = jsonable(member, value[key])
    is_document = all("location" not in member.serialization for member in shape.members.values())
    if body is not None:
        headers["Content-Type"] = "application/octet-stream"
    elif is_document:
        headers["Content-Type"] = "application/json"
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    status = operation.http.get("responseCode", 200)
    parser = botocore.parsers.create_parser(model.metadata["protocol"])
    answered = botocore.awsrequest.HeadersDict({**headers, "x-amzn-RequestId": "id"})
    parsed = parser.parse({"body": (body or "").encode(), "status_code": status, "headers": answered}, shape)
    payload = shape.serialization.get("payload")
    if payload and isinstance(parsed[payload], str):
        # A stream of bytes, which it was not given here.
        parsed[payload] = parsed[payload].encode()
    if parsed.pop("ResponseMetadata")["RequestId"] != "id" or parsed != value:
        raise SystemExit(f"botocore reads the answer of {operation.name} otherwise")
    return {"operation": operation.name, "status": status, "headers": headers, "body": body or ""}


def jsonable(shape, value):
    if shape.type_name == "structure":
        return {member.serialization.get("name", key): jsonable(member, value[key])
                for key, member in shape.members.items()}
    if shape.type_name == "list":
        return [jsonable(shape.member, element) for element in value]
    return value.timestamp() if shape.type_name == "timestamp" else value


def request(sample, model, operation):
    serializer = botocore.serialize.create_serializer(model.metadata["protocol"], include_validation=False)
    parameters = sample.python(operation.input_shape) if operation.input_shape else {}
    sent = serializer.serialize_to_request(parameters, operation)
    lines = list(sample.lines(operation.input_shape, parameters, "")) if operation.input_shape else []
    return {"operation": operation.name, "form": urlencode(sent["body"]), "members": lines}


def answer(sample, model, operation):
    """The document, once botocore has read every value back from it."""
    is_ec2 = model.metadata["protocol"] == "ec2"
    namespace = model.metadata["xmlNamespace"].rstrip("/") + "/"
    shape = operation.output_shape
    value = sample.python(shape) if shape else {}
    inside = sample.xml(shape, value, "item" if is_ec2 else "member") if shape else "<return>true</return>"
    if is_ec2:
        body = f"<requestId>id</requestId>{inside}"
    else:
        result = shape.serialization.get("resultWrapper")
        body = f"<{result}>{inside}</{result}><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>"
    name = operation.name + "Response"
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{namespace}">{body}</{name}>'
    parser = botocore.parsers.create_parser(model.metadata["protocol"])
    parsed = parser.parse({"body": xml.encode(), "status_code": 200, "headers": {}}, shape)
    if parsed.pop("ResponseMetadata")["RequestId"] != "id" or parsed != value:
        raise SystemExit(f"botocore reads the answer of {operation.name} otherwise")
    return {"operation": operation.name, "xml": xml}


def reached(shape, found):
    if shape.type_name == "list":
        reached(shape.member, found)
    elif shape.type_name == "structure" and shape.name not in found:
        found[shape.name] = shape
        for member in shape.members.values():
            reached(member, found)


SWIFT_HEAD = ("// Generated by scripts/generate. Do not edit.\n\nimport AWSWire\nimport CloudTypes\n\n"
              f"private let moment = Timestamp(iso8601: \"{MOMENT}\")\n\n")
QUERY_ANSWERS = """private func answer<Operation: QueryOperation>(
    _ operation: Operation.Type, _ output: Operation.Output
) -> [UInt8] {
    QueryResponse.success(operation, output, requestID: "id").bytes
}

/// Every operation's answer with every member filled, as we write it.
let sampleAnswers: [String: [UInt8]] = [
"""
REST_ANSWERS = """private func answer<Operation: RESTOperation>(
    _ operation: Operation.Type, _ output: Operation.Output
) -> RESTAnswer {
    var answer = RESTAnswer()
    output.write(to: &answer)
    return answer
}

/// Every operation's answer with every member filled, as we write it.
let sampleRESTAnswers: [String: RESTAnswer] = [
"""


class Fixtures:
    """What one family of protocols is compared with."""

    def __init__(self, head, prefixed, request, answer):
        self.head, self.prefixed, self.request_of, self.answer_of = head, prefixed, request, answer
        self.requests, self.answers, self.functions, self.table = [], [], [], []

    def add(self, namespace, model, actions):
        sample, shapes = Sample(namespace, namespace if self.prefixed else ""), {}
        for action in sorted(actions):
            operation = model.operation_model(action)
            self.requests.append(self.request_of(sample, model, operation))
            self.answers.append(self.answer_of(sample, model, operation))
            output = operation.output_shape
            if output:
                reached(output, shapes)
            value = f"sample{sample.prefix}{output.name}()" if output else "NoResult()"
            self.table.append(f'    "{action}": answer({namespace}.Operation.{action}.self, {value}),')
        self.functions += [sample.function(shape) for _, shape in sorted(shapes.items())]

    @property
    def swift(self):
        return SWIFT_HEAD + self.head + "\n".join(self.table) + "\n]\n" + "".join(self.functions)


def main():
    session = botocore.session.get_session()
    query = Fixtures(QUERY_ANSWERS, False, request, answer)
    rest = Fixtures(REST_ANSWERS, True, rest_request, rest_answer)
    for namespace, folder, actions in SERVICES:
        service, version = folder.split("/")
        model = session.get_service_model(service, version)
        family = rest if model.metadata["protocol"] in ("rest-json", "json") else query
        family.add(namespace, model, action_list(actions))
    fixtures = {"requests.json": as_json(query.requests), "answers.json": as_json(query.answers),
                "rest-requests.json": as_json(rest.requests), "rest-answers.json": as_json(rest.answers)}
    settle(os.path.join(TESTS, "Fixtures"), fixtures, __doc__)
    swift = {"SampleAnswers.swift": query.swift, "SampleRESTAnswers.swift": rest.swift}
    settle(os.path.join(TESTS, "Generated"), swift, __doc__)


def as_json(value):
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
