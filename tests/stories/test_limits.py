"""GitHub's limits and troubles: everything goes on later, nothing is lost and nothing is doubled."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from bot.sandbox.scene import Scene
from tests.rig import Rig, label_of, open_rig
from tests.stories.helping import CHAIN, DIAMOND, FOREVER, ONE, assert_sound, headline, labels, model, wide

Limit = Literal["secondary", "too_many", "rate_limited"]
LIMITS: tuple[Limit, ...] = ("secondary", "too_many", "rate_limited")


async def _planned(rig: Rig, needs: dict[str, tuple[str, ...]]) -> None:
    pull = rig.repo.pulls[1]
    assert set((await rig.statuses(pull)).values()) == {"succeeded"}
    assert sorted(rig.dispatched()) == sorted(labels("plan", needs))
    assert headline(rig.comment(pull)).startswith("✅")
    assert_sound(rig.hub, needs)


@pytest.mark.parametrize("limit", LIMITS)
async def test_a_limit_on_dispatches_is_waited_out(tmp_path: Path, limit: Limit) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        limited = rig.faults.add("POST", "/dispatches$", limit, FOREVER, retry_after=90, reset_in=90)
        rig.scene.open_pull(["vpc", "storage"])
        await rig.passes(2 + 89)
        assert rig.dispatched() == []
        limited.times = 0
        await rig.passes(2)
        # Not looked for first: GitHub said that it did nothing.
        assert set(rig.dispatched()) == {"plan dev/vpc", "plan dev/storage"}
        await rig.until_quiet()
        await _planned(rig, dict(DIAMOND))


@pytest.mark.parametrize("limit", LIMITS)
async def test_a_limit_on_comments_is_waited_out(tmp_path: Path, limit: Limit) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.faults.add("POST", "/comments$", limit, 2, retry_after=300, reset_in=300)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(299)
        assert rig.comments(pull) == []
        assert rig.dispatched() == ["plan dev/vpc"]  # the whole installation rests
        await rig.until_quiet()
        await _planned(rig, dict(CHAIN))


@pytest.mark.parametrize("limit", LIMITS)
async def test_a_limit_on_reading_is_waited_out(tmp_path: Path, limit: Limit) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.faults.add("GET", "/pulls/1$|/contents/", limit, 6, retry_after=60, reset_in=60)
        rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        await _planned(rig, dict(CHAIN))


async def test_the_hour_is_used_up(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=3600.0) as rig:
        rig.faults.requests_per_hour = 12
        rig.scene.open_pull(["vpc"])
        await rig.until_quiet(48 * 3600)
        await _planned(rig, dict(CHAIN))


async def test_the_limits_of_content_are_kept_from_our_side(tmp_path: Path) -> None:
    needs = wide(26)
    async with open_rig(tmp_path, model=model(needs), settle_seconds=0.1, dispatches_per_second=0.5) as rig:
        rig.faults.content_per_minute = 61
        rig.faults.content_per_hour = 401
        rig.faults.points_per_minute = 900
        rig.scene.open_pull(needs)
        await rig.until_quiet()
        assert not [one for one in rig.sandbox.requests if one.status in (403, 429)]
        await _planned(rig, dict(needs))


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_trouble_with_comments_is_tried_again(tmp_path: Path, status: int) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.faults.add("*", "/comments", "status", 6, status=status)
        rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        await _planned(rig, dict(CHAIN))


async def test_everything_fails_for_a_while(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        trouble = rig.faults.add("*", "", "status", FOREVER, status=502)
        rig.scene.open_pull(["vpc", "storage"])
        await rig.passes(1200)
        assert rig.dispatched() == []
        trouble.times = 0
        await rig.passes(1800)
        await _planned(rig, dict(DIAMOND))


async def test_a_deleted_comment_is_made_again_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(20)
        (comment,) = rig.comments(pull)
        rig.hub.delete_comment(comment, by="dev")
        await rig.until_quiet()
        await _planned(rig, dict(CHAIN))
        assert rig.comments(pull)[0].id != comment.id


async def test_the_answer_to_making_the_comment_is_lost(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.comment(rig.scene.open_pull(["vpc"]), "dev", "Please look at `<!-- switchyard:comment -->`.")
        rig.faults.add("POST", "/comments$", "lost_answer")
        await rig.until_quiet()
        await _planned(rig, dict(CHAIN))


async def test_a_comment_that_never_arrived_is_made(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.faults.add("POST", "/comments$", "dead_connection", 2)
        rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        await _planned(rig, dict(ONE))


async def test_a_refused_comment_stops_nothing_else(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.faults.add("POST", "/comments$", "status", status=403)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        # The next news is another try: whatever kept it may have been repaired.
        await _planned(rig, dict(CHAIN))
        assert len(rig.comments(pull)) == 1


def _other(rig: Rig, needs: dict[str, tuple[str, ...]]) -> Scene:
    """Set up a repository of another installation."""
    other = Scene(rig.sandbox, full_name="umbrella/infra", model=model(needs))
    other.server_url = rig.url
    rig.repo = other.repo
    other.token = rig.make_key("swy_other")
    rig.repo = rig.scene.repo
    # Both scenes stand in for the same workflow file.
    scenes = {rig.scene.repo.id: rig.scene, other.repo.id: other}
    rig.hub.programs["atmos-pro.yaml"] = lambda program: scenes[program.repo.id].describe_affected(program)
    return other


async def test_the_last_state_is_written_once_github_takes_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        locked = rig.faults.add("*", "/comments", "status", FOREVER, status=403)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(1800)
        assert rig.comments(pull) == []
        locked.times = 0
        await rig.passes(4000)
        await _planned(rig, dict(CHAIN))


async def test_one_installation_does_not_slow_another(tmp_path: Path) -> None:
    needs = wide(3)
    async with open_rig(tmp_path, model=model(needs), sweep_seconds=3600.0) as rig:
        other = _other(rig, needs)
        rig.faults.add("POST", "/acme/infra/.*(dispatches|comments)$", "secondary", 3, retry_after=3000)
        ours = rig.scene.open_pull(needs)
        theirs = other.open_pull(needs)
        await rig.passes(600)
        done = [label_of(run) for run in rig.runs() if run.repo is other.repo and run.conclusion == "success"]
        assert sorted(done) == sorted(labels("plan", needs))
        assert headline(rig.comment(theirs)).startswith("✅")
        assert [run for run in rig.runs() if run.repo is rig.scene.repo and run.conclusion == "success"] == []
        await rig.until_quiet()
        assert headline(rig.comment(ours)).startswith("✅")


@pytest.mark.parametrize("limit", LIMITS)
async def test_an_installation_that_rests_is_not_read_either(tmp_path: Path, limit: Limit) -> None:
    needs = wide(2)
    async with open_rig(tmp_path, model=model(needs)) as rig:
        other = _other(rig, needs)
        rig.faults.hooks("workflow_run", "lose", FOREVER)  # so that only the sweep knows how runs end
        ours, theirs = rig.scene.open_pull(needs), other.open_pull(needs)
        await rig.passes(5)
        rig.faults.add("GET", "/acme/infra/actions/runs/", limit, retry_after=1500, reset_in=1500)
        await rig.passes(1200)
        asked = [one.time for one in rig.sandbox.requests if "/acme/infra/" in one.path]
        assert max(asked) < rig.clock.at - 1000
        assert headline(rig.comment(theirs)).startswith("✅")
        assert not headline(rig.comment(ours)).startswith("✅")
        await rig.passes(1800)
        assert headline(rig.comment(ours)).startswith("✅")


async def test_dispatches_are_counted_by_what_became_of_them(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        rig.faults.add("POST", "/dispatches$", "status", status=403)
        rig.scene.open_pull(["vpc", "storage"])
        await rig.until_quiet()
        read = rig.bot.metrics.registry.get_sample_value
        results = ("sent", "refused", "held")
        counted = [read("switchyard_dispatches_total", {"result": result}) for result in results]
        assert counted == [len(rig.dispatched()), 1.0, 0.0]
