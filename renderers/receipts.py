"""The last commands, with who said them and what became of each."""

from __future__ import annotations

from bot.domain import targets
from bot.domain.commands import destroy
from bot.domain.commands.asked import groups
from bot.domain.commands.table import SPECS
from bot.domain.commands.words import Command, Receipt, Spec
from bot.domain.model import Step
from renderers.markdown import clip, code, details, escape, prose
from renderers.room import Room
from renderers.scene import Scene, name
from renderers.why import why
from renderers.words import clock, plural

_LONGEST = 120


def receipts(said: tuple[Receipt, ...], main: Scene | None, as_of: float, room: Room) -> str:
    """Write the last commands, newest first; what was refused or asked just now stands open, the rest is folded."""
    if not said:
        return ""
    latest = [one for one in said if one.done_at == said[0].done_at]
    shown = "\n".join(f"- {_line(one, main, as_of)}" for one in reversed(latest))
    older = [one for one in said if one not in latest]
    parts = [room.keep(f"**Last commands**\n{shown}", "the last commands")]
    if older:
        lines = "\n".join(f"- {_line(one, main, as_of)}" for one in older)
        parts.append(room.keep(details(plural(len(older), "earlier command"), lines), "earlier commands"))
    return "\n\n".join(part for part in parts if part)


def _line(one: Receipt, main: Scene | None, as_of: float) -> str:
    sign = "✅" if one.done else "🚫"
    told = _told(one, main)
    return f"{sign} {code(clip(one.written, _LONGEST))} by {escape(clip(one.by, 60))}, {clock(one.at, as_of)}: {told}"


def _told(one: Receipt, main: Scene | None) -> str:
    command = one.command
    if one.done and command is not None and command.name == "help":
        return _help(command)
    if one.done and command is not None and command.name == "why":
        return _why(command, main)
    whole = one.done and command is not None and command.name == "destroy"
    return prose(one.sentence, most=destroy.LONGEST if whole else 600)


def _help(command: Command) -> str:
    spec = SPECS.get(command.text.lower())
    if spec is not None:
        flags = (f"{code(flag.name)}: {escape(flag.does)}" for flag in spec.flags)
        return "<br>".join([_usage(spec), *flags, *map(prose, spec.more)])
    return "<br>".join(["", *(_usage(one) for one in SPECS.values())])


def _usage(spec: Spec) -> str:
    return f"{code(spec.usage)} {prose(spec.does)}"


def _why(command: Command, main: Scene | None) -> str:
    if main is None:
        return "nothing of it is worked now."
    steps = main.walk.steps
    try:
        meant = targets.select(command.targets, [step.instance for step in steps], groups(steps, main.found))
    except targets.BadTarget as problem:
        return prose(str(problem))
    return "<br>".join(_paragraph(main, step) for step in steps if step.instance in meant)


def _paragraph(main: Scene, step: Step) -> str:
    state = main.found[step.index]
    parts = [f"{name(step)} is {escape(state.status.value.replace('_', ' '))}", *why(main, step, state)]
    return ": ".join([parts[0], "; ".join(parts[1:])] if parts[1:] else parts) + "."
