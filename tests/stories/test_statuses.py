"""The CLI tells how plans and applies ended: whose row says it, and whose does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import session_key
from bot.domain.claims import Claims
from bot.sandbox import Run
from bot.sandbox.atmos_api import Client
from bot.sandbox.state import Pull
from bot.store import inbox
from bot.web.sessions import Sessions
from tests.rig import Rig, open_rig
from tests.stories.helping import CHAIN, FOREVER, ONE, headline, line_of, model, requests

BOTH = pytest.mark.parametrize("oidc", [True, False], ids=["session", "key"])


def claims_of(run: Run, **changes: Any) -> Claims:
    """Make the claims of a dispatched run."""
    usual = Claims(
        run_id=run.id,
        attempt=run.attempt,
        event=run.event,
        ref=run.ref,
        head_ref="",
        base_ref="",
        sha=run.sha,
        actor=run.actor.login,
        environment="",
        workflow=run.workflow.name,
        workflow_file=run.workflow.file,
    )
    return replace(usual, **changes)


async def tell(
    rig: Rig, component: str, exit_code: int, *, by: Claims | None, command: str = "plan", at: float | None = None
) -> None:
    """Tell how something in `dev` ended, with the session of a run or (None) with the key, and let it be worked."""
    token = Sessions(session_key(rig.settings.private_key), rig.clock).issue(rig.repo.id, by) if by else rig.key
    owner, name = rig.repo.full_name.split("/")
    async with aiohttp.ClientSession() as session:
        client = Client(session, rig.url, token=token)
        last_run = rig.clock() if at is None else at
        said = {"command": command, "exit_code": exit_code, "last_run": last_run}
        answer = await client.upload_status(owner, name, "dev", component, **said)  # type: ignore[arg-type]
    assert answer.success, answer
    await rig.settle()


async def results(rig: Rig, pull: Pull) -> dict[str, str | None]:
    """Read what is known of the steps of the newest rollout."""
    steps = (await rig.state(pull))[0]["steps"]
    for step in steps:
        assert step["result"] in [sent["result"] for sent in step["dispatches"]] or not step["dispatches"]
    return {step["component"]: step["result"] for step in steps}


def why(rig: Rig) -> str:
    """Read what became of the last status."""
    row = rig.db.row("SELECT reason FROM inbox WHERE kind = 'instance_status' ORDER BY id DESC LIMIT 1")
    assert row is not None
    return str(row["reason"])


@BOTH
async def test_rows_say_how_plans_and_applies_ended(tmp_path: Path, *, oidc: bool) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), oidc=oidc, statuses=True) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        text = rig.comment(pull)
        assert headline(text) == "✅ Planned: all 3 instances, 1 with changes"
        assert "| **changes** |" in line_of(text, "vpc")
        assert "| no changes |" in line_of(text, "api")
        assert await results(rig, pull) == {"vpc": "changes", "database": "no changes", "api": "no changes"}
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert headline(rig.comment(pull)) == "✅ Applied: all 3 instances"
        assert "| applied |" in line_of(rig.comment(pull), "api")
        assert set((await results(rig, pull)).values()) == {"applied"}


@BOTH
async def test_of_a_component_the_cli_tells_only_the_last_part(tmp_path: Path, *, oidc: bool) -> None:
    needs = {"eks/cluster": (), "vpc": (), "eks/nodes": ("eks/cluster",)}
    async with open_rig(tmp_path, model=model(needs), oidc=oidc, statuses=True) as rig:
        pull = rig.scene.open_pull(["eks/cluster", "vpc"])
        await rig.until_quiet()
        assert "| **changes** |" in line_of(rig.comment(pull), "eks/cluster")
        assert await results(rig, pull) == {"eks/cluster": "changes", "vpc": "changes", "eks/nodes": "no changes"}


@BOTH
async def test_two_whose_names_end_alike_are_told_apart_by_their_runs_alone(tmp_path: Path, *, oidc: bool) -> None:
    needs = {"eks/cluster": (), "ecs/cluster": ()}
    async with open_rig(tmp_path, model=model(needs), oidc=oidc, statuses=True) as rig:
        rig.scene.changes = lambda inputs: inputs["component"].startswith("eks")
        pull = rig.scene.open_pull(needs)
        await rig.until_quiet()
        known = {"eks/cluster": "changes", "ecs/cluster": "no changes"}
        assert await results(rig, pull) == (known if oidc else dict.fromkeys(needs))
        assert oidc or "a key does not say which it was" in why(rig)


async def test_an_exact_name_goes_before_one_that_ends_with_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"cluster": (), "eks/cluster": ()})) as rig:
        pull = rig.scene.open_pull(["cluster", "eks/cluster"])
        await rig.passes(10)
        await tell(rig, "cluster", 2, by=None)
        assert await results(rig, pull) == {"cluster": "changes", "eks/cluster": None}


async def test_with_a_key_the_run_that_is_going_on_is_meant(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first = rig.scene.open_pull(["vpc"], branch="first")
        await rig.until_quiet()
        await rig.passes(30)
        second = rig.scene.open_pull(["vpc"], branch="second")
        await rig.passes(10)
        await tell(rig, "vpc", 2, by=None)
        assert (await results(rig, first), await results(rig, second)) == ({"vpc": None}, {"vpc": "changes"})


async def test_with_a_key_nobody_can_tell_which_of_two_pull_requests_it_is(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pulls = [rig.scene.open_pull(["vpc"], branch=branch) for branch in ("first", "second")]
        await rig.passes(10)
        await tell(rig, "vpc", 2, by=None)
        assert "2 runs may have told how a plan of dev/vpc ended" in why(rig)
        runs = {run.ref: run for run in rig.runs()}
        await tell(rig, "vpc", 2, by=claims_of(runs["refs/heads/second"]))
        assert [await results(rig, pull) for pull in pulls] == [{"vpc": None}, {"vpc": "changes"}]


async def test_with_a_key_a_plan_is_no_apply(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(10)
        await tell(rig, "vpc", 0, by=None, command="apply")
        assert "no apply of dev/vpc was under way then" in why(rig)
        assert await results(rig, pull) == {"vpc": None}


async def test_a_status_that_comes_before_its_run_is_known(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.accepts_return_run_details = False
        rig.hub.scenario.seconds = lambda _file, _inputs: 300.0
        rig.faults.hooks("workflow_run", "lose", FOREVER)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        (run,) = rig.runs()
        await tell(rig, "vpc", 2, by=claims_of(run))
        assert inbox.depth(rig.db) == {"parked": 1}
        assert await results(rig, pull) == {"vpc": None}
        await rig.passes(600)
        assert await results(rig, pull) == {"vpc": "changes"}
        assert "| **changes** |" in line_of(rig.comment(pull), "vpc")


@BOTH
async def test_a_status_that_comes_after_its_run_has_ended(tmp_path: Path, *, oidc: bool) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert headline(rig.comment(pull)) == "✅ Planned: 1 instance"
        (run,) = rig.runs()
        ended = rig.clock()
        await rig.passes(100)
        await tell(rig, "vpc", 2, by=claims_of(run) if oidc else None, at=ended)
        await rig.passes(10)
        assert headline(rig.comment(pull)) == "✅ Planned: 1 instance, 1 with changes"


@BOTH
async def test_a_rerun_forgets_what_the_attempt_before_it_told(tmp_path: Path, *, oidc: bool) -> None:
    async with open_rig(tmp_path, model=model(ONE), oidc=oidc, statuses=True) as rig:
        rig.hub.scenario.fail(component="vpc", times=1)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert ": Terraform ended with an error |" in line_of(rig.comment(pull), "vpc")
        (run,) = rig.runs()
        first = claims_of(run)
        told_at = rig.clock()
        rig.hub.rerun(run.id)
        await rig.passes(10)
        assert await results(rig, pull) == {"vpc": None}
        # What the first attempt told comes once more, late.
        await tell(rig, "vpc", 1, by=first if oidc else None, at=told_at - 5)
        assert await results(rig, pull) == {"vpc": None}
        await rig.until_quiet()
        assert "| **changes** |" in line_of(rig.comment(pull), "vpc")


async def test_a_job_that_failed_because_of_changes_says_what_to_set(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.fail(component="vpc", times=1)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(10)
        await tell(rig, "vpc", 2, by=claims_of(rig.runs()[0]))
        await rig.until_quiet()
        assert "`ci.enabled` is off in `atmos.yaml`" in line_of(rig.comment(pull), "vpc")
        assert await rig.statuses(pull) == {"dev/vpc": "failed"}


async def test_a_run_that_succeeds_in_spite_of_an_error_opens_the_way(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(10)
        await tell(rig, "vpc", 1, by=claims_of(rig.runs()[0]))
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert "| Terraform ended with an error, but the run succeeded |" in line_of(rig.comment(pull), "vpc")


@pytest.mark.parametrize("event", ["workflow_dispatch", "push", "pull_request"])
async def test_a_run_that_is_none_of_ours_is_shown_nowhere(tmp_path: Path, event: str) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(10)
        await tell(rig, "vpc", 2, by=claims_of(rig.runs()[0], run_id=77, event=event))
        assert why(rig) == "run 77 is none of ours"
        await rig.until_quiet()
        assert await results(rig, pull) == {"vpc": None}


async def test_a_run_that_might_have_been_ours_is_forgotten_after_a_day(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=600.0) as rig:
        rig.hub.accepts_return_run_details = False
        rig.faults.hooks("workflow_run", "lose", FOREVER)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        await tell(rig, "vpc", 2, by=claims_of(rig.runs()[0], run_id=77))
        assert inbox.depth(rig.db) == {"parked": 1}
        await rig.passes(25 * 3600)
        assert inbox.depth(rig.db) == {}
        assert await results(rig, pull) == {"vpc": None}


async def test_a_run_of_one_instance_says_nothing_of_another(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "dns": ()})) as rig:
        pull = rig.scene.open_pull(["vpc", "dns"])
        await rig.passes(10)
        run = rig.run_of("plan dev/vpc")
        await tell(rig, "dns", 2, by=claims_of(run))
        assert why(rig) == f"run {run.id} was started for dev/vpc, not for dev/dns"
        assert await results(rig, pull) == {"vpc": None, "dns": None}


async def test_what_an_overtaken_plan_tells_is_not_said_of_the_next(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.seconds = lambda _file, _inputs: 300.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(10)
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.passes(10)
        first, second = rig.runs()
        await tell(rig, "vpc", 1, by=claims_of(first))
        assert await results(rig, pull) == {"vpc": None}
        await tell(rig, "vpc", 2, by=claims_of(second))
        assert await results(rig, pull) == {"vpc": "changes"}


async def test_repeats_change_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(10)
        (run,) = rig.runs()
        at = rig.clock()
        await tell(rig, "vpc", 2, by=claims_of(run), at=at)
        await rig.until_quiet()
        text, edits = rig.comment(pull), len(requests(rig, "PATCH", "/issues/comments/"))
        assert "| **changes** |" in line_of(text, "vpc")
        for by in (claims_of(run), None, claims_of(run), None):
            await tell(rig, "vpc", 2, by=by, at=at)
        await rig.until_quiet()
        assert rig.comment(pull) == text
        assert len(requests(rig, "PATCH", "/issues/comments/")) == edits


async def test_an_old_cli_tells_it_in_the_path(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"eks/cluster": ()})) as rig:
        pull = rig.scene.open_pull(["eks/cluster"])
        await rig.passes(10)
        url = f"{rig.url}/api/v1/repos/{rig.repo.full_name}/instances/dev/eks%2Fcluster"
        headers = {"Authorization": f"Bearer {rig.key}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.patch(url, json={"status": "drifted"}) as answer,
        ):
            assert answer.status == 200
        await rig.until_quiet()
        assert await results(rig, pull) == {"eks/cluster": "changes"}
