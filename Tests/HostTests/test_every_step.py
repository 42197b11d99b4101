"""Kill -9 at each step by which an action changes the host: files, syncs, processes, monitors, the network, answers.

A run takes some steps of each act, chosen by chance: APUS_SEED=n takes those of another run again. APUS_EVERY_STEP=1
takes all of them, before and after, which lasts about an hour.
"""

import itertools
import os
import random

import pytest
from apus_testing.killing import MortalApus
from apus_testing.waiting import quick
from disk_story import DiskStory
from sleep_story import SleepStory
from story import Cloud, Story

ROUNDS = int(os.environ.get("APUS_ROUNDS", 3))
EVERY_STEP = bool(os.environ.get("APUS_EVERY_STEP"))


@pytest.fixture
def cloud(lab):
    apus = lab.apus("mortal", "--public-pool", "198.19.0.0/16", "--keep-networks", "0", kind=MortalApus)
    cloud = Cloud(apus, lab.name)
    yield cloud
    apus.down()
    assert cloud.view.command_lines() == {} and cloud.view.namespaces() == []


@pytest.mark.parametrize("kind", [Story, DiskStory, SleepStory])
def test_killed_at_any_step_it_leaves_nothing_doubles_nothing_and_goes_on(cloud, kind):
    seed = int(os.environ.get("APUS_SEED", random.randrange(10_000)))
    print(f"To kill at the same steps again: APUS_SEED={seed}")
    orders = {act: list(spread(steps, random.Random(seed))) for act, steps in steps_of_acts(cloud, kind).items()}
    told = {act: [0, 0] for act in kind.ACTS}
    for number in range(max(map(len, orders.values()))):
        story = kind(cloud, number)
        for act in acts_of_round(kind, orders, number):
            order = orders[act][number] if number < len(orders[act]) else None
            try:
                killed = interrupted(cloud, story, act, order)
            except AssertionError as failure:
                raise AssertionError(f"{act}, killed at {order}: {failure}\n{cloud.apus.last_of_log()}") from None
            if order:
                told[act][0 if killed else 1] += 1
    for act, (killed, missed) in told.items():
        print(f"{act}: killed at {killed} steps, {missed} steps did not come again")
    if kind.IS_STEADY:
        assert all(killed >= missed for killed, missed in told.values())
    assert sum(killed for killed, _ in told.values()) > sum(missed for _, missed in told.values())


def steps_of_acts(cloud, kind):
    """What an undisturbed story does."""
    story, found = kind(cloud, "undisturbed"), {}
    for act in kind.ACTS:
        interrupted(cloud, story, act, None)
        found[act] = [] if act in kind.FRAME else cloud.apus.steps()
        print(f"{act}: {len(found[act])} steps")
    return found


def spread(steps, chance):
    """Orders to die, before and after: of all steps, or of some from one end to the other."""
    moments = [step | {"moment": moment} for step in steps for moment in ("before", "after")]
    if EVERY_STEP or len(moments) <= ROUNDS:
        return moments
    width = len(moments) / ROUNDS
    return [moments[int(place * width + chance.random() * width)] for place in range(ROUNDS)]


def acts_of_round(kind, orders, number):
    """All acts of the story, without pairs that have no more steps to be killed at."""
    over = set(itertools.chain(*(pair for pair in kind.PAIRS if all(number >= len(orders[act]) for act in pair))))
    return [act for act in kind.ACTS if act not in over]


def interrupted(cloud, story, act, order):
    """Performs the act, dies in it where ordered, and has it done all the same. Answers whether it died."""
    apus = cloud.apus
    apus.expect(order)
    acknowledged = story.perform(act)
    if acknowledged:
        story.await_rest(unless=lambda: apus.was_killed)
    else:
        assert order, "it answered no more, and nobody killed it"
    if not acknowledged or apus.was_killed:
        apus.bury()
        cloud.restart()
        if not acknowledged:
            assert story.perform(act), "no answer after the restart"
        story.await_rest()
        return True
    return False


def test_a_moment_of_a_volume_that_nobody_has_open_is_on_the_disk_before_the_answer(cloud):
    """Its note and the folder that names it: a host that loses its power after the answer keeps the moment."""
    ec2 = cloud.ec2
    zone = ec2.describe_subnets(SubnetIds=[cloud.subnet])["Subnets"][0]["AvailabilityZone"]
    volume = ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
    ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig=quick())
    cloud.apus.expect(None)
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    steps, note = [step["step"] for step in cloud.apus.steps()], "moments/snap-*.json"
    place = 0
    for step in [f"write {note}.new", f"sync {note}.new", f"rename {note}", "sync moments", "answer"]:
        assert step in steps[place:], f"{step} is missing after {steps[:place]} in {steps}"
        place = steps.index(step, place) + 1
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig=quick())
    ec2.delete_snapshot(SnapshotId=snapshot)
    ec2.delete_volume(VolumeId=volume)
