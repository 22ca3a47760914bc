"""How far it is, and how long it still takes: no more exact than anybody can know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.model import Status
from bot.domain.states import State, states
from bot.domain.view import PullView
from renderers.examples.catalogue import made
from renderers.moves import move
from renderers.progress import bar, left
from renderers.scene import Scene
from tests.renderers.scenes import SCENES


@pytest.mark.parametrize(
    ("done", "total", "expected"),
    [
        (0, 10, "▱▱▱▱▱▱▱▱▱▱ 0 of 10"),
        (1, 2_422, "▰▱▱▱▱▱▱▱▱▱ 1 of 2,422"),
        (3, 10, "▰▰▰▱▱▱▱▱▱▱ 3 of 10"),
        (2_421, 2_422, "▰▰▰▰▰▰▰▰▰▱ 2,421 of 2,422"),
        (10, 10, ""),
        (0, 0, ""),
    ],
)
def test_the_bar_is_full_or_empty_only_where_that_is_so(done: int, total: int, expected: str) -> None:
    found = [State(Status.SUCCEEDED)] * done + [State(Status.WAITING)] * (total - done)
    assert bar(found) == expected


def _of(name: str, seconds: float, slots: int = 20) -> Scene:
    """Show a scene all of whose steps take so long."""
    view: PullView = SCENES[name]()
    walk = view.current[0]
    lasting = {walk.rollout.id: {step.index: seconds for step in walk.steps}}
    return Scene(replace(view, lasting=lasting, slots=slots), walk, states(walk))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (5.0, "about 1 min left"),
        (60.0, "about 3 min left"),  # a chain of three
        (61.0, "about 4 min left"),
        (250.0, "about 15 min left"),
        (600.0, "about 30 min left"),
        (1_300.0, "about 1 h 15 min left"),
    ],
)
def test_a_time_is_rounded_up_and_the_coarser_the_longer_it_is(seconds: float, expected: str) -> None:
    assert left(_of("ready", seconds)).replace("\u00a0", " ") == expected


def test_what_takes_longer_than_usual_is_said_so() -> None:
    scene = _of("failed_going_on", 1.0)
    assert left(scene) == "taking longer than usual"
    assert move(scene).endswith("failed; taking longer than usual")


def test_while_people_are_waited_for_nobody_can_tell() -> None:
    assert left(_of("approval", 60.0)) == ""
    assert left(_of("approval_only", 60.0)) == ""


@pytest.mark.parametrize("name", ["plan-paused", "plan-locked", "in-turn"])
def test_while_something_keeps_it_nobody_can_tell(name: str) -> None:
    view = made(name)
    scene = Scene(view, view.current[0], states(view.current[0]))
    assert scene.moves
    assert left(scene) == ""


def test_what_the_merge_queue_tries_is_not_to_be_merged_by_hand() -> None:
    view = made("queue")
    assert isinstance(view, PullView)
    assert move(Scene(view, view.current[0], states(view.current[0]))) == "the merge queue tries it"
    (group,) = view.groups
    failed = replace(view, groups=(replace(group, conclusion="failure"),))
    assert move(Scene(failed, view.current[0], states(view.current[0]))) == "merge to apply"


def test_where_one_run_is_not_known_nothing_is_said() -> None:
    scene = _of("ready", 60.0)
    assert isinstance(scene.view, PullView)
    known = scene.view.lasting[scene.walk.rollout.id]
    less = {scene.walk.rollout.id: {index: took for index, took in known.items() if index}}
    assert left(replace(scene, view=replace(scene.view, lasting=less))) == ""
    assert left(replace(scene, view=replace(scene.view, lasting={}))) == ""
