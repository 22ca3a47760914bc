"""`/atmos pause`."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.commands.asked import Asked, Refused
from bot.domain.commands.words import Answer, Spec
from bot.domain.desk import Desk

SPEC = Spec(
    "pause",
    "Start nothing more of this pull request until `/atmos unpause`.",
    more=("What runs goes on. Other pull requests do not wait for what is paused, and may overtake it.",),
)


def do(desk: Desk, asked: Asked) -> Answer:
    """Pause the pull request."""
    pull = desk.pull
    if pull is None:
        raise Refused("There is no pull request here to pause.")
    if pull.paused:
        return Answer(True, f"It was paused by {pull.paused} already.")
    desk.pull = replace(pull, paused=asked.by)
    desk.note("pause", asked.command.name, actor=asked.by)
    return Answer(True, "Nothing more of this pull request is started until `/atmos unpause`. What runs goes on.")
