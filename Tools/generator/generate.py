"""Writes the Swift of Sources/AWSWire/Generated, or checks that what is there is what would be written."""

import argparse
import json
import os
import sys

import botocore

from model import Model, stop
from rest import RESTService
from swift import Service

HERE = os.path.dirname(os.path.abspath(__file__))
GENERATED = os.path.join(HERE, "..", "..", "Sources", "AWSWire", "Generated")
# Of botocore only the data are read here.
MODELS = os.path.join(os.path.dirname(botocore.__file__), "data")

# Swift namespace, model folder, file below `actions/`.
SERVICES = [
    ("EC2", "ec2/2016-11-15", "ec2.txt"), ("STS", "sts/2011-06-15", "sts.txt"),
    ("EBS", "ebs/2019-11-02", "ebs.txt"), ("RecycleBin", "rbin/2021-06-15", "rbin.txt"),
    ("InstanceConnect", "ec2-instance-connect/2018-04-02", "ec2-instance-connect.txt"),
]
# Which writer serves a protocol.
WRITERS = {"ec2": Service, "query": Service, "rest-json": RESTService, "json": RESTService}


def action_list(name):
    with open(os.path.join(HERE, "actions", name), encoding="utf-8") as file:
        lines = [line.split("#")[0].strip() for line in file]
    actions = [line for line in lines if line]
    doubled = sorted({action for action in actions if actions.count(action) > 1})
    if doubled:
        stop(f"{name} lists {', '.join(doubled)} twice")
    return actions


def wanted_files():
    with open(os.path.join(HERE, "corrections.json"), encoding="utf-8") as file:
        corrections = json.load(file)
    unknown = set(corrections) - {namespace for namespace, _, _ in SERVICES}
    if unknown:
        stop(f"corrections for services that are not generated: {', '.join(sorted(unknown))}")
    files = {}
    for namespace, folder, actions in SERVICES:
        model = Model(os.path.join(MODELS, folder), action_list(actions), corrections.get(namespace, []))
        writer = WRITERS[model.metadata["protocol"]]
        for path, text in writer(namespace, model, botocore.__version__).files().items():
            files[f"{namespace}/{path}"] = text
    return files


def present_files(folder):
    found = {}
    for inside, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(inside, name)
            with open(path, encoding="utf-8") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def settle(folder, wanted, description):
    """Makes `folder` hold exactly the wanted files, or with `--check` stops where it doesn't."""
    parser = argparse.ArgumentParser(prog="scripts/generate", description=description)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the committed files differ")
    check = parser.parse_args().check
    present = present_files(folder)
    different = sorted(path for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))
    name = os.path.relpath(folder, os.path.join(HERE, "..", ".."))
    if check:
        if different:
            shown = "\n".join(f"  {path}" for path in different[:20])
            stop(f"{len(different)} files of {name} differ; run scripts/generate and commit:\n{shown}")
        print(f"{name}: {len(wanted)} files are up to date")
        return
    for path in different:
        target = os.path.join(folder, path)
        if path not in wanted:
            os.remove(target)
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8") as file:
            file.write(wanted[path])
    print(f"{name}: {len(wanted)} files, {len(different)} of them changed")


if __name__ == "__main__":
    sys.exit(settle(GENERATED, wanted_files(), __doc__))
