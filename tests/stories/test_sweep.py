"""What webhooks missed is found by asking GitHub."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

from bot.sandbox import example
from tests.rig import Rig, open_rig
from tests.stories.helping import CHAIN, DIAMOND, FOREVER, ONE, assert_sound, headline, labels, line_of, model

HOUR = 3600.0


def _asked_at(rig: Rig, path: str) -> list[float]:
    return [one.time for one in rig.sandbox.requests if one.method == "GET" and one.path.endswith(path)]


async def test_runs_without_news_are_asked_about(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        rig.faults.hooks("workflow_run", "lose", FOREVER)
        rig.hub.scenario.fail(component="cache")
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.passes(900)
        statuses = await rig.statuses(pull)
        assert Counter(statuses.values()) == {"succeeded": 3, "failed": 1, "blocked": 1}
        assert "`cache` failed" in line_of(rig.comment(pull), "api")
        assert_sound(rig.hub, DIAMOND)


async def test_who_waits_for_people_is_asked_less_and_less(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), reviewers={"dev": ["boss"]}, sweep_seconds=1800.0) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        run = rig.run_of("apply dev/vpc")
        await rig.passes(12 * HOUR)
        assert await rig.statuses(pull) == {"dev/vpc": "approval"}
        times = _asked_at(rig, f"/actions/runs/{run.id}")
        gaps = [after - before for before, after in pairwise(times)]
        assert gaps[0] <= 2 * HOUR
        assert all(after >= before for before, after in pairwise(gaps))
        assert gaps[-1] >= 2 * gaps[0]
        # That it was approved is noticed at last although nobody tells.
        rig.faults.hooks("", "lose", FOREVER)
        rig.hub.approve(run.id, "dev", "boss")
        await rig.passes(12 * HOUR)
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


async def test_a_closed_pull_request_is_noticed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 1000.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(200)
        rig.faults.hooks("pull_request|push", "lose", FOREVER)
        rig.hub.close(pull, "dev")
        await rig.passes(150)
        assert [run.conclusion for run in rig.runs()] == ["cancelled"]


async def test_a_change_that_github_did_not_list_is_noticed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 3000.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(200)
        rig.faults.hooks("pull_request|push", "lose", FOREVER)
        before = pull.updated_at
        rig.hub.close(pull, "dev")
        pull.updated_at = before  # so that it is not among the latest changes
        await rig.passes(700)
        assert [run.conclusion for run in rig.runs()] == ["cancelled"]


async def test_a_repository_without_pull_requests_is_rarely_read(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        await rig.passes(HOUR)
        quiet = _asked_at(rig, "/pulls")
        assert {later - sooner for sooner, later in pairwise(quiet)} == {900.0}
        rig.scene.open_pull(["vpc"])
        await rig.passes(HOUR)
        busy = [at for at in _asked_at(rig, "/pulls") if at > quiet[-1] + 60]
        assert {later - sooner for sooner, later in pairwise(busy)} == {60.0}


async def test_a_push_is_noticed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 1000.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(200)
        rig.faults.hooks("pull_request|push", "lose", FOREVER)
        del rig.hub.programs["atmos-pro.yaml"]  # and no upload comes either
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.passes(150)
        assert [run.conclusion for run in rig.runs()] == ["cancelled"]
        assert pull.head_sha[:7] in rig.comment(pull)


async def test_a_merge_is_noticed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.hooks("pull_request|push|workflow_run", "lose", FOREVER)
        rig.hub.merge(pull, by="lead")
        await rig.passes(1800)
        assert sorted(rig.dispatched("apply")) == sorted(labels("apply", CHAIN))
        assert headline(rig.comment(pull)).startswith("✅ Applied")
        assert_sound(rig.hub, CHAIN)


async def test_an_opened_pull_request_is_noticed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.faults.hooks("", "lose", FOREVER)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(1800)
        assert headline(rig.comment(pull)).startswith("✅ Planned")
        assert_sound(rig.hub, CHAIN)


async def test_a_failed_delivery_is_sent_again(tmp_path: Path) -> None:
    # Nothing but the delivery itself can tell: a re-run of a run that was over is not asked about.
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.fail(component="vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.hooks("workflow_run", "lose", 5)
        rig.hub.rerun(rig.run_of("plan dev/vpc").id)
        await rig.passes(900)
        assert headline(rig.comment(pull)).startswith("✅ Planned")


async def test_a_delivery_is_sent_again_three_times_at_most(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.faults.hooks("workflow_run", "lose", FOREVER)
        rig.scene.open_pull(["vpc"])
        await rig.passes(HOUR)
        tries = Counter(delivery.guid for delivery in rig.sandbox.hooks.log if delivery.lost)
        assert set(tries.values()) == {4}


async def test_deliveries_that_came_while_nobody_listened_are_sent_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        url = rig.sandbox.webhook_url
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(4)
        rig.sandbox.webhook_url = "http://127.0.0.1:9/nobody"
        await rig.passes(5)
        rig.sandbox.webhook_url = url
        await rig.passes(600)
        assert headline(rig.comment(pull)).startswith("✅ Planned")
        assert_sound(rig.hub, CHAIN)


async def test_a_late_look_does_not_undo_what_is_known(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        # What is asked for hangs about until the webhooks told more.
        rig.hub.scenario.seconds = lambda file, _inputs: 130.0 if file == example.PLAN else 1.0
        rig.faults.hooks("workflow_run.in_progress", "delay", 9, seconds=200)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(1800)
        assert headline(rig.comment(pull)).startswith("✅ Planned")
        assert_sound(rig.hub, CHAIN)
