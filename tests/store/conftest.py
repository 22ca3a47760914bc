from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.db import Db, connect
from bot.store.migrations import migrate


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Db]:
    """Open a real file with all tables."""
    db = connect(tmp_path / "test.db")
    migrate(db)
    yield db
    db.close()
