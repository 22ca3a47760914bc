"""What the inbox gives out, in which order, and when."""

from __future__ import annotations

from bot.store import inbox
from bot.store.db import Db


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


def test_a_row_in_back_off_holds_uploads_but_not_webhooks(db: Db) -> None:
    put(db, "a", "pull_request", due=100.0)
    put(db, "a", "upload")
    assert inbox.heads(db, 1.0, 10) == []
    put(db, "a", "workflow_run")
    assert [row.kind for row in inbox.heads(db, 1.0, 10)] == ["workflow_run"]
    assert [row.kind for row in inbox.heads(db, 100.0, 10)] == ["pull_request"]


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
