"""Cancel a run."""

from __future__ import annotations

from bot.domain.model import OPEN
from bot.github import ensure as github
from bot.store import outbox, rollouts
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.work.parts import Parts


async def ensure(parts: Parts, wish: Wish) -> None:
    """Ask GitHub to cancel the run of a dispatch, unless it is over. The end itself comes as news of the run."""
    placed = rollouts.find_dispatch(parts.db, wish.id)
    if placed is not None and placed.dispatch.run_id and placed.dispatch.status in OPEN:
        with transaction(parts.db):
            outbox.begin(parts.db, wish.key)
        repo = parts.context.repo(wish.repo_id)
        await github.cancel(parts.installation(repo.installation), repo, placed.dispatch.run_id)
    with transaction(parts.db):
        outbox.fulfilled(parts.db, wish)
