"""What is shared: whose affected stacks are on their way."""

from dataclasses import replace

import pytest

from bot.domain.events import Rules
from bot.domain.lanes import lane_of_pull
from bot.domain.model import Pull
from bot.domain.pro import Phase
from bot.domain.rollout import Draft, Walk
from bot.store import pulls, rollouts, shared
from bot.store.db import transaction
from bot.store.rollouts import Rollouts
from tests.domain.test_order import apply_of
from tests.domain.world import REPO, at, pull_facts, run_facts, sha_of, walk_of

OURS = lane_of_pull(REPO.id, 42)
MERGED = 1000.0


class Shelf:
    """A merge, #41 at its place 5, and the apply of another, #42 at place 6."""

    def __init__(self, db):
        self.db, self.rollouts = db, Rollouts(db)
        self.pull = Pull(
            **{name: getattr(pull_facts(), name) for name in pull_facts().__slots__},
            repo_id=REPO.id,
            activity="synchronize",
            epoch=2,
            head_since=0.0,
        )
        self.theirs = lane_of_pull(REPO.id, 41)
        self.ids = iter(range(1, 100))

    def merge(self, number=41, position=5, **changes):
        known = {"number": number, "open": False, "merged": True, "merged_at": MERGED, "position": position}
        with transaction(self.db):
            pulls.save(self.db, replace(self.pull, **known | changes))

    def keep(self, walk, lane, **changes):
        rollout = replace(walk.rollout, id=next(self.ids), lane=lane, **changes)
        with transaction(self.db):
            rollouts.save(self.db, Draft(Walk.of(rollout, walk.steps)), new=True, now=MERGED)
        return rollout

    def run(self, *, uploads=True, **changes):
        facts = run_facts(**{"workflow": "affected.yaml", "created_at": MERGED, "status": "in_progress"} | changes)
        with transaction(self.db):
            if uploads:
                pulls.note_uploader(self.db, REPO.id, "affected.yaml", MERGED)
            pulls.save_affected_run(self.db, REPO.id, self.theirs, facts, now=MERGED)

    def expected(self, *, now=MERGED + 10, position=6):
        rollout = replace(apply_of("a b").rollout, lane=OURS, position=position)
        walks = [Walk.of(rollout, apply_of("a b").steps)]
        found = shared.facts(
            self.db, REPO.id, OURS, walks, rules=Rules(), now=now, get=self.rollouts.get, instances=()
        ).expected
        return [(one.name, sorted(one.instances), one.until) for one in found]


@pytest.fixture
def shelf(db):
    made = Shelf(db)
    made.merge()
    made.keep(walk_of("a"), made.theirs)
    return made


AWAITED = [("#41", [at("a")], MERGED + 600)]


def test_a_merge_whose_affected_run_goes_on_is_awaited_for_what_it_had_planned(shelf):
    assert shelf.expected() == []
    shelf.run()
    assert shelf.expected() == AWAITED


def test_a_plan_that_was_superseded_by_its_merge_counts_as_well(shelf):
    shelf.keep(walk_of("b"), shelf.theirs, superseded_by="the merge as 1234567")
    shelf.keep(walk_of("c"), shelf.theirs, sha=sha_of(99))  # of an older head
    shelf.run()
    assert shelf.expected() == [("#41", [at("a"), at("b")], MERGED + 600)]


def test_nobody_waits_longer_than_ten_minutes(shelf):
    shelf.run()
    assert shelf.expected(now=MERGED + 599) == AWAITED
    assert shelf.expected(now=MERGED + 600) == []


@pytest.mark.parametrize(
    "run",
    [
        {"status": "completed", "conclusion": "failure"},
        {"created_at": MERGED - 60},  # the plan's own
        {"workflow": "e2e.yaml"},
        {"uploads": False},
    ],
)
def test_what_uploads_no_more_is_not_awaited(shelf, run):
    shelf.run(**run)
    assert shelf.expected() == []


def test_what_is_applied_already_is_not_awaited(shelf):
    shelf.run()
    shelf.keep(apply_of("a"), shelf.theirs, phase=Phase.APPLY)
    assert shelf.expected() == []


def test_a_later_merge_and_one_without_a_place_are_not_awaited(shelf):
    shelf.run()
    assert shelf.expected(position=5) == shelf.expected(position=4) == shelf.expected(position=0) == []
    shelf.merge(position=0)
    assert shelf.expected() == []
