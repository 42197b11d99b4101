"""What a run of the tests has shown of each action. `scripts/conformance` writes docs/conformance.md from it alone."""

import collections
import json

_shown = collections.defaultdict(dict)


def shown(action, promise, what=True, service="ec2"):
    """Notes that a test has seen the promise kept; `what` says how far, where that can differ."""
    _shown[f"{service}:{action}"][promise] = what


def shown_unless(wrong, actions, promise, service="ec2"):
    """Notes the promise for those of the actions that none of the faults is of: each begins with its action's name."""
    faulty = {fault.split()[0].rstrip(":") for fault in wrong}
    for action in set(actions) - faulty:
        shown(action, promise, service=service)


def keep(path):
    path.write_text(json.dumps(_shown, indent=1, sort_keys=True))
