"""What becomes of an inventory that was read."""

from __future__ import annotations

from bot.events.inventory import Listing
from bot.store import inventory
from bot.store.db import Db


def keep(db: Db, listing: Listing) -> str:
    """Note that its instances were seen, and keep it where it may be kept; returns the reason."""
    inventory.seen(db, listing.repo_id, listing.entries, listing.at)
    if not listing.sha or inventory.replace(
        db, listing.repo_id, listing.entries, sha=listing.sha, run_id=listing.run_id, at=listing.at
    ):
        return listing.reason
    return f"{len(listing.entries)} instances last seen; the inventory of a newer run stays"
