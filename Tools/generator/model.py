"""AWS's service model as data: what the listed actions reach, with our corrections applied."""

import gzip
import json
import os


def stop(message):
    raise SystemExit(f"generate: {message}")


def load_json(path):
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    with gzip.open(path + ".gz", "rt", encoding="utf-8") as file:
        return json.load(file)


class Model:
    """One service: its shapes, operations, and which shapes are read (from requests) and written (to answers)."""

    def __init__(self, folder, actions, corrections):
        self.raw = load_json(os.path.join(folder, "service-2.json"))
        self.pages = load_json(os.path.join(folder, "paginators-1.json"))["pagination"]
        # What texts are called in refusals, where the service gives a reason for each: shape -> reason.
        self.refused_as = {}
        self.shapes = self.raw["shapes"]
        self.metadata = self.raw["metadata"]
        self.operations = self.raw["operations"]
        self.always_written = set()
        self.omitted_when_empty = set()
        self.kept_when_empty = set()
        self.optional_lists = set()
        # Requests that are kept: they are written down as well as read.
        self.kept = set()
        # Answers that are read from the request that they repeat: shape -> that request's shape, and who leaves out.
        self.read_as = {}
        for correction in corrections:
            self.correct(correction)
        unknown = [name for name in actions if name not in self.operations]
        if unknown:
            stop(f"the model knows no {', '.join(unknown)}")
        self.actions = sorted(actions)
        self.inputs = {self.input_of(name) for name in self.actions}
        self.outputs = {self.output_of(name) for name in self.actions} - {None}
        self.read = self.reached(self.inputs)
        self.written = self.reached(self.outputs)
        self.kept = self.reached(self.kept)
        if not self.kept <= self.read:
            stop(f"kept and read by no action: {', '.join(sorted(self.kept - self.read))}")
        self.request_names = {}
        for answer, (request, left_out) in self.read_as.items():
            self.pair(answer, request, left_out)
        self.errors = self.errors_of_actions()
        self.reasons = {self.shapes[name]["members"]["Reason"]["shape"] for name in self.errors
                        if "Reason" in self.shapes[name]["members"]}
        self.refuse_recursion()

    def errors_of_actions(self):
        """Names of the errors that the listed actions name, of the protocols that model their errors."""
        if self.metadata["protocol"] in ("ec2", "query"):
            return set()
        return {each["shape"] for action in self.actions for each in self.operations[action].get("errors", [])}

    def input_of(self, action):
        operation = self.operations[action]
        if "input" not in operation:
            # Actions without parameters still refuse surplus ones.
            name = action + "Request"
            self.shapes.setdefault(name, {"type": "structure", "members": {}})
            operation["input"] = {"shape": name}
        return operation["input"]["shape"]

    def output_of(self, action):
        return self.operations[action].get("output", {}).get("shape")

    def reached(self, roots):
        seen, waiting = set(), list(roots)
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            waiting.extend(self.references(name))
        return seen

    def references(self, name):
        shape = self.shapes[name]
        kind = shape["type"]
        if kind == "structure":
            return [member["shape"] for member in shape["members"].values()]
        if kind == "list":
            return [shape["member"]["shape"]]
        if kind == "map":
            stop(f"{name} is a map, which no protocol here can carry yet")
        return []

    def pair(self, answer, request, left_out):
        """Lets an answer's shape be read by the names that the request has for the same members.

        left_out: answers' shapes that do not repeat all of their requests.
        """
        kinds = [self.shapes[name]["type"] for name in (answer, request)]
        if answer == request or kinds == ["list", "list"]:
            if answer != request:
                self.pair(self.shapes[answer]["member"]["shape"], self.shapes[request]["member"]["shape"], left_out)
            return
        if kinds != ["structure", "structure"]:
            return
        self.read.add(answer)
        members = self.shapes[answer]["members"]
        missing = self.shapes[request]["members"].keys() - members.keys()
        if missing and answer not in left_out:
            stop(f"{answer} does not repeat {', '.join(sorted(missing))} of {request}")
        for name in self.shapes[request]["members"].keys() - missing:
            self.request_names[answer, name] = (request, name)
            self.pair(members[name]["shape"], self.shapes[request]["members"][name]["shape"], left_out)

    def member(self, shape_name, member_name):
        """A member's traits over those of the shape it refers to, as botocore merges them."""
        reference = self.shapes[shape_name]["members"][member_name]
        return {**self.shapes[reference["shape"]], **reference}

    def is_required(self, shape_name, member_name):
        return member_name in self.shapes[shape_name].get("required", [])

    def refuse_recursion(self):
        """Swift structs cannot hold themselves, and no reached shape does so without a list between."""
        done = set()

        def visit(name, above):
            if name in above:
                stop(f"{' > '.join(above)} > {name} is recursive, which the generated structs cannot say")
            if name in done:
                return
            if self.shapes[name]["type"] == "structure":
                for reference in self.references(name):
                    if self.shapes[reference]["type"] == "structure":
                        visit(reference, above + [name])
            done.add(name)

        for name in sorted(self.read | self.written):
            visit(name, [])

    # Corrections: each names what it expects to find, so that a new model cannot make it void in silence.

    def correct(self, correction):
        if not correction.get("reason"):
            stop(f"a correction without a reason: {correction}")
        kinds = {
            "retype": self.retype,
            "optional": self.make_optional,
            "range": self.set_range,
            "omitWhenEmpty": self.omit_when_empty,
            "keepWhenEmpty": self.keep_when_empty,
            "addValue": self.add_value,
            "pattern": self.set_pattern,
            "refusedAs": self.refuse_as,
            "emptyIsAValue": self.tell_empty,
            "keep": self.keep,
            "readAs": self.let_read,
        }
        kind = correction.get("kind")
        if kind not in kinds:
            stop(f"no such kind of correction: {correction}")
        kinds[kind](correction)

    def shape_for(self, correction):
        name = correction["shape"]
        if name not in self.shapes:
            stop(f"the shape {name} that a correction names is gone: {correction}")
        return self.shapes[name]

    def retype(self, correction):
        shape = self.shape_for(correction)
        if shape["type"] != correction["from"]:
            stop(f"{correction['shape']} is a {shape['type']} now: {correction}")
        shape["type"] = correction["to"]
        for bound in ("min", "max", "pattern", "enum"):
            shape.pop(bound, None)

    def make_optional(self, correction):
        shape = self.shape_for(correction)
        if correction["member"] not in shape.get("required", []):
            stop(f"{correction['member']} is not required any more: {correction}")
        shape["required"] = [name for name in shape["required"] if name != correction["member"]]

    def set_range(self, correction):
        shape = self.shape_for(correction)
        for bound in ("min", "max"):
            if shape.get(bound) != correction["from"].get(bound):
                stop(f"{correction['shape']} has other bounds now: {correction}")
            shape.pop(bound, None)
        shape.update(correction["to"])

    def add_value(self, correction):
        shape = self.shape_for(correction)
        if correction["value"] in shape["enum"]:
            stop(f"{correction['shape']} has the value now: {correction}")
        shape["enum"] = [*shape["enum"], correction["value"]]

    def set_pattern(self, correction):
        shape = self.shape_for(correction)
        if shape.get("pattern") != correction["from"]:
            stop(f"{correction['shape']} has another pattern now: {correction}")
        shape["pattern"] = correction["to"]

    def refuse_as(self, correction):
        for name in correction["shapes"]:
            self.shape_for({**correction, "shape": name})
            if correction["value"] not in self.shapes["ValidationExceptionReason"]["enum"]:
                stop(f"there is no such reason any more: {correction}")
            self.refused_as[name] = correction["value"]

    def omit_when_empty(self, correction):
        shape = self.shape_for(correction)
        lists = [m for m, r in shape["members"].items() if self.shapes[r["shape"]]["type"] == "list"]
        for member in lists if correction["members"] == "*" else correction["members"]:
            if member not in lists:
                stop(f"{correction['shape']} has no list {member} any more: {correction}")
            self.omitted_when_empty.add((correction["shape"], member))

    def tell_empty(self, correction):
        shape = self.shape_for(correction)
        for member in correction["members"]:
            if self.shapes[shape["members"].get(member, {}).get("shape", "")]["type"] != "list":
                stop(f"{correction['shape']} has no list {member} any more: {correction}")
            self.optional_lists.add((correction["shape"], member))

    def keep(self, correction):
        self.shape_for(correction)
        self.kept.add(correction["shape"])

    def let_read(self, correction):
        self.shape_for(correction)
        self.shape_for({**correction, "shape": correction["as"]})
        self.read_as[correction["shape"]] = (correction["as"], correction.get("leavesOut", []))

    def keep_when_empty(self, correction):
        shape = self.shape_for(correction)
        for member in correction["members"]:
            if self.shapes[shape["members"].get(member, {}).get("shape", "")]["type"] != "list":
                stop(f"{correction['shape']} has no list {member} any more: {correction}")
            self.kept_when_empty.add((correction["shape"], member))
