from __future__ import annotations

from bot.store import inventory
from bot.store.db import Db, transaction
from bot.store.inventory import Entry


def test_a_list_that_is_worked_late_does_not_make_an_instance_seen_earlier(db: Db) -> None:
    for at in (200.0, 100.0):
        with transaction(db):
            inventory.seen(db, 7, [Entry("dev", "vpc", "terraform", None)], at)
    assert [row["listed_at"] for row in db.rows("SELECT listed_at FROM instances")] == [200.0]
