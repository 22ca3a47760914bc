"""How rollouts that count no more are told to have ended: as they stood, whatever ended them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.model import Decided, Heir, Status, Step
from bot.domain.rollout import Draft
from bot.store import past, rollouts
from bot.store.db import Db, transaction
from renderers.verdict import ended_sign
from renderers.words import told
from tests.web.test_rollout_json import SENT, sent, step, walk

OK = replace(SENT, id="ok", status=Status.SUCCEEDED, run_id=1, run_url="https://github.com/1")
BAD = replace(SENT, id="bad", status=Status.FAILED, run_id=2, run_url="https://github.com/2")
GONE = replace(SENT, id="gone", status=Status.CANCELLED, run_id=3, run_url="https://github.com/3")
SKIPPED = Decided(Status.SKIPPED, "dora", 0.0)
PASSED_OVER = replace(step(1), decided=SKIPPED)
LATER = Heir("#43", "7#43", 9, Status.SUCCEEDED)
GREEN, STEPPED_ON = "1 of 2 succeeded", "1 of 2 succeeded, 1 superseded"
ENDS = {
    "all went well": ("✅", "1 of 1 succeeded", "", sent(OK)),
    "one was skipped": ("✅", f"{GREEN}, 1 skipped", "", sent(OK), PASSED_OVER),
    "one is left for people": ("👤", f"{GREEN}, 1 left for people", "", sent(OK), replace(step(1), manual="by hand")),
    "one was never sent": ("↩️", STEPPED_ON, "", sent(OK), step(1)),
    "one goes on": ("↩️", "0 of 1 succeeded, 1 under way", "", sent(replace(OK, status=Status.RUNNING))),
    "one of two workflows goes on": (
        *("↩️", "0 of 1 succeeded, 1 under way", ""),
        sent(OK, replace(OK, id="goes", workflow="2", status=Status.RUNNING)),
    ),
    "one failed": ("❌", f"{GREEN}, 1 failed", BAD.run_url, sent(OK), step(1, dispatches=(replace(BAD, step=1),))),
    "one of two workflows failed": (
        "❌",
        "0 of 1 succeeded, 1 failed",
        BAD.run_url,
        sent(OK, replace(BAD, workflow="2")),
    ),
    "what failed was skipped": ("✅", "0 of 1 succeeded, 1 skipped", "", replace(sent(BAD), decided=SKIPPED)),
    "what failed was overtaken": ("↩️", "0 of 1 succeeded, 1 superseded", "", replace(sent(BAD), heir=LATER)),
    "it could not be started": ("❌", "0 of 1 succeeded, 1 failed", "", replace(step(0), problem="no such file")),
    "its end cancelled a run": ("↩️", "0 of 1 succeeded, 1 cancelled", "", sent(replace(GONE, cancel_wanted=True))),
    "its end was before the run": ("↩️", "0 of 1 succeeded, 1 cancelled", "", sent(replace(GONE, run_id=0))),
    "a person called it off": (
        *("🛑", "0 of 1 succeeded, 1 cancelled", GONE.run_url),
        sent(replace(GONE, cancel_wanted=True, cancel_by="dora")),
    ),
    "somebody cancelled it at GitHub": ("❌", "0 of 1 succeeded, 1 cancelled", GONE.run_url, sent(GONE)),
    "it was stopped out of order": (
        *("❌", "0 of 1 succeeded, 1 cancelled", GONE.run_url),
        sent(replace(GONE, cancel_wanted=True, warning="over a newer apply")),
    ),
    "nothing was affected": ("✅", "", ""),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_counts_no_more_is_told_as_it_stood(db: Db, name: str) -> None:
    sign, said, run_url, *steps = ENDS[name]
    (one,) = ended(db, *steps)
    assert (ended_sign(one.counts, one.called_off, one.withdrawn), one.run_url) == (sign, run_url)
    assert (told(one.counts) if one.counts else "") == said


def test_what_was_put_behind_a_step_and_not_sent_again_still_counts(db: Db) -> None:
    (one,) = ended(db, sent(BAD), retired=True)
    assert one.counts == {Status.SUPERSEDED: 1}


def ended(db: Db, *steps: Step, retired: bool = False) -> list[past.Ended]:
    """Save a rollout that was superseded, and read it as history does."""
    draft = Draft(walk(*steps, size=len(steps), superseded_by="a push of 8c0ffee"))
    for dispatch in (one for its in steps for one in its.dispatches):
        draft.put_dispatch(dispatch)
    with transaction(db):
        rollouts.save(db, draft, new=True, now=0.0)
        if retired:
            again = Draft(draft.walk)
            again.retire(0)
            rollouts.save(db, again, new=False, now=1.0)
    return past.of_lane(db, "7#42", 10)
