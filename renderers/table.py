"""A rollout's steps, sorted into sections: what needs eyes first, then the rest, each by stack."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.model import Status
from bot.domain.pro import Phase
from bot.domain.results import Result, of_step
from renderers.scene import Scene
from renderers.section import QUIET, Section
from renderers.words import BY_WORTH, SIGNS, word

_OPENED = 20  # up to so many rows stand in one table
_RANKS = {status: rank for rank, status in enumerate(BY_WORTH)}
#: Of plans that succeeded, those with changes are what a reviewer looks for.
_RESULTS = {Result.CHANGES: " with changes", Result.NO_CHANGES: " without changes"}
_ORDER = {" with changes": 0, "": 1, " without changes": 2}


def sections(scene: Scene) -> list[Section]:
    """Sort a rollout's steps: the first section is open and needs eyes most; of many steps the rest is folded."""
    indexes = by_worth(scene)
    if len(indexes) <= _OPENED:
        return [Section(scene, indexes, opened=_OPENED)]
    kinds: dict[tuple[Status, str], list[int]] = {}
    urgent = []
    for index in indexes:
        status = scene.found[index].status
        if status in QUIET:
            kinds.setdefault((status, _result(scene, index)), []).append(index)
        else:
            urgent.append(index)
    folded: list[Section] = []
    later = 0
    ordered = sorted(kinds.items(), key=lambda kind: (_RANKS[kind[0][0]], _ORDER[kind[0][1]]))
    for (status, result), found in reversed(ordered):
        title = f"{SIGNS[status]} {len(found):,} {word(status)}{result}"
        folded.insert(0, Section(scene, found, title, later=later))
        later += folded[0].least
    return [Section(scene, urgent, opened=_OPENED), *folded]


def by_worth(scene: Scene) -> Sequence[int]:
    """Sort a rollout's steps, worst first, those of one stack together."""
    stacks: dict[str, int] = {}
    for step in scene.walk.steps:
        stacks.setdefault(step.instance.stack, len(stacks))

    def worth(index: int) -> tuple[int, int, int]:
        return _RANKS[scene.found[index].status], stacks[scene.walk.steps[index].instance.stack], index

    return sorted(range(len(scene.found)), key=worth)


def _result(scene: Scene, index: int) -> str:
    """Tell of a plan that succeeded whether it found changes; empty where the CLI did not tell."""
    if scene.walk.rollout.phase is not Phase.PLAN or scene.found[index].status is not Status.SUCCEEDED:
        return ""
    result = of_step(scene.walk.steps[index])
    return _RESULTS.get(result, "") if result else ""
