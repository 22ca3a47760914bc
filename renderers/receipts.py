"""The last commands, with who said them and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from bot.domain import targets
from bot.domain.commands import destroy
from bot.domain.commands.asked import groups
from bot.domain.commands.parts import Reach, divide
from bot.domain.commands.table import SPECS
from bot.domain.commands.why import MOST
from bot.domain.commands.words import PREFIX, Command, Receipt, Spec
from bot.domain.model import Step
from bot.domain.pro import Phase
from renderers.markdown import clip, code, details, escape, prose
from renderers.paragraph import paragraph
from renderers.room import Room
from renderers.scene import Scene
from renderers.words import clock, plural

_LONGEST = 120
#: As many characters as commands may take of a comment: it is there for the rollout.
_MOST = 20_000


def receipts(said: tuple[Receipt, ...], main: Scene | None, as_of: float, room: Room) -> str:
    """Write the last commands: those of the last comment stand open, in their order, and earlier ones are folded."""
    latest = [one for one in said if one.source == said[0].source]
    older = said[len(latest) :]
    share = Room(min(room.left // 2, _MOST))
    shown = _lines(latest[::-1], main, as_of, share)
    folded = _lines(older, main, as_of, share) if len(shown) == len(latest) else []
    parts = ["\n".join(["**Last commands**", *shown])] if shown else []
    parts += [details(plural(len(folded), "earlier command"), "\n".join(folded))] if folded else []
    if left := len(said) - len(shown) - len(folded):
        room.missing.append(plural(left, "command"))
    return room.keep("\n\n".join(parts), "the last commands")


def _lines(said: Iterable[Receipt], main: Scene | None, as_of: float, room: Room) -> list[str]:
    """Write a line for each command, as many as there is room for."""
    return list(takewhile(room.take, (f"- {_line(one, main, as_of)}" for one in said)))


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
        flags = (f"{code(flag.name)} {prose(flag.does)}" for flag in spec.flags)
        return "<br>".join(["", _usage(spec), *flags, *map(prose, spec.more), _needs(spec), *_example(spec)])
    return "<br>".join(["", *(_usage(one) for one in SPECS.values())])


def _needs(spec: Spec) -> str:
    return f"It needs {spec.role.told} to this repository."


def _example(spec: Spec) -> list[str]:
    return [f"For example {code(f'{PREFIX} {spec.name} {spec.example}')}"] if spec.example else []


def _usage(spec: Spec) -> str:
    return f"{code(spec.usage)} {prose(spec.does)}"


def _why(command: Command, main: Scene | None) -> str:
    if main is None:
        return "nothing of it is worked now."
    scenes = _named_in(main)
    try:
        divided = divide(command.targets, [Reach(scene.walk.steps, scene.found) for scene in scenes])
        named = [(scene, step) for scene, its in zip(scenes, divided, strict=True) for step in _meant(scene, its)]
    except targets.BadTarget as problem:
        return prose(str(problem))
    if not named:
        return "nothing is meant by it any more."
    more = [f"and {len(named) - MOST:,} more."] if len(named) > MOST else []
    told = [paragraph(scene, step) for scene, step in named[:MOST]]
    return "<br>".join(["", *told, *more] if len(told) > 1 else told)


def _named_in(main: Scene) -> list[Scene]:
    """List the rollouts in which something can be named, newest first: as commands see it, after the merge no plans."""
    view = main.view
    others = [walk for walk in view.current if walk is not main.walk and not walk.rollout.superseded_by]
    if view.pull is not None and view.pull.merged:
        others = [walk for walk in others if walk.rollout.phase is not Phase.PLAN]
    return [main, *(Scene(view, walk, view.states(walk)) for walk in others)]


def _meant(scene: Scene, wanted: tuple[str, ...]) -> list[Step]:
    steps = scene.walk.steps
    meant = targets.select(wanted, [step.instance for step in steps], groups(steps, scene.found))
    return [step for step in steps if step.instance in meant]
