"""`/atmos cancel`: what is pending is dropped, plans that run are cancelled, applies only with force."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from bot.sandbox import atmos, example
from bot.sandbox.runs import Program
from bot.sandbox.state import Pull
from tests.rig import Rig, label_of, open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, DIAMOND, headline, labels, line_of, model, wide
from tests.stories.test_command_skip import may, say

HOUR = 3600.0


def slow(rig: Rig, file: str, seconds: float = 300.0) -> None:
    """Have the runs of one file take long."""
    rig.hub.scenario.seconds = lambda one, _inputs: seconds if one == file else 1.0


def ends(rig: Rig) -> list[tuple[str, str | None]]:
    return [(label_of(run), run.conclusion) for run in rig.runs()]


async def _nothing(_program: Program) -> str:
    return "success"


async def applying(rig: Rig, *components: str) -> Pull:
    """Merge what is planned, and let its slow applies begin."""
    slow(rig, example.APPLY)
    pull = rig.scene.open_pull(components)
    await rig.until_quiet()
    rig.hub.merge(pull, by="lead")
    await rig.passes(60)
    return pull


async def test_all_of_a_plan_is_dropped_or_cancelled_and_stays_so(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        may(rig)
        slow(rig, example.PLAN)
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.passes(30)
        told = await say(rig, pull, "/atmos cancel")
        assert told.startswith("rocket ")
        assert "Not sent any more: dev/cache, dev/database, dev/api." in told
        assert "Being cancelled: dev/storage, dev/vpc." in told
        await rig.passes(HOUR)
        await rig.restart()
        await rig.passes(HOUR)
        assert sorted(ends(rig)) == [("plan dev/storage", "cancelled"), ("plan dev/vpc", "cancelled")]
        assert set((await rig.statuses(pull)).values()) == {"cancelled"}
        assert headline(rig.comment(pull)) == "🛑 Plan cancelled: 0 of 5 succeeded, 5 cancelled"
        assert "🛑 **Cancelled:** `storage` in `dev`" in rig.comment(pull).replace("[", "")
        assert "Failed" not in rig.comment(pull)
        assert "Cancelled by boss" in line_of(rig.comment(pull), "vpc")
        assert "cancelled by boss, and was not sent" in line_of(rig.comment(pull), "api")
        assert sorted(audited(rig, "cancel")) == [
            ("boss", "dev/api", "it was not sent"),
            ("boss", "dev/cache", "it was not sent"),
            ("boss", "dev/database", "it was not sent"),
            ("boss", "dev/storage", "it was under way"),
            ("boss", "dev/vpc", "it was under way"),
        ]


async def test_said_twice_there_is_nothing_left_to_cancel(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        slow(rig, example.PLAN)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        told = await say(rig, pull, "/atmos cancel", "/atmos cancel", "/atmos cancel")
        assert told.startswith("rocket ")
        assert "Nothing of it is waiting or under way." in told
        await rig.until_quiet()
        assert ends(rig) == [("plan dev/vpc", "cancelled")]
        assert len(audited(rig, "cancel")) == 3


async def test_what_depends_on_something_cancelled_is_blocked_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        may(rig)
        slow(rig, example.PLAN, 60.0)
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.passes(30)
        await say(rig, pull, "/atmos cancel dev/cache")
        await rig.until_quiet()
        assert set(rig.dispatched()) == {"plan dev/vpc", "plan dev/storage", "plan dev/database"}
        assert (await rig.statuses(pull))["dev/api"] == "blocked"
        assert "`cache` was cancelled" in line_of(rig.comment(pull), "api")


async def test_it_is_taken_back_by_retry_and_goes_on_in_order(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        slow(rig, example.PLAN, 60.0)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        await say(rig, pull, "/atmos cancel", seconds=60)
        await say(rig, pull, "/atmos retry")
        await rig.until_quiet()
        assert ends(rig) == [("plan dev/vpc", "cancelled"), *((f"plan dev/{name}", "success") for name in CHAIN)]


async def test_without_force_a_running_apply_is_left_and_what_was_not_sent_is_dropped(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        pull = await applying(rig, "vpc")
        told = await say(rig, pull, "/atmos cancel")
        assert told.startswith("rocket ")
        assert "Not sent any more: dev/database, dev/api." in told
        assert "Left to its end, because it may be changing things: dev/vpc." in told
        await rig.until_quiet()
        assert ends(rig)[3:] == [("apply dev/vpc", "success")]
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "cancelled", "dev/api": "cancelled"}


async def test_an_apply_alone_is_refused_without_force(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig, "admin")
        pull = await applying(rig, "vpc")
        told = await say(rig, pull, "/atmos cancel dev/vpc")
        assert told.startswith("confused ")
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_force_cancels_a_running_apply_and_says_what_that_leaves_behind(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig, "maintain")
        pull = await applying(rig, "vpc")
        told = await say(rig, pull, "/atmos cancel dev/vpc --force")
        assert told.startswith("rocket ")
        assert "Being cancelled: dev/vpc. That can leave behind what is half applied" in told
        assert "terraform force-unlock" in told
        assert "/atmos retry" in told
        await rig.until_quiet()
        assert ends(rig)[3:] == [("apply dev/vpc", "cancelled")]
        assert await rig.statuses(pull) == {"dev/vpc": "cancelled", "dev/database": "blocked", "dev/api": "blocked"}
        assert "Cancelled by boss. It may be half applied" in line_of(rig.comment(pull), "vpc")
        assert audited(rig, "cancel") == [("boss", "dev/vpc", "it was under way")]
        await say(rig, pull, "/atmos retry")
        await rig.until_quiet()
        assert ends(rig)[4:] == [(f"apply dev/{name}", "success") for name in CHAIN]


async def test_after_the_merge_it_reaches_what_the_plan_before_it_still_runs(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        slow(rig, example.PLAN)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        assert ends(rig) == [("plan dev/vpc", None)]
        told = await say(rig, pull, "/atmos cancel")
        assert told.startswith("rocket ")
        assert "Apply: Not sent any more: dev/vpc, dev/database, dev/api. Plan: Being cancelled: dev/vpc." in told
        await rig.passes(60)
        assert ends(rig) == [("plan dev/vpc", "cancelled")]
        assert [entry for entry in audited(rig, "cancel") if entry[2] == "it was under way"] == [
            ("boss", "dev/vpc", "it was under way")
        ]
        assert set((await rig.statuses(pull)).values()) == {"cancelled"}


async def test_also_before_the_apply_has_begun(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        slow(rig, example.PLAN)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.hub.programs["atmos-pro.yaml"] = _nothing
        rig.hub.merge(pull, by="lead")
        await rig.passes(10)
        assert ends(rig) == [("plan dev/vpc", None)]
        told = await say(rig, pull, "/atmos cancel dev/vpc")
        assert "Being cancelled: dev/vpc." in told
        told = await say(rig, pull, "/atmos approve dev/vpc")
        assert "It is merged, and its apply has not begun" in told
        await rig.passes(60)
        assert ends(rig) == [("plan dev/vpc", "cancelled")]


async def test_an_apply_that_is_cancelled_twice_is_refused_the_second_time_and_left_both_times(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        pull = await applying(rig, "vpc")
        await say(rig, pull, "/atmos cancel")
        told = await say(rig, pull, "/atmos cancel")
        assert told.startswith("confused ")
        left = "Left to its end, because it may be changing things: dev/vpc. With `--force` that is cancelled, too."
        assert f": {left}\n" in told.partition("**Last commands**")[2].partition("<details>")[0]
        assert len(audited(rig, "cancel")) == 2
        await rig.until_quiet()
        assert ends(rig)[3:] == [("apply dev/vpc", "success")]
        told = await say(rig, pull, "/atmos cancel")
        assert told.startswith("rocket ")
        assert "Nothing of it is waiting or under way." in told


async def test_force_twice_cancels_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig, "admin")
        pull = await applying(rig, "vpc")
        told = await say(rig, pull, "/atmos cancel --force", "/atmos cancel --force")
        assert told.startswith("rocket ")
        first, second = told.partition("**Last commands**\n")[2].splitlines()[:2]
        assert "Not sent any more: dev/database, dev/api. Being cancelled: dev/vpc." in first
        assert second.endswith("Nothing of it is waiting or under way.")
        await rig.until_quiet()
        assert ends(rig)[3:] == [("apply dev/vpc", "cancelled")]
        assert [by for by, which, _ in audited(rig, "cancel") if which == "dev/vpc"] == ["boss"]


async def test_force_is_for_who_maintains_the_repository(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        pull = await applying(rig, "vpc")
        told = await say(rig, pull, "/atmos cancel --force")
        assert told.startswith("confused ")
        assert "needs the role maintain or admin" in told
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


@pytest.mark.parametrize(("force", "cancelled"), [("", False), (" --force", True)])
async def test_an_apply_that_is_being_sent_is_cancelled_once_its_run_is_known(
    tmp_path: Path, force: str, cancelled: bool
) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig, "admin")
        slow(rig, example.APPLY)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.add("POST", "/dispatches$", "lost_answer")
        rig.faults.hooks("workflow_run", "lose", 20)
        rig.hub.merge(pull, by="lead")
        while "apply dev/vpc" not in rig.dispatched():
            await rig.passes(0.5)
        assert (await rig.statuses(pull))["dev/vpc"] == "dispatching"
        await say(rig, pull, f"/atmos cancel{force}", seconds=1)
        await rig.until_quiet()
        assert rig.run_of("apply dev/vpc").conclusion == ("cancelled" if cancelled else "success")
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_a_plan_that_is_being_sent_and_did_not_arrive_is_not_sent_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        rig.faults.add("POST", "/dispatches$", "status", 1, status=502)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(4)
        assert (await rig.statuses(pull))["dev/vpc"] == "dispatching"
        told = await say(rig, pull, "/atmos cancel dev/vpc")
        assert "Being cancelled: dev/vpc." in told
        await rig.until_quiet()
        assert rig.dispatched() == []
        assert await rig.statuses(pull) == {"dev/vpc": "cancelled", "dev/database": "blocked", "dev/api": "blocked"}
        assert "cancelled by boss" in line_of(rig.comment(pull), "vpc")


async def test_what_was_raised_and_is_not_being_sent_is_taken_back(tmp_path: Path) -> None:
    needs = wide(6)
    async with open_rig(tmp_path, model=model(needs), dispatches_per_second=0.1) as rig:
        may(rig)
        slow(rig, example.PLAN, 60.0)
        pull = rig.scene.open_pull(needs)
        while not rig.dispatched():
            await rig.passes(0.5)
        rig.hub.comment(pull, "boss", "/atmos cancel")
        await rig.until_quiet()
        went = rig.dispatched()
        assert 1 <= len(went) < len(needs)
        assert {run.conclusion for run in rig.runs()} == {"cancelled"}
        assert set((await rig.statuses(pull)).values()) == {"cancelled"}


async def test_news_that_come_late_change_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        slow(rig, example.PLAN)
        rig.faults.hooks("workflow_run.in_progress", "delay", 1, seconds=900)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        await say(rig, pull, "/atmos cancel dev/vpc")
        await rig.passes(2 * HOUR)
        assert await rig.statuses(pull) == {"dev/vpc": "cancelled", "dev/database": "blocked", "dev/api": "blocked"}
        assert ends(rig) == [("plan dev/vpc", "cancelled")]


async def test_what_ended_before_github_cancelled_it_has_ended_as_it_did(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        slow(rig, example.PLAN, 30.0)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(20)
        rig.faults.hooks("workflow_run.completed", "delay", 1, seconds=20)
        await rig.passes(20)
        assert (await rig.statuses(pull))["dev/vpc"] == "running"
        await say(rig, pull, "/atmos cancel dev/vpc dev/api")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {
            "dev/vpc": "succeeded",
            "dev/database": "succeeded",
            "dev/api": "cancelled",
        }


async def test_with_fail_fast_what_was_not_sent_stops_nothing_and_a_run_that_was_cancelled_does(tmp_path: Path) -> None:
    needs = {"vpc": (), "database": ("vpc",), "dns": (), "zone": ("dns",)}
    async with open_rig(tmp_path, model=model(needs), failure_mode="fail-fast") as rig:
        may(rig)
        slow(rig, example.PLAN, 60.0)
        pull = rig.scene.open_pull(["vpc", "dns"])
        await rig.passes(10)
        await say(rig, pull, "/atmos cancel dev/database")
        await rig.until_quiet()
        assert set(rig.dispatched()) == labels("plan", needs) - {"plan dev/database"}
        rig.scene.push("feature", ["vpc", "dns"], note="again")
        await rig.passes(30)
        await say(rig, pull, "/atmos cancel dev/vpc")
        await rig.until_quiet()
        assert sorted(rig.dispatched()[3:]) == ["plan dev/dns", "plan dev/vpc"]
        assert "stopped, because dev/vpc did not succeed" in line_of(rig.comment(pull), "zone")


async def test_another_upload_of_the_same_commit_does_not_undo_it_and_a_push_begins_anew(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        may(rig)
        slow(rig, example.PLAN, 60.0)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(10)
        await say(rig, pull, "/atmos cancel", "/atmos skip dev/api")
        await rig.until_quiet()
        items = atmos.describe_affected(rig.scene.model, [("dev", "vpc"), ("dev", "storage")])
        base = rig.repo.branches["main"]
        body = atmos.upload_body(items, repo="acme/infra", head_sha=pull.head_sha, base_sha=base)
        async with aiohttp.ClientSession() as session:
            assert (await atmos.upload(session, rig.url, rig.key, body))[0] == 200
        await rig.until_quiet()
        assert await rig.statuses(pull) == {
            "dev/vpc": "cancelled",
            "dev/database": "cancelled",
            "dev/cache": "cancelled",
            "dev/api": "skipped",
            "dev/storage": "succeeded",
        }
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_a_closed_one_has_nothing_to_cancel(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.close(pull, "dev")
        await rig.passes(60)
        told = await say(rig, pull, "/atmos cancel")
        assert told.startswith("confused ")
        assert "It is closed, and nothing of it is worked any more." in told
