"""One row for each thing: wishes join, keep their time, and are not lost while they are being fulfilled."""

from __future__ import annotations

from bot.domain.model import Repo
from bot.store import outbox, repos
from bot.store.db import Db


def wish(db: Db, name: str, kind: str = "comment", *, now: float = 0.0, due: float = 0.0) -> None:
    outbox.wish(db, kind, name, lane="1#1", repo_id=1, now=now, due=due)


def test_many_wishes_for_one_thing_are_one_and_keep_the_first_time(db: Db) -> None:
    wish(db, "1#1", due=2.0)
    wish(db, "1#1", now=1.0, due=3.0)
    assert outbox.due(db, 1.9, 10) == []
    (found,) = outbox.due(db, 2.0, 10)
    outbox.fulfilled(db, found)
    assert outbox.due(db, 99.0, 10) == []


def test_a_wish_that_comes_meanwhile_is_not_lost(db: Db) -> None:
    wish(db, "1#1")
    (found,) = outbox.due(db, 0.0, 10)
    wish(db, "1#1", now=1.0, due=3.0)
    outbox.fulfilled(db, found, remote=7, digest="x")
    assert [(again.remote, again.hash) for again in outbox.due(db, 3.0, 10)] == [(7, "x")]


def test_only_what_was_not_begun_is_dropped(db: Db) -> None:
    for name in ("one", "two"):
        wish(db, name, "run")
    outbox.begin(db, "run:two")
    assert outbox.drop(db, "run", "one")
    assert not outbox.drop(db, "run", "two")
    assert outbox.in_air(db, "1#1") == {"two"}


def test_what_was_sent_stays_in_the_air_until_its_news_is_handled(db: Db) -> None:
    for name in ("sent", "dead", "new"):
        wish(db, name, "run")
    begun = outbox.begin(db, "run:sent")
    assert begun is not None
    outbox.fulfilled(db, begun)
    outbox.bury(db, "run:dead", "refused", now=0.0)
    assert outbox.in_air(db, "1#1") == {"sent", "dead"}


def test_cancels_go_before_runs_and_runs_before_comments(db: Db) -> None:
    for kind in ("comment", "run", "cancel"):
        wish(db, "x", kind)
    assert [found.kind for found in outbox.due(db, 0.0, 10)] == ["cancel", "run", "comment"]


def test_a_dead_wish_lives_again_when_it_is_wished_again(db: Db) -> None:
    wish(db, "1#1")
    outbox.bury(db, "comment:1#1", "locked", now=0.0)
    assert outbox.due(db, 9.0, 10) == []
    wish(db, "1#1", now=9.0, due=9.0)
    assert len(outbox.due(db, 9.0, 10)) == 1


def test_what_is_wished_while_it_is_in_the_air_waits_its_own_time(db: Db) -> None:
    wish(db, "1#1", due=2.0)
    begun = outbox.begin(db, "comment:1#1")
    assert begun is not None
    wish(db, "1#1", now=3.0, due=5.0)
    outbox.fulfilled(db, begun)
    assert outbox.due(db, 4.9, 10) == []
    assert len(outbox.due(db, 5.0, 10)) == 1


def test_news_does_not_put_off_a_wish_in_back_off(db: Db) -> None:
    wish(db, "1#1")
    outbox.begin(db, "comment:1#1")
    outbox.later(db, "comment:1#1", due=4.0, error="502")
    wish(db, "1#1", now=3.0, due=5.0)
    assert outbox.due(db, 3.9, 10) == []
    assert len(outbox.due(db, 4.0, 10)) == 1


def test_who_rests_does_not_hide_the_wishes_of_others(db: Db) -> None:
    for repo_id, installation in ((1, 10), (2, 20)):
        repos.save(db, Repo(repo_id, "acme", f"infra{repo_id}", installation, "main"), 0.0)
    for name in "abc":
        wish(db, name)
    outbox.wish(db, "comment", "2#1", lane="2#1", repo_id=2, now=1.0, due=1.0)
    assert [found.repo_id for found in outbox.due(db, 1.0, 2)] == [1, 1]
    assert [found.repo_id for found in outbox.due(db, 1.0, 2, resting=[10])] == [2]


def test_a_comment_that_was_given_up_is_tried_again_for_a_while(db: Db) -> None:
    repos.save(db, Repo(1, "acme", "infra", 10, "main"), 0.0)
    wish(db, "1#1")
    wish(db, "x", "run")
    for key in ("comment:1#1", "run:x"):
        outbox.bury(db, key, "refused", now=50.0)
    outbox.reopen_comments(db, died_before=50.0, wished_after=-1.0)
    assert outbox.due(db, 99.0, 10) == []
    outbox.reopen_comments(db, died_before=51.0, wished_after=0.0)
    assert outbox.due(db, 99.0, 10) == []
    outbox.reopen_comments(db, died_before=51.0, wished_after=-1.0)
    assert [found.key for found in outbox.due(db, 99.0, 10)] == ["comment:1#1"]


def test_reactions_that_are_done_or_given_up_are_forgotten(db: Db) -> None:
    for name in ("1:eyes", "2:eyes", "3:eyes"):
        wish(db, name, "react")
    done = outbox.begin(db, "react:1:eyes")
    assert done is not None
    outbox.fulfilled(db, done)
    outbox.bury(db, "react:2:eyes", "GitHub says no", now=1.0)
    outbox.prune(db)
    assert [wish.key for wish in outbox.due(db, 1.0, 10)] == ["react:3:eyes"]
    assert outbox.get(db, "react:1:eyes") is None
    assert outbox.get(db, "react:2:eyes") is None
