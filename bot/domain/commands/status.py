"""`/atmos status`."""

from __future__ import annotations

from bot.domain.commands.asked import Asked
from bot.domain.commands.words import Answer, Spec
from bot.domain.desk import Desk

SPEC = Spec("status", "Ask GitHub how the runs stand, and write this comment anew.")


def do(_desk: Desk, asked: Asked) -> Answer:
    """Say what was read: by now it is taken over."""
    count = len(asked.event.runs)
    return Answer(True, f"GitHub was asked about {count:,} run{'' if count == 1 else 's'}.")
