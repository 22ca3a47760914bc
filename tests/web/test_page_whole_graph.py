"""The whole graph on the page, at the largest size that is promised.

Graphviz needs seconds for that (`make bench ARGS=rendering`), so here something else finds the places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from bot.domain.model import Status
from renderers import layout
from renderers.examples.catalogue import made
from tests.renderers.world import walk, wide
from tests.web.conftest import Site
from tests.web.pages_site import keep

_WIDE, _HIGH, _APART = 150, 38, 40  # points


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have places found at once: a row for each frame."""
    layout._large.cache_clear()
    monkeypatch.setattr(layout, "draw", _placed)
    yield
    layout._large.cache_clear()


def _placed(source: str) -> bytes:
    """Answer as Graphviz does, with boxes on a grid."""
    objects: list[dict[str, object]] = []
    for row, (number, inside) in enumerate(re.findall(r"subgraph cluster_(\d+) \{\n(.*?)\n  \}", source, re.DOTALL)):
        boxes = re.findall(r"^ +n(\d+) \[", inside, re.MULTILINE)
        y = row * (_HIGH + 2 * _APART)
        objects.append({"name": f"cluster_{number}", "bb": f"0,{y},{len(boxes) * (_WIDE + _APART)},{y + _HIGH}"})
        for column, box in enumerate(boxes):
            at = f"{column * (_WIDE + _APART) + _WIDE / 2},{y + _HIGH / 2}"
            size = {"width": str(_WIDE / 72), "height": str(_HIGH / 72)}
            objects.append({"name": f"n{box}", "_gvid": int(box), "pos": at, **size})
    ways = [
        {"tail": int(tail), "head": int(head), "pos": "e,9,9 0,0 3,3 6,6 8,8"}
        for tail, head in re.findall(r"n(\d+) -> n(\d+)", source)
    ]
    return json.dumps({"objects": objects, "edges": ways}).encode()


@pytest.mark.usefixtures("quick")
def test_the_whole_graph_of_five_thousand_instances_is_drawn(site: Site) -> None:
    needs = wide(5_000)
    failed = list(needs)[4_321]
    seen = walk(needs, facts={failed: {"status": Status.FAILED}})
    answer = site.client.get(f"{keep(site, seen)}/graph.svg?rollout={seen.rollout.id}")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "private, max-age=3600", "it is the whole, and not groups"
    assert answer.text.endswith("</svg>\n")
    told = dict(re.findall(r'class="node [a-z]+"><title>([^<]+?): ([a-z]+)', answer.text))
    assert list(told) == [f"{component} in {stack}" for stack, component in needs]
    assert [name for name, status in told.items() if status == "failed"] == [f"{failed[1]} in {failed[0]}"]


def test_a_picture_of_more_than_sixteen_megabytes_is_not_shown(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = made("failing", 10).current[0]
    link = f"{keep(site, seen)}/graph.svg?rollout={seen.rollout.id}"
    with monkeypatch.context() as large:
        large.setattr("renderers.picture.svg", lambda *_, **__: bytes(16_000_001))
        assert site.client.get(link).status_code == 503
    assert site.client.get(link).status_code == 200
