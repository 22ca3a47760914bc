"""The circuit breaker: what would start very many runs is held whole until somebody approves it."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from bot.sandbox import atmos, example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.helping import APPLY_PATH, labels, model, wide
from tests.stories.small import activities
from tests.stories.small import model as small

THREE, FOUR = wide(3), wide(4)


def _too_many(runs: int, most: int, phase: str) -> str:
    return f"held: all of it would start {runs} runs, more than the {most} of SWITCHYARD_BREAKER_{phase}"


async def _reasons(rig: Rig, pull: Pull) -> set[str]:
    """Read why what is held of the newest rollout is held."""
    return {step["reason"] for step in (await rig.state(pull))[0]["steps"] if step["status"] == "held"}


async def _upload(rig: Rig, pull: Pull) -> None:
    """Have a pull request's affected stacks uploaded once more, with the key."""
    async with aiohttp.ClientSession() as session:
        status, answer = await atmos.upload(session, rig.url, rig.key, rig.scene.body(pull))
    assert status == 200, answer
    await rig.until_quiet()


async def test_exactly_as_many_as_allowed_go(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(THREE), breaker_plan=3, breaker_apply=3) as rig:
        pull = rig.scene.open_pull(THREE)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert set(rig.dispatched()) == labels("plan", THREE) | labels("apply", THREE)


async def test_an_apply_with_one_more_is_held_whole(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FOUR), breaker_apply=3) as rig:
        pull = rig.scene.open_pull(FOUR)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert set((await rig.statuses(pull)).values()) == {"held"}
        assert await _reasons(rig, pull) == {_too_many(4, 3, "APPLY")}
        assert f"⚠️ **4 {_too_many(4, 3, 'APPLY').replace(':', ':**')}." in rig.comment(pull)
        await rig.approve(pull)
        await rig.until_quiet()
        assert set(rig.dispatched("apply")) == labels("apply", FOUR)


async def test_a_plan_with_one_more_is_held_whole_and_then_shows_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FOUR), breaker_plan=3) as rig:
        pull = rig.scene.open_pull(FOUR)
        await rig.until_quiet()
        assert rig.dispatched() == []
        assert await _reasons(rig, pull) == {_too_many(4, 3, "PLAN")}
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched() == []
        assert await _reasons(rig, pull) == {f"held: no plan of it succeeded at {pull.head_sha[:7]} before the merge"}


async def test_a_plan_that_was_approved_goes_and_counts(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FOUR), breaker_plan=3) as rig:
        pull = rig.scene.open_pull(FOUR)
        await rig.until_quiet()
        await rig.approve(pull, by="dev")
        await rig.until_quiet()
        assert set(rig.dispatched()) == labels("plan", FOUR)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert set(rig.dispatched("apply")) == labels("apply", FOUR)


async def test_an_approval_of_one_lets_that_one_go(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FOUR), breaker_apply=3) as rig:
        pull = rig.scene.open_pull(FOUR)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        await rig.approve(pull, "dev/part-02")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/part-02"]
        assert await _reasons(rig, pull) == {_too_many(4, 3, "APPLY")}


async def test_each_file_of_an_instance_is_a_run(tmp_path: Path) -> None:
    lint = "lint.yaml"
    files = example.files() | {f".github/workflows/{lint}": example.PLAN_FILE}
    inputs = {"inputs": {"component": "a", "stack": "dev"}}
    both = activities("a", opened={"workflows": {example.PLAN: inputs, lint: inputs}})
    async with open_rig(tmp_path, files=files, model=small({"a": [], "b": []}, pro={"a": both}), breaker_plan=2) as rig:
        pull = rig.scene.open_pull(["a", "b"])
        await rig.until_quiet()
        assert await _reasons(rig, pull) == {_too_many(3, 2, "PLAN")}


async def test_a_push_is_held_anew(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FOUR), breaker_plan=3) as rig:
        pull = rig.scene.open_pull(FOUR)
        await rig.until_quiet()
        await rig.approve(pull)
        await rig.until_quiet()
        rig.scene.push("feature", FOUR, note="again")
        await rig.until_quiet()
        assert len(rig.dispatched()) == 4
        assert await _reasons(rig, pull) == {_too_many(4, 3, "PLAN")}


async def test_the_same_upload_once_more_changes_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FOUR), breaker_plan=3, breaker_apply=3) as rig:
        pull = rig.scene.open_pull(FOUR)
        await rig.until_quiet()
        for verb in ("plan", "apply"):
            before = await rig.state(pull)
            await _upload(rig, pull)
            assert await rig.state(pull) == before
            await rig.approve(pull)
            await rig.until_quiet()
            await _upload(rig, pull)
            assert len(await rig.state(pull)) == len(before)
            assert set(rig.dispatched(verb)) == labels(verb, FOUR)
            assert len(rig.dispatched(verb)) == len(FOUR)
            if verb == "plan":
                rig.hub.merge(pull, by="lead")
                await rig.until_quiet()


async def test_an_apply_that_grows_beyond_it_is_held_from_then_on(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(THREE), breaker_apply=3, unplanned="allow") as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 300.0 if file == example.APPLY else 1.0
        pull = rig.scene.open_pull(THREE)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.passes(20)
        assert len(rig.dispatched("apply")) == 3
        rig.scene.model = model({**THREE, "late": ("part-00",)})
        await _upload(rig, pull)
        assert set(rig.dispatched("apply")) == labels("apply", THREE)
        assert (await rig.statuses(pull))["dev/late"] == "held"
        assert await _reasons(rig, pull) == {_too_many(4, 3, "APPLY")}
        await rig.approve(pull)
        await rig.until_quiet()
        assert rig.dispatched("apply")[3:] == ["apply dev/late"]


async def test_what_can_be_sent_only_since_a_fault_was_mended_counts_from_then_on(tmp_path: Path) -> None:
    broken = example.APPLY_FILE.replace("      sha: { type: string }\n", "")
    files = example.files() | {APPLY_PATH: broken}
    async with open_rig(tmp_path, model=model(FOUR), files=files, breaker_apply=3) as rig:
        pull = rig.scene.open_pull(FOUR)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"failed"}
        rig.hub.push(rig.repo, "main", {APPLY_PATH: example.APPLY_FILE}, message="Mend it", author="lead")
        await _upload(rig, pull)
        assert rig.dispatched("apply") == []
        assert await _reasons(rig, pull) == {_too_many(4, 3, "APPLY")}
        await rig.approve(pull)
        await rig.until_quiet()
        assert set(rig.dispatched("apply")) == labels("apply", FOUR)


async def test_what_was_approved_of_it_is_held_again_where_it_grows_before_it_went(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FOUR), breaker_apply=3, max_in_flight=1, unplanned="allow") as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 300.0 if file == example.APPLY else 1.0
        pull = rig.scene.open_pull(FOUR)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        await rig.approve(pull)
        await rig.passes(30)
        assert len(rig.dispatched("apply")) == 1
        rig.scene.model = model({**FOUR, "late": ("part-00",)})
        await _upload(rig, pull)
        assert len(rig.dispatched("apply")) == 1
        assert await _reasons(rig, pull) == {_too_many(5, 3, "APPLY")}
        await rig.approve(pull)
        await rig.until_quiet()
        assert len(rig.dispatched("apply")) == 5


async def test_the_audit_says_who_let_it_go_and_what_it_was(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(THREE), breaker_apply=2) as rig:
        pull = rig.scene.open_pull(THREE)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        await rig.approve(pull, "dev/part-01", by="dora")
        await rig.until_quiet()
        cause = "all of it would start 3 runs, more than the 2 of SWITCHYARD_BREAKER_APPLY"
        sql = "SELECT actor, action, target FROM audit WHERE cause = ? ORDER BY id"
        assert [tuple(row.values()) for row in map(dict, rig.db.rows(sql, cause))] == [
            *(("switchyard", "hold", f"dev/part-0{number}") for number in range(3)),
            ("dora", "approve", "dev/part-01"),
        ]
