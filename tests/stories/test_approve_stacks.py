"""Stacks that somebody other than the author must approve, for repositories whose environments have no reviewers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, ONE, model

PROD = ("*-prod*",)
MUST = "somebody other than dev must approve what is applied to stacks like *-prod*"


async def _merged(rig: Rig) -> Pull:
    """Have a change of everybody's vpc planned and merged."""
    pull = rig.scene.open_pull(["vpc"], author="dev")
    await rig.until_quiet()
    rig.hub.merge(pull, by="lead")
    await rig.until_quiet()
    return pull


async def _reasons(rig: Rig, pull: Pull) -> dict[str, str]:
    steps = (await rig.state(pull))[0]["steps"]
    return {f"{step['stack']}/{step['component']}": step["reason"] for step in steps if step["status"] == "held"}


async def test_only_what_is_applied_there_is_held(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE, "eu-dev", "eu-prod", "prod"), approve_stacks=PROD) as rig:
        pull = await _merged(rig)
        assert sorted(rig.dispatched()) == [
            "apply eu-dev/vpc",
            "apply prod/vpc",
            *("plan eu-dev/vpc", "plan eu-prod/vpc", "plan prod/vpc"),
        ]
        assert await _reasons(rig, pull) == {"eu-prod/vpc": f"held: {MUST}"}
        assert "somebody other than dev must approve" in rig.comment(pull)


async def test_several_patterns_and_each_step_has_one_reason(tmp_path: Path) -> None:
    patterns = ("nothing", "eu-*", *PROD)
    async with open_rig(tmp_path, model=model(ONE, "eu-prod", "us-prod", "EU-dev"), approve_stacks=patterns) as rig:
        pull = await _merged(rig)
        assert rig.dispatched("apply") == ["apply EU-dev/vpc"]  # patterns are about names as they are written
        assert await _reasons(rig, pull) == {
            "eu-prod/vpc": "held: somebody other than dev must approve what is applied to stacks like eu-*",
            "us-prod/vpc": f"held: {MUST}",
        }


@pytest.mark.parametrize("login", ["dev", "Dev", "DEV"])
async def test_the_author_cannot_approve_however_the_login_is_written(tmp_path: Path, login: str) -> None:
    async with open_rig(tmp_path, model=model(ONE, "eu-prod"), approve_stacks=PROD) as rig:
        pull = await _merged(rig)
        told = await rig.approve(pull, by=login, status=409)
        assert f"{login} is the author" in told["errorMessage"]
        assert audited(rig, "refuse") == [(login, "eu-prod/vpc", f"{login} is the author, and {MUST}")]
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        await rig.approve(pull, by="ada")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply eu-prod/vpc"]


async def test_an_approval_opens_the_way_in_the_usual_order(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN, "eu-prod"), approve_stacks=PROD) as rig:
        pull = await _merged(rig)
        await rig.approve(pull, "database", by="ada")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        await rig.approve(pull, "eu-prod", by="ada")
        await rig.until_quiet()
        assert rig.dispatched("apply") == [f"apply eu-prod/{name}" for name in CHAIN]


async def test_of_several_reasons_the_author_ends_only_what_is_not_another_s(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE, "eu-prod"), approve_stacks=PROD, breaker_apply=0) as rig:
        rig.hub.scenario.fail(component="vpc", workflow=example.PLAN)
        pull = await _merged(rig)
        assert await _reasons(rig, pull) == {
            "eu-prod/vpc": f"held: no plan of it succeeded at {pull.head_sha[:7]} before the merge; {MUST}; "
            "all of it would start 1 run, more than the 0 of SWITCHYARD_BREAKER_APPLY"
        }
        await rig.approve(pull, by="dev")
        await rig.until_quiet()
        assert await _reasons(rig, pull) == {"eu-prod/vpc": f"held: {MUST}"}
        await rig.approve(pull, by="ada")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply eu-prod/vpc"]
        assert _approvals(rig) == [("dev", "unreviewed"), ("dev", "breaker"), ("ada", "stack")]


def _approvals(rig: Rig) -> list[Any]:
    """Read from the audit who approved which kind of reason."""
    kinds = {"no plan": "unreviewed", "somebod": "stack", "all of ": "breaker"}
    rows = rig.db.rows("SELECT actor, cause FROM audit WHERE action = 'approve' ORDER BY id")
    return [(row["actor"], kinds[row["cause"][:7]]) for row in rows]


async def test_what_was_approved_before_the_merge_is_approved_as_unreviewed_only(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE, "eu-prod"), approve_stacks=PROD) as rig:
        rig.hub.scenario.fail(component="vpc", workflow=example.PLAN)
        pull = rig.scene.open_pull(["vpc"], author="dev")
        await rig.until_quiet()
        await rig.approve(pull, by="ada")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await _reasons(rig, pull) == {"eu-prod/vpc": f"held: {MUST}"}


async def test_a_retry_in_github_needs_no_second_approval(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE, "eu-prod"), approve_stacks=PROD) as rig:
        rig.hub.scenario.fail(component="vpc", workflow=example.APPLY)
        pull = await _merged(rig)
        await rig.approve(pull, by="ada")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"eu-prod/vpc": "failed"}
        rig.hub.rerun(rig.run_of("apply eu-prod/vpc").id)
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"eu-prod/vpc": "succeeded"}
