"""Destroys and applies of different rollouts see each other: nothing is pulled from under what another one brought."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.console import command
from tests.stories.saying import answers, say
from tests.stories.test_command_destroy import _code
from tests.stories.test_destroy import FILES, known, model, remove
from tests.stories.test_server_run import CONFIRMED, check, run

PAIR = {"vpc": (), "eks": ("vpc",)}


async def _applied(rig: Rig, *paths: str, branch: str = "first") -> Pull:
    pull = await _planned(rig, *paths, branch=branch)
    rig.hub.merge(pull, by="lead")
    await rig.until_quiet()
    return pull


async def _planned(rig: Rig, *paths: str, branch: str) -> Pull:
    pull = rig.scene.open_pull(paths, branch=branch)
    await rig.until_quiet()
    return pull


async def _boss(rig: Rig, pull: Pull, words: str) -> str:
    """Have a maintainer say a command, and read what is answered."""
    await say(rig, pull, f"/atmos {words}", role="maintain")
    return answers(rig, pull)[0]


def _text(rig: Rig, pull: Pull) -> str:
    """Read the comment without what keeps GitHub from making links."""
    return rig.comment(pull).replace("&#8203;", "")


def _slow(rig: Rig, component: str, file: str = example.DESTROY) -> None:
    """Have runs of one component take a quarter of an hour."""
    rig.hub.scenario.seconds = lambda its, inputs: (
        900.0 if (its, inputs.get("component")) == (file, component) else 10.0
    )


def _reverse(rig: Rig, pull: Pull, *words: str, count: int, code: int = 0) -> str:
    return run(rig, *words, "--reverse", sha=pull.merge_commit_sha or "", typed=CONFIRMED.format(count), code=code)


async def test_what_depends_on_it_is_not_applied_while_it_is_destroyed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR), files=FILES) as rig:
        first = await _applied(rig, "vpc", "eks")
        second = await _planned(rig, "eks", branch="second")
        _slow(rig, "vpc")
        _reverse(rig, first, "vpc", "--downstream", count=2)
        await rig.passes(60)
        rig.hub.merge(second, by="lead")
        await rig.passes(200)
        assert rig.dispatched()[-2:] == ["destroy dev/eks", "destroy dev/vpc"]
        assert "**In turn:** after the end of dev/vpc, which server run 1 destroys: `eks` in `dev`." in rig.comment(
            second
        )
        await rig.until_quiet()
        assert rig.dispatched()[-1] == "apply dev/eks"
        assert rig.run_of("destroy dev/vpc").latest.updated_at <= rig.run_of("apply dev/eks").created_at


async def test_what_a_newer_merge_brought_keeps_what_it_needs_until_it_is_destroyed_itself(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR), files=FILES) as rig:
        first = await _applied(rig, "vpc", "eks")
        second = await _planned(rig, "eks", branch="second")
        code = _code(await _boss(rig, first, "destroy dev/vpc --downstream"))
        rig.hub.merge(second, by="lead")
        await _boss(rig, first, f"confirm {code}")
        assert rig.dispatched()[-2:] == ["destroy dev/eks", "apply dev/eks"]
        told = (
            "**Waits for people:** destroy of `vpc` in `dev`, as dev/eks is known to depend on it and is there, last "
            f"applied by #{second.number}. It goes by itself once that is destroyed; `/atmos cancel` drops it."
        )
        assert told in _text(rig, first)
        why = await _boss(rig, first, "why dev/vpc")
        assert f"is kept: dev/eks is known to depend on it and is there, last applied by #{second.number}." in why
        assert "People said to destroy it" in why
        code = _code(await _boss(rig, second, "destroy dev/eks"))
        await _boss(rig, second, f"confirm {code}")
        assert rig.dispatched()[-2:] == ["destroy dev/eks", "destroy dev/vpc"]
        assert "**Waits for people:**" not in _text(rig, first)


async def test_before_a_confirmed_destroy_begins_it_is_seen_once_more_what_depends_on_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        first = await _applied(rig, "vpc")
        code = _code(await _boss(rig, first, "destroy dev/vpc"))
        await _boss(rig, first, "pause")
        await _boss(rig, first, f"confirm {code}")
        rig.scene.model = model({"vpc": (), "database": ("vpc",)})
        second = await _planned(rig, "vpc", "database", branch="second")
        command(rig, "freeze", "acme/infra", "--reason", "x", "--by", "dora")
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        await _boss(rig, second, "skip dev/vpc")
        command(rig, "unfreeze", "acme/infra")
        await rig.until_quiet()
        assert rig.dispatched()[-1] == "apply dev/database"
        await _boss(rig, first, "unpause")
        assert rig.dispatched("destroy") == []
        assert f"as dev/database is known to depend on it and is there, last applied by #{second.number}" in _text(
            rig, first
        )
        # What waits for people like this keeps nobody else from applying it anew.
        third = await _applied(rig, "vpc", branch="third")
        assert rig.dispatched()[-2:] == ["apply dev/vpc", "apply dev/database"]
        assert f"superseded by #{third.number}" in _text(rig, first)


@pytest.mark.parametrize("fails", [example.APPLY, example.PLAN], ids=["failed", "held"])
async def test_what_the_server_destroyed_at_the_merge_is_not_brought_back_by_it(tmp_path: Path, fails: str) -> None:
    async with open_rig(tmp_path, model=model(PAIR), files=FILES) as rig:
        rig.hub.scenario.fail(workflow=fails, component="eks")
        pull = await _applied(rig, "vpc", "eks")
        _slow(rig, "vpc")
        _reverse(rig, pull, "vpc", "--downstream", count=2)
        await rig.passes(120)
        assert rig.dispatched("destroy") == ["destroy dev/eks", "destroy dev/vpc"]
        before = rig.dispatched("apply")
        answer = await _boss(rig, pull, "retry dev/eks")
        assert "dev/eks (superseded by the destroy by server run 1)" in answer
        assert "it is not held" in await _boss(rig, pull, "approve dev/eks")
        assert rig.dispatched("apply") == before
        assert "superseded by the destroy by server run 1, which succeeded" in rig.comment(pull)


async def test_a_re_run_at_github_of_what_was_destroyed_since_is_cancelled(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR), files=FILES) as rig:
        rig.hub.scenario.fail(workflow=example.APPLY, component="eks")
        pull = await _applied(rig, "vpc", "eks")
        _slow(rig, "vpc")
        _reverse(rig, pull, "vpc", "--downstream", count=2)
        await rig.passes(120)
        rig.hub.rerun(rig.run_of("apply dev/eks").id)
        await rig.until_quiet()
        again = rig.run_of("apply dev/eks").latest
        assert (again.conclusion, [job.started_at for job in again.jobs]) == ("cancelled", [None])
        assert "It was run again after server run 1 destroyed it: it is cancelled before it starts." in rig.comment(
            pull
        )


async def test_a_re_run_at_github_of_a_destroy_is_cancelled_once_it_was_applied_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES, unplanned="allow") as rig:
        pull = await _applied(rig, "vpc")
        _reverse(rig, pull, "vpc", count=1)
        await rig.until_quiet()
        run(rig, "vpc")
        await rig.until_quiet()
        assert rig.dispatched()[-2:] == ["destroy dev/vpc", "apply dev/vpc"]
        rig.hub.rerun(rig.run_of("destroy dev/vpc").id, failed_only=False)
        await rig.until_quiet()
        again = rig.run_of("destroy dev/vpc").latest
        assert (again.conclusion, [job.started_at for job in again.jobs]) == ("cancelled", [None])
        texts = [f"{one.output}" for one in rig.repo.checks.values()]
        assert any("It was run again over the newer server run 2" in text for text in texts)


async def test_what_the_server_destroyed_is_there_no_more(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR), files=FILES) as rig:
        pull = await _applied(rig, "vpc", "eks")
        _reverse(rig, pull, "eks", count=1)
        await rig.until_quiet()
        assert "All of that is destroyed already." in await _boss(rig, pull, "destroy dev/eks")
        assert "All of that is destroyed already." in _reverse(rig, pull, "eks", count=1, code=1)
        answer = await _boss(rig, pull, "destroy dev/vpc --downstream")
        assert "in this order: `dev/vpc` (applied)." in answer
        await _boss(rig, pull, f"confirm {_code(answer)}")
        assert rig.dispatched("destroy") == ["destroy dev/eks", "destroy dev/vpc"]


async def test_what_was_brought_up_again_is_there_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR), files=FILES, unplanned="allow") as rig:
        pull = await _applied(rig, "vpc", "eks")
        _reverse(rig, pull, "eks", count=1)
        await rig.until_quiet()
        run(rig, "eks")
        await rig.until_quiet()
        assert "`dev/eks` is known to depend on `dev/vpc` and would stay." in await _boss(rig, pull, "destroy dev/vpc")
        assert "`dev/eks` is known to depend on it" in _reverse(rig, pull, "vpc", count=1, code=1)


async def test_what_the_server_is_still_to_do_keeps_a_person_from_destroying(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES, unplanned="allow") as rig:
        pull = await _applied(rig, "vpc")
        _slow(rig, "vpc", example.APPLY)
        run(rig, "vpc")
        await rig.passes(60)
        rig.hub.set_permission(rig.repo, "boss", "maintain")
        rig.hub.comment(pull, "boss", "/atmos destroy dev/vpc")
        await rig.passes(60)
        assert "server run 1 is not through with `dev/vpc`. Wait for that, or cancel it" in answers(rig, pull)[0]
        await rig.until_quiet()
        assert check(rig, rig.repo.tip.sha).conclusion == "success"
        assert "Nothing is destroyed yet." in await _boss(rig, pull, "destroy dev/vpc")


@pytest.mark.parametrize("lost", [r"workflow_", r"workflow_run.(requested|in_progress)|workflow_job"])
async def test_it_is_seen_also_where_the_way_opens_in_that_moment(tmp_path: Path, lost: str) -> None:
    async with open_rig(tmp_path, model=model(PAIR), files=FILES) as rig:
        first = await _applied(rig, "vpc", "eks")
        code = _code(await _boss(rig, first, "destroy dev/vpc --downstream"))
        rig.hub.scenario.fail(workflow=example.DESTROY, component="eks", times=1)
        await _boss(rig, first, f"confirm {code}")
        rig.scene.model = model(PAIR | {"database": ("vpc",)})
        second = await _planned(rig, "vpc", "database", branch="second")
        command(rig, "freeze", "acme/infra", "--reason", "x", "--by", "dora")
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        await _boss(rig, second, "skip dev/vpc dev/eks")
        command(rig, "unfreeze", "acme/infra")
        await rig.until_quiet()
        # The destroy that failed is run again at GitHub and succeeds, of which the bot learns at once, or when it asks.
        rig.faults.hooks(lost, "lose", times=99)
        rig.hub.rerun(rig.run_of("destroy dev/eks").id)
        await rig.passes(40)
        await _boss(rig, first, "retry")
        assert rig.run_of("destroy dev/eks").latest.conclusion == "success"
        assert rig.dispatched("destroy") == ["destroy dev/eks"]
        assert "as dev/database is known to depend on it and is there" in _text(rig, first)


async def test_to_skip_what_was_to_do_without_it_keeps_it_from_being_destroyed(tmp_path: Path) -> None:
    needs = {"vpc": (), "cache": ("vpc",), "api": ("cache",)}
    async with open_rig(tmp_path, model=model(needs), files=FILES) as rig:
        await known(rig)
        rig.hub.scenario.fail(workflow=example.APPLY, component="api")
        pull = await remove(rig, "cache", touched=("api",))
        await rig.approve(pull, "dev/cache")
        await rig.until_quiet()
        await _boss(rig, pull, "skip dev/api")
        assert rig.dispatched("destroy") == []
        assert (await rig.statuses(pull))["dev/cache"] == "blocked"


async def test_what_waits_to_be_destroyed_goes_once_another_run_has_destroyed_what_depends_on_it(
    tmp_path: Path,
) -> None:
    async with open_rig(tmp_path, model=model(PAIR), files=FILES) as rig:
        first = await _applied(rig, "vpc", "eks")
        second = await _planned(rig, "eks", branch="second")
        code = _code(await _boss(rig, first, "destroy dev/vpc --downstream"))
        rig.hub.merge(second, by="lead")
        await _boss(rig, first, f"confirm {code}")
        assert rig.dispatched()[-2:] == ["destroy dev/eks", "apply dev/eks"]
        _reverse(rig, second, "eks", count=1)
        await rig.until_quiet()
        assert rig.dispatched()[-2:] == ["destroy dev/eks", "destroy dev/vpc"]


async def test_what_was_forgotten_when_it_was_destroyed_is_known_by_the_rollout_still(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR), files=FILES) as rig:
        first = await _applied(rig, "vpc", "eks")
        second = await _planned(rig, "eks", branch="second")
        code = _code(await _boss(rig, first, "destroy dev/vpc --downstream"))
        _slow(rig, "eks")
        rig.hub.comment(first, "boss", f"/atmos confirm {code}")
        await rig.passes(60)
        rig.hub.comment(first, "boss", "/atmos pause")
        await rig.until_quiet()
        assert rig.dispatched("destroy") == ["destroy dev/eks"]
        rig.hub.merge(second, by="lead")  # it tells of eks alone, and not that it depends on vpc
        await rig.until_quiet()
        assert rig.dispatched()[-1] == "apply dev/eks"
        await _boss(rig, first, "unpause")
        assert rig.dispatched("destroy") == ["destroy dev/eks"]
        told = f"as dev/eks is known to depend on it and is there, last applied by #{second.number}"
        assert told in _text(rig, first)
