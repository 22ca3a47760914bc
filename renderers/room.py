"""How much may still be written, and what was left out because it may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from renderers.words import listed, plural

_LONGEST_LIST = 20


@dataclass(slots=True)
class Room:
    """Characters that may still be written, and what found no room."""

    left: int
    rows: Counter[str] = field(default_factory=Counter)  # by what they tell of: "waiting"
    named: int = 0  # instances of which the name alone is told
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

    def keep_some(self, texts: Iterable[str], what: str) -> list[str]:
        """Return those texts that there is room for in a third of what is left, so that they never take all of it."""
        share = Room(self.left // 3)
        kept = [text for text in texts if share.keep(text, what)]
        self.spend(kept)
        self.missing += share.missing
        return kept

    def spend(self, texts: Iterable[str]) -> None:
        """Use room for texts that are written in any case, or for which room was found before."""
        self.left -= sum(len(text) + 2 for text in texts)

    def left_out(self, what: str = "comment", where: str = "") -> str:
        """Say what was left out of what, and `where` it is, a sentence in Markdown; empty when nothing was."""
        told = [f"{number:,} more {which}" for which, number in self.rows.items() if number]
        told += dict.fromkeys(self.missing)
        said = [f"Left out, so that this {what} fits: {listed(told, _LONGEST_LIST)}."] if told else []
        if self.named:
            said.append(f"{plural(self.named, 'instance is', 'instances are')} told by name alone.")
        return f"<sub>{' '.join([*said, where] if where else said)}</sub>" if said else ""
