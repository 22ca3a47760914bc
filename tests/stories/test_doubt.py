"""A dispatch of which nobody knows whether it was sent: it is looked for, and never simply sent again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import example
from tests.rig import Rig, open_rig
from tests.stories.helping import (
    CHAIN,
    FOREVER,
    ONE,
    PLAN_PATH,
    assert_sound,
    headline,
    labels,
    model,
    without_id,
)

DISPATCH = "/dispatches$"
LISTING = f"/{example.PLAN}/runs$"


async def _all_planned(rig: Rig, pull_number: int = 1) -> None:
    pull = rig.repo.pulls[pull_number]
    assert set((await rig.statuses(pull)).values()) == {"succeeded"}
    assert sorted(rig.dispatched()) == sorted(labels("plan", CHAIN))
    assert headline(rig.comment(pull)).startswith("✅")
    assert_sound(rig.hub, CHAIN)


async def test_the_answer_is_lost_and_the_webhook_tells(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.faults.add("POST", DISPATCH, "lost_answer", 3)
        rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        await _all_planned(rig)


async def test_answer_and_webhooks_are_lost_and_the_run_is_listed_late(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=3600.0) as rig:
        rig.hub.listing_delay = 25.0
        rig.faults.add("POST", DISPATCH, "lost_answer", 3)
        rig.faults.hooks("workflow_run.requested", "lose", FOREVER)
        rig.faults.hooks("workflow_run.in_progress", "delay", FOREVER, seconds=300)
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(2 + 11)
        assert (await rig.statuses(pull))["dev/vpc"] == "dispatching"  # looked for once, and not listed yet
        await rig.passes(20)
        assert (await rig.statuses(pull))["dev/vpc"] == "running"
        await rig.until_quiet()
        await _all_planned(rig)


async def test_a_request_that_never_arrived_is_sent_again_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.faults.add("POST", DISPATCH, "dead_connection")
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(2 + 59)
        assert rig.dispatched() == []
        assert (await rig.statuses(pull))["dev/vpc"] == "dispatching"
        await rig.passes(2)
        assert rig.dispatched() == ["plan dev/vpc"]
        await rig.until_quiet()
        await _all_planned(rig)


async def test_502_without_a_run(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.faults.add("POST", DISPATCH, "status", 2, status=502)
        rig.scene.open_pull(["vpc"])
        await rig.passes(2 + 59)
        assert rig.dispatched() == []
        await rig.until_quiet()
        await _all_planned(rig)


@pytest.mark.parametrize("webhooks", [True, False])
async def test_502_although_the_run_was_started(tmp_path: Path, *, webhooks: bool) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        if not webhooks:
            rig.faults.hooks("workflow_run", "lose", FOREVER)
        fault = rig.faults.add("POST", DISPATCH, "status", status=502)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(2)
        assert fault.times == 0
        inputs = {"component": "vpc", "stack": "dev", "sha": pull.head_sha, "atmos_pro_run_id": f"sy-{1:016x}"}
        rig.hub.dispatch(rig.repo, example.PLAN, "feature", inputs, rig.hub.bot)
        await rig.passes(1800)
        await _all_planned(rig)


async def test_a_look_that_fails_says_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=3600.0) as rig:
        webhooks = rig.faults.hooks("workflow_run", "lose", FOREVER)
        rig.faults.add("POST", DISPATCH, "lost_answer")
        listing = rig.faults.add("GET", LISTING, "status", FOREVER, status=503)
        rig.hub.scenario.seconds = lambda _file, _inputs: 400.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(300)
        assert (await rig.statuses(pull))["dev/vpc"] == "dispatching"
        assert rig.dispatched() == ["plan dev/vpc"]
        listing.times = webhooks.times = 0
        await rig.until_quiet()
        await _all_planned(rig)


@pytest.mark.parametrize("limit", ["secondary", "too_many", "rate_limited"])
async def test_a_look_that_meets_the_limits_says_nothing(tmp_path: Path, limit: str) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=3600.0) as rig:
        webhooks = rig.faults.hooks("workflow_run", "lose", FOREVER)
        rig.faults.add("POST", DISPATCH, "lost_answer")
        rig.faults.add("GET", LISTING, limit, 2, retry_after=30, reset_in=600)  # type: ignore[arg-type]
        rig.hub.scenario.seconds = lambda file, _inputs: 4000.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(20)
        assert (await rig.statuses(pull))["dev/vpc"] == "dispatching"
        webhooks.times = 0
        await rig.until_quiet(48 * 3600)
        await _all_planned(rig)


async def test_absent_three_times_means_that_it_was_not_sent(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), doubt_seconds=600.0) as rig:
        rig.faults.add("POST", DISPATCH, "status", status=504)
        rig.scene.open_pull(["vpc"])
        await rig.passes(2 + 599)
        assert rig.dispatched() == []
        await rig.passes(2)
        assert rig.dispatched() == ["plan dev/vpc"]
        await rig.until_quiet()
        await _all_planned(rig)


async def test_a_late_webhook_ends_the_doubt(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), doubt_seconds=600.0) as rig:
        rig.faults.hooks("workflow_run.requested", "delay", 5, seconds=50)
        rig.faults.hooks("workflow_run.in_progress|workflow_run.completed", "delay", 10, seconds=60)
        rig.faults.add("POST", DISPATCH, "lost_answer")
        rig.hub.scenario.seconds = lambda file, _inputs: 30.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(2 + 49)
        assert (await rig.statuses(pull))["dev/vpc"] == "dispatching"
        await rig.passes(2)
        assert (await rig.statuses(pull))["dev/vpc"] == "queued"
        await rig.until_quiet()
        await _all_planned(rig)


async def test_without_ids_in_titles_the_only_new_run_is_ours(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=without_id(PLAN_PATH)) as rig:
        rig.faults.add("POST", DISPATCH, "lost_answer", 3)
        rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        await _all_planned(rig)


async def test_what_a_person_must_sort_out_does_not_spoil_later_doubts(tmp_path: Path) -> None:
    needs = {"vpc": (), "dns": (), "mail": ()}
    async with open_rig(tmp_path, model=model(needs), files=without_id(PLAN_PATH)) as rig:
        rig.faults.add("POST", DISPATCH, "lost_answer", 2)
        first = rig.scene.open_pull(["vpc", "dns"], branch="first")
        await rig.until_quiet()
        assert set((await rig.statuses(first)).values()) == {"held"}
        await rig.passes(300)
        rig.faults.add("POST", DISPATCH, "lost_answer")
        second = rig.scene.open_pull(["mail"], branch="second")
        await rig.until_quiet()
        assert await rig.statuses(second) == {"dev/mail": "succeeded"}
        assert len(rig.dispatched()) == 3


async def test_a_push_during_the_doubt_is_the_end_of_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.faults.add("POST", DISPATCH, "status", status=502)
        rig.scene.open_pull(["vpc"])
        await rig.passes(5)
        old = rig.repo.pulls[1].head_sha
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.passes(600)
        shas = [run.inputs["sha"] for run in rig.runs()]
        assert shas == [rig.repo.pulls[1].head_sha]
        assert old not in shas


async def test_a_run_that_turns_up_after_the_push_is_cancelled(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        webhooks = rig.faults.hooks("workflow_run", "lose", FOREVER)
        rig.faults.add("POST", DISPATCH, "lost_answer")
        rig.hub.scenario.seconds = lambda file, _inputs: 400.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(5)
        assert await rig.statuses(pull) == {"dev/vpc": "dispatching"}
        webhooks.times = 0
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        first, second = rig.runs()
        assert (first.conclusion, second.conclusion) == ("cancelled", "success")
        assert headline(rig.comment(pull)).startswith("✅")
