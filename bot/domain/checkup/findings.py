"""What a finding is: ok, a warning or a fault, with what it means and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.troubles import Trouble, anchor


class Grade(StrEnum):
    """How a thing stands."""

    OK = "ok"
    WARNING = "warning"  # it works, or may work, and something about it should be known
    FAULT = "fault"  # something does not work


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of finding. Names are kept: programs read them."""

    name: str  # its check and what was found, such as `clock-off`
    grade: Grade
    found: str  # what was found, for the docs
    means: str = ""  # what follows from it; empty where all is well
    do: str = ""  # what to do; empty where nothing is to be done
    page: str = ""  # the page of our docs that tells more

    @property
    def check(self) -> str:
        """Which check it is of."""
        return self.name.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found."""

    kind: Kind
    says: str  # one or two sentences, about this very case
    where: str = ""  # the repository, where it is about one
    page: str = ""  # where GitHub shows it
    do: str = ""  # what to do, where that is more exact than what the kind says
    of: str = ""  # the check, where the kind can be of any

    @property
    def check(self) -> str:
        """Which check found it."""
        return self.of or self.kind.check

    @property
    def advice(self) -> str:
        """What to do; empty where nothing is to be done."""
        return self.do or self.kind.do


def named(names: Sequence[str], most: int = 3) -> str:
    """Name some, and of many how many more there are."""
    more = len(names) - most
    if more > 0:
        return f"{', '.join(names[:most])} and {more:,} more"
    return " and ".join(([", ".join(names[:-1])] if names[1:] else []) + list(names[-1:]))


def span(seconds: float) -> str:
    """Write how long something is, roughly."""
    seconds = round(seconds)
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count:,} {word}{'s' if count != 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"


def about_trouble(trouble: Trouble) -> str:
    """Name the section of our docs that is about a trouble."""
    return f"troubleshooting.md#{anchor(trouble)}"
