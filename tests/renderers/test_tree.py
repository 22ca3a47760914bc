"""The graph as text: every box once, below what it waits for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from syrupy.assertion import SnapshotAssertion

from bot.domain.rollout import Walk
from bot.domain.states import states
from renderers.shape import shape
from renderers.tree import tree
from tests.renderers.graphs import walks
from tests.renderers.scenes import SCENES
from tests.renderers.world import walk, wide


@pytest.mark.parametrize("name", ["three_stacks", "cycle", "refused_name", "failed", "many_2422"])
def test_tree(name: str, texted: SnapshotAssertion) -> None:
    seen = SCENES[name]().current[0]
    assert tree(seen, states(seen)) == texted


def test_what_does_not_fit_is_counted() -> None:
    seen = walk(wide(60))
    text = tree(seen, states(seen), budget=1_000) or ""
    assert len(text) <= 1_000
    shown = text.count("○") + text.count("…  ") + text.count("… ") - 1
    assert text.splitlines()[-1] == f"… and {60 - shown} more boxes"


def test_nothing_has_no_tree() -> None:
    assert tree(walk({}), []) is None


@settings(deadline=None)
@given(walks())
def test_every_instance_stands_there_once_and_the_text_stays_in_its_lines(seen: Walk) -> None:
    text = tree(seen, states(seen)) or ""
    frames = [stack for stack in shape(seen, wide=True).frames if stack]
    assert len(text.splitlines()) == len(seen.steps) + len(frames)
    assert text == tree(seen, states(seen))
