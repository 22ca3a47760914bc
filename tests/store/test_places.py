"""What applies do to each instance is found by an index, however much was applied before."""

from bot.domain.events import Rules
from bot.domain.graph import Instance
from bot.domain.lanes import lane_of_pull
from bot.domain.order import goes
from bot.domain.rollout import Draft, Walk
from bot.store import places, repos, rollouts, shared
from bot.store.db import transaction
from tests.domain.world import REPO, rollout_of, walk_of

NOW = 1000.0


def merged(number, text):
    walk = walk_of(text, activity="pull_request.merged")
    of_lane = {"id": number, "lane": lane_of_pull(REPO.id, number), "pull": number}
    facts = rollout_of(walk.steps, activity="pull_request.merged", branch="main", position=number, **of_lane)
    return Walk.of(facts, walk.steps)


def test_nothing_that_is_read_for_a_decision_walks_over_a_whole_repository(db):
    walks = [merged(1, "a>b"), merged(2, "a>b")]
    with transaction(db):
        repos.save(db, REPO, NOW)
        for walk in walks:
            rollouts.save(db, Draft(walk), new=True, now=NOW)
    known = rollouts.Rollouts(db)
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    told = shared.facts(db, REPO.id, walks[1].rollout.lane, walks[1:], rules=Rules(), now=NOW, get=known.get)
    with transaction(db):
        places.prune(db, NOW)
    db.conn.set_trace_callback(None)
    assert {place.name for place in told.places[Instance("dev", "b")]} == {"#1", "#2"}
    reading = [sql for sql in asked if "FROM places" in sql or "FROM pulls" in sql or "JOIN places" in sql]
    assert len(reading) >= 5
    plans = [row[3] for sql in reading for row in db.conn.execute(f"EXPLAIN QUERY PLAN {sql}")]
    whole = ("SCAN places", "SEARCH places USING PRIMARY KEY (repo_id=?)", "SEARCH pulls USING PRIMARY KEY (repo_id=?)")
    assert [plan for plan in plans if plan in whole] == []


class Counted(list):
    """Counts how often its members are looked at."""

    looks = 0

    def __getitem__(self, index):
        self.looks += 1
        return super().__getitem__(index)


def test_asking_whether_each_step_goes_looks_at_each_about_once():
    walk = merged(1, " ".join(f"c{n:03}>c{n + 1:03}" for n in range(300)))
    walk.steps = Counted(walk.steps)
    found: dict[int, bool] = {}
    assert all(goes(walk, index, {}, fail_fast=False, known=found) for index in reversed(range(301)))
    assert walk.steps.looks < 4 * 301
