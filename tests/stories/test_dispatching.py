"""Which runs are started, when, and what happens when GitHub refuses one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import example
from bot.sandbox.atmos import Configured, Model
from tests.rig import Rig, open_rig
from tests.stories.helping import (
    CHAIN,
    DIAMOND,
    FOREVER,
    ONE,
    PLAN_PATH,
    assert_sound,
    headline,
    labels,
    line_of,
    model,
    most_at_once,
    wide,
    without_id,
)


async def test_roots_go_at_once_and_children_when_all_parents_are_done(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        rig.hub.scenario.seconds = lambda _file, inputs: 40.0 if inputs.get("component") == "cache" else 10.0
        rig.scene.open_pull(["vpc", "storage"])
        await rig.passes(2)
        assert set(rig.dispatched()) == {"plan dev/vpc", "plan dev/storage"}
        await rig.until_quiet()
        # `database` is long done when `cache` is: `api` waits for both.
        cache, api = rig.run_of("plan dev/cache"), rig.run_of("plan dev/api")
        assert api.created_at == cache.latest.updated_at > rig.run_of("plan dev/database").latest.updated_at
        assert set(rig.dispatched()) == labels("plan", DIAMOND)
        assert_sound(rig.hub, DIAMOND)


async def test_no_more_fly_than_the_cap_allows(tmp_path: Path) -> None:
    needs = wide(7)
    async with open_rig(tmp_path, model=model(needs), max_in_flight=3) as rig:
        pull = rig.scene.open_pull(needs)
        await rig.passes(2)
        assert len(rig.dispatched()) == 3
        await rig.until_quiet()
        assert most_at_once(rig.runs()) == 3
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert_sound(rig.hub, needs)


async def test_the_pace_is_kept(tmp_path: Path) -> None:
    needs = wide(9)
    async with open_rig(tmp_path, model=model(needs), dispatches_per_second=2.0) as rig:
        rig.scene.open_pull(needs)
        await rig.until_quiet()
        sent = [run.created_at - rig.runs()[0].created_at for run in rig.runs()]
        # Two at once, then one each half second.
        assert all(after >= (number - 1) / 2 - 0.01 for number, after in enumerate(sent))
        assert sent[-1] <= 4.0
        assert_sound(rig.hub, needs)


async def test_pull_requests_share_the_cap_and_applies_go_before_plans(tmp_path: Path) -> None:
    needs = wide(8)
    ours = list(needs)
    async with open_rig(tmp_path, model=model(needs), max_in_flight=2) as rig:
        first = rig.scene.open_pull(ours[:4], branch="first")
        await rig.until_quiet()
        second = rig.scene.open_pull(ours[4:], branch="second")
        await rig.passes(2)
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        assert most_at_once(rig.runs()) == 2
        verbs = [label.split()[0] for label in rig.dispatched()][4:]
        # The two plans that were sent already; whatever is free after the merge goes to the applies first.
        assert verbs == ["plan"] * 2 + ["apply"] * 4 + ["plan"] * 2
        assert {*(await rig.statuses(first)).values(), *(await rig.statuses(second)).values()} == {"succeeded"}


async def test_two_pull_requests_share_the_cap_evenly(tmp_path: Path) -> None:
    needs = wide(8)
    ours = list(needs)
    async with open_rig(tmp_path, model=model(needs), max_in_flight=4) as rig:
        rig.scene.open_pull(ours[:6], branch="first")
        rig.scene.open_pull(ours[6:], branch="second")
        await rig.until_quiet()
        assert most_at_once(rig.runs()) == 4
        # The small one does not wait until the large one is through.
        assert {"plan dev/part-06", "plan dev/part-07"} <= set(rig.dispatched()[:6])
        assert_sound(rig.hub, needs)


async def test_all_files_of_a_step_start_together_and_all_must_succeed(tmp_path: Path) -> None:
    inputs = {"component": "vpc", "stack": "dev"}
    both = {"workflows": {example.PLAN: {"inputs": inputs}, "scan.yaml": {"inputs": inputs}}}
    plain = model(CHAIN).instances
    vpc = Configured(
        settings={"pro": {"enabled": True, "pull_request": {"opened": both}}}, path=plain["dev", "vpc"].path
    )
    files = example.files()
    files[".github/workflows/scan.yaml"] = files[PLAN_PATH].replace("run-name: plan", "run-name: scan")
    async with open_rig(tmp_path, model=Model({**plain, ("dev", "vpc"): vpc}), files=files) as rig:
        rig.hub.scenario.fail(component="vpc", workflow="scan.yaml")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert sorted(rig.dispatched()) == ["plan dev/vpc", "scan dev/vpc"]
        assert (await rig.statuses(pull)) == {"dev/vpc": "failed", "dev/database": "blocked", "dev/api": "blocked"}
        rig.hub.rerun(rig.run_of("scan dev/vpc").id)
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


@pytest.mark.parametrize("webhooks", [True, False])
async def test_a_server_that_does_not_name_the_run(tmp_path: Path, *, webhooks: bool) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        rig.hub.accepts_return_run_details = False
        if not webhooks:
            rig.faults.hooks("workflow_run", "lose", FOREVER)
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.passes(1800)
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert headline(rig.comment(pull)).startswith("✅")
        assert_sound(rig.hub, DIAMOND)


async def test_the_one_unclaimed_run_is_adopted_where_titles_carry_no_id(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=without_id(PLAN_PATH)) as rig:
        rig.hub.accepts_return_run_details = False
        # Somebody else's runs of the same file are not ours.
        person = rig.hub.user("dev")
        rig.hub.dispatch(rig.repo, example.PLAN, "main", {"component": "vpc", "stack": "other"}, person)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        rig.hub.dispatch(rig.repo, example.PLAN, "main", {"component": "api", "stack": "other"}, person)
        await rig.passes(1800)
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert sorted(label for label in rig.dispatched() if "dev/" in label) == sorted(labels("plan", CHAIN))
        assert_sound(rig.hub, CHAIN)


async def test_two_unclaimed_runs_are_held_for_a_person(tmp_path: Path) -> None:
    needs = wide(2)
    async with open_rig(tmp_path, model=model(needs), files=without_id(PLAN_PATH)) as rig:
        rig.hub.accepts_return_run_details = False
        pull = rig.scene.open_pull(needs)
        await rig.passes(1800)
        assert set((await rig.statuses(pull)).values()) == {"held"}
        assert len(rig.dispatched()) == 2
        for component in needs:
            row = line_of(rig.comment(pull), component)
            assert "`run-name`" in row
            for run in rig.runs():
                assert f"/actions/runs/{run.id}" in row


async def _refuse(rig: Rig, how: str) -> None:
    """Have GitHub refuse the next dispatch."""
    if how == "file gone":
        rig.hub.push(rig.repo, "main", {PLAN_PATH: None}, message="Remove it", author="lead")
    elif how == "actions off":
        rig.repo.actions_enabled = False
    else:
        rig.faults.add("POST", "/dispatches$", "status", status=422)


@pytest.mark.parametrize(
    ("how", "told"),
    [("file gone", "404"), ("actions off", "Actions is turned off"), ("422", "status 422")],
)
async def test_a_refused_dispatch_fails_its_step_with_a_sentence(tmp_path: Path, how: str, told: str) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(5)
        await _refuse(rig, how)
        await rig.passes(600)
        assert rig.dispatched() == ["plan dev/vpc"]
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "failed", "dev/api": "blocked"}
        assert told in line_of(rig.comment(pull), "database")
        assert "`database` failed" in line_of(rig.comment(pull), "api")


async def test_a_refused_look_at_the_file_fails_the_step_as_well(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=without_id(PLAN_PATH)) as rig:
        rig.faults.add("GET", f"/{example.PLAN}/runs$", "status", status=404)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(600)
        assert rig.dispatched() == []
        assert await rig.statuses(pull) == {"dev/vpc": "failed", "dev/database": "blocked", "dev/api": "blocked"}
        assert "404" in line_of(rig.comment(pull), "vpc")


async def test_a_file_that_is_missing_from_the_start_fails_every_step_that_names_it(tmp_path: Path) -> None:
    files = example.files()
    del files[PLAN_PATH]
    async with open_rig(tmp_path, model=model(CHAIN), files=files) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(600)
        assert rig.dispatched() == []
        assert set((await rig.statuses(pull)).values()) == {"failed"}
        assert example.PLAN in line_of(rig.comment(pull), "vpc")


async def test_the_branch_is_gone_before_anybody_told_us(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=3600.0) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(5)
        rig.faults.hooks("pull_request|push|delete", "lose", 10)
        rig.hub.delete_branch(rig.repo, "feature", by="dev")
        await rig.passes(60)
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "failed", "dev/api": "blocked"}
        assert "No ref found" in line_of(rig.comment(pull), "database")


async def test_a_failed_parent_that_is_run_again_opens_the_way(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.fail(component="vpc", times=2)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "failed", "dev/database": "blocked", "dev/api": "blocked"}
        rig.hub.rerun(rig.run_of("plan dev/vpc").id)
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "failed", "dev/database": "blocked", "dev/api": "blocked"}
        rig.hub.rerun(rig.run_of("plan dev/vpc").id, by="dev")
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert rig.dispatched() == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        assert headline(rig.comment(pull)).startswith("✅")


async def test_an_app_that_was_taken_out_sends_nothing_more_and_says_so(tmp_path: Path) -> None:
    needs = wide(3)
    async with open_rig(tmp_path, model=model(needs), dispatches_per_second=0.01) as rig:
        pull = rig.scene.open_pull(needs)
        await rig.passes(2)
        assert len(rig.dispatched()) == 1
        rig.hub.uninstall("acme")
        await rig.passes(600)
        assert len(rig.dispatched()) == 1
        reasons = [step["reason"] for step in (await rig.state(pull))[0]["steps"] if step["status"] == "failed"]
        assert reasons == ["The App is not installed in this repository any more."] * 2


async def test_one_instance_alone(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert headline(rig.comment(pull)).startswith("✅")
