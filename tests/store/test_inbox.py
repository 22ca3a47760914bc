"""What the inbox gives out, in which order, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.store import inbox, pulls
from bot.store.db import Db
from tests.renderers.world import PULL


def put(db: Db, lane: str, kind: str = "push", *, due: float = 0.0) -> None:
    inbox.put(db, kind, b"{}", now=0.0, lane=lane, repo_id=1, due=due)


def lanes(rows: list[inbox.Row]) -> list[str | None]:
    return [row.lane for row in rows]


def test_each_lane_gives_its_oldest_row(db: Db) -> None:
    for lane in ("b", "a", "b", "c"):
        put(db, lane)
    assert [(row.lane, row.id) for row in inbox.heads(db, 1.0, 10)] == [("a", 2), ("b", 1), ("c", 4)]


def test_where_there_are_more_lanes_than_places_each_has_its_turn(db: Db) -> None:
    for lane in "abcde":
        put(db, lane)
    assert lanes(inbox.heads(db, 1.0, 2)) == ["a", "b"]
    assert lanes(inbox.heads(db, 1.0, 2, "b")) == ["c", "d"]
    assert lanes(inbox.heads(db, 1.0, 2, "d")) == ["e", "a"]
    assert lanes(inbox.heads(db, 1.0, 9, "c")) == ["d", "e", "a", "b", "c"]
    assert lanes(inbox.heads(db, 1.0, 2, "c", busy={"d", "a"})) == ["e", "b"]
    assert inbox.heads(db, 1.0, 0) == []


def test_a_row_in_back_off_holds_uploads_and_commands_but_not_news(db: Db) -> None:
    put(db, "a", "pull_request", due=100.0)
    for kind in ("upload", "issue_comment", "check_run", "check_suite"):
        put(db, "a", kind)
    assert inbox.heads(db, 1.0, 10) == []
    put(db, "a", "workflow_run")
    assert [row.kind for row in inbox.heads(db, 1.0, 10)] == ["workflow_run"]
    assert [row.kind for row in inbox.heads(db, 100.0, 10)] == ["pull_request"]


def test_a_look_at_a_later_time_holds_nothing(db: Db) -> None:
    put(db, "a", "look_again", due=100.0)
    put(db, "b", "look_again", due=100.0)
    put(db, "a", "upload")
    inbox.put_once(db, "nudge", now=0.0, repo_id=1, lane="a")
    (row,) = inbox.heads(db, 1.0, 10)
    assert (row.lane, row.kind) == ("a", "upload")
    inbox.finish(db, row.id, now=1.0, reason="done")
    assert [row.kind for row in inbox.heads(db, 1.0, 10)] == ["nudge"]
    assert [row.kind for row in inbox.heads(db, 100.0, 10)] == ["look_again", "look_again"]
    inbox.drop(db, "look_again", lane="a")
    assert [(row.lane, row.kind) for row in inbox.heads(db, 100.0, 10)] == [("a", "nudge"), ("b", "look_again")]


def test_a_guid_counts_as_known_until_its_row_is_dead(db: Db) -> None:
    assert inbox.put(db, "push", b"1", now=0.0, guid="g")
    assert not inbox.put(db, "push", b"2", now=1.0, guid="g")
    (row,) = inbox.unplaced(db)
    inbox.finish(db, row.id, now=2.0, reason="done")
    assert not inbox.put(db, "push", b"3", now=3.0, guid="g")
    inbox.bury(db, row.id, now=4.0, reason="broken")
    assert inbox.put(db, "push", b"4", now=5.0, guid="g")
    assert [row.body for row in inbox.unplaced(db)] == [b"4"]


def test_a_parked_row_comes_back_under_its_whole_commit_id(db: Db) -> None:
    inbox.put(db, "upload", b"", now=0.0, repo_id=1)
    (row,) = inbox.unplaced(db)
    inbox.park(db, row.id, "commit:1:abcdef1", repo_id=1, reason="")
    assert inbox.unpark_commit(db, 1, "1234567" * 5) == 0
    assert inbox.unpark_commit(db, 1, "abcdef1" + "0" * 33) == 1
    assert [found.id for found in inbox.unplaced(db)] == [row.id]


def test_finished_rows_lose_their_body_after_a_day_and_go_after_eight(db: Db) -> None:
    put(db, "a")
    inbox.finish(db, 1, now=0.0, reason="done")
    day = 86_400.0
    inbox.prune(db, day - 1)
    assert db.rows("SELECT body FROM inbox")[0]["body"] == b"{}"
    inbox.prune(db, day + 1)
    assert db.rows("SELECT body FROM inbox")[0]["body"] is None
    inbox.prune(db, 8 * day + 1)
    assert db.rows("SELECT * FROM inbox") == []


def test_a_nudge_is_put_once(db: Db) -> None:
    for _ in range(2):
        inbox.put_once(db, "nudge", now=0.0, repo_id=1, lane="a")
    assert len(inbox.heads(db, 0.0, 10)) == 1
    assert db.rows("SELECT count(*) AS n FROM inbox")[0]["n"] == 1


def parked(db: Db, key: str, kind: str = "upload") -> int:
    repo_id = int(key.split(":")[1])
    inbox.put(db, kind, b"", now=0.0, repo_id=repo_id)
    row = inbox.unplaced(db)[-1]
    inbox.park(db, row.id, key, repo_id=repo_id, reason="early")
    return row.id


def test_what_waits_for_something_known_is_taken_up(db: Db) -> None:
    head, merge = "abcdef1" + "0" * 33, "1234567" + "0" * 33
    pulls.save(db, replace(PULL, repo_id=1, head_sha=head, merge_sha=merge))
    known = [parked(db, f"commit:1:{sha}") for sha in (head, head[:7], merge, merge[:10])]
    for key in ("commit:1:abcdef2", f"commit:1:{'f' * 40}", f"commit:2:{head}", "run:9"):
        parked(db, key)
    assert inbox.unpark_known(db) == len(known)
    assert [row.id for row in inbox.unplaced(db)] == known


@pytest.mark.parametrize(("kind", "told", "state"), [("upload", 1, "dead"), ("workflow_run", 0, "done")])
def test_only_uploads_that_belong_nowhere_are_told(db: Db, kind: str, told: int, state: str) -> None:
    parked(db, "commit:1:abcdef1", kind)
    assert len(inbox.expire_parked(db, 1.0, 2.0)) == told
    assert [row["state"] for row in db.rows("SELECT state FROM inbox")] == [state]
