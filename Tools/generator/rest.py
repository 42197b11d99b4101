"""Swift text for a service that speaks rest-json or JSON 1.1: where members go in a request, documents, refusals, patterns."""

import re

from model import stop
from naming import case_name, escaped, member_name, type_name
from patterns import translated
from swift import Member, Service, call

LOCATIONS = {"uri", "querystring", "header"}


class RESTMember(Member):
    """A member that stands in the path, the query, a header, the body, or is the body."""

    @property
    def location(self):
        if self.model_name == self.service.model.shapes[self.owner].get("payload"):
            return "payload"
        return self.traits.get("location", "document")

    def bounds(self, kind, traits):
        if kind == "string":
            shape = self.element_shape if self.kind == "list" else self.shape_name
            parts = [super().bounds(kind, traits)] if super().bounds(kind, traits) else []
            return ", ".join(parts + ([f"as: Pattern.{pattern_name(shape)}"] if "pattern" in traits else []))
        return super().bounds(kind, traits)

    @property
    def write_statement(self):
        name, value = self.response_name, self.identifier
        if self.location == "payload":
            return f"answer.payload({value})"
        is_enum = self.kind != "list" and self.service.kind(self.shape_name) == "enum"
        spelled = f"{value}?.rawValue" if is_enum else value
        if self.location == "header":
            return f'answer.header("{name}", {spelled})'
        if self.kind == "list":
            omit = ", omittedWhenEmpty: true" if self.omitted_when_empty else ""
            return f'json.list("{name}", {value}{omit})'
        return f'json.member("{name}", {spelled})'

    @property
    def omitted_when_empty(self):
        return (self.owner, self.model_name) in self.service.model.omitted_when_empty


class RESTService(Service):
    member_class = RESTMember
    node_type = "DocumentNode"
    # Members that a newer model has are passed over, as AWS's own servers do.
    for_unknown = "break"

    def members(self, shape):
        return [RESTMember(self, shape, member) for member in self.model.shapes[shape]["members"]]

    def shape_conformances(self, name, readable, writable):
        found = ["DocumentReadable"] if readable else []
        if writable:
            found += ["JSONWritable"] if self.is_document(name) else []
            found += ["RESTWritable"] if name in self.model.outputs else []
            is_numbered = name in self.model.outputs and "RequestId" in self.model.shapes[name]["members"]
            found += ["RequestIDOutput"] if is_numbered else []
        return found or ["Sendable", "Equatable"]

    def is_document(self, name):
        return all(member.location == "document" for member in self.members(name))

    def files(self):
        found = super().files()
        prefix = self.namespace
        found[f"{prefix}+Refusals.swift"] = f"{self.header}\npackage import CloudTypes\n{self.refusals()}"
        found[f"{prefix}+Patterns.swift"] = self.header + self.patterns()
        del found[f"{prefix}+OperationNames.swift"]
        return found

    def reader(self, members):
        if not members:
            return f"        package init(from node: {self.node_type}) throws(WireError) {{}}"
        return super().reader(members)

    def writer(self, name, members):
        body = "\n".join(f"            {member.write_statement}" for member in members)
        if self.is_document(name):
            signature = "        package func write(to json: inout JSONWriter) {"
        elif any(member.location == "document" for member in members):
            stop(f"{name} has headers beside a document, which no answer here had yet")
        else:
            signature = "        package func write(to answer: inout RESTAnswer) {"
        return f"{signature}\n{body}\n        }}" if body else signature + "}"

    # Operations

    def operation(self, action):
        operation = self.model.operations[action]
        request, output = self.model.input_of(action), self.model.output_of(action)
        members = self.members(request)
        names = [member.request_name for member in members]
        if len(set(names)) < len(names):
            stop(f"{action} has two members of one name in different places")
        if any(m.kind == "list" and m.location in ("header", "uri") for m in members):
            stop(f"{action} has a list in a header or path")
        flags = {"hasClientToken": "ClientToken" in {member.model_name for member in members}}
        lines = [
            f"        package typealias Input = {self.namespace}.{type_name(request)}",
            f"        package typealias Output = {self.namespace}.{type_name(output)}",
            f"        package static var service: RESTService {{ {self.namespace}.service }}",
            f'        package static var name: String {{ "{action}" }}',
            f"        package static var successStatus: Int {{ {operation['http'].get('responseCode', 200)} }}",
        ]
        lines += [f"        package static var {flag}: Bool {{ {str(value).lower()} }}" for flag, value in flags.items()]
        binding = call("        package static let binding = RESTBinding", self.binding(operation, members)).rstrip("\n")
        body = "\n".join([*lines, binding])
        return (f"\nextension {self.namespace}.Operation {{\n"
                f"    package enum {action}: RESTOperation {{\n{body}\n    }}\n}}\n")

    @staticmethod
    def binding(operation, members):
        def at(location):
            return [f'"{member.request_name}"' for member in members if member.location == location]

        payload, uri = at("payload"), operation["http"]["requestUri"]
        labels = re.findall(r"\{(\w+)\}", uri)
        if sorted(labels) != sorted(member.request_name for member in members if member.location == "uri"):
            stop(f"{operation['name']}: the labels of {uri} are not those of its input")
        if "?" in uri or "+}" in uri:
            stop(f"{operation['name']}: {uri} has parts that no route here knows")
        arguments = [f".{operation['http']['method'].lower()}", f'"{uri}"']
        arguments += [f"query: [{', '.join(at('querystring'))}]"] if at("querystring") else []
        arguments += [f"headers: [{', '.join(at('header'))}]"] if at("header") else []
        arguments += [f"payload: {payload[0]}"] if payload else []
        arguments += ["readsDocument: true"] if at("document") else []
        arguments += ["allowsUnsignedBody: true"] if operation.get("unsignedPayload") else []
        return arguments

    def service_description(self):
        metadata = self.model.metadata
        operations = "\n".join(f"        Operation.{action}.self," for action in self.model.actions)
        reasons = {member.request_name: self.model.refused_as[member.shape_name]
                   for shape in sorted(self.model.inputs) for member in self.members(shape)
                   if member.shape_name in self.model.refused_as}
        table = ", ".join(f'"{name}": "{reason}"' for name, reason in sorted(reasons.items()))
        arguments = f"reasons: [{table or ':'}]"
        if "targetPrefix" in metadata:
            arguments += f', targetPrefix: "{metadata["targetPrefix"]}"'
        arguments += "".join(f', {word}: "{name}"' for word, name in self.general_refusals())
        return (f"\n/// Shapes and operations of {metadata['serviceFullName']}, API version {metadata['apiVersion']}.\n"
                f"package enum {self.namespace} {{\n"
                f"    /// One type per operation that is spoken here.\n    package enum Operation {{}}\n\n"
                f"    package static let service = RESTService(\n"
                f'        signingName: "{metadata.get("signingName", metadata["endpointPrefix"])}",\n'
                f"        {arguments})\n\n"
                f"    /// Every operation that is spoken here, by name.\n"
                f"    package static let spokenOperations: [any RESTOperation.Type] = [\n{operations}\n    ]\n}}\n")

    def general_refusals(self):
        """What wrong input and faults are called where the service has names of its own for them."""
        for word, name in (("wrongInput", "InvalidArgsException"), ("fault", "ServiceException")):
            if name in self.model.errors:
                yield word, name

    # Refusals

    def refusals(self):
        functions = "\n".join(self.refusal(name) for name in sorted(self.model.errors))
        return (f"\nextension {self.namespace} {{\n    /// Every way the service refuses.\n"
                f"    package enum Refusal {{\n{functions}    }}\n}}\n")

    def refusal(self, name):
        shape = self.model.shapes[name]
        status = shape.get("error", {}).get("httpStatusCode", 500 if shape.get("fault") else 400)
        word = escaped(member_name(name.removesuffix("Exception")))
        if "Reason" not in shape["members"]:
            return (f"        package static func {word}(_ message: String) -> EC2Error {{\n"
                    f'            EC2Error("{name}", message, httpStatus: {status})\n        }}\n')
        reason = f"{self.namespace}.{type_name(shape['members']['Reason']['shape'])}"
        return (f"        package static func {word}(_ reason: {reason}, _ message: String) -> EC2Error {{\n"
                f'            EC2Error("{name}", message, httpStatus: {status}, reason: reason.rawValue)\n        }}\n')

    # Patterns

    def patterns(self):
        reached = {name for name in self.model.read
                   if "pattern" in self.model.shapes[name] and self.kind_or_none(name) == "string"}
        lines = []
        for name in sorted(reached):
            parts = translated(name, self.model.shapes[name]["pattern"])
            lines.append(call(f"        static let {pattern_name(name)} = TextPattern", parts).rstrip("\n"))
        body = "\n".join(lines)
        return (f"\nextension {self.namespace} {{\n    /// What texts look like, by the names of their shapes.\n"
                f"    enum Pattern {{\n{body}\n    }}\n}}\n")


def pattern_name(shape):
    return case_name(member_name(shape))
