"""What a change of a pull request means: a new head, a merge, a closing, a reopening, another activity."""

from __future__ import annotations

from bot.domain import heads, uploads
from bot.domain.desk import Desk
from bot.domain.events import PullChanged


def changed(desk: Desk, event: PullChanged) -> None:
    """Take over what GitHub says of a pull request, and do what follows from it."""
    pull = heads.refresh(desk, event.now, action=event.action, head_sha=event.head_sha, at=event.at, spot=event.spot)
    if event.upload is not None and event.action not in heads.HEAD_ACTIONS and not pull.merged:
        uploads.named(desk, event.upload, f"pull_request.{event.action}")
    desk.show()
