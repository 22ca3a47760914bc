"""Which commands a comment holds: each at the start of a line, in prose, and nothing in quotes, code or details."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from bot.domain.commands.table import SPECS
from bot.domain.commands.words import PREFIX, Command, Line, Misread, Spec
from bot.domain.names import shown

#: A comment with more lines that begin like commands is refused as a whole.
MOST = 20
_LONGEST = 2_000


def read(body: str) -> tuple[Line, ...]:
    """Read the commands of a comment, in their order, those that cannot be understood among them."""
    return tuple(Line(shown(line), understand(line)) for line in _prose(body))


def _prose(body: str) -> Iterator[str]:
    """Find the lines that begin like a command."""
    for line in body.splitlines():
        text = line.strip()
        if line.startswith(PREFIX) and text.split()[0] == PREFIX:
            yield text


def understand(line: str) -> Command | Misread:
    """Understand one line that begins like a command."""
    if len(line) > _LONGEST:
        return Misread(f"A command is at most {_LONGEST:,} characters long.")
    words = line.split()[1:]
    if not words:
        return Misread(f"Say what to do, such as `{PREFIX} help`.")
    spec = SPECS.get(words[0].lower())
    if spec is None:
        near = get_close_matches(words[0].lower(), SPECS, 1)
        meant = f" Did you mean `{PREFIX} {near[0]}`?" if near else f" `{PREFIX} help` lists what there is."
        return Misread(f"`{shown(words[0])}` is no command.{meant}")
    return _arguments(spec, words[1:])


def _arguments(spec: Spec, words: list[str]) -> Command | Misread:
    known = {flag.name for flag in spec.flags}
    flags = frozenset(word for word in words if word.startswith("--"))
    rest = [word for word in words if not word.startswith("--")]
    if unknown := sorted(flags - known):
        return Misread(f"`{shown(unknown[0])}` is no option of it. It is written `{spec.usage}`.")
    if spec.apart and len(flags) > 1:
        return Misread(f"{' and '.join(f'`{flag}`' for flag in sorted(flags))} exclude each other.")
    count = 0 if not spec.targets else 1 if spec.targets == "<target>" else len(rest)
    targets, text = tuple(rest[:count]), " ".join(rest[count:])
    if spec.targets.startswith("<") and not targets:
        return Misread(f"It needs a target. It is written `{spec.usage}`.")
    if text and not spec.text:
        return Misread(f"It takes nothing after it. It is written `{spec.usage}`.")
    if spec.text.startswith("<") and not text:
        return Misread(f"It is written `{spec.usage}`.")
    return Command(spec.name, targets, flags, text)
