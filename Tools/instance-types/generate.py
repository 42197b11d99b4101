"""Writes the catalogue of instance types as the build holds it.

Every type's XML is cut into columns (runs of members that tend to be the same for many types); each distinct piece of a
column is kept once. A type is its name and one piece number per column, so that an answer is put together by copying.
"""

import argparse
import gzip
import json
import os
import sys
from xml.sax.saxutils import escape

OUTPUT = "Sources/InstanceTypeCatalogue/Generated/InstanceTypeTables.swift"

# The members that begin a new column. A member with a slash begins one inside the structure before the slash.
COLUMN_STARTS = [
    "CurrentGeneration",
    "ProcessorInfo",
    "VCpuInfo",
    "MemoryInfo",
    "InstanceStorageSupported",
    "EbsInfo",
    "NetworkInfo",
    "NetworkInfo/NetworkCards",
    "NetworkInfo/Ipv4AddressesPerInterface",
    "GpuInfo",
    "HibernationSupported",
    "MediaAcceleratorInfo",
]


def load_model(folder):
    path = os.path.join(folder, "ec2", "2016-11-15", "service-2.json")
    if os.path.exists(path):
        with open(path) as file:
            return json.load(file)["shapes"]
    with gzip.open(path + ".gz") as file:
        return json.load(file)["shapes"]


class Renderer:
    def __init__(self, shapes):
        self.shapes = shapes

    def members(self, shape, value, where):
        """(member name, element, shape of the value, value) of what is there, in the model's order."""
        known = self.shapes[shape]["members"]
        unknown = set(value) - set(known)
        if unknown:
            sys.exit(f"{where}: the model does not know {sorted(unknown)}")
        for name, member in known.items():
            if name in value and value[name] is not None:
                yield name, member["locationName"], member["shape"], value[name]

    def element(self, name, shape, value, where):
        return f"<{name}>{self.content(shape, value, where)}</{name}>"

    def content(self, shape, value, where):
        kind = self.shapes[shape]["type"]
        if kind == "structure":
            found = self.members(shape, value, where)
            return "".join(self.element(name, inner, item, where) for _, name, inner, item in found)
        if kind == "list":
            member = self.shapes[shape]["member"]
            return "".join(self.element("item", member["shape"], item, where) for item in value)
        if kind == "boolean":
            return "true" if value else "false"
        if kind in ("double", "float"):
            return repr(float(value))
        if kind in ("integer", "long"):
            return str(int(value))
        if escape(str(value)) != str(value):
            sys.exit(f"{where}: '{value}' would have to be escaped, which readers of the catalogue do not undo")
        return str(value)

    def columns(self, record):
        """The XML of the type without its name, cut at COLUMN_STARTS; absent columns are empty."""
        where = record["InstanceType"]
        pieces = {start: "" for start in COLUMN_STARTS}
        current = COLUMN_STARTS[0]
        for name, element, shape, value in self.members("InstanceTypeInfo", record, where):
            if name == "InstanceType":
                continue
            current = self.latest(current, name)
            if not any(start.startswith(name + "/") for start in COLUMN_STARTS):
                pieces[current] += self.element(element, shape, value, where)
                continue
            pieces[current] += f"<{element}>"
            for inner, inner_element, inner_shape, item in self.members(shape, value, where):
                current = self.latest(current, f"{name}/{inner}")
                pieces[current] += self.element(inner_element, inner_shape, item, where)
            pieces[current] += f"</{element}>"
        return [pieces[start] for start in COLUMN_STARTS]

    def members_of_columns(self):
        """Per column the members that it holds: `memoryInfo`, or `networkInfo/networkCards` where one is cut apart."""
        split = {start.split("/")[0] for start in COLUMN_STARTS if "/" in start}
        held = {start: [] for start in COLUMN_STARTS}
        for name in self.order():
            outer = name.split("/")[0]
            if name == "InstanceType" or ("/" in name) != (outer in split):
                continue
            held[self.latest(COLUMN_STARTS[0], name)].append(self.path(name))
        return list(held.values())

    def path(self, name):
        shape, parts = "InstanceTypeInfo", []
        for part in name.split("/"):
            member = self.shapes[shape]["members"][part]
            parts.append(member["locationName"])
            shape = member["shape"]
        return "/".join(parts)

    def latest(self, current, member):
        """The column that holds `member`, given that members before it are in `current` or earlier."""
        order = self.order()
        before = [start for start in COLUMN_STARTS if order.index(start) <= order.index(member)]
        return before[-1] if before else current

    def order(self):
        if not hasattr(self, "_order"):
            self._order = []
            for name, member in self.shapes["InstanceTypeInfo"]["members"].items():
                self._order.append(name)
                inner = self.shapes[member["shape"]]
                if inner["type"] == "structure":
                    self._order += [f"{name}/{each}" for each in inner["members"]]
        return self._order


def swift(columns, members, types):
    base = [members[position][0].split("/")[0] if "/" in start else "" for position, start in enumerate(COLUMN_STARTS)]
    out = [
        "// Generated by scripts/generate-instance-types. Do not edit.",
        "",
        "enum InstanceTypeTables {",
        f"    static let pieceCount = {sum(map(len, columns))}",
        f"    static let typeCount = {len(types)}",
        "",
        "    /// One entry a column.",
        "    static let columns: [Column] = [",
    ]
    for inside, held in zip(base, members):
        out += [f'        Column(base: "{inside}", members: "{" ".join(held)}"),']
    out += [
        "    ]",
        "",
        "    struct Column: Sendable {",
        "        /// The element that the column's pieces begin inside of; empty: none.",
        "        let base: StaticString",
        "        /// What the column holds, each a path of one or two elements.",
        "        let members: StaticString",
        "    }",
        "",
        "    /// One piece of XML a line, numbered from 0 through all columns.",
        '    static let pieces: StaticString = #"""',
    ]
    out += [piece for column in columns for piece in column]
    out += [
        '"""#',
        "",
        "    /// One type a line in the order of names: its name, then the number of its piece in each column.",
        '    static let types: StaticString = #"""',
    ]
    out += [" ".join([name] + [str(number) for number in numbers]) for name, numbers in types]
    out += ['"""#', "}", ""]
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", required=True)
    parser.add_argument("list")
    arguments = parser.parse_args()
    renderer = Renderer(load_model(arguments.models))
    with open(arguments.list) as file:
        records = [json.loads(line) for line in file if line.strip()]
    records.sort(key=lambda record: record["InstanceType"])
    names = [record["InstanceType"] for record in records]
    if len(set(names)) != len(names):
        sys.exit("the list names a type twice")
    rows = [renderer.columns(record) for record in records]
    columns, numbers, start = [], [[] for _ in rows], 0
    for position in range(len(COLUMN_STARTS)):
        distinct = {}
        for row, found in zip(rows, numbers):
            found.append(start + distinct.setdefault(row[position], len(distinct)))
        columns.append(list(distinct))
        start += len(distinct)
    os.makedirs(os.path.dirname(OUTPUT), exist_ok=True)
    with open(OUTPUT, "w") as file:
        file.write(swift(columns, renderer.members_of_columns(), list(zip(names, numbers))))


if __name__ == "__main__":
    main()
