"""Patterns of paths as Atmos has them: `**` is any number of folders, `{a,b}` either. Takes no longer for a bad one."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

_LONGEST = 500
_MOST_FORMS = 64
_BRACES = re.compile(r"\{([^{}]*)\}")


def matches(path: str, pattern: str) -> bool:
    """Tell whether a path, with `/` between its parts, is meant by a pattern."""
    return any(_matches(path.split("/"), form.split("/")) for form in _forms(pattern))


def _forms(pattern: str) -> list[str]:
    """Write out each choice of the braces."""
    forms, done = [pattern[:_LONGEST]], list[str]()
    while forms:
        form = forms.pop()
        braces = _BRACES.search(form)
        if braces is None or len(forms) + len(done) > _MOST_FORMS:
            done.append(form)
        else:
            forms += [form[: braces.start()] + one + form[braces.end() :] for one in braces[1].split(",")]
    return done


def _matches(parts: list[str], pattern: list[str]) -> bool:
    """Go through the pattern's parts, keeping how many of the path's each way may have used."""
    used = {0}
    for part in pattern:
        if part == "**":
            used = set(range(min(used), len(parts) + 1))
        else:
            used = {at + 1 for at in used if at < len(parts) and fnmatchcase(parts[at], part)}
        if not used:
            return False
    return len(parts) in used
