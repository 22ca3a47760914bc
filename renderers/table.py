"""A rollout's rows, sorted into sections: what needs eyes first, then the rest."""

from __future__ import annotations

from bot.domain.model import Status
from renderers.room import Section
from renderers.rows import cells
from renderers.scene import Scene
from renderers.verdict import FAILURES
from renderers.words import word

_UNFOLDED = 20  # up to so many rows stand in one table
_PEOPLE = (Status.HELD, Status.APPROVAL, Status.MANUAL)
_MOVING = (Status.RUNNING, Status.QUEUED, Status.DISPATCHING, Status.READY)


def sections(scene: Scene) -> tuple[Section, list[Section]]:
    """Sort a rollout's rows: what needs eyes first, then the rest; of many the rest is folded."""
    order: dict[Status, list[int]] = {status: [] for status in Status}
    for index, state in enumerate(scene.found):
        order[state.status].append(index)
    first = [status for statuses in (FAILURES, _PEOPLE, _MOVING) for status in statuses]
    urgent = section(scene, [index for status in first for index in order[status]])
    rest = [status for status in (Status.BLOCKED, Status.WAITING, *Status) if status not in first]
    if len(scene.found) <= _UNFOLDED:
        others = sorted(index for status in dict.fromkeys(rest) for index in order[status])
        urgent.rows += section(scene, others).rows
        return urgent, []
    folded = [(status, order[status]) for status in dict.fromkeys(rest) if order[status]]
    return urgent, [section(scene, found, f"{len(found):,} {word(status)}") for status, found in folded]


def section(scene: Scene, indexes: list[int], title: str = "") -> Section:
    """Make the rows of some steps, folded under a title where there is one."""
    return Section(title, [(scene.found[index].status, cells(scene, index)) for index in indexes])
