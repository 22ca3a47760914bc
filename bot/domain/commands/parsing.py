"""Which commands a comment holds: each at the start of a line of prose, as it was written and as it is understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from bot.domain.commands.prose import prose
from bot.domain.commands.table import SPECS
from bot.domain.commands.words import PREFIX, Command, Line, Misread, Spec
from bot.domain.names import shown

#: A comment with more lines that begin like commands is refused as a whole.
MOST = 20
_TARGETS = 50
_LONGEST = 2_000
_WRITTEN = 120  # so many characters of a line are kept to be shown
#: Two dashes, and what keyboards make of them.
_DASHES = re.compile(r"(?:-|[–—−])+(?=\w)")


def read(body: str) -> tuple[Line, ...]:
    """Read the commands of a comment, in their order, those that cannot be understood among them."""
    found = list(_begun(body))
    if len(found) > MOST:
        return (Line(shown(found[0], _WRITTEN), Misread(_too_many(len(found)))),)
    return tuple(Line(shown(line, _WRITTEN), understand(line)) for line in found)


def _begun(body: str) -> Iterator[str]:
    """Find the lines that begin like a command."""
    if PREFIX not in body.lower():
        return  # most comments say nothing to the bot
    for line in prose(body):
        if line[: len(PREFIX)].lower() == PREFIX and line.split(maxsplit=1)[0].lower() == PREFIX:
            yield line


def _too_many(count: int) -> str:
    return f"The comment has {count:,} commands, and at most {MOST} are done at once, so none of them was. Say fewer."


def understand(line: str) -> Command | Misread:
    """Understand one line that begins like a command."""
    if len(line) > _LONGEST:
        return Misread(f"A command is at most {_LONGEST:,} characters long.")
    words = line.split()[1:]
    if not words:
        return Misread(f"Say what to do, such as `{PREFIX} help`.")
    spec = SPECS.get(words[0].lower())
    if spec is None:
        return Misread(_no_command(words[0], PREFIX))
    return _arguments(spec, words[1:])


def _no_command(word: str, before: str) -> str:
    near = _near(word, SPECS)
    told = f"Did you mean `{before} {near}`?" if near else f"`{PREFIX} help` lists what there is."
    return f"`{shown(word)}` is no command. {told}"


def _near(word: str, known: Iterable[str]) -> str:
    """Find what was probably meant by a word, if anything is like it."""
    found = get_close_matches(shown(word).lower(), list(known), 1)
    return found[0] if found else ""


def _arguments(spec: Spec, words: list[str]) -> Command | Misread:
    known = {flag.name for flag in spec.flags}
    flags = {word.lower() for word in words if word.startswith("--")}
    rest = [word for word in words if not word.startswith("--")]
    count = 0 if not spec.targets else 1 if spec.targets == "<target>" else len(rest)
    targets, text = tuple(dict.fromkeys(rest[:count])), " ".join(rest[count:])
    problem = (
        _bad_option(spec, sorted(flags - known), targets)
        or _bad_flags(spec, flags)
        or _bad_rest(spec, targets, rest[count:])
    )
    return Misread(problem) if problem else Command(spec.name, targets, frozenset(flags), text)


def _bad_option(spec: Spec, unknown: list[str], targets: tuple[str, ...]) -> str:
    """Say what is wrong with an option that there is not, or with a word that was meant to be one."""
    unlike = [*unknown, *(word for word in targets if _DASHES.match(word))]
    if not unlike:
        return ""
    near = _near("--" + _DASHES.sub("", unlike[0], count=1), (flag.name for flag in spec.flags))
    told = f"Did you mean `{near}`?" if near else _written(spec)
    return f"`{shown(unlike[0])}` is no option of it. {told}"


def _bad_flags(spec: Spec, flags: set[str]) -> str:
    if not spec.apart or len(flags) < 2:
        return ""
    return f"{' and '.join(f'`{flag}`' for flag in sorted(flags))} exclude each other. {_written(spec)}"


def _bad_rest(spec: Spec, targets: tuple[str, ...], rest: list[str]) -> str:
    """Say what is missing, or what is too much."""
    if spec.targets.startswith("<") and not targets:
        return f"It needs a target. {_written(spec)}"
    if len(targets) > _TARGETS:
        return f"That is {len(targets)} targets, and a command takes at most {_TARGETS}. A pattern says more with less."
    if spec.text.startswith("<") and not rest:
        return f"Something is missing. {_written(spec)}"
    over = rest if not spec.text else rest[1:] if spec.text.startswith("<") else []
    if over:
        return f"`{shown(' '.join(over))}` is too much. {_written(spec)}"
    if spec.text == "[command]" and rest and rest[0].lower() not in SPECS:
        return _no_command(rest[0], f"{PREFIX} {spec.name}")
    return ""


def _written(spec: Spec) -> str:
    return f"It is written `{spec.usage}`."
