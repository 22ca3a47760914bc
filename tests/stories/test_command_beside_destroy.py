"""Commands where a destroy that was confirmed counts beside the merge's apply: each finds the rollout that it means."""

from __future__ import annotations

import re
from pathlib import Path

from bot.sandbox import example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.console import audited
from tests.stories.helping import headline
from tests.stories.saying import DONE, REFUSED, answers, say
from tests.stories.test_destroy import FILES, model

BOTH = {"vpc": (), "dns": ()}


async def merged(rig: Rig, *, passes: float | None = None) -> Pull:
    """Have everything planned and merged; then wait for the end of the apply, or for some seconds."""
    pull = rig.scene.open_pull([key[1] for key in rig.scene.model.instances])
    await rig.until_quiet()
    rig.hub.merge(pull, by="lead")
    await (rig.until_quiet() if passes is None else rig.passes(passes))
    return pull


async def asks(rig: Rig, pull: Pull, words: str, *, seconds: float | None = None, role: str = "maintain") -> list[str]:
    """Say a command, and read what is answered; after some seconds where something else goes on meanwhile."""
    if seconds is None:
        await say(rig, pull, f"/atmos {words}", role=role)
    else:
        rig.hub.set_permission(rig.repo, "boss", role)
        rig.hub.comment(pull, "boss", f"/atmos {words}")
        await rig.passes(seconds)
    return answers(rig, pull)


async def destroys(rig: Rig, pull: Pull, target: str, *, seconds: float | None = None) -> None:
    """Have something destroyed, by its code."""
    (shown,) = await asks(rig, pull, f"destroy {target}", seconds=seconds)
    (told,) = await asks(rig, pull, f"confirm {code_of(shown)}", seconds=seconds)
    assert "to be destroyed" in told


def code_of(shown: str) -> str:
    found = re.search(r"`/atmos confirm ([A-Z2-9]{8})`", shown)
    assert found is not None, shown
    return found[1]


async def failed_beside_held(rig: Rig) -> Pull:
    """Have the destroy of the vpc fail, while the apply still holds the dns."""
    rig.hub.scenario.fail(workflow=example.PLAN, component="dns")
    rig.hub.scenario.fail(workflow=example.DESTROY, component="vpc")
    pull = await merged(rig)
    await destroys(rig, pull, "dev/vpc")
    assert headline(rig.comment(pull)) == "❌ Destroy failed: 0 of 1 succeeded, 1 failed"
    return pull


async def test_approve_reaches_what_the_apply_holds(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(BOTH), files=FILES) as rig:
        pull = await failed_beside_held(rig)
        (told,) = await asks(rig, pull, "approve dev/dns", role="write")
        assert told.startswith("Let go: dev/dns (no plan of it succeeded at ")
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/dns"]
        assert await asks(rig, pull, "approve") == ["Nothing of that is held, so there is nothing to approve."]


async def test_approve_goes_over_both_but_a_destroy_goes_by_its_name_and_the_right_to_destroy(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(BOTH), files=FILES, approve_stacks=("dev",)) as rig:
        pull = await merged(rig)
        await asks(rig, pull, "approve dev/vpc", role="write")
        rig.hub.set_permission(rig.repo, "dev", "maintain")
        (shown,) = await asks(rig, pull, "destroy dev/vpc")
        rig.hub.comment(pull, "dev", f"/atmos confirm {code_of(shown)}")  # the author, who cannot approve it
        await rig.until_quiet()
        (told,) = await asks(rig, pull, "approve", role="write")
        kept = "it would be destroyed, and only somebody with the role maintain or admin can approve that"
        assert f"Destroy: Nothing is let go. dev/vpc: {kept}. Apply: Let go: dev/dns (" in told
        (told,) = await asks(rig, pull, "approve dev/vpc", role="write")
        assert told == f"Nothing is let go. dev/vpc: {kept}."
        (told,) = await asks(rig, pull, "approve vpc")
        assert told == "Nothing is let go. dev/vpc: it would be destroyed: name dev/vpc to approve that."
        assert rig.dispatched("destroy") == []
        (told,) = await asks(rig, pull, "approve dev/vpc")
        assert told.startswith("Let go: dev/vpc (")
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/dns"]
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]


async def test_skip_and_why_reach_what_the_apply_holds(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(BOTH), files=FILES) as rig:
        pull = await failed_beside_held(rig)
        (told,) = await asks(rig, pull, "why dev/dns", role="read")
        assert "needs write access" in told
        (told,) = await asks(rig, pull, "why dev/dns dev/vpc")
        vpc, dns = told.split("<br>")[1:]
        assert "Destroy of `vpc` in `dev` [**failed**]" in vpc
        assert "`dns` in `dev` **is held**: no plan of it succeeded" in dns
        assert await asks(rig, pull, "skip dev/dns") == ["Skipped: dev/dns."]
        assert ("boss", "dev/dns", "it was held") in audited(rig, "skip")
        (told,) = await asks(rig, pull, "why dev/dns")
        assert "`dns` in `dev` **was skipped**" in told
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_what_both_name_is_the_destroy_s_as_long_as_there_is_something_to_do(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(BOTH), files=FILES) as rig:
        pull = await failed_beside_held(rig)
        assert await asks(rig, pull, "skip dev/vpc dev/dns") == ["Destroy: Skipped: dev/vpc. Apply: Skipped: dev/dns."]
        assert await asks(rig, pull, "skip dev/vpc") == ["Not dev/vpc: skipped already."]
        assert audited(rig, "skip") == [("boss", "dev/vpc", "it was failed"), ("boss", "dev/dns", "it was held")]


async def test_a_target_that_means_nothing_in_either_does_nothing_in_any(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(BOTH), files=FILES) as rig:
        pull = await failed_beside_held(rig)
        for words in ("approve dev/dns dev/nat", "skip dev/dns dev/nat", "cancel dev/dns dev/nat", "why dev/nat"):
            assert await say(rig, pull, f"/atmos {words}") == REFUSED
            (told,) = answers(rig, pull)
            assert told.startswith("`dev/nat` names nothing here; there is, for example, dev/")
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert audited(rig, "skip") == audited(rig, "cancel") == []


async def applying_beside_destroy(rig: Rig) -> Pull:
    """Have an apply of `a` run, with `b` behind it, and a destroy of the vpc."""

    def seconds(file: str, inputs: dict[str, str]) -> float:
        slow = file == example.DESTROY or (file == example.APPLY and inputs.get("component") == "a")
        return 400.0 if slow else 1.0

    rig.hub.scenario.seconds = seconds
    pull = await merged(rig, passes=60)
    await destroys(rig, pull, "dev/vpc", seconds=10)
    return pull


THREE = {"vpc": (), "a": (), "b": ("a",)}


async def test_cancel_goes_over_the_apply_and_the_destroy(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(THREE), files=FILES) as rig:
        pull = await applying_beside_destroy(rig)
        left = "Left to its end, because it may be changing things"
        more = "With `--force` that is cancelled, too."
        assert await asks(rig, pull, "cancel", seconds=10) == [
            f"Destroy: {left}: dev/vpc. {more} Apply: Not sent any more: dev/b. {left}: dev/a. {more}"
        ]
        rig.hub.comment(pull, "boss", "/atmos cancel")
        await rig.passes(10)
        assert answers(rig, pull) == [f"Destroy: {left}: dev/vpc. {more} Apply: {left}: dev/a. {more}"]
        await rig.until_quiet()
        assert "apply dev/b" not in rig.dispatched()
        assert [rig.run_of(name).conclusion for name in ("apply dev/a", "destroy dev/vpc")] == ["success", "success"]


async def test_cancel_with_a_target_goes_where_that_is_named(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(THREE), files=FILES) as rig:
        pull = await applying_beside_destroy(rig)
        assert await asks(rig, pull, "cancel dev/b", seconds=10) == ["Not sent any more: dev/b."]
        (told,) = await asks(rig, pull, "cancel dev/a --force", seconds=10)
        assert told.startswith("Being cancelled: dev/a. That can leave behind what is half applied")
        await rig.until_quiet()
        assert rig.run_of("apply dev/a").conclusion == "cancelled"
        assert rig.run_of("destroy dev/vpc").conclusion == "success"
        assert "apply dev/b" not in rig.dispatched()


async def test_cancel_with_force_stops_both(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(THREE), files=FILES) as rig:
        pull = await applying_beside_destroy(rig)
        assert await say(rig, pull, "/atmos cancel --force", role="maintain") == DONE
        assert rig.run_of("apply dev/a").conclusion == "cancelled"
        assert rig.run_of("destroy dev/vpc").conclusion == "cancelled"
        assert "apply dev/b" not in rig.dispatched()


async def test_a_lock_reaches_what_the_destroy_does_not_name(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(BOTH), files=FILES) as rig:
        pull = await failed_beside_held(rig)
        (told,) = await asks(rig, pull, "lock dns")
        assert "at the latest: dev/dns. What runs goes on." in told
        await asks(rig, pull, "approve dns", seconds=60)
        assert "apply dev/dns" not in rig.dispatched()
        (told,) = await asks(rig, pull, "unlock dns", seconds=60)
        assert told.startswith("Unlocked: dev/dns was locked by boss")
        assert rig.dispatched("apply")[-1] == "apply dev/dns"
