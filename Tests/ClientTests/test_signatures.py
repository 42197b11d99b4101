"""Who is let in: each failure of a signature with the code and status that EC2 and STS give it."""

import datetime

import botocore.exceptions
import pytest

NOW = datetime.timedelta(0)
HOUR = datetime.timedelta(hours=1)


def ask(account, service, **more):
    parameters = {
        "ec2": {"Action": "DescribeRegions", "Version": "2016-11-15"},
        "sts": {"Action": "GetCallerIdentity", "Version": "2011-06-15"},
    }[service]
    from apus_testing import requests
    return requests.send(account, parameters, service=service, **more)


def utc(offset=NOW):
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + offset


FAILURES = {
    "a wrong secret": (
        dict(secret="wrong" * 8), ("AuthFailure", 401), ("SignatureDoesNotMatch", 403)),
    "an unknown key": (
        dict(key="AKIAIOSFODNN7EXAMPLE"), ("AuthFailure", 401), ("InvalidClientTokenId", 403)),
    "a signature of an hour ago": (
        dict(at=-HOUR), ("RequestExpired", 400), ("SignatureDoesNotMatch", 403)),
    "a signature of an hour ahead": (
        dict(at=HOUR), ("RequestExpired", 400), ("SignatureDoesNotMatch", 403)),
    "no signature": (
        dict(sign=False), ("MissingParameter", 400), ("MissingAuthenticationToken", 403)),
    "a region that is not served": (
        dict(region="eu-north-7"), ("AuthFailure", 401), ("SignatureDoesNotMatch", 403)),
}


@pytest.mark.parametrize("service", ["ec2", "sts"])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_request_is_refused_for(account, failure, service):
    how, ec2, sts = FAILURES[failure]
    how = dict(how)
    if "at" in how:
        how["at"] = utc(how["at"])
    answer = ask(account, service, **how)
    assert (answer.code, answer.status) == (ec2 if service == "ec2" else sts)
    assert answer.text("RequestId") or answer.text("RequestID")


def test_a_right_signature_is_let_in_by_header_and_by_presigned_query(account):
    for service in ("ec2", "sts"):
        assert ask(account, service).status == 200
        assert ask(account, service, method="GET").status == 200
        assert ask(account, service, method="GET", expires=60).status == 200


def test_a_presigned_url_that_has_expired_is_refused(account):
    answer = ask(account, "ec2", method="GET", expires=60, at=utc(-HOUR))
    assert (answer.code, answer.status) == ("RequestExpired", 400)


def test_a_presigned_url_lives_longer_than_a_signed_header(account):
    assert ask(account, "ec2", method="GET", expires=7200, at=utc(-HOUR)).status == 200


def test_a_presigned_url_made_by_boto3_works(account):
    import http.client
    import urllib.parse
    url = account.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", f"{parts.path or '/'}?{parts.query}")
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    assert response.status == 200 and account.id in body


def test_a_body_changed_after_signing_is_refused(account):
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
    from apus_testing import requests
    request = botocore.awsrequest.AWSRequest(
        method="POST", url=account.endpoint + "/", data=b"Action=DescribeRegions&Version=2016-11-15",
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    credentials = botocore.credentials.Credentials(account.access_key, account.secret_key)
    botocore.auth.SigV4Auth(credentials, "ec2", "us-east-1").add_auth(request)
    prepared = request.prepare()
    prepared.body = b"Action=DescribeVolumes&Version=2016-11-15"
    prepared.headers["Content-Length"] = str(len(prepared.body))
    answer = requests.exchange(account.endpoint, prepared)
    assert (answer.code, answer.status) == ("AuthFailure", 401)


def test_boto3_raises_what_aws_would_have_raised(cloud):
    from apus_testing.accounts import Account
    nobody = Account(cloud.endpoint, "AKIAIOSFODNN7EXAMPLE", "x" * 40)
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        nobody.ec2.describe_regions()
    assert raised.value.response["Error"]["Code"] == "AuthFailure"
    assert "not able to validate" in raised.value.response["Error"]["Message"]
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        nobody.client("sts").get_caller_identity()
    assert raised.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_the_caller_is_told_who_it_is(account):
    identity = account.client("sts").get_caller_identity()
    assert identity["Account"] == account.id
    assert identity["Arn"] == f"arn:aws:iam::{account.id}:root"


def test_a_body_beyond_the_limit_is_refused_and_the_cloud_lives_on(account):
    answer = account.ask("DescribeRegions", {"Filter.1.Name": "x" * (4 << 20), "Filter.1.Value.1": "x"})
    assert 400 <= answer.status < 500
    assert account.ask("DescribeRegions").status == 200


@pytest.mark.parametrize("body", [b"", b"%", b"Action", b"=&=&=", b"\xff\xfe", b"Action=DescribeRegions&Action=RunInstances",
                                  b"Action=%ff&Version=2016-11-15", b"Action=DescribeRegions&Version=%",
                                  b"Action=Nothing&Version=2016-11-15"])
def test_a_signed_body_that_says_nothing_sensible_is_refused(account, body):
    from apus_testing import requests
    answer = requests.send(account, {}, body=body)
    assert 400 <= answer.status < 500 and answer.code
