"""The picture: real Graphviz, fit to stand in an image."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from bot.domain.rollout import Walk
from bot.domain.states import states
from renderers.graph import dot
from renderers.svg import svg
from tests.renderers.scenes import SCENES, three_stacks
from tests.renderers.world import walk

SVG = "{http://www.w3.org/2000/svg}"


def picture(seen: Walk) -> ElementTree.Element:
    return ElementTree.fromstring(svg(dot(seen, states(seen))))


def words(root: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def test_it_shows_every_instance_with_its_status() -> None:
    root = picture(three_stacks())
    assert {"plat-dev", "plat-staging", "plat-prod"} <= set(words(root))
    assert words(root).count("monitoring") == 3
    assert "✗ failed" in words(root)
    assert sum("node" in part.get("class", "").split() for part in root.iter(f"{SVG}g")) == 30


def test_it_tells_what_it_is_to_those_who_cannot_see_it() -> None:
    root = picture(three_stacks())
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == root.get("aria-label")
    assert "13 of 30 succeeded, 1 failed" in (root[0].text or "")


@pytest.mark.parametrize("name", ["three_stacks", "refused_name", "cycle", "many_2422"])
def test_it_refers_to_nothing_outside(name: str) -> None:
    root = picture(SCENES[name]().current[0])
    allowed = {"svg", "title", "style", "g", "rect", "path", "polygon", "text"}
    assert {part.tag.removeprefix(SVG) for part in root.iter()} <= allowed
    assert not [key for part in root.iter() for key in part.attrib if "href" in key or key.startswith("on")]
    assert "url(" not in (root[1].text or "")


def test_a_hostile_name_is_only_text() -> None:
    bad = '"];</text><script>alert(1)</script>\\'
    assert bad in words(picture(walk({("<!--&amp;", bad): ()})))


def test_it_carries_a_dark_scheme_and_its_own_ground() -> None:
    root = picture(three_stacks())
    assert "prefers-color-scheme:dark" in (root[1].text or "")
    assert [part for part in root.iter(f"{SVG}rect") if part.get("class") == "card"]


def test_words_stand_in_the_middle_of_their_boxes() -> None:
    root = picture(three_stacks())
    nodes = [part for part in root.iter(f"{SVG}g") if "node" in part.get("class", "").split()]
    assert all(text.get("text-anchor") == "middle" for node in nodes for text in node.iter(f"{SVG}text"))


def test_the_first_stack_is_on_top_and_a_box_keeps_its_place() -> None:
    seen = three_stacks()
    before, after = picture(walk_without_facts(seen)), picture(seen)

    def places(root: ElementTree.Element) -> list[tuple[str | None, ...]]:
        return [(text.get("x"), text.get("y")) for text in root.iter(f"{SVG}text")]

    assert places(before) == places(after)
    tops = {text.text: float(text.get("y") or 0) for text in after.iter(f"{SVG}text")}
    assert tops["plat-dev"] < tops["plat-staging"] < tops["plat-prod"]


def test_the_same_rollout_gives_the_same_bytes() -> None:
    source = dot(three_stacks(), states(three_stacks()))
    assert svg(source) == svg(source)


def walk_without_facts(seen: Walk) -> Walk:
    """Take a rollout back to its start."""
    needs = {tuple(step.instance): tuple(tuple(seen.steps[i].instance) for i in step.parents) for step in seen.steps}
    return walk(needs)  # type: ignore[arg-type]
