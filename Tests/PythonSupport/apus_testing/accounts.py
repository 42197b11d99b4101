"""An account as its owner sees it: boto3 clients, the aws command line, and requests by hand."""

import json
import os
import subprocess
import sys
import tempfile

import boto3
import botocore.config

from . import model, requests


def hold_against_the_model(event_name, response_dict, **_):
    """Every answer that a test gets by boto3 is one that AWS's model describes."""
    if response_dict is not None:
        name = event_name.rpartition(".")[2]
        faults = model.faults(name, response_dict["status_code"], bytes(response_dict["body"]).decode())
        assert faults == [], f"{name}: {faults}"


class Account:
    """Where the cloud is and the keys to it."""

    def __init__(self, endpoint, access_key, secret_key, region="us-east-1"):
        self.endpoint, self.access_key, self.secret_key, self.region = endpoint, access_key, secret_key, region
        self.id = None
        self._clients = {}

    def client(self, service="ec2", **config):
        """A boto3 client that tells every refusal at once instead of trying again."""
        key = (service, repr(sorted(config.items())))
        if key not in self._clients:
            settings = {"retries": {"max_attempts": 0}, "read_timeout": 60, **config}
            self._clients[key] = boto3.client(
                service, endpoint_url=self.endpoint, region_name=self.region, aws_access_key_id=self.access_key,
                aws_secret_access_key=self.secret_key, config=botocore.config.Config(**settings))
            if service == "ec2":
                self._clients[key].meta.events.register("response-received.ec2", hold_against_the_model)
        return self._clients[key]

    @property
    def ec2(self):
        return self.client("ec2")

    def at(self, endpoint):
        """The same account where the cloud serves now."""
        moved = Account(endpoint, self.access_key, self.secret_key, self.region)
        moved.id = self.id
        return moved

    def environment(self):
        """For programs that read AWS's variables; nothing of the caller's own profile gets in."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        nowhere = os.path.join(tempfile.gettempdir(), "apus-tests-no-aws-config")
        return kept | {
            "AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key, "AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region,
            "AWS_PAGER": "", "AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere,
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"}

    def aws(self, *words, check=True, prefix=(), seconds=120):
        """Runs `aws WORDS` and returns what it printed, read as JSON where it is JSON."""
        done = subprocess.run(
            [*prefix, sys.executable, "-m", "awscli", *words], env=self.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=seconds)
        if not check:
            return done
        assert done.returncode == 0, f"aws {' '.join(words)}: {done.returncode}\n{done.stderr}"
        try:
            return json.loads(done.stdout)
        except ValueError:
            return done.stdout.strip()

    def ask(self, action, parameters=None, **more):
        """One request as it stands, unseen by any client's own checks. See `requests.send`."""
        return requests.send(self, {"Action": action, "Version": "2016-11-15", **(parameters or {})}, **more)
