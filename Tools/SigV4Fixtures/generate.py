#!/usr/bin/env python3
"""Writes Tests/SigV4Tests/Fixtures/botocore.json: requests signed by botocore, the reference that our verifier is
tested against.

Usage: pip install botocore==1.43.11; Tools/SigV4Fixtures/generate.py > Tests/SigV4Tests/Fixtures/botocore.json

Each entry is the request as botocore puts it on the wire: method, target (path and query), headers, body (base64),
the service, region and moment it was signed for, and how. Deterministic: a fixed clock and fixed keys; a second run
must write the same bytes.
"""
import base64
import datetime
import json
import sys
from urllib.parse import urlsplit

import botocore
import botocore.auth as auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

VERSION = "1.43.11"
NOW = datetime.datetime(2026, 11, 23, 8, 15, 30)
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjE//+==token"
HOST = "localhost:4566"
FORM = "application/x-www-form-urlencoded; charset=utf-8"

auth.get_current_datetime = lambda remove_tzinfo=True: NOW


def entry(name, signer, method, path, service, region, headers, body, context=None, token=None):
    request = AWSRequest(method=method, url=f"http://{HOST}{path}", headers=headers, data=body)
    request.headers["Host"] = HOST
    request.context.update(context or {})
    signer.add_auth(request)
    url = urlsplit(request.url)
    target = url.path + ("?" + url.query if url.query else "")
    body = request.data if isinstance(request.data, bytes) else str(request.data or "").encode()
    return {
        "name": name,
        "method": method,
        "target": target or "/",
        "headers": [[k, v] for k, v in request.headers.items()],
        "body": base64.b64encode(body).decode(),
        "service": service,
        "region": region,
        "token": token,
        "signature": signature(request),
    }


def signature(request):
    carried = request.headers.get("Authorization") or request.url
    return carried[-64:]


def credentials(token):
    return Credentials(KEY, SECRET, token)


def header_cases():
    form = b"Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-0123456789abcdef0"
    json_headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics",
                    "x-amzn-query-mode": "true", "User-Agent": "Boto3/1.43.11", "amz-sdk-request": "attempt=1"}
    plain = [
        ("form", "POST", "/", {"Content-Type": FORM}, form),
        ("empty-body", "POST", "/", {}, b""),
        ("get-root", "GET", "/", {}, b""),
        ("json-target", "POST", "/", json_headers, b'{"Namespace":"AWS/EC2"}'),
        ("binary-body", "POST", "/", {"Content-Type": "application/cbor"}, bytes(range(256))),
        ("query-unsorted", "GET", "/?Zeta=1&alpha=2&Alpha=1&b=&b=1&a-b=3&a=3", {}, b""),
        ("query-value-order", "GET", "/?x=b&x=a&x=a-&x=A", {}, b""),
        ("query-escapes", "GET", "/?k=%20%2B%2F%3D%26%3F&%E1%88%B4=bar&tilde=~&u=_.-", {}, b""),
        ("query-flag", "GET", "/?flag&other=1", {}, b""),
        ("path-escapes", "GET", "/snapshots/a%20b/%E1%88%B4/blocks%2F1", {}, b""),
        ("path-dots", "GET", "/a/./b/../c//d/", {}, b""),
        ("path-trailing", "GET", "/2020-05-31/distribution/", {}, b""),
        ("path-marks", "GET", "/a:b/@c/(d)*'!,;=&$+", {}, b""),
        ("header-spaces", "GET", "/", {"X-Amz-Meta": "  a   b\tc  ", "My-Header": "x"}, b""),
        ("header-quoted", "GET", "/", {"My-Header": '"a   b"   c'}, b""),
        ("header-date", "GET", "/", {"Date": "x"}, b""),
        ("delete", "DELETE", "/tags/arn%3Aaws%3Adlm?tagKeys=a&tagKeys=b", {}, b""),
    ]
    for service, region in (("ec2", "us-east-1"), ("ebs", "eu-central-1")):
        for token in (None, TOKEN):
            for name, method, path, headers, body in plain:
                signer = auth.SigV4Auth(credentials(token), service, region)
                label = f"header/{service}/{'token' if token else 'plain'}/{name}"
                yield entry(label, signer, method, path, service, region, dict(headers), body, token=token)


def repeated_header_case():
    request = AWSRequest(method="GET", url=f"http://{HOST}/", data=b"")
    for name, value in (("Host", HOST), ("My-Header", "value4"), ("My-Header", " value1"), ("my-header", "value3")):
        request.headers.add_header(name, value)
    auth.SigV4Auth(credentials(None), "ec2", "us-east-1").add_auth(request)
    return {"name": "header/ec2/plain/header-repeated", "method": "GET", "target": "/",
            "headers": [[k, v] for k, v in request.headers.items()], "body": "", "service": "ec2",
            "region": "us-east-1", "token": None, "signature": signature(request)}


def unsigned_cases():
    for context in ({"payload_signing_enabled": False},):
        signer = auth.SigV4Auth(credentials(None), "ebs", "us-east-1")
        yield entry("unsigned/put-snapshot-block", signer, "PUT", "/snapshots/snap-0123456789abcdef0/blocks/7", "ebs",
                    "us-east-1", {"x-amz-Data-Length": "524288", "x-amz-Checksum-Algorithm": "SHA256"}, b"\x00\xff" * 64,
                    context)


def presigned_cases():
    cases = [
        ("get-root", "GET", "/", {}, b""),
        ("action", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", {}, b""),
        ("escapes", "GET", "/a%20b?k=%20%2B%2F&Zeta=1&alpha=2", {}, b""),
        ("more-headers", "GET", "/?Action=X", {"X-K8s-Aws-Id": "cluster"}, b""),
    ]
    for service in ("sts", "ec2"):
        for token in (None, TOKEN):
            for name, method, path, headers, body in cases:
                signer = auth.SigV4QueryAuth(credentials(token), service, "us-east-1", expires=3600)
                label = f"presigned/{service}/{'token' if token else 'plain'}/{name}"
                yield entry(label, signer, method, path, service, "us-east-1", dict(headers), body, token=token)


def s3_cases():
    paths = ["/bucket/key", "/bucket/a/./b//c/../d", "/bucket/a%20b%2Bc", "/bucket?list-type=2&prefix=a%2Fb"]
    for index, path in enumerate(paths):
        signer = auth.S3SigV4Auth(credentials(None), "s3", "us-east-1")
        yield entry(f"s3/header/{index}", signer, "PUT", path, "s3", "us-east-1", {}, b"content")
        signer = auth.S3SigV4QueryAuth(credentials(None), "s3", "us-east-1", expires=60)
        yield entry(f"s3/presigned/{index}", signer, "GET", path, "s3", "us-east-1", {}, b"")


def main():
    if botocore.__version__ != VERSION:
        sys.exit(f"needs botocore {VERSION}, found {botocore.__version__}")
    cases = [*header_cases(), repeated_header_case(), *unsigned_cases(), *presigned_cases(), *s3_cases()]
    document = {"botocore": VERSION, "now": NOW.strftime("%Y%m%dT%H%M%SZ"), "accessKeyID": KEY,
                "secretAccessKey": SECRET, "cases": cases}
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
