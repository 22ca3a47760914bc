"""What a failure stops: only what depends on it, or the whole rollout."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from bot.sandbox import example
from tests.rig import Rig, open_rig
from tests.stories.helping import DIAMOND, assert_sound, headline, labels, line_of, model, wide

#: Two roots with a child each.
PAIRS = {"vpc": (), "storage": (), "database": ("vpc",), "cdn": ("storage",)}
STOPPED = "stopped, because dev/vpc did not succeed"


def _slow(rig: Rig, component: str) -> None:
    rig.hub.scenario.seconds = lambda _file, inputs: 300.0 if inputs.get("component") == component else 10.0


async def test_by_itself_a_failure_stops_only_what_depends_on_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIRS)) as rig:
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.until_quiet()
        rig.hub.scenario.fail(component="vpc", workflow=example.APPLY)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {
            "dev/vpc": "failed",
            "dev/storage": "succeeded",
            "dev/database": "blocked",
            "dev/cdn": "succeeded",
        }


async def test_failing_fast_stops_what_was_not_sent_and_lets_running_ones_end(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIRS), failure_mode="fail-fast") as rig:
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.until_quiet()
        _slow(rig, "storage")
        rig.hub.scenario.fail(component="vpc", workflow=example.APPLY)
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        assert (await rig.statuses(pull))["dev/storage"] == "running"
        await rig.until_quiet()
        assert await rig.statuses(pull) == {
            "dev/vpc": "failed",
            "dev/storage": "succeeded",
            "dev/database": "blocked",
            "dev/cdn": "ready",
        }
        assert STOPPED in line_of(rig.comment(pull), "cdn")
        assert set(rig.dispatched("apply")) == {"apply dev/vpc", "apply dev/storage"}
        # Nothing but the re-run lets it go on.
        await rig.passes(3600)
        assert len(rig.dispatched("apply")) == 2
        rig.hub.rerun(rig.run_of("apply dev/vpc").id, by="dev")
        await rig.until_quiet()
        assert headline(rig.comment(pull)).startswith("✅ Applied")
        assert_sound(rig.hub, PAIRS)


async def test_a_rerun_that_fails_again_lets_nothing_go_on(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIRS), failure_mode="fail-fast") as rig:
        _slow(rig, "storage")
        rig.hub.scenario.fail(component="vpc", times=2)
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.until_quiet()
        rig.hub.rerun(rig.run_of("plan dev/vpc").id, by="dev")
        await rig.until_quiet()
        assert set(rig.dispatched()) == {"plan dev/vpc", "plan dev/storage"}
        assert (await rig.statuses(pull))["dev/cdn"] == "ready"
        assert STOPPED in line_of(rig.comment(pull), "cdn")


async def test_what_lies_in_the_outbox_when_something_fails_is_not_sent(tmp_path: Path) -> None:
    needs = wide(6)
    async with open_rig(tmp_path, model=model(needs), failure_mode="fail-fast", dispatches_per_second=0.05) as rig:
        rig.hub.scenario.fail(component="part-00")
        pull = rig.scene.open_pull(needs)
        await rig.passes(600)
        sent = rig.dispatched()
        assert sent[0] == "plan dev/part-00"
        assert len(sent) < len(needs)
        counts = Counter((await rig.statuses(pull)).values())
        assert counts["failed"] == 1
        assert counts["ready"] == len(needs) - len(sent)
        assert "stopped, because dev/part-00 did not succeed" in line_of(rig.comment(pull), "part-05")
        rig.hub.rerun(rig.run_of("plan dev/part-00").id, by="dev")
        await rig.passes(600)
        assert sorted(rig.dispatched()) == sorted(labels("plan", needs))
        assert headline(rig.comment(pull)).startswith("✅")


async def test_a_failure_stops_its_own_rollout_and_no_other(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIRS), failure_mode="fail-fast") as rig:
        rig.hub.scenario.fail(component="vpc")
        broken = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        other = rig.scene.open_pull(["storage"], branch="other")
        await rig.until_quiet()
        assert (await rig.statuses(broken))["dev/vpc"] == "failed"
        assert headline(rig.comment(other)).startswith("✅")


async def test_going_on_after_a_failure_is_a_matter_of_a_restart(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND), failure_mode="fail-fast") as rig:
        _slow(rig, "vpc")
        rig.hub.scenario.fail(component="storage")
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.until_quiet()
        assert (await rig.statuses(pull))["dev/database"] == "ready"
        await rig.restart(failure_mode="keep-going")
        await rig.passes(900)
        statuses = await rig.statuses(pull)
        assert statuses.pop("dev/storage") == "failed"
        assert set(statuses.values()) == {"succeeded"}
