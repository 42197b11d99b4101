"""Who may call: whoever signs with an account's key, and nobody else; for every action, by a call that would do something."""

import http.client
import re
import secrets
import urllib.parse

import botocore.exceptions
import botocore.serialize
import pytest
from apus_testing import model
from apus_testing.accounts import Account
from apus_testing.conformance import shown

from examples import EXAMPLES, changed, everything, exampled
from test_other_services import EXAMPLES as OTHERS
from test_other_services import Things

# EC2's codes, and those of STS and of the services that speak JSON.
BY_JSON = [("InvalidSignatureException", 403), ("UnrecognizedClientException", 403), ("MissingAuthenticationTokenException", 403)]
REFUSED = {
    "ec2": [("AuthFailure", 401), ("AuthFailure", 401), ("MissingParameter", 400)],
    "sts": [("SignatureDoesNotMatch", 403), ("InvalidClientTokenId", 403), ("MissingAuthenticationToken", 403)],
    "ebs": BY_JSON,
    "rbin": BY_JSON,
    "ec2-instance-connect": [(code, 400) for code, _ in BY_JSON],
}


def strangers(account):
    """With the account's key but not its secret, and with a key that nobody has."""
    guesser = Account(account.endpoint, account.access_key, secrets.token_hex(20), account.region)
    nobody = Account(account.endpoint, "AKIAIOSFODNN7EXAMPLE", account.secret_key, account.region)
    return [guesser, nobody]


def outcome(client, action, parameters):
    name = next(method for method, operation in client.meta.method_to_api_mapping.items() if operation == action)
    try:
        getattr(client, name)(**parameters)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return "it was answered"


def unsigned(account, service, action, parameters):
    """Code and status of the same request without any signature."""
    operation = model.service(service).operation_model(action)
    made = botocore.serialize.create_serializer(operation.service_model.metadata["protocol"]).serialize_to_request(
        parameters, operation)
    body = made["body"]
    if isinstance(body, dict):
        body = urllib.parse.urlencode(body)
    query = urllib.parse.urlencode(made["query_string"]) if made["query_string"] else ""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(account.endpoint).netloc, timeout=60)
    connection.request(made["method"], made["url_path"] + ("?" + query if query else ""), body, dict(made["headers"]))
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    code = answer.headers.get("x-amzn-errortype") or re.search('(?:<Code>|"__type":")([A-Za-z.]*)', text)[1]
    return code, answer.status


def test_no_action_of_ec2_is_done_for_who_cannot_sign(world, actions):
    before, wrong = everything(world.account), []
    callers = strangers(world.account)
    for action in exampled(actions):
        form = model.serialized(action, EXAMPLES[action](world))
        sent = {key: value for key, value in form.items() if key not in ("Action", "Version")}
        answers = [caller.ask(action, sent) for caller in callers] + [world.account.ask(action, sent, sign=False)]
        found = [(answer.code, answer.status) for answer in answers]
        if found == REFUSED["ec2"]:
            shown(action, "signature")
        else:
            wrong.append(f"{action}: {found}")
    assert wrong == []
    assert changed(before, everything(world.account)) == []


@pytest.mark.parametrize("service", sorted(OTHERS))
def test_no_action_of_the_other_services_is_done_for_who_cannot_sign(roomy, service):
    account = roomy.new_account()
    things, wrong = Things(account), []
    for action, example in OTHERS[service].items():
        parameters = example(things)
        found = [outcome(caller.client(service), action, parameters) for caller in strangers(account)]
        found.append(unsigned(account, service, action, parameters))
        if found == REFUSED[service]:
            shown(action, "signature", service=service)
        else:
            wrong.append(f"{action}: {found}")
    assert wrong == []


def test_no_action_of_the_other_services_finds_what_another_account_has(roomy):
    owner, stranger = roomy.new_account(), roomy.new_account()
    things, wrong = Things(owner), []
    for service in ("ebs", "rbin"):
        for action, example in OTHERS[service].items():
            parameters = example(things)
            if not {"SnapshotId", "SecondSnapshotId", "Identifier", "ResourceArn"} & set(parameters):
                continue
            found = outcome(stranger.client(service), action, parameters)
            # A token of a block is good for its caller alone: that is told before the snapshot is looked for.
            if found in [("ResourceNotFoundException", 404), ("ValidationException", 400)]:
                shown(action, "accounts", service=service)
            else:
                wrong.append(f"{action}: {found}")
    assert wrong == []
