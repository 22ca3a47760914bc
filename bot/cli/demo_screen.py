"""Progress in the terminal: a table that moves, or plain lines where standard output is none."""

from __future__ import annotations

from collections import Counter
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bot.cli.demo_play import Sight
from bot.domain.model import Status
from renderers.palette import FAMILY
from renderers.words import MARKS, told, word

_STYLES = {
    "done": "green",
    "wrong": "bold red",
    "person": "bold yellow",
    "moving": "bold blue",
    "idle": "dim",
    "blocked": "red",
    "gone": "dim",
}
_ENDING = "Ctrl-C ends everything."


class LiveScreen:
    """A table of components by stacks that changes in place."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=False)
        self._shown: dict[int, dict[str, object] | None] = {}
        self._front = 0

    def __enter__(self) -> LiveScreen:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def show(self, sights: list[Sight]) -> None:
        """Show the pull request that changed last as a table, and the others as lines."""
        for sight in reversed(sights):
            if self._shown.get(sight.pull.number) != sight.rollout or sight.pull.number not in self._shown:
                self._shown[sight.pull.number] = sight.rollout
                self._front = sight.pull.number
        front = next(sight for sight in sights if sight.pull.number == self._front)
        others = [Text(sight.line, style="dim") for sight in sights if sight is not front]
        self._live.update(Group(*_front(front), *others, Text(_ENDING, style="dim")), refresh=True)


def _front(sight: Sight) -> list[RenderableType]:
    lines: list[RenderableType] = [
        Text(),
        Text.assemble((sight.line, "bold")),
        Text(sight.address, style="cyan underline"),
    ]
    if sight.rollout:
        lines += [_table(sight), Text(told(Counter(sight.statuses.values())))]
    return [*lines, Text(sight.hint, style="bold"), Text()]


def _table(sight: Sight) -> Table:
    statuses = sight.statuses
    stacks = sorted({stack for stack, _ in statuses})
    table = Table("Component", *stacks, box=None, padding=(0, 2, 0, 0), header_style="dim")
    for component in dict.fromkeys(component for _, component in statuses):
        table.add_row(component, *(_cell(statuses.get((stack, component))) for stack in stacks))
    return table


def _cell(status: Status | None) -> Text:
    return Text(f"{MARKS[status]} {word(status)}", style=_STYLES[FAMILY[status]]) if status else Text()


class PlainScreen:
    """One line for each change."""

    def __init__(self, console: Console) -> None:
        self._print = console.out
        self._known: dict[int, dict[tuple[str, str], Status]] = {}
        self._lines: dict[int, str] = {}

    def show(self, sights: list[Sight]) -> None:
        """Print what changed since the last time."""
        for sight in reversed(sights):
            number = sight.pull.number
            line = f"{sight.line}. {sight.hint} {sight.address}"
            if self._lines.get(number) != line:
                self._lines[number] = line
                self._print(line)
            statuses, known = sight.statuses, self._known.get(number, {})
            self._known[number] = statuses
            for instance, status in statuses.items():
                if known.get(instance) is not status and (instance in known or FAMILY[status] != "idle"):
                    self._print(f"  #{number} {'/'.join(instance)} {word(status)}")
