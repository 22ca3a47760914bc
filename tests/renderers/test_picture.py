"""The picture: real Graphviz, fit to stand in an image, and every box in its place whatever becomes of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.model import Status
from bot.domain.rollout import Walk
from bot.domain.states import State, states
from renderers import engine, layout
from renderers.engine import CannotDraw
from renderers.examples.catalogue import EXAMPLES, made
from renderers.faces import Face
from renderers.icons import SIGNS
from renderers.layout import lay_out
from renderers.picture import Picture, picture
from renderers.shape import Shape, shape
from renderers.svg import svg
from tests.renderers.graphs import chain, fan, walks
from tests.renderers.scenes import APPROVAL, FAILED, RUNNING, SCENES, SMALL, VPC, three_stacks
from tests.renderers.world import Key, walk

SVG = "{http://www.w3.org/2000/svg}"
COLOUR = re.compile(rb"#[0-9a-f]{6}")


def drawn(seen: Walk, found: list[State] | None = None) -> Picture:
    return picture(seen, found or states(seen))


def root_of(seen: Walk) -> ElementTree.Element:
    return ElementTree.fromstring(drawn(seen).light)


def of_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [part for part in root.iter(f"{SVG}g") if name in part.get("class", "").split()]


def words(root: ElementTree.Element) -> list[str]:
    return [part.text or "" for part in root.iter(f"{SVG}tspan")]


def places(root: ElementTree.Element) -> list[tuple[str | None, ...]]:
    """Tell where every box, frame and edge is, and where every name stands; how much of a group is how far may move."""
    told = ("transform", "x", "y", "width", "height")
    bars = {part for node in of_class(root, "node") for part in node.findall(f"{SVG}rect")[1:]}
    shapes = [part for kind in ("rect", "text", "tspan") for part in root.iter(SVG + kind) if part not in bars]
    groups = of_class(root, "node") + of_class(root, "stack")
    ways = [(edge.get("id"), path.get("d")) for edge in of_class(root, "edge") for path in edge.iter(f"{SVG}path")]
    return [tuple(part.get(at) for at in told) for part in shapes + groups] + sorted(ways)


def test_it_shows_every_instance_with_its_status_and_how_long_it_took() -> None:
    root = root_of(three_stacks())
    nodes = of_class(root, "node")
    assert len(nodes) == 30
    assert words(root)[:6] == ["plat-dev", "10 of 10", "plat-staging", "3 of 10", "plat-prod", "0 of 10"]
    assert words(root).count("monitoring") == 3
    assert "failed, 4\u00a0min" in words(root)
    assert "since 12:00\u00a0UTC" in words(root)
    titles = [node.findtext(f"{SVG}title") for node in nodes]
    assert "vpc in plat-dev: succeeded, 50\u00a0s" in titles
    assert "database in plat-staging: failed, 3\u00a0min 39\u00a0s" in titles


def test_every_status_has_a_sign_of_its_own_shape() -> None:
    assert set(SIGNS) == set(Status)
    assert len(set(SIGNS.values())) == len(Status)
    seen = walk({("s", status.value): () for status in Status})
    found = [replace(state, status=status) for state, status in zip(states(seen), Status, strict=True)]
    nodes = of_class(ElementTree.fromstring(drawn(seen, found).light), "node")
    assert [node.find(f"{SVG}g/{SVG}path").get("d") for node in nodes] == list(SIGNS.values())  # type: ignore[union-attr]


def test_it_tells_what_it_is_to_those_who_cannot_see_it() -> None:
    root = root_of(walk(SMALL, succeeded=[VPC], facts={("plat-dev", "database"): FAILED}))
    assert root.get("role") == "img"
    names = (root.get("aria-labelledby") or "").split()
    title, description = (next(part for part in root if part.get("id") == name) for name in names)
    assert "1 of 4 succeeded, 1 failed" in (title.text or "")
    said = description.text or ""
    assert "vpc in plat-dev: succeeded, 50\u00a0s." in said
    assert "api in plat-dev: blocked; after database, cluster." in said


def test_a_long_description_ends_with_what_it_leaves_out() -> None:
    root = root_of(SCENES["sixty"]().current[0])
    said = root.findtext(f"{SVG}desc") or ""
    assert len(said) < 3_200
    assert re.search(r"And \d+ more boxes\.$", said)


@pytest.mark.parametrize("name", ["three_stacks", "refused_name", "cycle", "many_2422"])
def test_it_refers_to_nothing_outside_and_needs_no_style(name: str) -> None:
    one = drawn(SCENES[name]().current[0])
    for look in (one.light, one.dark):
        root = ElementTree.fromstring(look)
        allowed = {"svg", "title", "desc", "g", "rect", "circle", "path", "text", "tspan"}
        assert {part.tag.removeprefix(SVG) for part in root.iter()} <= allowed
        assert not [
            key for part in root.iter() for key in part.attrib if "href" in key or key.startswith(("on", "style"))
        ]
        assert b"url(" not in look


def test_ids_occur_once() -> None:
    ids = [part.get("id") for part in root_of(three_stacks()).iter() if part.get("id")]
    assert len(set(ids)) == len(ids) > 60


def test_a_hostile_name_is_only_text() -> None:
    bad = '"];</text><script>alert(1)</script>\\'
    root = root_of(walk({("<!--&amp;", bad): ()}))
    assert f"{bad} in <!--&amp;: ready" in [node.findtext(f"{SVG}title") for node in of_class(root, "node")]


def test_a_name_that_is_a_bracket_is_drawn() -> None:
    assert words(root_of(walk({("]", "]"): ()}))) == ["]", "0 of 1", "]", "ready"]


def test_light_and_dark_differ_in_nothing_but_colours() -> None:
    one = drawn(three_stacks())
    assert one.light != one.dark
    assert COLOUR.sub(b"", one.light) == COLOUR.sub(b"", one.dark)


def test_the_same_rollout_gives_the_same_bytes_after_a_restart() -> None:
    before = drawn(three_stacks())
    layout._usual.cache_clear()
    assert drawn(three_stacks()) == before


def test_the_first_stack_is_on_top_and_the_first_instance_of_several_too() -> None:
    needs: dict[Key, tuple[Key, ...]] = {("b", "vpc"): (), **{("b", f"c{i}"): (("b", "vpc"),) for i in range(5)}}
    needs |= {("a", "vpc"): (), ("a", "dns"): (("a", "vpc"),)}
    where = lay_out(shape(walk(needs)))
    tops = [box.y for box in where.boxes]
    assert tops[1:6] == sorted(tops[1:6])
    assert [stack for stack, _ in where.frames] == ["b", "a"]
    assert where.boxes[0].x < where.boxes[1].x


def test_what_nothing_connects_stands_side_by_side_within_the_page() -> None:
    where = lay_out(shape(walk({(f"stack{i}", "vpc"): () for i in range(12)})))
    rows = {box.y for box in where.boxes}
    assert where.width <= 830
    assert 2 <= len(rows) <= 4
    assert where.boxes[0].y == where.boxes[1].y
    assert where.boxes[0].x < where.boxes[1].x


@pytest.mark.parametrize(("length", "wide"), [(4, False), (7, False), (8, True), (10, True), (60, True)])
def test_it_is_known_before_whether_it_is_too_wide_to_be_read(length: int, wide: bool) -> None:
    keys = [("prod", f"c{i}") for i in range(length)]
    drawing = shape(walk({key: (keys[i - 1],) if i else () for i, key in enumerate(keys)}), wide=True)
    width = lay_out(drawing).width
    assert drawing.is_wide is wide is (smallest(drawing) < 8)
    assert width * 0.9 < drawing.width <= width


def ladder(*stacks: str, length: int) -> dict[Key, tuple[Key, ...]]:
    """Have two instances of each stack wait for the two before them, through all stacks."""
    names = [(stack, f"{side}-{i}") for stack in stacks for i in range(length) for side in ("left", "right")]
    return {name: (names[i - 2],) if i > 1 else () for i, name in enumerate(names)}


@pytest.mark.parametrize(
    "needs", [ladder("prod", length=9), ladder("prod", length=30), ladder("dev", "staging", "prod", length=5)]
)
def test_what_is_drawn_downwards_is_narrow_and_leads_from_foot_to_top(needs: dict[Key, tuple[Key, ...]]) -> None:
    drawing = shape(walk(needs))
    where = lay_out(drawing)
    assert drawing.down
    assert where.width <= drawing.width <= 830
    for (parent, child), line, head in where.lines:
        above, below = where.boxes[parent], where.boxes[child]
        assert above.y + above.height < below.y
        assert line.startswith(f"M{above.x + above.width / 2:.1f},{above.y + above.height:.1f}C")
        assert head.startswith(f"M{below.x + below.width / 2:.1f},{below.y:.1f}")
    assert [name for name, _ in where.frames] == list(drawing.frames)
    tops = [area.y for _, area in where.frames]
    assert tops == sorted(tops)
    seen = walk(needs)
    done, failed = ([State(status) for _ in seen.steps] for status in (Status.SUCCEEDED, Status.FAILED))
    before, after = (ElementTree.fromstring(drawn(seen, found).light) for found in (done, failed))
    assert places(before) == places(after)


def smallest(drawing: Shape) -> float:
    """Tell how many pixels the smallest text of a picture has on GitHub's page, where no image is wider than that."""
    image = _painted(drawing)
    sizes = [float(part.get("font-size") or 99) for part in image.iter()]
    return min(sizes) * min(1.0, 830 / float(image.get("width") or 0))


def _painted(drawing: Shape) -> ElementTree.Element:
    looks = [Face(Status.READY, "ready", "ready") for _ in drawing.boxes]
    return ElementTree.fromstring(svg(drawing, lay_out(drawing), looks, set(), title="", description=""))


#: All other examples are drawn as the first of these is.
GRAPHS = ("plan-starting", "plan-cycle", "plan-odd-names", "destroying", "left-for-people", "destroyed")


@pytest.mark.parametrize(
    ("names", "size"),
    [(EXAMPLES, 1), (EXAMPLES, 10), (GRAPHS, 60), (("planning", "destroying"), 400), (("planning",), 2_422)],
)
def test_every_example_can_be_read_on_the_page(names: Iterable[str], size: int) -> None:
    drawings = {shape(walk) for name in names for walk in made(name, size).current[:1] if walk.steps}
    assert {drawing.is_wide for drawing in drawings} == {False}
    assert min(map(smallest, drawings)) >= 8


@pytest.mark.parametrize(
    ("name", "size", "by", "down"),
    [
        ("planning", 60, "", False),
        ("plan-odd-names", 10, "", True),
        ("destroyed", 10, "", False),
        ("destroyed", 60, "", True),
        ("planning", 700, "component", True),
        ("destroyed", 700, "component", True),
    ],
)
def test_what_would_be_too_wide_is_drawn_downwards_first(name: str, size: int, by: str, *, down: bool) -> None:
    drawing = shape(made(name, size).current[0])
    assert (drawing.by, drawing.down) == (by, down)


def test_how_wide_it_is_does_not_hang_on_the_order_of_the_boxes() -> None:
    names = [("prod", f"c{i}") for i in range(8)]
    last_first = {name: (names[i + 1],) if i + 1 < len(names) else () for i, name in enumerate(names)}
    drawing = shape(walk(last_first), wide=True)
    assert drawing.is_wide
    assert drawing.width == shape(walk(chain("prod", length=8)), wide=True).width


def test_no_state_changes_how_it_is_grouped() -> None:
    needs = fan("dev", "prod")
    failed = walk(needs, facts={next(iter(needs)): FAILED})
    before, after = (ElementTree.fromstring(drawn(one).light) for one in (walk(needs), failed))
    assert words(before)[:2] == ["dev", "0 of 9, 1 ready"]
    assert words(after)[:2] == ["dev", "0 of 9, 1 failed"]
    boxes, others = ([node.get("transform") for node in of_class(root, "node")] for root in (before, after))
    assert boxes == others
    assert (before.get("width"), before.get("height")) == (after.get("width"), after.get("height"))


def test_blocked_ways_are_dashed_and_others_are_not() -> None:
    database, cluster = ("plat-dev", "database"), ("plat-dev", "cluster")
    root = root_of(walk(SMALL, succeeded=[VPC, cluster], facts={database: FAILED}))
    (stuck,) = (group for group in of_class(root, "blocked") if group.get("stroke-dasharray"))
    assert [edge.get("id") for edge in stuck] == ["edge-1-3"]
    assert len(of_class(root, "edge")) == 4


def test_a_group_tells_counts_and_the_worst_of_it() -> None:
    root = root_of(SCENES["many_2422"]().current[0])
    nodes = of_class(root, "node")
    titles = [node.findtext(f"{SVG}title") for node in nodes]
    assert titles[0] == "vpc: 243 instances: 160 of 243 succeeded, 2 failed, 1 under way, 80 waiting"
    assert "160 of 243, 2 failed" in words(root)
    assert "wrong" in nodes[0].get("class", "")
    whole, *parts = (float(part.get("width") or 0) for part in nodes[0].findall(f"{SVG}rect"))
    assert len(parts) == 4
    assert min(parts) > 4
    assert sum(parts) == pytest.approx(whole - 20, abs=0.5)


ANY = st.sampled_from(list(Status))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(walks(), st.data())
def test_whatever_becomes_of_it_every_box_keeps_its_place(seen: Walk, data: st.DataObject) -> None:
    other = [State(data.draw(ANY)) for _ in seen.steps]
    before, after = (ElementTree.fromstring(drawn(seen, found).light) for found in (states(seen), other))
    assert places(before) == places(after)
    assert (before.get("width"), before.get("height")) == (after.get("width"), after.get("height"))


@pytest.mark.parametrize("size", [70, 400, 2_422])
def test_groups_keep_their_places_too(size: int) -> None:
    seen = made("plan-starting", size).current[0]
    whole, none = ([State(found) for _ in seen.steps] for found in (Status.SUCCEEDED, Status.WAITING))
    before, after = (ElementTree.fromstring(drawn(seen, found).light) for found in (whole, none))
    assert places(before) == places(after)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(walks())
def test_boxes_overlap_nowhere_and_stand_in_their_frames(seen: Walk) -> None:
    drawing = shape(seen)
    where = lay_out(drawing)
    for number, one in enumerate(where.boxes):
        assert one.x + 0.1 >= 0
        assert one.x + one.width <= where.width + 0.1
        assert one.y + one.height <= where.height + 0.1
        for other in where.boxes[number + 1 :]:
            beside = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert beside or one.y + one.height <= other.y or other.y + other.height <= one.y
    frames = dict(where.frames)
    for box, area in zip(drawing.boxes, where.boxes, strict=True):
        frame = frames.get(box.group, area if not box.group else None)  # a stack whose name shows nothing has none
        assert frame
        assert frame.x <= area.x
        assert frame.y + (15 if box.group else 0) <= area.y
        assert area.x + area.width <= frame.x + frame.width + 0.1
    assert len(where.lines) == len(drawing.edges)


# What goes wrong.


@pytest.fixture
def fresh() -> Iterator[None]:
    layout._usual.cache_clear()
    yield
    layout._usual.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_graphviz_is_asked_once_for_each_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(layout, "draw", lambda source: asked.append(source) or engine.draw(source))
    for facts in ({}, {VPC: RUNNING}, {VPC: APPROVAL}, {VPC: FAILED}):
        drawn(walk(SMALL, facts=facts))
    assert len(asked) == 1


@pytest.mark.usefixtures("fresh")
def test_a_graph_that_cannot_be_laid_out_is_not_tried_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def too_slow(source: str) -> bytes:
        asked.append(source)
        raise CannotDraw("It took too long.")

    monkeypatch.setattr(layout, "draw", too_slow)
    for _ in range(5):
        with pytest.raises(CannotDraw, match="took too long"):
            drawn(walk(SMALL))
    assert len(asked) == 3


@pytest.mark.usefixtures("fresh")
def test_a_graph_that_can_be_laid_out_at_last_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [CannotDraw("The machine was busy.")]
    monkeypatch.setattr(layout, "draw", lambda source: _raised(answers.pop()) if answers else engine.draw(source))
    with pytest.raises(CannotDraw, match="busy"):
        drawn(walk(SMALL))
    assert b"vpc" in drawn(walk(SMALL)).light


def _raised(error: Exception) -> bytes:
    raise error


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    "answer", [b"", b"{", b"{}", b'{"objects": [{"name": "n0"}]}', b'{"objects": [{"name": "%"}]}']
)
def test_an_answer_that_is_none_is_told(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "draw", lambda _: answer)
    with pytest.raises(CannotDraw, match="something else than the places"):
        drawn(walk(SMALL))


def test_a_picture_that_is_too_large_is_refused() -> None:
    with pytest.raises(CannotDraw, match="more than the 4,000 that are shown"):
        picture(three_stacks(), states(three_stacks()), limit=4_000)


# What production allows, held by what it says.


@pytest.mark.usefixtures("fresh")
def test_graphviz_has_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_slow(*_: object, timeout: float, **__: object) -> None:
        raise subprocess.TimeoutExpired("dot", timeout)

    monkeypatch.setattr("renderers.engine.execute.run_check", too_slow)
    with pytest.raises(CannotDraw, match="took longer than 10 seconds and was stopped"):
        drawn(walk(SMALL))


@pytest.mark.usefixtures("fresh")
def test_of_what_graphviz_answers_twenty_megabytes_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = subprocess.CompletedProcess("dot", 0, stdout=bytes(20_000_001))
    monkeypatch.setattr("renderers.engine.execute.run_check", lambda *_, **__: answer)
    with pytest.raises(CannotDraw, match="more than the 20,000,000 that are read"):
        drawn(walk(SMALL))


def test_a_comment_shows_pictures_of_up_to_five_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderers.picture.svg", lambda *_, **__: bytes(5_000_000))
    assert len(drawn(walk(SMALL)).light) == 5_000_000
    monkeypatch.setattr("renderers.picture.svg", lambda *_, dark, **__: bytes(5_000_000 + dark))
    with pytest.raises(CannotDraw, match="more than the 5,000,000 that are shown"):
        drawn(walk(SMALL))


def test_nothing_is_not_drawn() -> None:
    with pytest.raises(CannotDraw, match="nothing to draw"):
        drawn(walk({}))
