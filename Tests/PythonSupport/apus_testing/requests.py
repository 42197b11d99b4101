"""Requests made by hand: signed as botocore signs, and sent whatever they say."""

import dataclasses
import http.client
import re
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials


@dataclasses.dataclass
class Answer:
    """What came back: status, headers, body, and the error's code and message where it is one."""

    status: int
    headers: dict
    body: str

    @property
    def code(self):
        return _element(self.body, "Code") if self.status >= 300 else None

    @property
    def message(self):
        return _element(self.body, "Message")

    def text(self, name):
        """The first element of the name."""
        return _element(self.body, name)


def _element(body, name):
    found = re.search(rf"<{name}>(.*?)</{name}>", body, re.S)
    return found.group(1) if found else None


def send(account, parameters, service="ec2", method="POST", sign=True, secret=None, key=None, region=None,
         at=None, expires=None, headers=None, body=None):
    """Sends one request and returns its Answer.

    parameters: form fields, a dict or a list of pairs, for the body (POST) or the query (GET).
    secret, key, region: other than the account's, for signatures that must be refused.
    at: signed as of this datetime (UTC).
    expires: presigned in the query, valid that many seconds.
    """
    pairs = list(parameters.items()) if isinstance(parameters, dict) else list(parameters)
    form = urllib.parse.urlencode(pairs)
    url = account.endpoint + "/"
    headers = dict(headers or {})
    if method == "GET":
        url, data = url + "?" + form, b""
    else:
        data = form.encode() if body is None else body
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=data, headers=headers)
    if sign:
        credentials = botocore.credentials.Credentials(key or account.access_key, secret or account.secret_key)
        _sign(request, credentials, service, region or account.region, at, expires)
    return exchange(account.endpoint, request.prepare())


def _sign(request, credentials, service, region, at, expires):
    if expires is None:
        signer = botocore.auth.SigV4Auth(credentials, service, region)
    else:
        signer = botocore.auth.SigV4QueryAuth(credentials, service, region, expires=expires)
    original = botocore.auth.get_current_datetime
    if at is not None:
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True: at
    try:
        signer.add_auth(request)
    finally:
        botocore.auth.get_current_datetime = original


def exchange(endpoint, prepared):
    """Sends what is prepared already."""
    place = urllib.parse.urlsplit(endpoint)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    try:
        path = prepared.url[len(endpoint):]
        connection.request(prepared.method, path, body=prepared.body or None, headers=dict(prepared.headers))
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read().decode())
    finally:
        connection.close()
