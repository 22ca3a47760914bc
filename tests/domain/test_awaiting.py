"""What is said while there is nothing to show yet, and beside what there is."""

from dataclasses import replace

import pytest

from bot.domain.awaiting import FORK, Waited, awaited, awaited_at, remarks
from bot.domain.model import Commit
from tests.domain.test_heads import seen
from tests.domain.world import REPO, run_facts, walk_of

OPEN = seen(("opened", {}))
MERGED = replace(OPEN, open=False, merged=True, merge_sha="e" * 40, merged_at=110.0, epoch=2)
HEAD, MERGE = OPEN.head_sha[:7], "eeeeeee"
PLAN = walk_of("a")
APPLY = walk_of("a", activity="pull_request.merged")


def affected(conclusion="", **facts):
    status = "completed" if conclusion else "in_progress"
    return run_facts(workflow="affected.yaml", status=status, conclusion=conclusion, **facts)


def say(pull, current=(), runs=(), *, known=False, applies=True, seconds=599.0):
    waited = Waited(seconds, "10:04 UTC", "https://github.com/acme/infra/")
    return awaited(pull, current, runs, waited, known=known, applies=applies)


@pytest.mark.parametrize(
    ("pull", "current", "runs", "known", "expected"),
    [
        (OPEN, [], [], False, ""),
        (OPEN, [], [affected()], False, f"Waiting for the affected stacks of {HEAD} since 10:04 UTC."),
        (OPEN, [], [], True, f"Waiting for the affected stacks of {HEAD} since 10:04 UTC."),
        (OPEN, [PLAN], [affected()], True, ""),
        (replace(OPEN, epoch=2), [PLAN], [], True, f"Waiting for the affected stacks of {HEAD} since 10:04 UTC."),
        (replace(OPEN, fork=True), [], [], False, ""),
        (replace(OPEN, fork=True), [], [affected()], False, FORK),
        (replace(OPEN, fork=True), [], [], True, FORK),
        (replace(MERGED, fork=True), [], [affected("success")], True, FORK),
        (replace(OPEN, open=False), [], [affected()], True, ""),
        (MERGED, [], [affected()], False, f"Waiting for the affected stacks of the merge {MERGE} since 10:04 UTC."),
        (MERGED, [PLAN], [], True, f"Waiting for the affected stacks of the merge {MERGE} since 10:04 UTC."),
        (MERGED, [PLAN, APPLY], [affected()], True, ""),
    ],
)
def test_what_is_awaited(pull, current, runs, known, expected):
    assert say(pull, current, runs, known=known) == expected


def test_nothing_is_awaited_where_nothing_is_applied():
    assert say(MERGED, [], [affected()], applies=False) == ""


@pytest.mark.parametrize(
    ("conclusion", "how"),
    [
        ("success", "ended"),
        ("failure", "failed"),
        ("cancelled", "was cancelled"),
        ("startup_failure", "ended as “startup_failure”"),
    ],
)
def test_a_run_that_ended_without_an_upload_is_told(conclusion, how):
    text = say(OPEN, runs=[affected(conclusion), affected()])
    assert "https://github.com/acme/infra/actions/runs/" in text
    assert text.startswith(
        f"`affected.yaml` {how} without uploading the affected stacks of {HEAD}, awaited since 10:04 UTC. "
    )


def test_of_a_run_that_github_told_nothing_of_for_a_day_nothing_is_claimed():
    text = say(OPEN, runs=[affected("unknown")])
    assert text.startswith("GitHub has told nothing of https://github.com/acme/infra/actions/runs/")
    assert "for a day, so nobody waits any longer for `affected.yaml` to upload the affected stacks of" in text
    assert text.endswith("See whether that still goes on; cancel it then, and run it again.")


@pytest.mark.parametrize(
    ("runs", "seconds", "start"),
    [
        ([], 599.0, ""),
        ([], 600.0, f"No run that uploads the affected stacks of {HEAD} has appeared since 10:04 UTC"),
        ([affected()], 9e9, ""),
        ([affected("success")], 60.0, f"`affected.yaml` ended without uploading the affected stacks of {HEAD}"),
    ],
)
def test_of_a_commit_without_a_pull_request_the_same_is_told(runs, seconds, start):
    commit = Commit("7^v1", 7, OPEN.head_sha, "refs/tags/v1", ("release.published",), "main", 0.0)
    text = awaited_at(commit, runs, Waited(seconds, "10:04 UTC", "https://github.com/acme/infra/"))
    assert text[: len(start) or None] == start
    assert ("trigger `release`" in text) is (bool(text) and not runs)


@pytest.mark.parametrize(
    ("pull", "what"), [(OPEN, f"the affected stacks of {HEAD}"), (MERGED, f"the affected stacks of the merge {MERGE}")]
)
def test_after_ten_minutes_without_a_run_people_are_told_where_to_look(pull, what):
    text = say(pull, known=True, seconds=600.0)
    assert text.startswith(f"No run that uploads {what} has appeared since 10:04 UTC, for more than ten minutes. ")
    assert say(pull, runs=[affected()], known=True, seconds=600.0) == f"Waiting for {what} since 10:04 UTC."
    assert say(pull, seconds=600.0) == ""


def test_a_newer_run_is_waited_for():
    assert say(OPEN, runs=[affected(), affected("failure")]).startswith("Waiting for")


@pytest.mark.parametrize(
    ("pull", "start"),
    [
        (replace(OPEN, base_ref="dev"), "Nothing will be applied: `dev` is not the default branch, `main`"),
        (replace(MERGED, base_ref="dev"), "Nothing was applied: `dev` is not the default branch, `main`"),
    ],
)
def test_where_nothing_is_applied_that_is_said_before_and_after(pull, start):
    (remark,) = remarks(pull, REPO, applies=False)
    assert remark.startswith(start)


def test_otherwise_nothing_is_remarked():
    assert remarks(OPEN, REPO, applies=True) == ()
    assert remarks(replace(OPEN, open=False), REPO, applies=False) == ()
