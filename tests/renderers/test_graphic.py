"""The graph in the comment: a picture by day and by night, else Mermaid, else text."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from bot.domain.states import states
from bot.domain.view import PullView
from renderers.comment import comment
from renderers.mermaid import mermaid
from renderers.tree import tree
from tests.renderers.graphs import chain, fan
from tests.renderers.reading import flaws
from tests.renderers.scenes import SCENES
from tests.renderers.world import Key, walk

LIGHT, DARK = (f"https://switchyard.example.com/graphs/k7Qm2/4f1c-{look}.svg" for look in ("light", "dark"))
PAGE = "https://github.com/acme/page?a=1&b=2"


@cache
def plain(name: str) -> PullView:
    return SCENES[name]()


def paged(name: str) -> PullView:
    return replace(plain(name), page_url=PAGE)


def test_dark_pages_show_the_dark_picture_and_it_leads_to_the_page() -> None:
    text = comment(paged("succeeded"), picture_url=LIGHT, picture_dark=DARK, mermaid=None)
    source = f'<source media="(prefers-color-scheme: dark)" srcset="{DARK}">'
    link = PAGE.replace("&", "&amp;")
    assert f'<p><a href="{link}"><picture>{source}<img src="{LIGHT}" alt="Graph of' in text
    assert flaws(text) == []


def test_without_a_dark_picture_the_light_one_stands_alone() -> None:
    text = comment(SCENES["succeeded"](), picture_url=LIGHT, mermaid=None)
    assert f'<p><img src="{LIGHT}"' in text
    assert "<picture>" not in text


def test_groups_are_told_with_a_link_to_the_whole_graph() -> None:
    text = comment(paged("many_2422"), picture_url=LIGHT, picture_dark=DARK, mermaid=None)
    assert "Drawn component by component, since there are 2,422 instances." in text
    assert f'<a href="{PAGE.replace("&", "&amp;")}">The whole graph</a>' in text
    assert flaws(text) == []
    assert "Drawn" not in comment(paged("sixty"), picture_url=LIGHT, picture_dark=DARK, mermaid=None)


def test_groups_that_share_a_box_are_told() -> None:
    seen = walk({(f"account{i}", f"c{i}"): () for i in range(200)})
    text = comment(replace(paged("ready"), current=(seen,)), picture_url=LIGHT, picture_dark=DARK, mermaid=None)
    assert "Drawn stack by stack, since there are 200 instances; the last box is of 141 more stacks. <a " in text
    assert flaws(text) == []


@pytest.mark.parametrize("is_tree", [False, True])
def test_groups_are_told_beside_a_graph_in_text_as_well(is_tree: bool) -> None:
    def written(shown: PullView) -> str:
        seen = shown.current[0]
        found = states(seen)
        return comment(
            shown, picture_url=None, mermaid=None if is_tree else mermaid(seen, found), tree=tree(seen, found)
        )

    text = written(paged("many_2422"))
    drawn = "Drawn component by component, since there are 2,422 instances."
    link = f'<a href="{PAGE.replace("&", "&amp;")}">The whole graph</a> has a box for each.'
    assert f"\n```\n\n<p><sub>{drawn} {link}</sub></p>\n" in text
    assert f"<p><sub>{drawn}</sub></p>" in written(plain("many_2422"))
    assert "Drawn" not in written(paged("sixty"))
    assert flaws(text) == []


def showing(needs: dict[Key, tuple[Key, ...]]) -> PullView:
    return replace(paged("ready"), current=(walk(needs),))


def test_what_is_too_wide_is_told_with_a_link_to_all_of_it() -> None:
    link = PAGE.replace("&", "&amp;")
    kept, grouped = showing(fan("prod", "prod")), showing(fan("dev", "prod"))
    told = [
        (kept, f'Too wide to read here? <a href="{link}">The page</a> shows the graph in full.'),
        (
            grouped,
            "Drawn stack by stack, since it would be too wide to read otherwise. "
            f'<a href="{link}">The whole graph</a> has a box for each.',
        ),
    ]
    for view, sentence in told:
        seen, found = view.current[0], states(view.current[0])
        texts = [
            comment(view, picture_url=LIGHT, picture_dark=DARK, mermaid=None),
            comment(view, picture_url=None, mermaid=mermaid(seen, found)),
        ]
        for text in texts:
            assert f"<p><sub>{sentence}</sub></p>" in text
            assert flaws(text) == []
        in_text = comment(view, picture_url=None, mermaid=None, tree=tree(seen, found))
        assert "too wide" not in in_text.lower()
        assert all(f" component-{number}  " in in_text for number in range(9))
    for narrow in (showing(chain("prod", length=8)), showing(chain("prod", length=60))):
        assert "too wide" not in comment(narrow, picture_url=LIGHT, picture_dark=DARK, mermaid=None).lower()


def test_a_long_chain_is_mermaid_from_top_to_bottom() -> None:
    for length, way in ((7, "LR"), (8, "TB")):
        seen = showing(chain("prod", length=length)).current[0]
        text = mermaid(seen, states(seen)) or ""
        assert text.startswith(f"flowchart {way}\n")
        assert f"    direction {way}\n" in text


def test_without_a_picture_it_is_mermaid() -> None:
    view = SCENES["three_stacks"]()
    walk, found = view.current[0], states(view.current[0])
    text = comment(view, picture_url=None, mermaid=mermaid(walk, found), tree=tree(walk, found))
    assert "```mermaid\n" in text
    assert "```text\n" not in text


def test_where_mermaid_has_no_room_or_is_none_it_is_a_tree() -> None:
    view = SCENES["three_stacks"]()
    drawn = tree(view.current[0], states(view.current[0]))
    for too_much in ("flowchart LR\n" + "  a --> b\n" * 10_000, None):
        text = comment(view, picture_url=None, mermaid=too_much, tree=drawn)
        assert "```text\nplat-dev\n├─ ✓ vpc" in text
        assert "mermaid" not in text
        assert flaws(text) == []
