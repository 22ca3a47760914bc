"""`/atmos help`."""

from __future__ import annotations

from bot.domain.commands.asked import Asked
from bot.domain.commands.words import Answer, Spec
from bot.domain.desk import Desk

SPEC = Spec("help", "Say what can be said.", text="[command]", example="retry")


def do(_desk: Desk, _asked: Asked) -> Answer:
    """Do nothing: the text comes from the table whenever it is shown."""
    return Answer(True, "")
