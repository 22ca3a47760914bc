"""What the CLI says of how a plan or an apply ended. The run's conclusion alone decides."""

from __future__ import annotations

from bot.domain.desk import Desk
from bot.domain.events import StatusReported


def reported(desk: Desk, event: StatusReported) -> None:
    """Take over what the CLI said of a dispatch."""
    desk.say(f"nothing is done with the status of {event.dispatch_id} yet")
