"""Put a reaction on a comment. GitHub keeps one of each sign, so that one more try does no harm."""

from __future__ import annotations

from bot.github import ensure as github
from bot.store import outbox
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.work.parts import Parts


async def ensure(parts: Parts, wish: Wish) -> None:
    """React to a comment; one that was deleted needs no reaction."""
    repo = parts.context.repo(wish.repo_id)
    comment_id, _, sign = wish.id.partition(":")
    await github.react(parts.installation(repo.installation), repo, int(comment_id), sign)
    with transaction(parts.db):
        outbox.fulfilled(parts.db, wish)
