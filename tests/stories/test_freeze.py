"""While something is frozen nothing is applied there, everybody is told, and afterwards it goes on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from bot.sandbox import example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.console import audited, command
from tests.stories.helping import CHAIN, ONE, assert_sound, headline, labels, model, wide

#: Nothing is found by looking: what goes on, goes on because the end of a freeze is an input.
NO_SWEEP = 1_000_000.0
TOLD = "frozen by dora: an audit of the accounts"


async def _planned(rig: Rig) -> Pull:
    pull = rig.scene.open_pull(["vpc"])
    await rig.until_quiet()
    assert set((await rig.statuses(pull)).values()) == {"succeeded"}
    return pull


def _freeze(rig: Rig, *where: str) -> str:
    return command(rig, "freeze", *where, "--reason", "an audit of the accounts", "--by", "dora")


async def test_what_is_merged_while_it_is_frozen_waits_and_goes_on(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        pull = await _planned(rig)
        assert TOLD not in rig.comment(pull)
        _freeze(rig, "acme/infra")
        await rig.until_quiet()
        assert TOLD in rig.comment(pull), "it is told before the merge"
        rig.hub.merge(pull, by="lead")
        await rig.passes(1200)
        assert rig.dispatched("apply") == []
        assert await rig.statuses(pull) == {"dev/vpc": "ready", "dev/database": "waiting", "dev/api": "waiting"}
        assert TOLD in rig.comment(pull)
        command(rig, "unfreeze", "acme/infra")
        await rig.until_quiet()
        assert set(rig.dispatched("apply")) == labels("apply", CHAIN)
        assert headline(rig.comment(pull)).startswith("✅ Applied")
        assert TOLD not in rig.comment(pull)
        assert_sound(rig.hub, CHAIN)


async def test_what_runs_ends_and_what_comes_after_it_waits(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        pull = await _planned(rig)
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.APPLY else 1.0
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        _freeze(rig)
        await rig.passes(600)
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "ready", "dev/api": "waiting"}
        command(rig, "unfreeze")
        await rig.until_quiet()
        assert set(rig.dispatched("apply")) == labels("apply", CHAIN)


async def test_what_was_raised_but_not_sent_is_kept_too(tmp_path: Path) -> None:
    needs = wide(4)
    async with open_rig(tmp_path, model=model(needs), dispatches_per_second=1.0, sweep_seconds=NO_SWEEP) as rig:
        pull = rig.scene.open_pull(needs)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        for _ in range(60):
            if not rig.dispatched("apply"):
                await rig.passes(0.5)
        assert list((await rig.statuses(pull)).values()).count("dispatching") >= 2
        sent = rig.dispatched("apply")
        _freeze(rig)
        await rig.passes(600)
        assert rig.dispatched("apply") == sent
        assert Counter((await rig.statuses(pull)).values()) == {"succeeded": len(sent), "ready": 4 - len(sent)}
        assert TOLD in {cause for _, _, cause in audited(rig, "keep")}
        command(rig, "unfreeze")
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert_sound(rig.hub, needs)


async def test_plans_go_on_and_a_restart_changes_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        _freeze(rig, "ACME/Infra")
        pull = await _planned(rig)
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        await rig.restart()
        await rig.passes(1200)
        assert rig.dispatched("apply") == []
        assert TOLD in rig.comment(pull)
        command(rig, "unfreeze", "acme/infra")
        await rig.until_quiet()
        assert set(rig.dispatched("apply")) == labels("apply", CHAIN)


async def test_the_freeze_of_all_and_that_of_one_hold_beside_each_other(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=NO_SWEEP) as rig:
        assert command(rig, "freeze", "--list") == "Nothing is frozen.\n"
        pull = await _planned(rig)
        _freeze(rig)
        command(rig, "freeze", "acme/infra", "--reason", "the network moves")
        assert command(rig, "freeze", "--list") == (
            "all repositories\tsince 2026-05-04 10:00 UTC\tby dora\tan audit of the accounts\n"
            "acme/infra\tsince 2026-05-04 10:00 UTC\tby the operator\tthe network moves\n"
        )
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert "frozen by the operator: the network moves" in rig.comment(pull)
        assert "Another one holds still" in command(rig, "unfreeze", "acme/infra")
        await rig.until_quiet()
        assert TOLD in rig.comment(pull)
        assert rig.dispatched("apply") == []
        assert command(rig, "unfreeze") == "The freeze of all repositories is ended.\n"
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_what_cannot_be_frozen_is_told(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        assert "say why, in at most 200 characters" in command(rig, "freeze", code=2)
        assert "say why" in command(rig, "freeze", "--reason", "x" * 201, code=2)
        assert "give it as OWNER/REPO" in command(rig, "freeze", "infra", "--reason", "x", code=2)
        assert "knows no repository acme/infrb" in command(rig, "freeze", "acme/infrb", "--reason", "x", code=1)
        assert "acme/infra itself is not frozen. Nothing is." in command(rig, "unfreeze", "acme/infra", code=1)
        assert "There is no freeze of all repositories. Nothing is." in command(rig, "unfreeze", code=1)
        command(rig, "freeze", "--reason", "x")
        told = command(rig, "unfreeze", "acme/infra", code=1)
        assert "acme/infra itself is not frozen. `switchyard freeze --list` shows what is." in told
