"""What people tell the bot is read once and done once, in its turn, and not at all when it is too old."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.sandbox.state import Comment, Pull
from tests.rig import Rig, open_rig
from tests.stories.helping import CHAIN, FOREVER, model, requests
from tests.stories.processes import Nursery, open_town

ONE = {"vpc": ()}
TOO_OLD = "It was more than 15 minutes old when it was read. Say it again."
PAUSED = "⏸️ **Nothing more is started:** paused by boss."


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Have processes started quickly."""
    one = Nursery()
    yield one
    one.close()


def signs(comment: Comment) -> set[str]:
    return {sign for _, _, sign in comment.reactions}


def known(rig: Rig) -> Pull:
    """Open a pull request on which `boss` may say something."""
    rig.hub.set_permission(rig.repo, "boss", "write")
    return rig.scene.open_pull(["vpc"])


# Age.


@pytest.mark.parametrize(("minutes", "done"), [(14, True), (16, False)])
async def test_one_that_comes_late_is_done_for_fifteen_minutes(tmp_path: Path, minutes: int, *, done: bool) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.until_quiet()
        rig.faults.hooks("issue_comment", "delay", seconds=minutes * 60.0)
        said = rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.until_quiet()
        assert signs(said) == {"eyes", "rocket" if done else "confused"}
        assert (TOO_OLD in rig.comment(pull)) is not done
        assert ("is started until `/atmos unpause`" in rig.comment(pull)) is done


async def test_where_nobody_can_tell_who_may_it_is_refused_once_it_is_too_old(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.until_quiet()
        rig.faults.add("GET", "/permission$", "status", FOREVER)
        said = rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.passes(14 * 60)
        assert signs(said) == {"eyes"}
        await rig.passes(10 * 60)
        assert signs(said) == {"eyes", "confused"}
        assert TOO_OLD in rig.comment(pull)
        asked = len(requests(rig, "GET", "/permission"))
        await rig.passes(3600)
        assert len(requests(rig, "GET", "/permission")) == asked
        # It kept nothing waiting for longer than that.
        rig.faults.clear()
        again = rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.until_quiet()
        assert signs(again) == {"eyes", "rocket"}


@pytest.mark.parametrize("path", ["/permission$", "/pulls/1$"])
async def test_where_github_never_tells_what_must_be_known_it_is_refused_with_that_reason(
    tmp_path: Path, path: str
) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.until_quiet()
        rig.faults.add("GET", path, "status", FOREVER, status=403)
        said = rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.until_quiet()
        assert signs(said) == {"eyes", "confused"}
        assert "🚫 `/atmos pause` by boss" in rig.comment(pull)
        assert "GitHub could not be asked about it." in rig.comment(pull)
        assert PAUSED not in rig.comment(pull)


async def test_where_nobody_can_tell_who_may_for_a_while_it_is_done_afterwards(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.until_quiet()
        rig.faults.add("GET", "/permission$", "status", 5)
        said = rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.settle()
        assert signs(said) == {"eyes"}
        await rig.until_quiet()
        assert signs(said) == {"eyes", "rocket"}
        assert rig.comment(pull).count("`/atmos pause` by boss") == 1


async def test_one_whose_webhook_was_lost_is_found_by_the_sweep(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.until_quiet()
        rig.faults.hooks("issue_comment", "lose")
        said = rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.until_quiet()
        assert signs(said) == set()
        await rig.passes(10 * 60)
        assert signs(said) == {"eyes", "rocket"}


# Once.


async def test_a_comment_that_is_delivered_again_in_any_way_is_done_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.settle()
        rig.faults.hooks("issue_comment", "double")
        rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.until_quiet()
        assert PAUSED in rig.comment(pull)
        said = [one for one in rig.hub.hooks.log if one.event == "issue_comment" and b"/atmos pause" in one.body]
        rig.hub.comment(pull, "boss", "/atmos unpause")
        await rig.until_quiet()
        rig.hub.hooks.redeliver(said[0])
        rig.hub.hooks.redeliver(replace(said[0], guid="0c0ffee0-0000-4000-8000-000000000000"))
        await rig.until_quiet()
        assert rig.dispatched() == [f"plan dev/{one}" for one in CHAIN]
        assert "paused by" not in rig.comment(pull)
        assert rig.comment(pull).count("`/atmos pause` by boss") == 1


@pytest.mark.parametrize("taken_up", [False, True])
async def test_a_restart_between_reading_and_doing_loses_and_doubles_nothing(tmp_path: Path, *, taken_up: bool) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.settle()
        said = rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.sandbox.pump()  # it is on disk
        if taken_up:
            rig.faults.add("GET", "/permission$", "status")
            await rig.worker.intake.step()
        await rig.restart()
        await rig.until_quiet()
        assert signs(said) == {"eyes", "rocket"}
        assert rig.comment(pull).count("`/atmos pause` by boss") == 1
        await rig.restart()
        await rig.until_quiet()
        assert PAUSED in rig.comment(pull)
        assert rig.comment(pull).count("`/atmos pause` by boss") == 1


@pytest.mark.parametrize(("method", "path"), [("GET", "/permission$"), ("POST", "/reactions$")])
async def test_killed_meanwhile_it_is_done_once(tmp_path: Path, nursery: Nursery, method: str, path: str) -> None:
    async with open_town(tmp_path, CHAIN, nursery) as town:
        process = await town.start()
        town.hub.set_permission(town.repo, "boss", "write")
        pull = town.scene.open_pull(["vpc"])
        await town.until(lambda: town.comment(pull))
        fault = town.faults.add(method, path, "hold")
        said = town.hub.comment(pull, "boss", "/atmos pause\n/atmos unpause")
        await town.until(fault.reached.is_set)
        await town.stop(process)
        fault.release()
        await town.start()
        await town.until(lambda: signs(said) == {"eyes", "rocket"})
        await town.until(lambda: "`/atmos unpause` by boss" in town.comment(pull))
        assert town.comment(pull).count("`/atmos pause` by boss") == 1
        assert town.comment(pull).count("`/atmos unpause` by boss") == 1


# In turn.


async def test_one_waits_for_the_push_that_came_before_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.until_quiet()
        rig.faults.add("GET", f"/pulls/{pull.number}$", "status", 3)
        rig.scene.push("feature", ["vpc"], note="once more")
        said = rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.settle()
        assert signs(said) == {"eyes"}
        assert requests(rig, "GET", "/permission") == []
        await rig.until_quiet()
        assert signs(said) == {"eyes", "rocket"}
        assert PAUSED in rig.comment(pull)
        assert rig.dispatched() == [f"plan dev/{one}" for one in CHAIN]  # of the first head, and none of the second


async def test_two_of_one_person_are_done_in_their_order_whatever_happens_to_the_first(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.settle()
        rig.faults.add("GET", "/permission$", "status", 3)
        rig.hub.comment(pull, "boss", "/atmos pause")
        rig.hub.comment(pull, "boss", "/atmos unpause")
        await rig.until_quiet()
        assert "paused by" not in rig.comment(pull)
        assert rig.comment(pull).count("✅ `/atmos") == 2
        assert len(rig.dispatched("plan")) == len(CHAIN)


async def test_one_whose_webhook_comes_before_the_push_is_about_the_new_head(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.until_quiet()
        rig.faults.hooks("pull_request.synchronize", "delay", seconds=60.0)
        rig.hub.push(rig.repo, "feature", {"README.md": "# more\n"}, message="More", author="dev")
        rig.hub.comment(pull, "boss", "/atmos why vpc")
        await rig.passes(30)
        assert "Nothing is known to be affected yet: wait until the affected stacks" in rig.comment(pull)


# What goes wrong beside it.


@pytest.mark.parametrize("status", [403, 404, 410, 422])
async def test_a_reaction_that_github_refuses_costs_nothing(tmp_path: Path, status: int) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.settle()
        rig.faults.add("POST", "/reactions$", "status", FOREVER, status=status)
        said = rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.until_quiet()
        assert signs(said) == set()
        assert PAUSED in rig.comment(pull)
        assert len(requests(rig, "POST", "/reactions")) == 2


async def test_what_was_said_counts_though_the_comment_is_deleted_at_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = known(rig)
        await rig.settle()
        said = rig.hub.comment(pull, "boss", "/atmos pause")
        rig.hub.delete_comment(said, by="boss")
        await rig.until_quiet()
        assert PAUSED in rig.comment(pull)
        assert "`/atmos pause` by boss" in rig.comment(pull)


async def test_what_is_done_piles_up_nowhere(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=86_400.0) as rig:
        pull = known(rig)
        await rig.until_quiet()
        for _ in range(3):
            rig.hub.comment(pull, "boss", "/atmos pause\n/atmos unpause\n/atmos help")
            await rig.until_quiet()
        assert len(rig.db.rows("SELECT 1 FROM commands")) == 9
        await rig.passes(2 * 86_400)
        assert rig.db.rows("SELECT key FROM outbox WHERE kind = 'react'") == []
        assert len(rig.db.rows("SELECT 1 FROM commands")) == 9
        rig.clock.at += 90 * 86_400
        await rig.passes(2 * 86_400)
        assert rig.db.rows("SELECT 1 FROM commands") == []
