"""Nothing unreviewed is applied: what no successful plan of the merged head has shown waits for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, DIAMOND, ONE, labels, model
from tests.stories.small import activities
from tests.stories.small import model as small

SLOW = 300.0


def _slow_plans(rig: Rig) -> None:
    rig.hub.scenario.seconds = lambda file, _inputs: SLOW if file == example.PLAN else 1.0


def _fail_plans(rig: Rig, component: str, times: int = 1) -> None:
    rig.hub.scenario.fail(component=component, workflow=example.PLAN, times=times)


async def _reasons(rig: Rig, pull: Pull) -> dict[str, str]:
    """Read why what is held is held, of the newest rollout."""
    rollout = (await rig.state(pull))[0]
    return {step["component"]: step["reason"] for step in rollout["steps"] if step["status"] == "held"}


def _unreviewed(pull: Pull) -> str:
    return f"held: no plan of it succeeded at {pull.head_sha[:7]} before the merge"


async def test_what_every_plan_has_shown_is_applied(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database", "apply dev/api"]


async def test_a_plan_that_failed_holds_what_it_is_about_and_all_it_kept_from_being_planned(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        _fail_plans(rig, "database")
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert sorted(rig.dispatched("apply")) == ["apply dev/cache", "apply dev/storage", "apply dev/vpc"]
        assert await _reasons(rig, pull) == {"database": _unreviewed(pull), "api": _unreviewed(pull)}
        await rig.approve(pull, "dev/database")
        await rig.until_quiet()
        assert await _reasons(rig, pull) == {"api": _unreviewed(pull)}
        await rig.approve(pull)
        await rig.until_quiet()
        assert rig.dispatched("apply")[3:] == ["apply dev/database", "apply dev/api"]
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_a_child_that_is_approved_still_waits_for_its_parents(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        _fail_plans(rig, "vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        await rig.approve(pull, "api", "database")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert await rig.statuses(pull) == {"dev/vpc": "held", "dev/database": "waiting", "dev/api": "waiting"}
        await rig.approve(pull, "vpc")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database", "apply dev/api"]


async def test_a_plan_that_was_cancelled_shows_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        _slow_plans(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.hub.cancel_run(rig.run_of("plan dev/vpc").id)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert await _reasons(rig, pull) == {"vpc": _unreviewed(pull)}


async def test_a_plan_that_was_run_again_with_success_before_the_merge_is_a_review(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        _fail_plans(rig, "vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.rerun(rig.run_of("plan dev/vpc").id)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_a_plan_that_was_run_again_and_failed_is_none(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        _fail_plans(rig, "vpc")
        rig.hub.rerun(rig.run_of("plan dev/vpc").id, failed_only=False)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert await _reasons(rig, pull) == {"vpc": _unreviewed(pull)}


async def test_the_plan_of_an_older_head_shows_nothing_of_the_merged_one(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/vpc"]
        _slow_plans(rig)
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.passes(30)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert await _reasons(rig, pull) == {"vpc": _unreviewed(pull)}


async def test_a_plan_that_ends_after_the_merge_comes_too_late(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        _slow_plans(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert [run.conclusion for run in rig.runs()] == ["success"]
        assert await _reasons(rig, pull) == {"vpc": _unreviewed(pull)}


async def test_late_news_of_a_plan_that_had_succeeded_in_time_lets_go_what_it_showed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        _slow_plans(rig)
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.passes(2 * SLOW + 50)
        rig.faults.hooks("workflow_run", "delay", 1_000, seconds=400)
        await rig.passes(270)
        assert [run.conclusion for run in rig.runs()[3:]] == ["success"] * 3
        rig.hub.merge(pull, by="lead")
        await rig.passes(20)
        assert await _reasons(rig, pull) == {"api": _unreviewed(pull)}
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database", "apply dev/api"]
        let_go = ("switchyard", "dev/api", "its plan had succeeded before the merge")
        assert audited(rig, "release") == [let_go]


async def test_what_the_same_head_had_planned_before_it_was_closed_counts(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.seconds = lambda _file, inputs: SLOW if inputs.get("component") == "api" else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(60)
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        _slow_plans(rig)
        rig.hub.reopen(pull, by="dev")
        await rig.passes(30)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database"]
        assert await _reasons(rig, pull) == {"api": _unreviewed(pull)}


async def test_what_the_merge_touches_beyond_its_plan_is_held(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "storage": ()})) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        # By the merge a component has come that depends on what it changes, which no plan could know.
        rig.scene.model = model({"vpc": (), "storage": ("vpc",)})
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert await _reasons(rig, pull) == {"storage": _unreviewed(pull)}


async def test_what_names_no_plan_is_reviewed_in_no_other_way_than_by_the_merge(tmp_path: Path) -> None:
    pro = example.settings_pro("dns", "dev")
    bare = pro | {"pull_request": {"merged": pro["pull_request"]["merged"]}}
    async with open_rig(tmp_path, model=small({"vpc": [], "dns": []}, pro={"dns": bare})) as rig:
        _fail_plans(rig, "vpc")
        pull = rig.scene.open_pull(["vpc", "dns"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/vpc", "apply dev/dns"]
        assert await _reasons(rig, pull) == {"vpc": _unreviewed(pull)}


async def test_what_names_a_plan_only_for_another_action_is_held(tmp_path: Path) -> None:
    pro = example.settings_pro("vpc", "dev")
    only_opened = pro | {"pull_request": {key: pro["pull_request"][key] for key in ("opened", "merged")}}
    async with open_rig(tmp_path, model=small({"vpc": []}, pro={"vpc": only_opened})) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/vpc"]
        assert await _reasons(rig, pull) == {"vpc": _unreviewed(pull)}


async def test_a_team_may_allow_what_was_not_planned(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model(DIAMOND)) as rig:
        _fail_plans(rig, "vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert set(rig.dispatched("apply")) == labels("apply", DIAMOND) - {"apply dev/storage"}


def _deploying(**more: Any) -> dict[str, Any]:
    """Write settings by which a label, or the closing, applies what is on the head."""
    apply = example.settings_pro("vpc", "dev")["pull_request"]["merged"]
    return {"vpc": activities("vpc", **dict.fromkeys(more, apply))}


@pytest.mark.parametrize("planned", [True, False])
async def test_a_label_that_applies_needs_a_plan_of_the_head_too(tmp_path: Path, *, planned: bool) -> None:
    async with open_rig(tmp_path, model=small({"vpc": []}, pro=_deploying(labeled=True))) as rig:
        if not planned:
            _fail_plans(rig, "vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.label(pull, "deploy", by="lead")
        await rig.until_quiet()
        if not planned:
            assert rig.dispatched("apply") == []
            assert await _reasons(rig, pull) == {"vpc": f"held: no plan of it succeeded at {pull.head_sha[:7]} before"}
            await rig.approve(pull)
            await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_a_label_after_a_push_applies_nothing_that_was_not_planned_there(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=small({"vpc": []}, pro=_deploying(labeled=True))) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        _slow_plans(rig)
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.passes(30)
        rig.hub.label(pull, "deploy", by="lead")
        await rig.until_quiet()
        assert (await rig.state(pull))[0]["activity"] == "pull_request.labeled"
        assert await _reasons(rig, pull) == {"vpc": f"held: no plan of it succeeded at {pull.head_sha[:7]} before"}
        assert rig.dispatched("apply") == []


async def test_a_closing_that_applies_goes_by_the_plan_of_the_head(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=small({"vpc": [], "dns": []}, pro=_deploying(closed=True))) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]
