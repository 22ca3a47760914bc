"""What a box says in its second line, in few characters."""

from __future__ import annotations

import pytest

from bot.domain.model import Status
from bot.domain.states import states
from renderers.faces import brief, faces
from renderers.shape import shape
from tests.renderers.scenes import SMALL, VPC
from tests.renderers.world import NOON, Key, dispatch, walk


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "60 s"),
        (99.4, "99 s"),
        (99.6, "2 min"),
        (150, "2 min"),
        (5_969, "99 min"),
        (5_971, "2 h"),
        (10_000, "3 h"),
        (171_000, "2 d"),
        (900_000, "10 d"),
    ],
)
def test_a_duration_has_one_unit(seconds: float, said: str) -> None:
    assert brief(seconds) == said.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("facts", "said", "told"),
    [
        ({"status": Status.SUCCEEDED, "finished_at": NOON + 190}, "3 min", "succeeded, 3 min"),
        ({"status": Status.FAILED, "finished_at": NOON + 55}, "failed, 45 s", "failed, 45 s"),
        ({"status": Status.RUNNING}, "since 12:00 UTC", "running since 12:00 UTC"),
        ({"status": Status.RUNNING, "started_at": NOON + 86_400}, "since 22 Nov", "running since 22 Nov, 12:00 UTC"),
        ({"status": Status.QUEUED}, "queued", "queued"),
        ({"status": Status.TIMED_OUT, "finished_at": NOON + 21_610}, "timed out, 6 h", "timed out, 6 h"),
        ({"problem": "No file."}, "failed", "failed"),
        ({"manual": "By hand."}, "manual", "manual"),
        ({}, "ready", "ready"),
    ],
)
def test_a_box_says_how_long_it_took_or_what_it_is(facts: dict[str, object], said: str, told: str) -> None:
    seen = walk(SMALL, facts={VPC: facts})
    face = faces(shape(seen), seen, states(seen))[0]
    assert (face.said.replace("\u00a0", " "), face.told.replace("\u00a0", " ")) == (said, told)


def test_what_several_groups_share_tells_which_of_them_need_eyes() -> None:
    needs: dict[Key, tuple[Key, ...]] = {(f"account{i}", f"c{i}"): () for i in range(70)}
    keys = list(needs)
    facts = {key: {"status": Status.FAILED} for key in (keys[3], *keys[64:69])}
    seen = walk(needs, facts=facts, succeeded=keys)
    looks = faces(shape(seen), seen, states(seen))
    assert (looks[3].said, looks[3].told) == ("0 of 1, 1 failed", "0 of 1 succeeded, 1 failed")
    assert looks[-1].status is Status.FAILED
    assert looks[-1].said == "6 of 11, 5 failed"
    where = "failed in account64, account65, account66 and 2 more"
    assert looks[-1].told == f"6 of 11 succeeded, 5 failed; {where}"
    well = walk(needs, succeeded=keys)
    assert faces(shape(well), well, states(well))[-1].told == "11 of 11 succeeded"


def test_of_two_runs_the_longer_one_counts() -> None:
    runs = (
        dispatch(0, Status.SUCCEEDED, "plan.yaml", started_at=NOON, finished_at=NOON + 60),
        dispatch(0, Status.SUCCEEDED, "policy.yaml", started_at=NOON, finished_at=NOON + 600),
    )
    seen = walk(SMALL, facts={VPC: {"dispatches": runs}})
    assert faces(shape(seen), seen, states(seen))[0].said == "10\u00a0min"
