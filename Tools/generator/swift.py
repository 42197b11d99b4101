"""Swift text for one service: structures with their readers and writers, enums, operations."""

from model import stop
from naming import case_name, escaped, member_name, type_name, words
from protocols import PROTOCOLS

ENUM_LIMIT = 60
SCALARS = {
    "string": "String", "integer": "Int", "long": "Int", "double": "Double", "float": "Double",
    "boolean": "Bool", "timestamp": "Timestamp", "blob": "[UInt8]",
}


class Member:
    """One member of a structure, with everything its declaration, reader and writer need."""

    def __init__(self, service, owner, name):
        model, self.service = service.model, service
        self.owner, self.model_name = owner, name
        self.traits = model.member(owner, name)
        self.shape_name = model.shapes[owner]["members"][name]["shape"]
        self.kind = self.traits["type"]
        self.identifier = escaped(member_name(name))
        self.plain = member_name(name)
        self.required = owner in model.read and model.is_required(owner, name)
        # Sure to be there: only where the structure never is part of an answer, which may leave anything out.
        self.sure = self.required and owner not in model.written and self.kind != "list"
        # A list of which an empty one says something else than none.
        self.is_optional_list = (owner, name) in model.optional_lists
        like = model.request_names.get((owner, name), (owner, name))
        self.request_name = service.protocol.request_name(like[1], model.member(*like))
        self.response_name = service.protocol.response_name(name, self.traits)
        if self.kind == "list":
            self.element_shape = self.traits["member"]["shape"]
            self.element = service.swift_type(self.element_shape)
            self.element_kind = service.kind(self.element_shape)
            self.type = f"[{self.element}]"
        else:
            self.type = service.swift_type(self.shape_name)

    @property
    def reports_success(self):
        return self.owner in self.service.model.outputs and self.model_name == "Return" and self.type == "Bool"

    @property
    def declaration(self):
        if self.kind == "list":
            return f"package var {self.identifier}: {self.type}{'?' if self.is_optional_list else ' = []'}"
        return f"package var {self.identifier}: {self.type}{'' if self.sure else '?'}"

    @property
    def parameter(self):
        if self.kind == "list":
            return f"{self.identifier}: {self.type}{'? = nil' if self.is_optional_list else ' = []'}"
        if self.sure:
            return f"{self.identifier}: {self.type}"
        return f"{self.identifier}: {self.type}? = {'true' if self.reports_success else 'nil'}"

    # Reading

    def read(self, node):
        """The value of this member from the node of that expression."""
        if self.kind == "list":
            return self.read_list(node)
        kind = self.service.kind(self.shape_name)
        if kind == "enum":
            return f"{node}.enumeration({self.type}.self)"
        if kind == "structure":
            return f"{self.type}(from: {node})"
        return f"{node}.{kind}({self.bounds(kind, self.traits)})"

    def read_list(self, node):
        element = self.service.protocol.request_element(self.traits)
        arguments = [f'of: "{element}"'] if element else []
        arguments += [f"atMost: {self.traits['max']}"] if "max" in self.traits else []
        source = f"{node}.elements({', '.join(arguments)})"
        if self.element_kind == "enum":
            return f"{source}.enumerations({self.element}.self)"
        if self.element_kind == "structure":
            return f"{source}.structures({self.element}.self)"
        if self.element_kind in ("string", "integer", "long"):
            bounds = self.bounds(self.element_kind, self.service.model.shapes[self.element_shape])
            return f"{source}.{self.element_kind}s({bounds})"
        stop(f"{self.owner}.{self.model_name}: no reader for a list of {self.element_kind}")

    @staticmethod
    def bounds(kind, traits):
        """The arguments of a reader that say what text, length or number is right."""
        if kind not in ("string", "integer", "long"):
            return ""
        return ", ".join(f"{word}: {traits[key]}" for word, key in (("atLeast", "min"), ("atMost", "max"))
                         if key in traits and (kind != "string" or traits[key] > 0))

    # Writing

    @property
    def query_statement(self):
        """Writes this member down as a request carries it."""
        value = self.identifier if self.identifier != "query" else "self.query"
        if self.kind == "list":
            return f'query.list("{self.request_name}", {value})'
        return f'query.member("{self.request_name}", {value})'

    @property
    def write_statement(self):
        value = self.identifier if self.identifier != "xml" else "self.xml"
        if self.kind != "list":
            if self.service.kind(self.shape_name) == "enum":
                return f'xml.element("{self.response_name}", choice: {value}?.rawValue)'
            return f'xml.element("{self.response_name}", {value})'
        item = self.service.protocol.response_element(self.traits)
        omit = ", omittedWhenEmpty: true" if self.omitted_when_empty else ""
        return f'xml.list("{self.response_name}", of: "{item}", {value}{omit})'

    @property
    def omitted_when_empty(self):
        place = (self.owner, self.model_name)
        # Most resources without tags carry no tag list at all.
        is_tags = self.element == "Tag" and place not in self.service.model.kept_when_empty
        return is_tags or place in self.service.model.omitted_when_empty


class Service:
    """Writes one service's namespace, such as `EC2`."""

    member_class = Member
    node_type = "QueryNode"
    for_unknown = "throw .unknownParameter(child.path)"

    def __init__(self, namespace, model, version):
        self.namespace, self.model = namespace, model
        self.protocol = PROTOCOLS[model.metadata["protocol"]]
        self.header = (
            f"// Generated by scripts/generate from botocore {version}, "
            f"{model.metadata['endpointPrefix']} {model.metadata['apiVersion']}. Do not edit.\n"
        )

    def kind(self, shape_name):
        shape = self.model.shapes[shape_name]
        if shape["type"] == "string" and "enum" in shape:
            return "enum" if len(shape["enum"]) <= ENUM_LIMIT else "string"
        if shape["type"] == "list":
            stop(f"{shape_name}: lists of lists are not spoken")
        return {"float": "double"}.get(shape["type"], shape["type"])

    def swift_type(self, shape_name):
        kind = self.kind(shape_name)
        return type_name(shape_name) if kind in ("structure", "enum") else SCALARS[kind]

    # Files: an operation's own request and result beside it, every other shape by the first word of its name.
    # The compiler wants file names that are unique in the target, hence the prefix.

    def files(self):
        prefix = self.namespace
        files = {f"{prefix}+OperationNames.swift": self.operation_names(), f"{prefix}.swift": self.service_description()}
        own = {action: self.own_shapes(action) for action in self.model.actions}
        placed = {shape for shapes in own.values() for shape in shapes}
        for action in self.model.actions:
            shapes = [self.shape(name) for name in sorted(own[action])]
            files[f"Operations/{prefix}+{action}.swift"] = self.operation(action) + "".join(shapes)
        groups = {}
        for name in sorted((self.model.read | self.model.written | self.model.reasons) - placed):
            if self.kind_or_none(name) in ("structure", "enum"):
                groups.setdefault(words(type_name(name))[0], []).append(name)
        for group, names in groups.items():
            files[f"Shapes/{prefix}+{group}.swift"] = "".join(self.shape(name) for name in names)
        return {path: self.header + self.imports(text) + text for path, text in files.items()}

    @staticmethod
    def imports(text):
        return "\npackage import CloudTypes\n" if "Timestamp" in text else ""

    def kind_or_none(self, name):
        return None if self.model.shapes[name]["type"] == "list" else self.kind(name)

    def own_shapes(self, action):
        """The request and result that no other action and no other shape uses."""
        own = set()
        for name in (self.model.input_of(action), self.model.output_of(action)):
            if name is None:
                continue
            users = sum(name in (self.model.input_of(a), self.model.output_of(a)) for a in self.model.actions)
            nested = any(name in self.model.references(s) for s in self.model.read | self.model.written)
            if users == 1 and not nested:
                own.add(name)
        return own

    def shape(self, name):
        return self.enum(name) if self.kind(name) == "enum" else self.structure(name)

    def enum(self, name):
        values = self.model.shapes[name]["enum"]
        cases = {}
        for value in values:
            if any(character in value for character in "&<>\"'\\"):
                stop(f"the value {value!r} of {name} would need escaping")
            case = case_name(value)
            while case in cases:
                case += "_"
            cases[case] = value
        lines = [f"        case {escaped(case)}" + ("" if case == value else f' = "{value}"')
                 for case, value in cases.items()]
        body = "\n".join(lines)
        return (f"\nextension {self.namespace} {{\n    package enum {type_name(name)}: String, Sendable, CaseIterable {{\n"
                f"{body}\n    }}\n}}\n")

    def structure(self, name):
        members = [self.member_class(self, name, member) for member in self.model.shapes[name]["members"]]
        readable, writable = name in self.model.read, name in self.model.written
        conformances = self.conformances(name, members, readable, writable)
        conformances += ["QueryWritable"] if name in self.model.kept else []
        parts = [f"        {member.declaration}" for member in members]
        parts.append(("\n" if members else "") + self.initializer(members))
        if readable:
            parts.append("\n" + self.reader(members))
        if name in self.model.kept:
            parts.append("\n" + self.query_writer(members))
        if writable:
            parts.append("\n" + self.writer(name, members))
        body = "\n".join(parts)
        return (f"\nextension {self.namespace} {{\n"
                f"    package struct {type_name(name)}: {', '.join(conformances)} {{\n{body}\n    }}\n}}\n")

    def shape_conformances(self, name, readable, writable):
        return (["QueryReadable"] if readable else []) + (["XMLWritable"] if writable else [])

    def conformances(self, name, members, readable, writable):
        has = {member.model_name for member in members}
        found = self.shape_conformances(name, readable, writable)
        if name in self.model.inputs:
            found += ["DryRunInput"] if "DryRun" in has else []
            found += ["ClientTokenInput"] if "ClientToken" in has else []
            found += ["PaginatedInput"] if {"NextToken", "MaxResults"} <= has else []
        if name in self.model.outputs and "NextToken" in has:
            found += ["PaginatedOutput"]
        return found

    @staticmethod
    def initializer(members):
        if not members:
            return "        package init() {}"
        parameters = [member.parameter for member in members]
        line = call("        package init", parameters, " {")
        body = "\n".join(f"            self.{member.plain} = {member.identifier}" for member in members)
        return f"{line}{body}\n        }}"

    def reader(self, members):
        signature = f"        package init(from node: {self.node_type}) throws(WireError) {{\n"
        if not members:
            return signature + "            try node.refuseMembers()\n        }"
        sure = [f"{m.plain}: {m.read(required_node(m))}" for m in members if m.sure]
        text = signature + call(f"            {'try ' if sure else ''}self.init", sure)
        if len(sure) == len(members) and self.for_unknown == "break":
            return text + "        }"
        text += "            for child in try node.members() {\n                switch child.name {\n"
        for member in members:
            if member.sure and self.for_unknown == "break":
                continue
            text += f'                case "{member.request_name}":'
            value = member.read("child")
            line = " break\n" if member.sure else f" self.{member.plain} = try {value}\n"
            text += line if len(line) < 80 else "\n                   " + line
        text += f"                default: {self.for_unknown}\n                }}\n            }}\n"
        for member in members:
            if member.required and not member.sure:
                text += f'            try node.require(self.{member.plain}, "{member.request_name}")\n'
        return text + "        }"

    @staticmethod
    def query_writer(members):
        body = "\n".join(f"            {member.query_statement}" for member in members)
        return f"        package func write(to query: inout QueryWriter) {{\n{body}\n        }}"

    def writer(self, name, members):
        body = "\n".join(f"            {member.write_statement}" for member in members)
        if not members and self.protocol.dialect == "ec2" and name in self.model.outputs:
            body = '            xml.element("return", true)'
        return f"        package func write(to xml: inout XMLWriter) {{\n{body}\n        }}"

    # Operations

    def operation(self, action):
        operation = self.model.operations[action]
        request = self.model.input_of(action)
        members = self.model.shapes[request]["members"]
        output = self.model.output_of(action)
        result = self.protocol.result_element(action, operation)
        flags = {
            "isPaginated": {"NextToken", "MaxResults"} <= set(members),
            "hasDryRun": "DryRun" in members,
            "hasClientToken": "ClientToken" in members,
        }
        output_type = f"{self.namespace}.{type_name(output)}" if output else "NoResult"
        lines = [
            f"        package typealias Input = {self.namespace}.{type_name(request)}",
            f"        package typealias Output = {output_type}",
            f"        package static var service: QueryService {{ {self.namespace}.service }}",
            f'        package static var name: String {{ "{action}" }}',
            f"        package static var resultElement: String? {{ {quoted(result)} }}",
        ]
        lines += [f"        package static var {flag}: Bool {{ {str(value).lower()} }}" for flag, value in flags.items()]
        limit = flags["hasClientToken"] and self.model.member(request, "ClientToken").get("max")
        if limit:
            lines.append(f"        package static var clientTokenLimit: Int {{ {limit} }}")
        body = "\n".join(lines)
        return (f"\nextension {self.namespace}.Operation {{\n"
                f"    package enum {action}: QueryOperation {{\n{body}\n    }}\n}}\n")

    def service_description(self):
        metadata = self.model.metadata
        namespace = metadata["xmlNamespace"].rstrip("/") + "/"
        operations = "\n".join(f"        Operation.{action}.self," for action in self.model.actions)
        return (f"\n/// Shapes and operations of {metadata['serviceFullName']}, API version {metadata['apiVersion']}.\n"
                f"package enum {self.namespace} {{\n"
                f"    /// One type per operation that is spoken here.\n    package enum Operation {{}}\n\n"
                f"    package static let service = QueryService(\n"
                f'        signingName: "{metadata.get("signingName", metadata["endpointPrefix"])}", '
                f'version: "{metadata["apiVersion"]}",\n'
                f'        xmlNamespace: "{namespace}", dialect: .{self.protocol.dialect},\n'
                f"        operationNames: operationNames)\n\n"
                f"    /// Every operation that is spoken here, by name.\n"
                f"    package static let spokenOperations: [any QueryOperation.Type] = [\n{operations}\n    ]\n}}\n")

    def operation_names(self):
        lines, line = [], ""
        for name in sorted(self.model.operations):
            if len(line) + len(name) > 108:
                lines.append(line)
                line = ""
            line += f"{name} "
        lines.append(line)
        body = "\n".join(f"        {line}\\" for line in lines)
        return (f"\nextension {self.namespace} {{\n"
                f"    /// Every operation of the service, spoken here or not, each followed by a space.\n"
                f'    static let operationNames: StaticString = """\n{body}\n\n        """\n}}\n')


def required_node(member):
    return f'node.required("{member.request_name}")'


def call(function, arguments, ending=""):
    """A call or a signature on one line, or else with an argument a line."""
    line = f"{function}({', '.join(arguments)}){ending}\n"
    if len(line) <= 121:
        return line
    indent = function[: len(function) - len(function.lstrip())]
    return f"{function}(\n" + ",\n".join(f"{indent}    {a}" for a in arguments) + f"\n{indent}){ending}\n"


def quoted(text):
    return "nil" if text is None else f'"{text}"'
