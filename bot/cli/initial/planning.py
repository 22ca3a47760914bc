"""Compare what should be there with what is, and write what is missing. Nothing is ever overwritten."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum
from pathlib import Path

from bot.cli.initial.checkout import Checkout, NotRead

#: What two files may have, so that telling their difference takes no time that anybody notices.
MOST_BYTES = 64 * 1024


class State(StrEnum):
    """What becomes of a file."""

    NEW = "new"
    CHANGED = "changed"  # lines are put into it
    SAME = "up to date"
    DIFFERS = "differs"
    IN_THE_WAY = "in the way"


@dataclass(frozen=True, slots=True)
class Planned:
    """One file: what it should be, and what it is."""

    path: str
    text: str
    state: State
    before: str = ""
    why: str = ""  # what is in the way, as the rest of a sentence that begins with the path

    @property
    def writes(self) -> bool:
        """Tell whether it is written."""
        return self.state in (State.NEW, State.CHANGED)


class NotWritten(Exception):  # noqa: N818 - it reads as what happened
    """A file that could not be written; the text is a sentence."""


def compare(checkout: Checkout, path: str, text: str) -> Planned:
    """Find out what a new file would meet."""
    try:
        there = checkout.text(path, MOST_BYTES)
    except NotRead as error:
        return Planned(path, text, State.IN_THE_WAY, why=str(error))
    if there is None:
        return Planned(path, text, State.NEW)
    if there.replace("\r\n", "\n") == text:
        return Planned(path, text, State.SAME, before=there)
    return Planned(path, text, State.DIFFERS, before=there)


def diff(planned: Planned) -> list[str]:
    """Write the difference between what is there and what should be, fit for a terminal whatever the file holds."""
    old = "/dev/null" if planned.state is State.NEW else planned.path
    lines = unified_diff(planned.before.splitlines(), planned.text.splitlines(), old, planned.path, lineterm="")
    return ["".join(char if char.isprintable() or char == "\t" else "�" for char in line) for line in lines]


def write(checkout: Checkout, planned: Planned) -> None:
    """Write one file, whole or not at all. Raises NotWritten, also where something changed since it was compared."""
    try:
        there = checkout.text(planned.path, MOST_BYTES)
    except NotRead as error:
        raise NotWritten(f"{planned.path} {error}.") from None
    if there != (planned.before if planned.state is State.CHANGED else None):
        raise NotWritten(f"{planned.path} has changed since it was shown; run this again.")
    target = checkout.root / planned.path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _put(target, planned.text.encode(), anew=there is None)
    except FileExistsError:
        raise NotWritten(f"{planned.path} came to be since it was shown; run this again.") from None
    except OSError as error:
        raise NotWritten(f"{planned.path} could not be written: {error.strerror}.") from None


def _put(target: Path, content: bytes, *, anew: bool) -> None:
    """Write beside the target first. A new file takes its name only where nothing has it."""
    handle, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # As git has files that are no programs, or as the file was.
        Path(beside).chmod(0o644 if anew else target.stat().st_mode & 0o777)
        if anew:
            os.link(beside, target)
        else:
            os.replace(beside, target)
    finally:
        Path(beside).unlink(missing_ok=True)
