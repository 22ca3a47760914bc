"""What becomes of an inventory that was read."""

from __future__ import annotations

from bot.domain.texts import commit
from bot.events.inventory import Listing
from bot.store import inventory
from bot.store.db import Db


def keep(db: Db, listing: Listing) -> str:
    """Note that its instances were seen, and keep it where it is to be kept; returns the reason."""
    repo_id, entries, claims, at = listing.repo_id, listing.entries, listing.claims, listing.at
    inventory.seen(db, repo_id, entries, at)
    what = "1 instance" if len(entries) == 1 else f"{len(entries)} instances"
    if listing.why_not or claims is None:
        return f"{what} last seen now; the inventory stays as it was: {listing.why_not}"
    if not inventory.replace(db, repo_id, entries, sha=claims.sha, run_id=claims.run_id, at=at):
        return f"{what} last seen now; a newer run's inventory stays"
    return f"{what} in the inventory of `{claims.branch}` at {commit(claims.sha)}"
