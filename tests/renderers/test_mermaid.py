"""The graph as Mermaid: within GitHub's limits, and safe whatever the names are."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from bot.domain.rollout import Walk
from bot.domain.states import states
from renderers.mermaid import mermaid
from tests.renderers.graphs import walks
from tests.renderers.scenes import SCENES
from tests.renderers.world import Key, walk


@pytest.mark.parametrize("name", ["three_stacks", "cycle", "refused_name", "failed", "many_2422"])
def test_mermaid(name: str, mermaided: SnapshotAssertion) -> None:
    seen = SCENES[name]().current[0]
    assert mermaid(seen, states(seen)) == mermaided


def test_what_github_would_not_draw_is_not_written() -> None:
    sources: list[Key] = [("s", f"a{i}") for i in range(25)]
    needs: dict[Key, tuple[Key, ...]] = dict.fromkeys(sources, ())
    needs |= {("s", f"b{i}"): tuple(sources) for i in range(21)}
    seen = walk(needs)
    assert mermaid(seen, states(seen)) is None


def test_nothing_to_draw_is_not_drawn() -> None:
    seen = walk({})
    assert mermaid(seen, states(seen)) is None


@settings(deadline=None)
@given(walks(most=40))
def test_it_keeps_within_what_github_draws(seen: Walk) -> None:
    text = mermaid(seen, states(seen)) or ""
    assert 0 < len(text) <= 50_000
    assert text.count("-->") + text.count("-.->") <= 500
    assert text == mermaid(seen, states(seen))


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=5, unique=True))
def test_names_stay_text(names: list[str]) -> None:
    seen = walk({("s", name): () for name in names})
    text = mermaid(seen, states(seen))
    assert text is not None
    boxes = [line for line in text.split("\n") if line.startswith("    n")]
    assert len(boxes) == len(names)
    for line in boxes:
        label = line.split('("<b>')[1].split("</b><br/>")[0]
        assert re.fullmatch(r"(?:[^\W_]|[ _./…,-]|#\d+;|[✓✗○◔▸■◕⊘→↩↗☞])*", label)
