"""What a command is made of: how it is written, who may say it, what was said, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

#: How every command begins, at the start of a line.
PREFIX = "/atmos"


class Role(IntEnum):
    """What a person may do in a repository; each may do what those before it may."""

    NONE = 0
    READ = 1
    WRITE = 2
    MAINTAIN = 3  # or admin: who may destroy

    @property
    def told(self) -> str:
        """What it is called where somebody needs it."""
        return "the role maintain or admin" if self is Role.MAINTAIN else f"{self.name.lower()} access"


@dataclass(frozen=True, slots=True)
class Flag:
    """An option without a value."""

    name: str  # with its two dashes
    does: str  # a part of a sentence


@dataclass(frozen=True, slots=True)
class Spec:
    """One command, as its help and its page of the docs tell it, and as it is read."""

    name: str
    does: str  # one sentence
    targets: str = ""  # "" takes none, "<target>…" needs some, "[<target>…]" may have some, "<target>" takes one
    flags: tuple[Flag, ...] = ()
    apart: bool = False  # of its flags there may be one
    text: str = ""  # what may follow in free words, such as "[reason]"; or one word that must, such as "<code>"
    role: Role = Role.WRITE
    more: tuple[str, ...] = ()  # what else to know, a sentence each
    example: str = ""  # what follows its name

    @property
    def usage(self) -> str:
        """How it is written."""
        marks = [f"[{flag.name}]" for flag in self.flags]
        flags = [f"[{'|'.join(flag.name for flag in self.flags)}]"] if self.apart and marks else marks
        return " ".join(part for part in (PREFIX, self.name, self.targets, self.text, *flags) if part)


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was understood."""

    name: str
    targets: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Misread:
    """A line that begins like a command and is none; why, in a sentence or two for people."""

    problem: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line that begins like a command, as it was written and as it was understood."""

    written: str
    meant: Command | Misread


def names(lines: Iterable[Line]) -> frozenset[str]:
    """Name the commands that were understood among lines."""
    return frozenset(line.meant.name for line in lines if isinstance(line.meant, Command))


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command: it was done, or refused, and what to say of that in a sentence or two."""

    done: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A command with what became of it, as it is kept and shown."""

    source: str  # "comment:17" or "check:<guid>": where it was said
    number: int  # which of those that were said there
    by: str
    written: str
    at: float  # when it was said
    done_at: float
    done: bool
    sentence: str
    command: Command | None = None  # where it was understood: some are answered anew whenever they are shown
