"""Some steps of a rollout, told in the room there is: in full, else by name, else by number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.model import Status
from renderers.markdown import details
from renderers.room import Room
from renderers.rows import FRAME, TOGETHER, Cells, cells, component, name_table, named, names, stack, table
from renderers.scene import Scene
from renderers.words import BY_WORTH, SIGNS, signed, word

#: What needs nobody's eyes: it is folded where there is much of it, and told by name alone where there is very much.
QUIET = (Status.READY, Status.BLOCKED, Status.WAITING, Status.SUPERSEDED, Status.SKIPPED, Status.SUCCEEDED)
#: In a section of more steps than that, what is quiet is told by name.
_MOST = 100
#: Of what is told by name so many at most lead to their runs, those in full counted: more would make a heavy comment.
_LINKED = 200
#: Of what needs eyes, as large a part of the room is for rows and links where there is none for all names.
_SHARE = 5
#: What a fold takes at most, beside its title.
_FOLD = 300
_LINE = 20  # what holds the cells of a row together, at most


@dataclass(frozen=True, slots=True)
class Section:
    """Steps in the order in which they are told, worst first. Under a title all of them are folded."""

    scene: Scene
    indexes: Sequence[int]
    title: str = ""
    opened: int = 0  # without a title: up to so many stand open
    whose: str = ""  # what they are of, where that is not the rollout that the comment is about
    later: int = 0  # characters that the sections after it take to tell all by name

    def write(self, room: Room) -> str:
        """Write as much as there is room for; empty when there is none, or nothing to write."""
        if not self.indexes:
            return ""
        needs = self._needs()
        space = room.left - self._frame()
        # Names are worth more than links, also those of the sections after this one.
        most, rows = space - self.later, self._rows()
        if not self.title and needs[0] > space:
            most, rows, needs = space // _SHARE, self.opened, [0] * len(needs)
        full, used = self._in_full(most, needs[: rows + 1])
        links = self._links(len(full), most - used - needs[len(full)])
        lines = []
        shown = len(full)
        for line, number in names(self.scene, self.indexes[len(full) :], status=self._is_mixed, links=links):
            used += len(line) + 1
            if used > space:
                break
            lines.append(line)
            shown += number
        self._left_out(room, len(full), links, shown)
        text = self._arranged(full, lines, shown)
        return text if room.take(text) else ""

    @property
    def _is_mixed(self) -> bool:
        """Tell whether what is folded has several statuses, so that each row must tell its own."""
        return len({self.scene.found[index].status for index in self.indexes[self.opened :]}) > 1 or self.opened > 0

    @property
    def least(self) -> int:
        """How many characters it takes to tell all of it by name, at most."""
        return self._needs()[0] + self._frame()

    def _frame(self) -> int:
        """Tell how many characters what is around the rows takes, at most."""
        stacks = max(len(stack(self.scene.walk.steps[index])) for index in self.indexes)
        fold = _FOLD + len(self.title) if self.title or len(self.indexes) > self.opened else 0
        return 3 * FRAME + 2 * stacks + fold

    def _rows(self) -> int:
        """Tell how many have a row of their own where there is room."""
        if len(self.indexes) <= _MOST:
            return len(self.indexes)
        urgent = sum(self.scene.found[index].status not in QUIET for index in self.indexes)
        return max(urgent, self.opened)

    def _in_full(self, space: int, needs: Sequence[int]) -> tuple[list[Cells], int]:
        """Write rows while they leave room for what the rest `needs` after each; returns how long they are, too."""
        used = 0
        rows: list[Cells] = []
        for index, after in zip(self.indexes, needs[1:], strict=False):
            row = cells(self.scene, index)
            length = sum(map(len, row)) + _LINE
            if used + length + after > space:
                break
            used += length
            rows.append(row)
        return rows, used

    def _needs(self) -> list[int]:
        """Tell for each place how long the names of what stands there and after it are, at most."""
        needs, after, above = [0], 0, None
        for index in reversed(self.indexes):
            step = self.scene.walk.steps[index]
            status = self.scene.found[index].status
            place = len(signed(status)) + len(stack(step)) + _LINE
            if above is not None and above[0] != (status, step.instance.stack):
                after += above[1]
            after += len(component(step)) + 2 + place // TOGETHER + 1
            above = (status, step.instance.stack), place
            needs.append(after + place)
        return needs[::-1]

    def _links(self, start: int, spare: int) -> int:
        """Tell how many of those from a place on may lead to their runs."""
        links = 0
        for index in self.indexes[start:_LINKED]:
            step = self.scene.walk.steps[index]
            spare -= len(named(self.scene, step)) - len(component(step))
            if spare < 0:
                break
            links += 1
        return links

    def _left_out(self, room: Room, full: int, links: int, shown: int) -> None:
        """Keep account of what is told by name alone, and of what is not told."""
        steps = [self.scene.walk.steps[index] for index in self.indexes[full:shown]]
        linked = sum(named(self.scene, step) != component(step) for step in steps[:links])
        room.named += len(steps) - linked
        for index in self.indexes[shown:]:
            room.rows[self.whose or word(self.scene.found[index].status)] += 1

    def _arranged(self, full: list[Cells], lines: list[str], shown: int) -> str:
        """Put together what stands open and what is folded."""
        if not shown:
            return ""
        if not self.title and len(self.indexes) <= self.opened:
            return _joined(table(full, status=True), name_table(lines, status=True))
        stands = min(self.opened, len(full))
        open_rows, rows = full[:stands], full[stands:]
        folded = _joined(table(rows, status=self._is_mixed), name_table(lines, status=self._is_mixed))
        return _joined(table(open_rows, status=True), details(self._told(stands, shown), folded) if folded else "")

    def _told(self, stands: int, shown: int) -> str:
        """Write the title of the fold, with how many are in it."""
        rest = self.indexes[stands:]
        counts = Counter(self.scene.found[index].status for index in rest)
        told = ", ".join(f"{SIGNS[status]} {counts[status]:,} {word(status)}" for status in BY_WORTH if counts[status])
        title = self.title or f"{len(rest):,}{' more' if stands else ''}: {told}"
        return f"{title} (the first {shown - stands:,} are shown)" if shown < len(self.indexes) else title


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
