"""One reservation for each token, whatever becomes of calls, clients and the control plane.

APUS_CALLS=10000 makes as many calls; a run makes 2,000.
"""

import collections
import concurrent.futures
import http.client
import os
import random
import threading

import pytest
from apus_testing.lean_client import LeanClient
from apus_testing.running import Apus
from apus_testing.waiting import eventually

from examples import linux_image

CALLS = int(os.environ.get("APUS_CALLS", 2_000))
CALLS_OF_A_TOKEN, WORKERS, KILLS = 5, 12, 6
LOST = (OSError, http.client.HTTPException)


@pytest.fixture
def mortal(tmp_path):
    cloud = Apus(tmp_path / "state", options=("--throttle", "off")).start()
    yield cloud
    cloud.down()


class Burst:
    """Calls of many clients at a cloud that dies under them now and then."""

    def __init__(self, cloud, account, image, seed):
        self.cloud, self.account, self.image = cloud, account, image
        self.chance = random.Random(seed)
        self.answers = collections.defaultdict(set)
        self.counts = collections.Counter()
        self.change = threading.Condition()
        self.own = threading.local()

    def call(self, token):
        """Asks until something is certain: an answer, or that the client no longer wants one."""
        while True:
            account = self.account
            client = self.client(account)
            try:
                if self.chance.random() < 0.1:
                    client.ask_and_hang_up("RunInstances", self.order(token))
                    self.note("hung up")
                else:
                    self.answered(token, client.ask("RunInstances", self.order(token)))
                return
            except LOST:
                self.note("lost")
                with self.change:
                    self.change.wait_for(lambda: self.account is not account, 60)

    def call_once_more(self, token):
        self.answered(token, self.client(self.account).ask("RunInstances", self.order(token)))

    def client(self, account):
        if getattr(self.own, "account", None) is not account:
            self.own.account, self.own.client = account, LeanClient(account)
        return self.own.client

    def order(self, token):
        return {"ImageId": self.image, "InstanceType": "t3.nano", "MinCount": "1", "MaxCount": "1", "ClientToken": token}

    def answered(self, token, answer):
        assert answer.status == 200, answer.body
        with self.change:
            self.answers[token].add((answer.text("reservationId"), answer.text("instanceId")))
            self.counts["answered"] += 1
            self.change.notify_all()

    def note(self, what):
        with self.change:
            self.counts[what] += 1
            self.change.notify_all()

    def kill_now_and_then(self, calls):
        for turn in range(1, KILLS + 1):
            with self.change:
                self.change.wait_for(lambda: self.counts["answered"] >= turn * calls // (KILLS + 2), 300)
            self.cloud.kill()
            self.cloud.start()
            with self.change:
                self.account = self.account.at(self.cloud.endpoint)
                self.change.notify_all()


def test_a_token_has_one_reservation_whatever_befalls_its_calls(mortal):
    seed = int(os.environ.get("APUS_SEED", random.randrange(10_000)))
    print(f"APUS_SEED={seed}")
    account = mortal.new_account()
    burst = Burst(mortal, account, linux_image(account), seed)
    tokens = [f"token-{number}" for number in range(CALLS // CALLS_OF_A_TOKEN)]
    calls = tokens * CALLS_OF_A_TOKEN
    burst.chance.shuffle(calls)
    with concurrent.futures.ThreadPoolExecutor(WORKERS + 1) as pool:
        killer = pool.submit(burst.kill_now_and_then, len(calls))
        for done in [pool.submit(burst.call, token) for token in calls]:
            done.result()
        killer.result()
        for done in [pool.submit(burst.call_once_more, token) for token in tokens]:
            done.result()
    print(dict(burst.counts))
    assert burst.counts["lost"] and burst.counts["hung up"]
    assert [token for token in tokens if len(burst.answers[token]) != 1] == []
    look_at_the_cloud(burst, tokens)


def look_at_the_cloud(burst, tokens):
    ec2 = burst.account.ec2
    found = collections.defaultdict(set)
    for page in ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 1000}):
        for reservation in page["Reservations"]:
            for instance in reservation["Instances"]:
                found[instance["ClientToken"]].add((reservation["ReservationId"], instance["InstanceId"]))
    assert found == {token: burst.answers[token] for token in tokens}
    count = len(tokens)
    assert len(ec2.describe_network_interfaces(MaxResults=1000)["NetworkInterfaces"]) == min(count, 1000)
    assert sum(len(page["Volumes"]) for page in ec2.get_paginator("describe_volumes").paginate()) == count
    eventually(lambda: states(ec2) == {"running"}, "every instance runs", 60, every=1)


def states(ec2):
    pages = ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 1000})
    return {instance["State"]["Name"] for page in pages for reservation in page["Reservations"]
            for instance in reservation["Instances"]}
