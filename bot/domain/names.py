"""Which names of stacks and components may reach an input, a URL or a page."""

from __future__ import annotations

import re

LONGEST = 200

#: As JSON Schema has it.
PATTERN = r"^(?![/.+@=:-])(?:(?:^|/)(?!\.{1,2}(?:/|$))[A-Za-z0-9_.+@=:-]+)+$"

_ALPHABET = re.compile(PATTERN.replace("$", r"\Z"))


def allowed(name: str) -> bool:
    """Tell whether a name of a stack or component is safe to pass on.

    Letters, digits and `_ . - / + @ = :`, at most 200 characters, starting with a letter, digit or `_`; no empty
    segment and none that is `.` or `..`.
    """
    return len(name) <= LONGEST and _ALPHABET.fullmatch(name) is not None


def shown(text: str, longest: int = 60) -> str:
    """Make any text fit to stand inside a sentence: printable, on one line, at most `longest` characters."""
    if len(text) <= longest and text.isprintable():
        return text
    clean = "".join(char if char.isprintable() else "�" for char in text[: longest + 1])
    return clean if len(text) <= longest else clean[: longest - 1] + "…"
