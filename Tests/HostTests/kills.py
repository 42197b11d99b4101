"""Acts that are asked of an Apus with real guests, and Apus killed at steps of them, some by chance or all, as in the stories."""

import itertools
import os
import random

from apus_testing.killing import Watch
from botocore.exceptions import BotoCoreError, ClientError
from test_every_step import spread

# A step that does not come again is not waited for for ever.
PATIENCE = 10


class Act:
    """ask: asks for it once. holds: fails unless all is as it should be after it, and waits for that.

    done: codes that say that it is so already. is_repeated: whether it is asked for again where there was no answer.
    """

    def __init__(self, ask, holds, done=(), is_repeated=True):
        self.ask, self.holds, self.done, self.is_repeated = ask, holds, done, is_repeated

    def was_answered(self):
        try:
            self.ask()
        except ClientError as refused:
            assert refused.response["Error"]["Code"] in self.done, refused
        except BotoCoreError:
            return False
        return True


def interrupt(site, *acts):
    """Has all acts done in their order, undisturbed at first, then again and again, Apus dying in the middle of each."""
    seed = int(os.environ.get("APUS_SEED", random.randrange(10_000)))
    print(f"To kill at the same steps again: APUS_SEED={seed}")
    orders = []
    for act in acts:
        with Watch(site.cloud) as watch:
            act.ask()
            act.holds()
        # Looking at what was done is answered too.
        steps = [step for step in watch.steps() if step["step"] != "answer" or step["occurrence"] == 1]
        orders.append(spread(steps, random.Random(seed)))
    for turn in itertools.zip_longest(*orders):
        for act, order in zip(acts, turn):
            try:
                perform(site, act, order)
                act.holds()
            except AssertionError as failure:
                raise AssertionError(f"killed at {order}: {failure}") from None


def perform(site, act, order):
    if order is None:
        return act.ask()
    with Watch(site.cloud, order) as watch:
        was_answered = act.was_answered()
        if not watch.was_killed(PATIENCE):
            print(f"{order} did not come again")
    site.cloud.kill()
    site.start_again()
    if not was_answered and act.is_repeated:
        assert act.was_answered(), "no answer after the restart"
