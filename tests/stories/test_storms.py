"""Webhooks that are lost, doubled, swapped and late, and a GitHub that stumbles, all at once."""

from __future__ import annotations

import random
from pathlib import Path
from typing import get_args

import pytest

from bot.sandbox.faults import HookKind
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.helping import DIAMOND, FOREVER, assert_sound, headline, labels, model

HOUR = 3600.0
HOOK_KINDS: tuple[HookKind, ...] = get_args(HookKind)
EVENTS = ("", "workflow_run", "workflow_run.completed", "workflow_run.requested", "pull_request", "push")
CALLS = (("POST", "/dispatches$"), ("POST", "/comments$"), ("PATCH", "/comments/"), ("GET", ""), ("*", ""))


async def _until(rig: Rig, pull: Pull, word: str) -> None:
    """Let time pass until the comment says that all is done."""
    for _ in range(48):
        await rig.passes(300)
        if rig.comments(pull) and headline(rig.comment(pull)).startswith(f"✅ {word}"):
            return
    raise AssertionError(f"It never came to an end: {[comment.body for comment in rig.comments(pull)]}")


async def _plan_merge_apply(rig: Rig) -> None:
    """Tell the whole story, and check what must be true after it."""
    pull = rig.scene.open_pull(["vpc", "storage"])
    await _until(rig, pull, "Planned")
    rig.hub.merge(pull, by="lead")
    await _until(rig, pull, "Applied")
    assert sorted(rig.dispatched()) == sorted(labels("plan", DIAMOND) | labels("apply", DIAMOND))
    assert set((await rig.statuses(pull)).values()) == {"succeeded"}
    assert_sound(rig.hub, DIAMOND)


@pytest.mark.parametrize("kind", HOOK_KINDS)
async def test_every_webhook_is_spoiled(tmp_path: Path, kind: HookKind) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        rig.faults.hooks("", kind, FOREVER, seconds=150.0)
        await _plan_merge_apply(rig)


@pytest.mark.parametrize("event", ["workflow_run.completed", "workflow_run.in_progress", "workflow_run.requested"])
async def test_one_kind_of_news_comes_minutes_late(tmp_path: Path, event: str) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        rig.faults.hooks(event, "delay", FOREVER, seconds=400.0)
        await _plan_merge_apply(rig)


@pytest.mark.parametrize("seed", range(16))
async def test_anything_may_happen(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    settings = {"max_in_flight": dice.choice([1, 2, 20]), "dispatches_per_second": dice.choice([0.2, 3.0, 100.0])}
    async with open_rig(tmp_path, model=model(DIAMOND), **settings) as rig:
        rig.hub.accepts_return_run_details = dice.random() < 0.7
        rig.hub.listing_delay = dice.choice([0.0, 3.0, 30.0])
        rig.hub.scenario.seconds = lambda _file, _inputs: dice.choice([1.0, 10.0, 100.0])
        for _ in range(dice.randint(2, 8)):
            event, kind = dice.choice(EVENTS), dice.choice(HOOK_KINDS)
            rig.faults.hooks(event, kind, dice.randint(1, 12), seconds=dice.choice([1.0, 30.0, 500.0]))
        for _ in range(dice.randint(2, 8)):
            method, path = dice.choice(CALLS)
            trouble = dice.choice(["status", "secondary", "too_many", "rate_limited", "lost_answer", "dead_connection"])
            rest = dice.choice([5, 60, 600])
            rig.faults.add(
                method,
                path,
                trouble,  # type: ignore[arg-type]
                dice.randint(1, 6),
                status=dice.choice([500, 502, 503, 504]),
                retry_after=rest,
                reset_in=rest,
            )
        await _plan_merge_apply(rig)
