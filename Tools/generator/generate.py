"""Writes the Swift of Sources/AWSWire/Generated, or checks that what is there is what would be written."""

import argparse
import json
import os
import sys

from model import Model, stop
from swift import Service

HERE = os.path.dirname(os.path.abspath(__file__))
GENERATED = os.path.join(HERE, "..", "..", "Sources", "AWSWire", "Generated")

# Swift namespace, model folder, file below `actions/`.
SERVICES = [("EC2", "ec2/2016-11-15", "ec2.txt"), ("STS", "sts/2011-06-15", "sts.txt")]


def action_list(name):
    with open(os.path.join(HERE, "actions", name), encoding="utf-8") as file:
        lines = [line.split("#")[0].strip() for line in file]
    actions = [line for line in lines if line]
    doubled = sorted({action for action in actions if actions.count(action) > 1})
    if doubled:
        stop(f"{name} lists {', '.join(doubled)} twice")
    return actions


def wanted_files(models, version):
    with open(os.path.join(HERE, "corrections.json"), encoding="utf-8") as file:
        corrections = json.load(file)
    unknown = set(corrections) - {namespace for namespace, _, _ in SERVICES}
    if unknown:
        stop(f"corrections for services that are not generated: {', '.join(sorted(unknown))}")
    files = {}
    for namespace, folder, actions in SERVICES:
        model = Model(os.path.join(models, folder), action_list(actions), corrections.get(namespace, []))
        for path, text in Service(namespace, model, version).files().items():
            files[f"{namespace}/{path}"] = text
    return files


def present_files():
    found = {}
    for folder, _, names in os.walk(GENERATED):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                found[os.path.relpath(path, GENERATED)] = file.read()
    return found


def main():
    parser = argparse.ArgumentParser(prog="scripts/generate", description=__doc__)
    parser.add_argument("--models", required=True, help="botocore's data folder")
    parser.add_argument("--models-version", required=True)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the committed files differ")
    arguments = parser.parse_args()
    wanted, present = wanted_files(arguments.models, arguments.models_version), present_files()
    different = sorted(path for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))
    if arguments.check:
        if different:
            shown = "\n".join(f"  {path}" for path in different[:20])
            stop(f"{len(different)} generated files differ; run scripts/generate and commit:\n{shown}")
        print(f"{len(wanted)} generated files are up to date")
        return
    for path in different:
        target = os.path.join(GENERATED, path)
        if path not in wanted:
            os.remove(target)
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8") as file:
            file.write(wanted[path])
    print(f"{len(wanted)} generated files, {len(different)} of them changed")


if __name__ == "__main__":
    sys.exit(main())
