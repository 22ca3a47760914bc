"""`/atmos unpause`."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.commands.asked import Asked, Refused
from bot.domain.commands.words import Answer, Spec
from bot.domain.desk import Desk

SPEC = Spec("unpause", "Go on with a pull request that was paused.")


def do(desk: Desk, asked: Asked) -> Answer:
    """Let the pull request go on."""
    pull = desk.pull
    if pull is None or not pull.paused:
        raise Refused("It is not paused.")
    desk.pull = replace(pull, paused="")
    desk.note("unpause", f"paused by {pull.paused}", actor=asked.by)
    return Answer(True, "It goes on.")
