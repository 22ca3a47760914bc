"""Uploads of workflow runs: the CLI sends each up to four times, and what one attempt has said is known."""

from __future__ import annotations

import pytest

from bot.store import inbox
from bot.store.db import transaction
from tests.web.conftest import HEAD, Site, upload_body


def send(site: Site, key: str, body: bytes | None = None, **query: str) -> str:
    answer = site.upload(upload_body() if body is None else body, key=key, query=query)
    assert answer.status_code == 200, answer.json
    return str(answer.json["data"]["part"]) if answer.json else ""


def test_the_same_bytes_of_one_attempt_are_known(site: Site) -> None:
    assert send(site, site.session()) == "complete"
    site.clock[0] += 5
    assert send(site, site.session()) == "known"
    assert len(site.inbox()) == 1


def test_what_is_known_stays_so_after_it_is_handled(site: Site) -> None:
    send(site, site.session())
    with transaction(site.db):
        inbox.finish(site.db, 1, now=site.clock[0], reason="a plan starts")
    assert send(site, site.session()) == "known"
    assert inbox.unplaced(site.db) == []


def test_what_was_given_up_gets_another_chance(site: Site) -> None:
    send(site, site.session())
    with transaction(site.db):
        inbox.bury(site.db, 1, now=site.clock[0], reason="GitHub was away for hours")
    assert send(site, site.session()) == "complete"
    assert [row.id for row in inbox.unplaced(site.db)] == [1]


@pytest.mark.parametrize("changed", [{"attempt": 2}, {"run_id": 9002}], ids=["another attempt", "another run"])
def test_other_runs_and_attempts_are_heard(site: Site, changed: dict[str, int]) -> None:
    send(site, site.session())
    assert send(site, site.session(**changed)) == "complete"
    assert len(site.inbox()) == 2


def test_other_bytes_of_one_attempt_are_heard(site: Site) -> None:
    send(site, site.session())
    assert send(site, site.session(), upload_body(stacks=[])) == "complete"
    plain = b'[{"component":"vpc","stack":"dev"}]'
    commits = {"head_sha": "f" * 40, "base_sha": "d" * 40, "repo": "acme/infra"}
    assert send(site, site.session(), plain, **commits) == "complete"
    assert send(site, site.session(), plain, **commits | {"head_sha": "e" * 40}) == "complete"
    assert send(site, site.session(), plain, **commits) == "known"
    assert len(site.inbox()) == 4


def test_a_key_may_say_the_same_again(site: Site) -> None:
    assert [send(site, "swy_good"), send(site, "swy_good")] == ["complete", "complete"]
    assert len(site.inbox()) == 2


def test_an_upload_of_githubs_test_merge_says_how_to_name_the_head(site: Site) -> None:
    answer = site.upload(upload_body(), key=site.session(sha=HEAD))
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["errorMessage"] == (
        "The upload is about aaaaaaa, which GitHub made to test the merge of #42, and not about the pull request's "
        "head. Set `ci.enabled: true` in atmos.yaml, or let the workflow check out "
        "`${{ github.event.pull_request.head.sha }}`."
    )
    assert site.inbox() == []


def test_an_upload_of_the_merge_commit_is_taken_from_the_merges_run(site: Site) -> None:
    assert send(site, site.session(sha=HEAD, ref="refs/heads/main")) == "complete"
