"""The buttons of a check run: they do what the commands do, by the same people, and what came of it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.sandbox import MergeGroup, Pull, example, payloads_talk
from bot.sandbox.state import Check
from tests.rig import Rig, label_of, open_rig
from tests.stories import test_server_run as server
from tests.stories.console import command
from tests.stories.helping import CHAIN, ONE, model

QUEUED = example.files("merge_group")


#: What is planned after each button was pressed; after *Cancel* where that was refused.
NEW = {
    "Retry": ["plan dev/database", "plan dev/api"],
    "Approve": ["plan dev/vpc", "plan dev/database", "plan dev/api"],
    "Cancel": ["plan dev/database", "plan dev/api"],
    "Re-run": ["plan dev/database", "plan dev/api"],
}


def press(rig: Rig, check: Check, button: str, by: str) -> None:
    """Press a button of the check run, or GitHub's own."""
    if button == "Re-run":
        rig.hub.rerequest(check, by)
    else:
        rig.hub.request_action(check, button, by)


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


@pytest.mark.parametrize("role", ["read", "write", "maintain"])
@pytest.mark.parametrize("button", ["Retry", "Approve", "Cancel", "Re-run"])
async def test_whoever_may_write_may_press_any_button_and_nobody_else(tmp_path: Path, button: str, role: str) -> None:
    breaker = 2 if button == "Approve" else 100
    async with open_rig(tmp_path, files=QUEUED, model=model(CHAIN), breaker_plan=breaker) as rig:
        if button == "Cancel":
            rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.PLAN else 1.0
        elif button != "Approve":
            rig.hub.scenario.fail(component="database", times=2)
        _, group, check = await tried(rig)
        if button != "Cancel":
            await rig.until_quiet()
        before = planned(rig, group)
        rig.hub.set_permission(rig.repo, "ann", role)
        press(rig, check, button, by="ann")
        await rig.until_quiet()
        assert ("ann may not: it needs write access to this repository." in summary(check)) is (role == "read")
        assert (f"🚫 `{button}` by ann" in summary(check)) is (role == "read")
        assert (f"✅ `{button}` by ann" in summary(check)) is (role != "read")
        new = planned(rig, group)[len(before) :]
        goes_on = (role != "read") is (button != "Cancel")
        assert new == (NEW[button] if goes_on else [])


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
        (button,) = check.actions
        action = {"identifier": "destroy 1" if change == "no button" else button["identifier"]}
        body = {"action": "requested_action", "check_run": told, "requested_action": action}
        rig.hub.emit("check_run", rig.repo, body, rig.hub.user("boss"))
        await rig.until_quiet()
        assert planned(rig, group) == []
        assert ("the check run of an older commit, 0000000" in summary(check)) is (change == "an older commit")


@pytest.mark.parametrize("role", ["write", "maintain"])
async def test_no_button_cancels_an_apply_that_runs(tmp_path: Path, role: str) -> None:
    async with server.stage(tmp_path) as rig:
        rig.hub.set_permission(rig.repo, "ann", role)
        rig.hub.scenario.seconds = lambda *_: 600.0
        server.run(rig, "dev")
        await rig.passes(60)
        check = server.check(rig, rig.repo.tip.sha)
        assert (check.status, buttons(check)) == ("in_progress", ["Cancel"])
        page = list(check.actions)
        rig.hub.request_action(check, "Cancel", by="ann")
        await rig.passes(30)
        assert (check.status, buttons(check)) == ("in_progress", ["Retry"])
        assert "✅ `Cancel` by ann" in summary(check)
        assert "Not sent any more: dev/database, dev/api. Left to its end, because it may be changing" in summary(check)
        rig.hub.request_action(check, "Cancel", by="ann", seen=page)
        await rig.until_quiet()
        assert "🚫 `Cancel` by ann" in summary(check)
        assert summary(check).count("No button cancels that. If it must be, cancel its run at GitHub:") == 2
        assert "--force" not in summary(check)
        assert server.since(rig) == ["apply dev/vpc"]
        assert (await server.statuses(rig, check.head_sha))["vpc"] == "succeeded"


async def test_while_an_apply_alone_runs_there_is_nothing_to_press(tmp_path: Path) -> None:
    async with server.stage(tmp_path, ONE) as rig:
        rig.hub.scenario.seconds = lambda *_: 600.0
        server.run(rig, "dev")
        await rig.passes(60)
        check = server.check(rig, rig.repo.tip.sha)
        assert (check.status, buttons(check)) == ("in_progress", [])


@pytest.mark.parametrize("role", ["read", "write"])
async def test_a_server_runs_check_is_run_again_by_who_may_write(tmp_path: Path, role: str) -> None:
    async with server.stage(tmp_path) as rig:
        rig.hub.set_permission(rig.repo, "ann", role)
        rig.hub.scenario.fail(component="database")
        server.run(rig, "dev")
        await rig.until_quiet()
        check = server.check(rig, rig.repo.tip.sha)
        assert (check.conclusion, buttons(check)) == ("failure", ["Retry"])
        rig.hub.rerequest(check, by="ann")
        await rig.until_quiet()
        again = [] if role == "read" else server.CHAINED[1:]
        assert server.since(rig) == [*server.CHAINED[:2], *again]
        assert check.conclusion == ("failure" if role == "read" else "success")


@pytest.mark.parametrize("how", ["Re-run", "Retry"])
async def test_a_destroy_that_failed_goes_again_only_by_being_shown_anew(tmp_path: Path, how: str) -> None:
    async with server.stage(tmp_path) as rig:
        rig.hub.set_permission(rig.repo, "lead", "maintain")
        rig.hub.scenario.fail(component="database")
        server.run(rig, "dev", "--reverse", typed=server.CONFIRMED.format(3))
        await rig.until_quiet()
        check = server.check(rig, rig.repo.tip.sha)
        assert (check.conclusion, buttons(check)) == ("failure", [])
        again = f"`switchyard run acme/infra TARGET --reverse --sha {check.head_sha[:7]}` on the server shows anew what"
        assert again in summary(check)
        if how == "Retry":
            rig.hub.request_action(check, "Retry", by="lead", seen=[{"label": "Retry", "identifier": "retry 1"}])
        else:
            rig.hub.rerequest(check, by="lead")
        await rig.until_quiet()
        assert server.since(rig) == ["destroy dev/api", "destroy dev/database"]
        assert f"🚫 `{how}` by lead" in summary(check)
        assert "`switchyard run --reverse` on the server does that)." in summary(check)


@pytest.mark.parametrize("role", ["write", "maintain"])
async def test_a_destroy_that_is_held_goes_only_by_the_command_that_is_told(tmp_path: Path, role: str) -> None:
    async with server.stage(tmp_path, ONE) as rig:
        rig.hub.set_permission(rig.repo, "ann", role)
        await rig.restart(approve_stacks=("d*",))
        server.run(rig, "vpc", "--reverse", typed=server.CONFIRMED.format(1))
        await rig.until_quiet()
        check = server.check(rig, rig.repo.tip.sha)
        assert (check.conclusion, buttons(check)) == ("action_required", [])
        shown = {"label": "Approve", "identifier": f"approve {int(rig.clock.at)}"}
        rig.hub.request_action(check, "Approve", by="ann", seen=[shown])
        await rig.until_quiet()
        assert server.since(rig) == []
        number = (await server.latest(rig, check.head_sha))["id"]
        refused = (
            f"dev/vpc: it would be destroyed: say `switchyard approve OWNER/REPO --rollout {number} dev/vpc` on the"
        )
        assert refused in summary(check)
        told = re.search(r"`switchyard (approve acme/infra [^`]*)` on the server", summary(check))
        assert told is not None
        command(rig, *told[1].split(), "--by", "boss", "--yes")
        await rig.until_quiet()
        assert server.since(rig) == ["destroy dev/vpc"]


async def test_a_button_lets_go_nothing_that_its_page_did_not_show(tmp_path: Path) -> None:
    async with server.stage(tmp_path, unplanned="hold") as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        earlier = {"label": "Approve", "identifier": f"approve {int(rig.clock.at)}"}
        await rig.passes(600)
        server.run(rig, "dev")
        await rig.until_quiet()
        check = server.check(rig, rig.repo.tip.sha)
        rig.hub.request_action(check, "Approve", by="boss", seen=[earlier])
        await rig.until_quiet()
        assert server.since(rig) == []
        assert "🚫 `Approve` by boss" in summary(check)
        assert "Held only since that button was shown: dev/vpc, dev/database, dev/api. Look at it, and" in summary(
            check
        )
        rig.hub.request_action(check, "Approve", by="boss")
        await rig.until_quiet()
        assert server.since(rig) == server.CHAINED
