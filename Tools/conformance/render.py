"""docs/conformance.md out of what a run of the client tests has shown (`APUS_CONFORMANCE`) and AWS's models.

usage: render.py SHOWN OUTPUT [--check]
"""

import json
import pathlib
import sys

import botocore.session

SERVICES = {"ec2": "EC2", "ebs": "EBS direct APIs", "rbin": "Recycle Bin", "ec2-instance-connect": "EC2 Instance Connect",
            "sts": "STS"}
VALUES = ["required", "values", "surplus"]
IDS = ["unknown ids", "malformed ids"]

HEAD = """# Conformance

What each action of AWS's models does here, as the last run of the tests has shown it. Written by `scripts/conformance`;
nothing is listed that a test did not see, and `scripts/test` fails when a run shows something else.

| column | says | shown by |
|---|---|---|
| answer | a call that makes sense succeeds, and its answer is one that the model describes | `test_conformance.py`; of the other services `test_other_services.py` |
| input | missing, surplus, ill-typed, out of range, too long, unknown: each member that the model names, refused with AWS's code | `test_every_action.py`, `test_wrong_values.py`, `test_other_services.py` |
| ids | ids of nothing and malformed ones are refused with the kind's own code | `test_every_action.py` |
| account | what another account has is not found | `test_every_action.py`, `test_permissions.py` |
| permission | what decides whether the call is done: a *signature* of the account's key (a wrong one, an unknown key and none at all are refused, and nothing changes), and the *owner* of what the call names. There are no users and policies yet: a key may do all that its account may | `test_permissions.py` |
| DryRun | `DryRunOperation`, and nothing changes | `test_every_action.py` |
| token | `ClientToken`: once for the same request, `IdempotentParameterMismatch` for another one | `test_client_tokens.py` |
| tags | tags at creation are there, and the rules of tags hold | `test_tags_at_creation.py` |
| filters | of the filters that the reference lists: seen to select what shows the value and nothing else / taken and matching nothing that does not exist | `test_filters.py` |
| pages | each thing once, bounds, tokens; *one*: never more here than a page | `test_pages.py` |
| waiters | of AWS's own, those seen to end | `test_waiters.py` |

`–`: the action has no such thing. Empty: not shown.
"""


def main():
    told, output, check = json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path(sys.argv[2]), "--check" in sys.argv
    text = HEAD + "".join(section(service, title, told) for service, title in SERVICES.items())
    if not check:
        output.write_text(text)
    elif output.read_text() != text:
        sys.exit(f"{output.name} is not what this run has shown; run scripts/conformance, look at the difference, commit it.")


def section(service, title, told):
    model = botocore.session.get_session().get_service_model(service)
    shown = {key.partition(":")[2]: value for key, value in told.items() if key.startswith(service + ":")}
    spoken = sorted(shown)
    lines = [f"\n## {title}\n", f"{len(spoken)} of {len(model.operation_names)} actions of the model are answered, "
             f"{len(model.operation_names) - len(spoken)} are not.\n"]
    columns = ["action", "answer", "input", "ids", "account", "permission", "DryRun", "token", "tags", "filters", "pages", "waiters"]
    if service != "ec2":
        columns = ["action", "answer", "input", "permission", "token"]
    lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for action in spoken:
        row = cells(action, model.operation_model(action), shown[action])
        lines.append("| " + " | ".join(row[column] for column in columns) + " |")
    return "\n".join(lines) + "\n"


def cells(action, operation, shown):
    members = operation.input_shape.members if operation.input_shape else {}

    def yes(*promises):
        return "yes" if all(promise in shown for promise in promises) else ""

    def where(has, cell):
        return cell if has else "–"
    required = ["required"] if operation.input_shape and operation.input_shape.required_members else []
    return {
        "action": action,
        "answer": yes("answers"),
        "input": yes("values", *required) if members else "–",
        "ids": where("unknown ids" in shown or "malformed ids" in shown, yes(*IDS) or "malformed"),
        "account": where("malformed ids" in shown, yes("accounts")),
        "permission": permission(shown),
        "DryRun": where("DryRun" in members, yes("dry run")),
        "token": where("ClientToken" in members, yes("token")),
        "tags": where("TagSpecifications" in members, yes("tags", "tag rules")),
        "filters": where("Filters" in members, filters(shown)),
        "pages": where({"MaxResults", "NextToken"} <= set(members), pages(shown)),
        "waiters": ", ".join(sorted(key.partition(" ")[2] for key in shown if key.startswith("waiter "))) or "–",
    }


def permission(shown):
    if "signature" not in shown:
        return ""
    return "signature, owner" if "accounts" in shown else "signature"


def filters(shown):
    if "filters" not in shown or "other filters" not in shown:
        return ""
    proven, documented = shown["filters"]
    return f"{proven} / {documented}"


def pages(shown):
    if not {"pages", "page bounds", "page tokens"} <= set(shown):
        return ""
    return "yes" if shown["pages"] == "pages" else "one"


main()
