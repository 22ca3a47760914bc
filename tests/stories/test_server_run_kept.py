"""What keeps and holds any apply keeps and holds what is run on the server, and it is shown before it starts."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import example
from tests.rig import Rig, label_of
from tests.stories.console import command
from tests.stories.helping import ONE, most_at_once, wide
from tests.stories.saying import say
from tests.stories.test_locks import lock, unlock
from tests.stories.test_order import PAIR, change, row
from tests.stories.test_server_run import CONFIRMED, check, latest, run, since, stage, statuses


def _summary(rig: Rig, sha: str) -> str:
    """Read the check run's summary, without what keeps GitHub from making links."""
    return str(check(rig, sha).output["summary"]).replace("&#8203;", "").replace("\\", "")


async def test_what_is_locked_waits_and_is_not_destroyed_either(tmp_path: Path) -> None:
    async with stage(tmp_path, PAIR) as rig:
        sha = rig.repo.tip.sha
        await lock(rig, "dev/app")
        assert "Locked by octocat" in run(rig, "dev")
        await rig.passes(60)
        assert since(rig) == ["apply dev/vpc"]
        assert await statuses(rig, sha) == {"vpc": "succeeded", "app": "ready"}
        assert "locked by octocat" in _summary(rig, sha)
        await unlock(rig, "dev/app")
        await rig.until_quiet()
        assert since(rig) == ["apply dev/vpc", "apply dev/app"]
        await lock(rig, "dev/app")
        run(rig, "dev", "--reverse", typed=CONFIRMED.format(2))
        await rig.passes(60)
        assert rig.dispatched("destroy") == []
        await unlock(rig, "dev/app")
        await rig.until_quiet()
        assert rig.dispatched("destroy") == ["destroy dev/app", "destroy dev/vpc"]


async def test_with_more_runs_than_the_breaker_allows_it_is_held_whole(tmp_path: Path) -> None:
    async with stage(tmp_path, wide(3)) as rig:
        sha, names = rig.repo.tip.sha, [f"dev/{part}" for part in wide(3)]
        await rig.restart(breaker_apply=2)
        # A destroy is let go by its name alone, also where the breaker is all that holds it.
        for words, verb, targets in (((), "apply", []), (("--reverse",), "destroy", names)):
            before = len(rig.dispatched())
            run(rig, "dev", *words, typed=CONFIRMED.format(3))
            await rig.until_quiet()
            assert rig.dispatched()[before:] == []
            assert set((await statuses(rig, sha)).values()) == {"held"}
            assert "all of it would start 3 runs, more than the 2 of SWITCHYARD_BREAKER_APPLY" in _summary(rig, sha)
            assert check(rig, sha).conclusion == "action_required"
            rollout = await latest(rig, sha)
            command(rig, "approve", "acme/infra", *targets, "--rollout", rollout["id"], "--by", "boss", "--yes")
            await rig.until_quiet()
            assert sorted(rig.dispatched()[before:]) == [f"{verb} {name}" for name in names]


async def test_at_the_cap_it_takes_its_turn(tmp_path: Path) -> None:
    async with stage(tmp_path, wide(2)) as rig:
        sha = rig.repo.tip.sha
        await rig.restart(max_in_flight=1)
        rig.scene.open_pull(["part-00"], branch="second")
        await rig.passes(5)
        assert since(rig) == ["plan dev/part-00"]
        run(rig, "dev")
        await rig.passes(5)
        assert since(rig) == ["plan dev/part-00"]
        assert set((await statuses(rig, sha)).values()) == {"ready"}
        await rig.until_quiet()
        assert sorted(since(rig)[1:]) == ["apply dev/part-00", "apply dev/part-01"]
        assert most_at_once(rig.runs()[4:]) == 1


async def test_what_another_was_applied_to_since_its_plan_is_held_as_stale(tmp_path: Path) -> None:
    async with stage(tmp_path, PAIR, unplanned="hold", stale="hold") as rig:
        sha = rig.repo.tip.sha
        run(rig, "dev", "--activity", "pull_request.opened")
        await rig.until_quiet()
        run(rig, "app")
        await rig.until_quiet()
        run(rig, "dev")
        await rig.until_quiet()
        assert since(rig)[2:] == ["apply dev/app", "apply dev/vpc"]
        assert await statuses(rig, sha) == {"vpc": "succeeded", "app": "held"}
        assert "planned before server run 2 was applied" in _summary(rig, sha)
        rollout = await latest(rig, sha)
        command(rig, "approve", "acme/infra", "--rollout", rollout["id"], "--by", "boss", "--yes")
        await rig.until_quiet()
        assert since(rig)[4:] == ["apply dev/app"]


async def test_a_missing_environment_holds_it(tmp_path: Path) -> None:
    async with stage(tmp_path, ONE) as rig:
        sha = rig.repo.tip.sha
        await rig.passes(600)  # what was known of the repository's environments is asked anew
        del rig.repo.environments["dev"]
        run(rig, "dev")
        await rig.until_quiet()
        assert since(rig) == []
        assert list(rig.repo.environments) == []
        assert await statuses(rig, sha) == {"vpc": "held"}
        assert "no environment `dev`" in _summary(rig, sha)
        rollout = await latest(rig, sha)
        command(rig, "approve", "acme/infra", "--rollout", rollout["id"], "--by", "boss", "--yes")
        await rig.until_quiet()
        assert since(rig) == ["apply dev/vpc"]


async def test_a_freeze_in_between_keeps_what_was_not_sent(tmp_path: Path) -> None:
    async with stage(tmp_path, PAIR) as rig:
        sha = rig.repo.tip.sha
        rig.hub.scenario.seconds = lambda file, _inputs: 60.0 if file == example.APPLY else 1.0
        run(rig, "dev")
        await rig.passes(10)
        command(rig, "freeze", "--reason", "an audit", "--by", "dora")
        await rig.passes(300)
        assert since(rig) == ["apply dev/vpc"]
        assert await statuses(rig, sha) == {"vpc": "succeeded", "app": "ready"}
        assert "frozen by dora: an audit" in _summary(rig, sha)
        # A plan changes nothing, so no freeze keeps it.
        run(rig, "app", "--activity", "pull_request.opened")
        await rig.until_quiet()
        assert since(rig)[1:] == ["plan dev/app"]
        command(rig, "unfreeze")
        await rig.until_quiet()
        assert since(rig)[2:] == ["apply dev/app"]


async def test_the_mode_keeps_it(tmp_path: Path) -> None:
    async with stage(tmp_path, ONE) as rig:
        sha = rig.repo.tip.sha
        await rig.restart(mode="observe")
        for words in (("--activity", "pull_request.opened"), ()):
            run(rig, "dev", *words)
            await rig.until_quiet()
            assert await statuses(rig, sha) == {"vpc": "ready"}
            assert "nothing is started in the mode “observe”" in _summary(rig, sha)
        assert since(rig) == []
        await rig.restart(mode="plan")
        await rig.passes(120)
        assert since(rig) == ["plan dev/vpc"]
        assert "nothing is applied in the mode “plan”" in _summary(rig, sha)
        await rig.restart(mode="apply")
        await rig.passes(120)
        assert since(rig) == ["plan dev/vpc", "apply dev/vpc"]


async def test_it_does_not_wait_for_an_earlier_merge_that_is_paused_and_overtakes_it(tmp_path: Path) -> None:
    async with stage(tmp_path, ONE) as rig:
        pull = change(rig, "vpc", "second")
        await rig.until_quiet()
        await say(rig, pull, "/atmos pause")
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        rig.scene.push("main", note="newer", author="lead")
        before = len(rig.runs())
        run(rig, "dev")
        await rig.until_quiet()
        assert [label_of(one) for one in rig.runs()[before:]] == ["apply dev/vpc"]
        await say(rig, pull, "/atmos unpause")
        assert len(rig.runs()) == before + 1
        assert "superseded by server run 1" in row(rig, pull, "vpc")
