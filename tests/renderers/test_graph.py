"""The graph as DOT: frames and boxes in their places, whatever the names are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from bot.domain.model import Status
from bot.domain.rollout import Walk
from bot.domain.states import states
from renderers.graph import dot
from tests.renderers.scenes import SCENES, SMALL, VPC, three_stacks
from tests.renderers.scenes_safety import SAFETY
from tests.renderers.world import Key, walk, wide

DRAWN = ("three_stacks", "cycle", "refused_name", "failed", "many_2422", "destroys")


def draw(seen: Walk) -> str:
    return dot(seen, states(seen))


@pytest.mark.parametrize("name", DRAWN)
def test_dot(name: str, dotted: SnapshotAssertion) -> None:
    assert draw((SCENES | SAFETY)[name]().current[0]) == dotted


def test_every_status(dotted: SnapshotAssertion) -> None:
    seen = walk({("plat-dev", status.value): () for status in Status})
    found = [replace(state, status=status) for state, status in zip(states(seen), Status, strict=True)]
    assert dot(seen, found) == dotted


def test_the_same_rollout_gives_the_same_bytes() -> None:
    assert draw(three_stacks()) == draw(three_stacks())


def test_an_edge_that_a_longer_way_makes_needless_is_not_drawn() -> None:
    needs: dict[Key, tuple[Key, ...]] = {
        ("s", "a"): (),
        ("s", "b"): (("s", "a"),),
        ("s", "c"): (("s", "a"), ("s", "b")),
    }
    text = draw(walk(needs))
    assert '"a in s" -> "b in s"' in text
    assert '"b in s" -> "c in s"' in text
    assert '"a in s" -> "c in s"' not in text


def test_two_instances_that_read_the_same_stay_two() -> None:
    text = draw(walk({("x", "a in b"): (), ("b in x", "a"): ()}))
    assert '"a in b in x" [' in text
    assert '"a in b in x (2)" [' in text


def test_300_instances_are_drawn_one_by_one_and_more_as_groups() -> None:
    assert draw(walk(wide(300))).count(" [label=<<b>vpc</b>") == 30
    grouped = draw(walk(wide(301)))
    assert "subgraph" not in grouped
    assert grouped.count("fillcolor=") == 31


def test_many_stacks_are_grouped_by_component() -> None:
    needs: dict[Key, tuple[Key, ...]] = {(f"account{i}", name): () for i in range(400) for name in ("vpc", "dns")}
    text = draw(walk(needs, succeeded=[("account7", "vpc")]))
    assert '"vpc: 400 instances" [' in text
    assert "✓ 1 of 400" in text


def test_a_rollout_of_one_instance() -> None:
    assert '"vpc in plat-dev" [' in draw(walk({VPC: ()}))


def test_a_box_keeps_its_place_in_the_text_when_its_status_changes() -> None:
    def names(text: str) -> list[str]:
        return [line.split(" [")[0] for line in text.splitlines() if "->" in line or "label=" in line]

    assert names(draw(walk(SMALL))) == names(draw(walk(SMALL, facts={VPC: {"status": Status.FAILED}})))
