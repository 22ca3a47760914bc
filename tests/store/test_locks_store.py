"""Which locks hold, on what, and when."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.locks import Lock
from bot.domain.rollout import Draft
from bot.store import audit, inbox, locks, rollouts, waiting
from bot.store.db import Db
from tests.domain.world import dispatch_of, walk_of

LOCK = Lock("dev/a", "lock-1", "octocat in run 5", "Upgrading.", 100.0)


def put(db: Db, name: str = "dev/a", until: float = 100.0, repo_id: int = 7) -> Lock:
    lock = replace(LOCK, name=name, until=until, holder="run:5", since=10.0)
    locks.put(db, repo_id, lock, 20.0)
    return lock


def test_a_lock_holds_until_its_end_and_counts_as_none_then(db: Db) -> None:
    held = put(db)
    assert locks.get(db, 7, "dev/a", 99.9) == held
    assert locks.holding(db, 7, 99.9) == {"dev/a": held}
    assert locks.count(db, 7, 99.9) == 1
    assert locks.get(db, 7, "dev/a", 100.0) is None
    assert locks.holding(db, 7, 100.0) == {}
    assert locks.count(db, 7, 100.0) == 0


def test_a_lock_is_of_one_repository_and_one_whole_name(db: Db) -> None:
    put(db)
    assert locks.get(db, 8, "dev/a", 0.0) is None
    assert locks.get(db, 7, "dev/A", 0.0) is None
    assert locks.get(db, 7, "a", 0.0) is None
    locks.drop(db, 8, "dev/a")
    assert locks.count(db, 7, 0.0) == 1
    locks.drop(db, 7, "dev/a")
    assert locks.count(db, 7, 0.0) == 0


def test_there_is_one_lock_of_a_name(db: Db) -> None:
    put(db)
    later = put(db, until=200.0)
    assert locks.holding(db, 7, 0.0) == {"dev/a": later}


def test_what_has_ended_is_forgotten(db: Db) -> None:
    put(db)
    kept = put(db, "dev/b", until=200.0)
    locks.prune(db, 86_499.0)
    assert len(locks.holding(db, 7, 0.0)) == 2
    locks.prune(db, 86_500.0)
    assert locks.holding(db, 7, 0.0) == {"dev/b": kept}


def test_the_lock_on_a_dispatch_s_instance_is_found_wherever_the_slash_is(db: Db) -> None:
    walk = walk_of("a net/vpc")
    draft = Draft(walk)
    for step, component in ((0, "a"), (1, "net/vpc")):
        assert walk.steps[step].instance.component == component
        draft.put_dispatch(dispatch_of(step))
    rollouts.save(db, draft, new=True, now=1.0)
    assert locks.of_dispatch(db, "sy-1", 50.0) is None
    held = put(db, "dev/net/vpc")
    put(db, "dev/a", repo_id=8)
    assert locks.of_dispatch(db, "sy-1", 50.0) == held
    assert locks.of_dispatch(db, "sy-1", 100.0) is None
    assert locks.of_dispatch(db, "sy-0", 50.0) is None
    assert locks.of_dispatch(db, "sy-9", 50.0) is None


def test_what_is_kept_is_not_told_to_other_lanes_as_waiting_for_the_cap(db: Db) -> None:
    draft = Draft(walk_of("a b c>d"))
    for kept, steps in ((1, 2), (0, 3), (3, 0)):
        waiting.save(db, draft, kept)
        (queue,) = waiting.others(db, 7, "7#2")
        assert (queue.lane, queue.steps) == ("7#1", steps)
        assert waiting.others(db, 7, "7#1") == ()


def test_there_is_one_look_for_a_lane_at_the_latest_time_told_and_it_holds_nothing(db: Db) -> None:
    inbox.look_at(db, lane="7#1", repo_id=7, at=100.0)
    inbox.look_at(db, lane="7#1", repo_id=7, at=50.0)
    inbox.look_at(db, lane="7#2", repo_id=7, at=70.0)
    inbox.put(db, "upload", b"", now=0.0, repo_id=7, lane="7#1")
    assert inbox.next_due(db) == 0.0
    (row,) = inbox.heads(db, 49.0, 10)
    assert row.kind == "upload"
    inbox.finish(db, row.id, now=49.0, reason="done")
    assert inbox.next_due(db) == 50.0
    assert [row.lane for row in inbox.heads(db, 50.0, 10)] == ["7#1"]
    assert inbox.oldest(db, 50.0) == 0.0  # it is not late
    (row,) = inbox.heads(db, 50.0, 10)
    inbox.finish(db, row.id, now=50.0, reason="looked again")
    inbox.look_at(db, lane="7#1", repo_id=7, at=60.0)
    assert inbox.next_due(db) == 60.0


def test_the_lanes_of_a_repository_that_wait_are_nudged_once(db: Db) -> None:
    for rollout_id in (1, 2):
        walk = walk_of("a")
        walk.rollout = replace(walk.rollout, id=rollout_id)
        waiting.save(db, Draft(walk), 1)
    for repo_id, rows in ((8, 0), (7, 1), (7, 1), (None, 1)):
        inbox.nudge_waiting(db, now=1.0, repo_id=repo_id)
        assert len(inbox.heads(db, 1.0, 10)) == rows
    assert db.rows("SELECT count(*) AS n FROM inbox")[0]["n"] == 1


def test_an_audit_s_entry_says_who_did_what_when_and_why(db: Db) -> None:
    audit.note(db, now=9.0, repo_id=7, actor="the key ci", action="unlock", target="dev/a", cause="it was another's")
    (line,) = audit.since(db, 0.0)
    entry = line.entry
    assert (line.at, entry.actor, entry.action) == (9.0, "the key ci", "unlock")
    assert (entry.instance, entry.cause) == ("dev/a", "it was another's")
