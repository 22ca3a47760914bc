"""How much may still be written, and what was left out because it may not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bot.domain.model import Status
from renderers.markdown import details
from renderers.rows import Cells, line, titles, used
from renderers.words import BY_WORTH, word


@dataclass(slots=True)
class Room:
    """Characters that may still be written, and what found no room."""

    left: int
    rows: Counter[Status] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)

    def take(self, text: str) -> bool:
        """Use room for a text and the empty line after it, if there is so much."""
        fits = len(text) + 2 <= self.left
        if fits:
            self.left -= len(text) + 2
        return fits

    def keep(self, text: str, what: str) -> str:
        """Return a text there is room for; else nothing, and `what` is told as left out."""
        if not text or self.take(text):
            return text
        self.missing.append(what)
        return ""

    def left_out(self, what: str = "comment") -> str:
        """Say what was left out of what, in one sentence; empty when nothing was."""
        rows = [f"{self.rows[status]:,} more {word(status)}" for status in BY_WORTH if self.rows[status]]
        told = [*rows, *dict.fromkeys(self.missing)]
        return f"<sub>…and {', '.join(told)}: left out, so that this {what} fits.</sub>" if told else ""


@dataclass(slots=True)
class Section:
    """Some rows of the table, folded under a title where there is one."""

    title: str = ""
    rows: list[tuple[Status, Cells]] = field(default_factory=list)

    def write(self, room: Room) -> str:
        """Write as many rows as there is room for; empty when there is none, or nothing to write."""
        columns = used([row for _, row in self.rows])
        frame = titles(columns)
        opened = bool(self.rows) and room.take(self._folded(frame, 0))
        lines = [frame]
        for status, row in self.rows:
            text = line(row, columns)
            # What comes first is worth most: after the first row that does not fit, no later one is shown.
            if opened and room.take(text):
                lines.append(text)
            else:
                opened = False
                room.rows[status] += 1
        return self._folded("\n".join(lines), len(lines) - 1) if len(lines) > 1 else ""

    def _folded(self, body: str, shown: int) -> str:
        if not self.title:
            return body
        part = f" (the first {shown:,} are shown)" if shown < len(self.rows) else ""
        return details(f"{self.title}{part}", body)
