"""The page of a pull request: all that its comment tells, whole, and who did what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from bot.domain.lanes import lane_of_pull
from bot.domain.model import Rollout
from bot.domain.states import State
from bot.domain.view import PullView
from bot.store import audit, outbox, past, rollouts
from bot.store.db import Db
from bot.web.inline import inline
from bot.web.pages_graph import digest
from renderers.check import group
from renderers.engine import engine_name
from renderers.headline import NOTHING, first, headline
from renderers.keeps import standing
from renderers.markdown import prose
from renderers.palette import FAMILY
from renderers.people import who_must_act
from renderers.rows import cells
from renderers.scene import Scene
from renderers.troubles import read_on
from renderers.verdict import ended_sign, verdict
from renderers.words import BY_WORTH, SIGNS, told, word

_AUDITED = 500
_EARLIER = 50
#: The families of statuses in the order in which the bar shows them.
_BAR = ("done", "gone", "wrong", "blocked", "person", "moving", "idle")


@dataclass(frozen=True, slots=True)
class Row:
    """One instance in the table."""

    family: str
    sign: str
    status: str
    stack: str
    component: str
    destroys: bool
    details: Markup
    run: Markup


@dataclass(frozen=True, slots=True)
class Line:
    """One rollout of the pull request in a line."""

    rollout: Rollout
    sign: str
    said: str
    shown: bool  # this page shows it now


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the bar, in percent."""

    family: str
    start: float
    width: float


def version(db: Db, repo_id: int, number: int, now: float) -> str:
    """Tell what the page is made from, at no cost: where this is the same, so is the page, for a minute at most."""
    lane = lane_of_pull(repo_id, number)
    wish = outbox.get(db, f"comment:{lane}")
    return f"{wish.want if wish else 0}.{audit.latest(db, lane)}.{int(now // 60)}"


def of_rollout(db: Db, view: PullView, rollout_id: int) -> PullView | None:
    """Show another rollout of the pull request first; None where it has none of this number."""
    walk = next((walk for walk in view.current if walk.rollout.id == rollout_id), None)
    walk = walk or rollouts.load(db, rollout_id)
    if walk is None or (walk.rollout.repo_id, walk.rollout.pull) != (view.repo.id, view.pull.number):
        return None
    return replace(view, current=(walk,), waiting="")


def page(db: Db, view: PullView, chosen: PullView, before: int = 0) -> dict[str, Any]:
    """Gather what the page shows of a view; `chosen` is the same, but for which rollout stands first.

    Of the earlier rollouts those `before` one are listed, if it is given.
    """
    scene = first(chosen)
    main, found = (scene.walk, scene.found) if scene else (None, [])
    return {
        "view": view,
        "headline": headline(chosen, scene),
        "main": main,
        "bar": _bar(found),
        "said": _said(chosen, scene),
        "rows": _rows(scene) if scene else [],
        "drawn": bool(found) and engine_name() is not None,
        "digest": digest(main, found) if main else "",
        **_rollouts(db, view, scene, before),
        "audited": audit.of_lane(db, lane_of_pull(view.repo.id, view.pull.number), view.pull.number, _AUDITED),
        "most_audited": _AUDITED,
    }


def _said(view: PullView, scene: Scene | None) -> list[Markup]:
    """Say what keeps everything, who must act, and what else to know."""
    home = f"{view.server_url}/{view.repo.full_name}/"
    said = [prose(view.waiting, most=1_000, trusted=home)] if view.waiting else []
    said += [*standing(view), *(who_must_act(scene) if scene else ())]
    said += [group(one) for one in view.groups]
    if scene is not None and scene.walk.rollout.superseded_by:
        said.append(prose(f"Ended by {scene.walk.rollout.superseded_by}."))
    said.append(read_on(view, [scene] if scene else []))
    if scene is not None and not scene.found:
        said.append(prose(NOTHING))
    notes = (*view.notes, *(scene.walk.rollout.notes if scene else ()))
    return [inline(text) for text in (*said, *(prose(note) for note in notes)) if text.strip()]


def _rows(scene: Scene) -> list[Row]:
    """Make the rows, what needs eyes first, then by their order."""
    rank = {status: place for place, status in enumerate(BY_WORTH)}
    stacks = {step.instance.stack: step.index for step in reversed(scene.walk.steps)}
    order = sorted(
        scene.walk.steps,
        key=lambda step: (rank[scene.found[step.index].status], stacks[step.instance.stack], step.index),
    )
    return [_row(scene, step.index) for step in order]


def _row(scene: Scene, index: int) -> Row:
    step, status = scene.walk.steps[index], scene.found[index].status
    *_, why, run = cells(scene, index)
    return Row(
        family=FAMILY[status],
        sign=SIGNS[status],
        status=word(status),
        stack=step.instance.stack,
        component=step.instance.component,
        destroys=step.destroys,
        details=inline(why),
        run=inline(run),
    )


def _bar(found: Sequence[State]) -> list[Part]:
    counts = Counter(FAMILY[state.status] for state in found)
    parts, start = [], 0.0
    for family in _BAR:
        width = 100 * counts[family] / max(1, len(found))
        if width:
            parts.append(Part(family, round(start, 3), round(width, 3)))
        start += width
    return parts


def _rollouts(db: Db, view: PullView, scene: Scene | None, before: int) -> dict[str, Any]:
    """List the rollouts that count, then those that were superseded; `scene` is the one that is shown."""
    main = scene.walk.rollout.id if scene else None
    current = {walk.rollout.id for walk in view.current}
    lines = []
    for walk in view.current:
        found = scene.found if scene and walk is scene.walk else view.states(walk)
        sign, said = verdict(Scene(view, walk, found))
        lines.append(Line(walk.rollout, sign, said, walk.rollout.id == main))
    lane = lane_of_pull(view.repo.id, view.pull.number)
    earlier = past.of_lane(db, lane, _EARLIER, **({"before": before} if before else {}))
    lines += [_line(one, main) for one in earlier if one.rollout.id not in current]
    last = earlier[-1].rollout.id if earlier else 0
    return {"rollouts": lines, "last": last, "older": past.how_many(db, lane, but=current, before=last)}


def _line(one: past.Ended, main: int | None) -> Line:
    said = told(one.counts) if one.counts else "nothing was affected"
    ended = f"; ended by {one.rollout.superseded_by}" if one.rollout.superseded_by else ""
    sign = ended_sign(one.counts, one.called_off, one.withdrawn)
    return Line(one.rollout, sign, said + ended, one.rollout.id == main)
