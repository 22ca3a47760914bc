"""What no pull request carries is run on the server: in order, under every rule, told by the API and the check run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox import example
from bot.sandbox.state import Check
from tests.rig import Rig, open_rig
from tests.stories.console import audited, command
from tests.stories.helping import CHAIN, DIAMOND, ONE, Needs
from tests.stories.test_destroy import FILES, known, model, remove

CHAINED = ["apply dev/vpc", "apply dev/database", "apply dev/api"]
CONFIRMED = "destroy {} in acme/infra\n"


@asynccontextmanager
async def stage(tmp_path: Path, needs: Needs = CHAIN, **changes: Any) -> AsyncIterator[Rig]:
    """Set a stage on which everything was applied once, so that it is remembered."""
    given = {"unplanned": "allow"} | changes
    async with open_rig(tmp_path, model=model(needs), files=FILES, **given) as rig:
        await known(rig)
        yield rig


def since(rig: Rig) -> list[str]:
    """List what was dispatched after everything was planned and applied once."""
    return rig.dispatched()[2 * len(rig.scene.model.instances) :]


def run(rig: Rig, *words: str, sha: str = "", code: int = 0, typed: str = "") -> str:
    """Have something run, at the tip of the branch where no other commit is named, without waiting."""
    given = ("--sha", sha or rig.repo.tip.sha, "--by", "lead", "--wait", "0", "--yes")
    return command(rig, "run", "acme/infra", *words, *given, code=code, typed=typed)


async def latest(rig: Rig, sha: str) -> dict[str, Any]:
    """Read the latest rollout at a commit by the API."""
    url = f"{rig.url}/api/v1/rollouts?repo=acme/infra&sha={sha}"
    headers = {"Authorization": f"Bearer {rig.key}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        answer = await response.json()
        assert response.status == 200, answer
    found: dict[str, Any] = answer["data"]["rollouts"][0]
    return found


async def statuses(rig: Rig, sha: str) -> dict[str, str]:
    """Read how the steps of the latest one stand."""
    return {step["component"]: step["status"] for step in (await latest(rig, sha))["steps"]}


def check(rig: Rig, sha: str) -> Check:
    """Read the check run of the latest one."""
    return [check for check in rig.repo.checks.values() if check.head_sha == sha][-1]


async def test_a_whole_stack_is_brought_up_in_order(tmp_path: Path) -> None:
    async with stage(tmp_path) as rig:
        sha = rig.repo.tip.sha
        assert "3 instances, in this order" in run(rig, "dev")
        await rig.until_quiet()
        assert since(rig) == CHAINED
        runs = rig.runs()[-3:]
        assert {(one.ref, one.inputs["sha"]) for one in runs} == {("refs/heads/main", sha)}
        one = check(rig, sha)
        assert (one.name, one.status, one.conclusion) == ("atmos", "completed", "success")
        assert one.output["title"] == "Applied: all 3 instances"
        assert "Server run 1, started by lead" in one.output["summary"]
        assert "in the order of `main`" in one.output["summary"]
        assert [by for by, _, _ in audited(rig, "run")] == ["lead"]


@pytest.mark.parametrize(
    ("words", "went"),
    [
        (("vpc",), ["vpc"]),
        (("vpc", "--downstream"), ["vpc", "cache", "database", "api"]),
        (("vpc", "--dependents-only"), ["cache", "database", "api"]),
        (("api", "vpc"), ["vpc", "api"]),
        (("storage", "--downstream"), ["storage"]),
    ],
    ids=["the target", "downstream", "dependents only", "through what is left out", "nothing below"],
)
async def test_what_is_named_goes_in_its_order_and_nothing_else(
    tmp_path: Path, words: tuple[str, ...], went: list[str]
) -> None:
    async with stage(tmp_path, DIAMOND) as rig:
        run(rig, *words)
        await rig.until_quiet()
        assert [label.removeprefix("apply dev/") for label in since(rig)] == went
        assert check(rig, rig.repo.tip.sha).conclusion == "success"


async def test_in_reverse_children_are_destroyed_first_and_can_be_brought_up_again(tmp_path: Path) -> None:
    async with stage(tmp_path) as rig:
        sha = rig.repo.tip.sha
        run(rig, "vpc", "--downstream", "--reverse", typed=CONFIRMED.format(3))
        await rig.until_quiet()
        assert since(rig) == ["destroy dev/api", "destroy dev/database", "destroy dev/vpc"]
        assert {one.inputs["sha"] for one in rig.runs()[-3:]} == {sha}
        assert check(rig, sha).conclusion == "success"
        assert [(by, cause) for by, _, cause in audited(rig, "run")] == [
            ("lead", f"pull_request.deleted at {sha[:7]} on the server")
        ]
        run(rig, "dev")
        await rig.until_quiet()
        assert since(rig)[3:] == CHAINED


@pytest.mark.parametrize("typed", ["", "y\n", "destroy 2 in acme/infra\n"])
async def test_nothing_is_destroyed_by_yes_alone(tmp_path: Path, typed: str) -> None:
    async with stage(tmp_path) as rig:
        run(rig, "dev", "--reverse", typed=typed, code=1)
        await rig.until_quiet()
        assert since(rig) == []


async def test_what_something_depends_on_is_not_destroyed_alone(tmp_path: Path) -> None:
    async with stage(tmp_path) as rig:
        told = run(rig, "vpc", "database", "--reverse", typed=CONFIRMED.format(2), code=1)
        assert "`dev/database` must stay while something needs it, and `dev/api` is known to depend on it" in told
        await rig.until_quiet()
        assert since(rig) == []


async def test_a_stack_that_wants_an_approval_is_destroyed_only_with_it(tmp_path: Path) -> None:
    async with stage(tmp_path, ONE) as rig:
        await rig.restart(approve_stacks=("d*",))
        run(rig, "vpc", "--reverse", typed=CONFIRMED.format(1))
        await rig.until_quiet()
        assert since(rig) == []
        assert "must approve what is applied to stacks like d\\*" in check(rig, rig.repo.tip.sha).output["summary"]
        rollout = await latest(rig, rig.repo.tip.sha)
        command(rig, "approve", "acme/infra", "dev/vpc", "--rollout", rollout["id"], "--by", "boss", "--yes")
        await rig.until_quiet()
        assert since(rig) == ["destroy dev/vpc"]


async def test_while_frozen_it_waits_and_says_so(tmp_path: Path) -> None:
    async with stage(tmp_path, ONE) as rig:
        sha = rig.repo.tip.sha
        command(rig, "freeze", "acme/infra", "--reason", "an audit", "--by", "dora")
        assert "Nothing of it starts for now: frozen by dora: an audit." in run(rig, "dev")
        await rig.until_quiet()
        assert since(rig) == []
        assert "frozen by dora" in check(rig, sha).output["summary"]
        command(rig, "unfreeze", "acme/infra")
        await rig.until_quiet()
        assert since(rig) == ["apply dev/vpc"]


async def test_what_no_plan_has_shown_at_the_commit_is_held_until_it_is_approved(tmp_path: Path) -> None:
    async with stage(tmp_path, unplanned="hold") as rig:
        sha = rig.repo.tip.sha
        told = run(rig, "dev")
        assert f"Held until somebody approves: no plan of it succeeded at {sha[:7]}:\n  all of it" in told
        await rig.until_quiet()
        assert since(rig) == []
        assert set((await statuses(rig, sha)).values()) == {"held"}
        one = check(rig, sha)
        assert (one.status, one.conclusion) == ("completed", "action_required")
        rollout = await latest(rig, sha)
        command(rig, "approve", "acme/infra", "--rollout", rollout["id"], "--by", "boss", "--yes")
        await rig.until_quiet()
        assert since(rig) == CHAINED
        assert check(rig, sha).conclusion == "success"


async def test_what_was_planned_at_the_commit_is_not_held(tmp_path: Path) -> None:
    async with stage(tmp_path, unplanned="hold") as rig:
        sha = rig.repo.tip.sha
        rig.hub.scenario.fail(component="api")
        run(rig, "dev", "--activity", "pull_request.opened")
        await rig.until_quiet()
        assert since(rig) == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        assert {(one.ref, one.inputs["sha"]) for one in rig.runs()[-3:]} == {("refs/heads/main", sha)}
        run(rig, "dev")
        await rig.until_quiet()
        assert since(rig)[3:] == CHAINED[:2]
        assert await statuses(rig, sha) == {"vpc": "succeeded", "database": "succeeded", "api": "held"}


async def test_an_older_commit_never_goes_over_a_newer_one(tmp_path: Path) -> None:
    async with stage(tmp_path) as rig:
        old = rig.repo.tip.sha
        pull = rig.scene.open_pull(["api"], branch="second")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        before = len(rig.dispatched())
        told = run(rig, "dev", sha=old)
        assert "dev/api  atmos-terraform-apply.yaml, after database  [superseded by #2]" in told
        await rig.until_quiet()
        assert rig.dispatched()[before:] == CHAINED[:2]
        assert await statuses(rig, old) == {"vpc": "succeeded", "database": "succeeded", "api": "superseded"}


async def test_it_waits_for_what_is_being_applied(tmp_path: Path) -> None:
    async with stage(tmp_path, ONE) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 600.0 if file == example.APPLY else 1.0
        pull = rig.scene.open_pull(["vpc"], branch="second")
        await rig.passes(60)
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        told = run(rig, "dev")
        assert "Goes after #2:" in told
        await rig.passes(60)
        assert rig.dispatched("apply") == ["apply dev/vpc"] * 2
        await rig.until_quiet()
        first, second = rig.runs()[-2:]
        assert first.latest.updated_at <= second.created_at


async def test_a_failure_is_told_and_it_can_be_run_again(tmp_path: Path) -> None:
    async with stage(tmp_path) as rig:
        sha = rig.repo.tip.sha
        rig.hub.scenario.fail(component="database")
        run(rig, "dev")
        await rig.until_quiet()
        assert await statuses(rig, sha) == {"vpc": "succeeded", "database": "failed", "api": "blocked"}
        assert check(rig, sha).conclusion == "failure"
        run(rig, "dev")
        await rig.until_quiet()
        assert check(rig, sha).conclusion == "success"
        assert "Server run 2" in check(rig, sha).output["summary"]


async def test_the_buttons_of_its_check_run_work(tmp_path: Path) -> None:
    async with stage(tmp_path, unplanned="hold") as rig:
        sha = rig.repo.tip.sha
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.scenario.fail(component="database")
        run(rig, "dev")
        await rig.until_quiet()
        rig.hub.request_action(check(rig, sha), "approve", by="boss")
        await rig.until_quiet()
        assert await statuses(rig, sha) == {"vpc": "succeeded", "database": "failed", "api": "blocked"}
        rig.hub.request_action(check(rig, sha), "retry", by="boss")
        await rig.until_quiet()
        assert since(rig) == [*CHAINED[:2], *CHAINED[1:]]
        assert check(rig, sha).conclusion == "success"


async def test_said_twice_it_is_run_once(tmp_path: Path) -> None:
    async with stage(tmp_path, ONE) as rig:
        run(rig, "dev")
        assert "server run 1 does the same, and is not through yet." in run(rig, "vpc", code=1)
        await rig.passes(3)
        assert "server run 1 does the same" in run(rig, "dev", sha=rig.repo.tip.sha[:9], code=1)
        await rig.until_quiet()
        assert since(rig) == ["apply dev/vpc"]
        run(rig, "dev")
        await rig.until_quiet()
        assert since(rig) == ["apply dev/vpc"] * 2


async def test_what_is_being_applied_is_not_destroyed_nor_the_other_way_round(tmp_path: Path) -> None:
    async with stage(tmp_path) as rig:
        run(rig, "dev")
        told = run(rig, "dev", "--reverse", typed=CONFIRMED.format(3), code=1)
        assert "Nothing is run: server run 1 is to do the opposite. Wait for that." in told
        await rig.passes(5)
        told = run(rig, "api", "--reverse", code=1)
        assert "Nothing is run: server run 1 is not through with `dev/api`." in told
        await rig.until_quiet()
        run(rig, "dev", "--reverse", typed=CONFIRMED.format(3))
        await rig.passes(5)
        assert "Nothing is run: server run 2 destroys `dev/vpc`. Wait for that." in run(rig, "vpc", code=1)
        await rig.until_quiet()
        assert since(rig) == [*CHAINED, "destroy dev/api", "destroy dev/database", "destroy dev/vpc"]


async def test_what_is_still_to_be_applied_by_a_merge_is_not_destroyed(tmp_path: Path) -> None:
    async with stage(tmp_path) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 600.0 if file == example.APPLY else 1.0
        pull = rig.scene.open_pull(["vpc"], branch="second")
        await rig.passes(300)
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        told = run(rig, "dev", "--reverse", code=1)
        assert "Nothing is run: #2 is not through with `dev/api`. Wait for that, or cancel it" in told


async def test_what_a_newer_merge_has_applied_keeps_what_it_needs(tmp_path: Path) -> None:
    async with stage(tmp_path) as rig:
        sha = rig.repo.tip.sha
        pull = rig.scene.open_pull(["database"], branch="second")
        await rig.until_quiet()
        rig.hub.scenario.fail(component="database")
        run(rig, "dev", "--reverse", typed=CONFIRMED.format(3))
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("destroy") == ["destroy dev/api", "destroy dev/database"]
        assert rig.dispatched("apply")[3:] == ["apply dev/database", "apply dev/api"]
        assert await statuses(rig, sha) == {"api": "succeeded", "database": "superseded", "vpc": "blocked"}


async def test_it_outlives_a_restart_of_the_service(tmp_path: Path) -> None:
    async with stage(tmp_path) as rig:
        run(rig, "dev")
        await rig.restart()
        await rig.until_quiet()
        assert since(rig) == CHAINED


async def test_what_a_merge_removed_can_only_be_destroyed(tmp_path: Path) -> None:
    async with stage(tmp_path, {"vpc": (), "dns": ()}) as rig:
        old = rig.repo.tip.sha
        await remove(rig, "dns")
        before = len(rig.dispatched())
        run(rig, "dev")
        assert "`dev/dns` names nothing here" in run(rig, "dev/dns", code=1)
        await rig.until_quiet()
        run(rig, "dev/dns", "--reverse", sha=old, typed=CONFIRMED.format(1))
        await rig.until_quiet()
        assert rig.dispatched()[before:] == ["apply dev/vpc", "destroy dev/dns"]
        assert rig.runs()[-1].inputs["sha"] == old


async def waited(rig: Rig, *words: str, sha: str, code: int = 0) -> str:
    """Have something run while the service works, and wait until that has taken it up."""
    given = ("--sha", sha, "--by", "lead", "--yes", "--wait", "60")
    return await rig.answers(asyncio.to_thread(partial(command, rig, "run", "acme/infra", *words, *given, code=code)))


async def test_who_waits_is_told_what_came_of_it(tmp_path: Path) -> None:
    async with stage(tmp_path, unplanned="hold") as rig:
        sha = rig.repo.tip.sha
        told = await waited(rig, "dev", sha=sha[:8])
        rollout = await latest(rig, sha)
        assert f"It is rollout {rollout['id']}. The check run of {sha[:7]} tells how it goes." in told
        assert f"`switchyard approve acme/infra --rollout {rollout['id']}` lets it go" in told


async def test_a_commit_on_no_applied_branch_is_refused(tmp_path: Path) -> None:
    async with stage(tmp_path, ONE) as rig:
        sha = rig.scene.push("experiment", ["vpc"], note="new")
        told = await waited(rig, "dev", sha=sha, code=1)
        assert f"Nothing is run: The commit {sha} is neither on main nor on another branch" in told
        told = await waited(rig, "dev", sha="0123abcd", code=1)
        assert "GitHub knows no commit 0123abcd in acme/infra" in told
        await rig.until_quiet()
        assert since(rig) == []
        assert [by for by, _, _ in audited(rig, "refuse")] == ["lead", "lead"]


async def test_another_applied_branch_has_an_order_of_its_own(tmp_path: Path) -> None:
    async with stage(tmp_path, ONE, apply_branches=("stable-*",)) as rig:
        rig.scene.push("stable-1", ["vpc"], note="old", author="lead")
        rig.hub.push(rig.repo, "fix", {"NOTES.md": "1\n"}, message="Write notes", author="dev")
        pull = rig.hub.open_pull(rig.repo, head="fix", base="stable-1", title="Fix", author="dev")
        await rig.until_quiet()
        sha = rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        run(rig, "dev", sha=sha)
        await rig.until_quiet()
        assert rig.runs()[-1].ref == "refs/heads/stable-1"
        assert "in the order of `stable-1`" in check(rig, sha).output["summary"]


async def test_what_is_taken_up_too_late_is_not_run(tmp_path: Path) -> None:
    async with stage(tmp_path, ONE) as rig:
        run(rig, "dev")
        rig.faults.add("GET", "/commits/", "status", 100)
        await rig.passes(880)
        rig.faults.clear()
        await rig.until_quiet()
        assert since(rig) == []
        ((by, _, cause),) = audited(rig, "refuse")
        assert (by, cause) == ("lead", "It was more than 15 minutes old when it was taken up. Say it again.")


async def test_what_has_changed_since_it_was_shown_is_not_run(tmp_path: Path) -> None:
    async with stage(tmp_path, ONE) as rig:
        pull = rig.scene.open_pull(["vpc"], branch="second")
        await rig.until_quiet()
        rig.scene.model.instances["dev", "vpc"].settings["pro"]["pull_request"]["merged"]["note"] = "new"
        rig.hub.merge(pull, by="lead")
        rig.faults.add("GET", "/commits/", "status", 3)
        run(rig, "dev")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"] * 2
        ((_, _, cause),) = audited(rig, "refuse")
        assert cause.startswith("What is remembered of these instances has changed since it was shown.")
