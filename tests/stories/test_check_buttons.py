"""The buttons of a check run: they do what the commands do, by the same people, and what came of it stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import MergeGroup, Pull, example, payloads_talk
from bot.sandbox.state import Check
from tests.rig import Rig, label_of, open_rig
from tests.stories.helping import CHAIN, model

QUEUED = example.files("merge_group")


async def tried(rig: Rig) -> tuple[Pull, MergeGroup, Check]:
    """Have a pull request planned, put it into the queue, and let that try begin."""
    rig.hub.set_permission(rig.repo, "boss", "write")
    pull = rig.scene.open_pull(["vpc"])
    await rig.until_quiet()
    group = rig.hub.enqueue(pull, by="lead")
    await rig.passes(60)
    (check,) = (check for check in rig.repo.checks.values() if check.head_sha == group.head_sha)
    return pull, group, check


def planned(rig: Rig, group: MergeGroup) -> list[str]:
    return [label_of(run) for run in rig.runs() if run.inputs["sha"] == group.head_sha]


def buttons(check: Check) -> list[str]:
    return [button["label"] for button in check.actions]


def summary(check: Check) -> str:
    return str(check.output["summary"]).replace("\u00a0", " ")


@pytest.mark.parametrize("how", ["the button", "re-run", "re-run all"])
async def test_retry_goes_on_where_it_stopped(tmp_path: Path, how: str) -> None:
    async with open_rig(tmp_path, files=QUEUED, model=model(CHAIN)) as rig:
        rig.hub.scenario.fail(component="database", times=2)  # the pull request's own plan, and the try's
        _, group, check = await tried(rig)
        await rig.until_quiet()
        assert (check.conclusion, buttons(check)) == ("failure", ["Retry"])
        if how == "the button":
            rig.hub.request_action(check, "retry", by="boss")
        elif how == "re-run":
            rig.hub.rerequest(check, by="boss")
        else:
            rig.hub.rerequest_all(check, by="boss")
        await rig.until_quiet()
        assert planned(rig, group) == ["plan dev/vpc", "plan dev/database", "plan dev/database", "plan dev/api"]
        assert (check.conclusion, buttons(check)) == ("success", [])
        assert f"✅ `{'Retry' if how == 'the button' else 'Re-run'}` by boss" in summary(check)


async def test_approve_lets_go_what_is_held(tmp_path: Path) -> None:
    async with open_rig(tmp_path, files=QUEUED, model=model(CHAIN), breaker_plan=2) as rig:
        _, group, check = await tried(rig)
        await rig.until_quiet()
        assert (check.conclusion, buttons(check)) == ("action_required", ["Approve"])
        rig.hub.request_action(check, "approve", by="boss")
        await rig.until_quiet()
        assert planned(rig, group) == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        assert (check.conclusion, buttons(check)) == ("success", [])


async def test_cancel_stops_what_is_to_come(tmp_path: Path) -> None:
    async with open_rig(tmp_path, files=QUEUED, model=model(CHAIN)) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.PLAN else 1.0
        _, group, check = await tried(rig)
        assert (check.status, buttons(check)) == ("in_progress", ["Cancel"])
        rig.hub.request_action(check, "cancel", by="boss")
        await rig.until_quiet()
        assert planned(rig, group) == ["plan dev/vpc"]
        assert (check.conclusion, buttons(check)) == ("cancelled", ["Retry"])


async def test_who_may_not_say_it_may_not_press_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, files=QUEUED, model=model(CHAIN), breaker_plan=2) as rig:
        _, group, check = await tried(rig)
        rig.hub.set_permission(rig.repo, "guest", "read")
        rig.hub.request_action(check, "approve", by="guest")
        await rig.until_quiet()
        assert planned(rig, group) == []
        assert "🚫 `Approve` by guest" in summary(check)
        assert "needs write access" in summary(check)


async def test_pressed_once_and_told_twice_it_is_done_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, files=QUEUED, model=model(CHAIN), breaker_plan=2) as rig:
        _, group, check = await tried(rig)
        rig.faults.hooks("check_run", "double", 1)
        rig.hub.request_action(check, "approve", by="boss")
        await rig.until_quiet()
        assert planned(rig, group) == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        assert summary(check).count("`Approve` by boss") == 1


async def test_what_the_queue_gave_up_has_no_buttons(tmp_path: Path) -> None:
    async with open_rig(tmp_path, files=QUEUED, model=model(CHAIN), breaker_plan=2) as rig:
        pull, group, check = await tried(rig)
        rig.hub.dequeue(pull, by="dev")
        rig.hub.request_action(check, "approve", by="boss")
        await rig.until_quiet()
        assert (planned(rig, group), buttons(check)) == ([], [])
        assert "🚫 `Approve` by boss" in summary(check)
        assert "the pull request left the queue" in summary(check)


@pytest.mark.parametrize(("sweep", "done"), [(60.0, True), (1200.0, False)], ids=["soon", "too late"])
async def test_a_press_that_got_lost_is_asked_for_again_while_it_is_fresh(
    tmp_path: Path, sweep: float, done: bool
) -> None:
    async with open_rig(
        tmp_path, files=QUEUED, model=model(CHAIN), breaker_plan=2, sweep_seconds=sweep, max_in_flight=3
    ) as rig:
        _, group, check = await tried(rig)
        rig.faults.hooks("check_run", "lose", 1)
        rig.hub.request_action(check, "approve", by="boss")
        await rig.passes(2 * sweep)
        assert bool(planned(rig, group)) is done


@pytest.mark.parametrize("change", ["another repository", "another App", "nobody's", "an older commit", "no button"])
async def test_what_is_not_about_its_own_check_run_does_nothing(tmp_path: Path, change: str) -> None:
    async with open_rig(tmp_path, files=QUEUED, model=model(CHAIN), breaker_plan=2) as rig:
        _, group, check = await tried(rig)
        told = payloads_talk.check(rig.hub.base_url, check, rig.hub.app_json)
        told |= {
            "another repository": {"external_id": check.external_id.replace(str(rig.repo.id), "7")},
            "another App": {"app": {"id": 1}},
            "nobody's": {"external_id": ""},
            "an older commit": {"head_sha": "0" * 40},
            "no button": {},
        }[change]
        action = {"identifier": "destroy" if change == "no button" else "approve"}
        body = {"action": "requested_action", "check_run": told, "requested_action": action}
        rig.hub.emit("check_run", rig.repo, body, rig.hub.user("boss"))
        await rig.until_quiet()
        assert planned(rig, group) == []
        assert ("the check run of an older commit, 0000000" in summary(check)) is (change == "an older commit")
