"""The merge queue: what it tries is planned, told in the check run of its commit and in the pull request's comment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import MergeGroup, Pull, example
from bot.sandbox.state import Check
from tests.rig import Rig, label_of, open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, FOREVER, ONE, Needs, model

QUEUED = example.files("merge_group")


@asynccontextmanager
async def queue_rig(tmp_path: Path, needs: Needs = CHAIN, **changes: Any) -> AsyncIterator[Rig]:
    async with open_rig(tmp_path, files=QUEUED, model=model(needs), **changes) as rig:
        yield rig


async def queued(rig: Rig) -> tuple[Pull, MergeGroup]:
    """Open a pull request, have it planned, and put it into the queue."""
    pull = rig.scene.open_pull(["vpc"])
    await rig.until_quiet()
    return pull, rig.hub.enqueue(pull, by="lead")


def checks(rig: Rig, sha: str) -> list[Check]:
    """List the check runs of a try: once it is merged, that commit has one of the pull request's apply, too."""
    return [check for check in rig.repo.checks.values() if check.head_sha == sha and "#" not in check.external_id]


def check(rig: Rig, sha: str) -> Check:
    (one,) = checks(rig, sha)
    return one


def planned(rig: Rig, sha: str) -> list[str]:
    return [label_of(run) for run in rig.runs() if run.inputs["sha"] == sha and label_of(run).startswith("plan")]


def queue_line(rig: Rig, pull: Pull) -> str:
    (line,) = [line for line in rig.comment(pull).splitlines() if "**Merge queue**" in line]
    return line


@pytest.mark.parametrize("oidc", [False, True], ids=["key", "oidc"])
async def test_what_the_queue_tries_is_planned_and_told(tmp_path: Path, oidc: bool) -> None:
    async with queue_rig(tmp_path, oidc=oidc) as rig:
        pull, group = await queued(rig)
        await rig.passes(3)
        assert (check(rig, group.head_sha).status, check(rig, group.head_sha).conclusion) == ("queued", None)
        assert "Waiting for the affected stacks" in queue_line(rig, pull)
        await rig.until_quiet()
        assert planned(rig, group.head_sha) == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        runs = [run for run in rig.runs() if run.inputs["sha"] == group.head_sha]
        assert {run.head_branch for run in runs} == {group.branch}
        one = check(rig, group.head_sha)
        assert (one.name, one.status, one.conclusion) == ("atmos", "completed", "success")
        assert one.output["title"] == "Planned: all 3 instances"
        assert f"/pull/{pull.number})" in one.output["summary"]
        assert "| `database` |" in one.output["summary"]
        assert "Planned: all 3 instances" in queue_line(rig, pull)
        assert rig.dispatched("apply") == []


@pytest.mark.parametrize("oidc", [False, True], ids=["key", "oidc"])
async def test_what_was_tried_is_then_merged_and_applied_once(tmp_path: Path, oidc: bool) -> None:
    async with queue_rig(tmp_path, oidc=oidc) as rig:
        pull, group = await queued(rig)
        await rig.until_quiet()
        merge = rig.hub.merge_group(group)
        await rig.until_quiet()
        assert merge == group.head_sha
        applies = [run for run in rig.runs() if label_of(run).startswith("apply")]
        assert [label_of(run) for run in applies] == ["apply dev/vpc", "apply dev/database", "apply dev/api"]
        assert {run.inputs["sha"] for run in applies} == {merge}
        assert {run.head_branch for run in applies} == {"main"}
        assert "Applied: all 3 instances" in rig.comment(pull)
        assert check(rig, merge).conclusion == "success"
        told = {one.output["title"]: one.conclusion for one in rig.repo.checks.values() if one.head_sha == merge}
        assert told == {"Planned: all 3 instances": "success", "Applied: all 3 instances": "success"}


@pytest.mark.parametrize("oidc", [False, True], ids=["key", "oidc"])
async def test_an_upload_that_comes_before_its_webhook_waits_for_it(tmp_path: Path, oidc: bool) -> None:
    async with queue_rig(tmp_path, oidc=oidc) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.hooks("merge_group", "delay", 1, seconds=300.0)
        group = rig.hub.enqueue(pull, by="lead")
        await rig.passes(290)
        assert rig.scene.answers[-1].success
        assert (planned(rig, group.head_sha), checks(rig, group.head_sha)) == ([], [])
        await rig.until_quiet()
        assert planned(rig, group.head_sha) == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        assert check(rig, group.head_sha).conclusion == "success"


async def test_lost_webhooks_are_asked_for_again(tmp_path: Path) -> None:
    async with queue_rig(tmp_path) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.hooks("merge_group", "lose", 1)
        group = rig.hub.enqueue(pull, by="lead")
        await rig.passes(600)
        assert planned(rig, group.head_sha) == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        assert check(rig, group.head_sha).conclusion == "success"


async def test_a_failure_is_the_checks(tmp_path: Path) -> None:
    async with queue_rig(tmp_path) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.fail(component="database")
        group = rig.hub.enqueue(pull, by="lead")
        await rig.until_quiet()
        one = check(rig, group.head_sha)
        assert one.conclusion == "failure"
        assert one.output["title"].startswith("Plan failed: 1 of 3 succeeded")
        assert one.details_url.endswith(f"/actions/runs/{rig.run_of('plan dev/database').id}")
        assert "❌" in queue_line(rig, pull)
        rig.hub.rerun(rig.run_of("plan dev/database").id)
        await rig.until_quiet()
        assert one.conclusion == "success"
        assert one.details_url.startswith("https://switchyard.example/p/")  # the page of the pull request


@pytest.mark.parametrize("how", ["invalidated", "dequeued"])
async def test_what_the_queue_gives_up_is_cancelled_and_sends_nothing_more(tmp_path: Path, how: str) -> None:
    async with queue_rig(tmp_path) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.PLAN else 1.0
        pull, group = await queued(rig)
        await rig.passes(60)
        assert planned(rig, group.head_sha) == ["plan dev/vpc"]
        if how == "invalidated":
            rig.scene.push("main", [], note="beside the queue", author="lead")
        else:
            rig.hub.dequeue(pull, by="dev")
        await rig.until_quiet()
        (run,) = [run for run in rig.runs() if run.inputs["sha"] == group.head_sha]
        assert run.conclusion == "cancelled"
        assert check(rig, group.head_sha).conclusion == "cancelled"
        if how == "dequeued":
            assert check(rig, group.head_sha).output["title"] == "The pull request left the queue"
            assert "left the queue" in queue_line(rig, pull)
            return
        (again,) = rig.hub.groups
        assert again.head_sha != group.head_sha
        assert planned(rig, again.head_sha) == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        assert check(rig, again.head_sha).conclusion == "success"
        assert again.head_sha[:7] in queue_line(rig, pull)


async def test_a_merge_leaves_the_plans_of_its_try_alone_and_concludes_its_check(tmp_path: Path) -> None:
    async with queue_rig(tmp_path) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.PLAN else 1.0
        group = rig.hub.enqueue(pull, by="lead")
        await rig.passes(60)
        rig.hub.merge_group(group)
        await rig.until_quiet()
        (run,) = [run for run in rig.runs() if label_of(run).startswith("plan") and run.inputs["sha"] == group.head_sha]
        assert run.conclusion == "success"
        assert check(rig, group.head_sha).conclusion == "neutral"
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database", "apply dev/api"]


async def test_the_end_that_comes_before_the_beginning_is_the_end(tmp_path: Path) -> None:
    async with queue_rig(tmp_path, sweep_seconds=1e6) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.hooks("merge_group", "delay", 1, seconds=60.0)
        group = rig.hub.enqueue(pull, by="lead")
        rig.hub.dequeue(pull, by="dev")
        await rig.passes(300)
        await rig.until_quiet()
        assert planned(rig, group.head_sha) == []
        assert check(rig, group.head_sha).conclusion == "cancelled"


async def test_without_an_upload_the_check_is_neutral_after_ten_minutes(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:  # nothing uploads from the queue here
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        group = rig.hub.enqueue(pull, by="lead")
        await rig.passes(590)
        assert check(rig, group.head_sha).status == "queued"
        await rig.passes(20)
        one = check(rig, group.head_sha)
        assert (one.status, one.conclusion) == ("completed", "neutral")
        assert one.output["title"] == "No affected stacks were uploaded"
        assert "has the trigger `merge_group`" in one.output["summary"]


async def test_a_run_that_ends_without_an_upload_makes_the_check_neutral_at_once(tmp_path: Path) -> None:
    async with queue_rig(tmp_path) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.scene.token = "swy_wrong"
        group = rig.hub.enqueue(pull, by="lead")
        await rig.passes(120)
        assert check(rig, group.head_sha).conclusion == "neutral"
        # Whoever mends it runs it again, and then it is planned after all.
        rig.scene.token = rig.key
        (run,) = [run for run in rig.hub.runs.values() if run.event == "merge_group"]
        rig.hub.rerun(run.id)
        await rig.until_quiet()
        assert check(rig, group.head_sha).conclusion == "success"


async def test_a_change_that_affects_nothing_is_neutral(tmp_path: Path) -> None:
    async with queue_rig(tmp_path) as rig:
        pull = rig.scene.open_pull([], title="Change the words")
        await rig.until_quiet()
        group = rig.hub.enqueue(pull, by="lead")
        await rig.until_quiet()
        one = check(rig, group.head_sha)
        assert (one.conclusion, one.output["title"]) == ("neutral", "Plan: nothing is affected")


async def test_what_is_held_wants_action(tmp_path: Path) -> None:
    async with queue_rig(tmp_path, breaker_plan=2) as rig:
        pull = rig.scene.open_pull(["api"])
        await rig.until_quiet()
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.until_quiet()
        group = rig.hub.enqueue(pull, by="lead")
        await rig.until_quiet()
        one = check(rig, group.head_sha)
        assert one.conclusion == "action_required"
        assert "SWITCHYARD_BREAKER_PLAN" in one.output["summary"]
        assert "The button **Approve** lets it go." in one.output["summary"]
        assert planned(rig, group.head_sha) == []


async def test_a_mode_that_starts_nothing_never_leaves_the_queue_waiting(tmp_path: Path) -> None:
    async with queue_rig(tmp_path, mode="observe") as rig:
        _, group = await queued(rig)
        await rig.until_quiet()
        one = check(rig, group.head_sha)
        assert one.conclusion == "neutral"
        assert "Mode “observe”" in one.output["summary"]
        assert rig.dispatched() == []


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_forks_commits_are_never_planned_and_its_check_does_not_hang(tmp_path: Path, at_once: bool) -> None:
    async with queue_rig(tmp_path) as rig:
        fork = rig.hub.fork(rig.repo, "stranger")
        change = {"components/terraform/vpc/main.tf": "resource {}\n"}
        rig.hub.push(fork, "evil", change, message="Change vpc", author="stranger")
        theirs = rig.hub.open_pull(rig.repo, head="evil", title="Mine", author="stranger", fork=True)
        ours = rig.scene.open_pull(["api"])
        await rig.until_quiet()
        before = rig.dispatched()
        first = rig.hub.enqueue(theirs, by="lead")
        if not at_once:
            await rig.until_quiet()
        second = rig.hub.enqueue(ours, by="lead")
        await rig.until_quiet()
        for group in (first, second):
            assert check(rig, group.head_sha).conclusion == "neutral"
            assert "forks are never dispatched" in check(rig, group.head_sha).output["title"]
            assert any(cause.startswith(f"{group.head_sha[:7]}: ") for _, _, cause in audited(rig, "refuse"))
        assert rig.dispatched() == before


async def test_a_check_run_that_may_have_been_made_is_not_made_twice(tmp_path: Path) -> None:
    async with queue_rig(tmp_path, ONE) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.add("POST", "/check-runs$", "lost_answer")
        group = rig.hub.enqueue(pull, by="lead")
        await rig.until_quiet()
        assert check(rig, group.head_sha).conclusion == "success"


async def test_without_the_permission_plans_go_on_and_the_comment_tells(tmp_path: Path) -> None:
    async with queue_rig(tmp_path, ONE) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.add("*", "/check-runs", "status", FOREVER, status=403)
        group = rig.hub.enqueue(pull, by="lead")
        await rig.until_quiet()
        assert checks(rig, group.head_sha) == []
        assert planned(rig, group.head_sha) == ["plan dev/vpc"]
        assert "Planned: 1 instance" in queue_line(rig, pull)
