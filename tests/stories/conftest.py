from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import bot.app
from bot.web import create_app
from tests.web.golike import Overhear


@pytest.fixture(autouse=True)
def every_answer_is_one_that_the_cli_can_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check each answer under /api/v1/ of every bot that runs within a test."""
    wrong: list[str] = []

    def overheard(**parts: Any) -> Any:
        app = create_app(**parts)
        app.wsgi_app = Overhear(app.wsgi_app, wrong)  # type: ignore[method-assign]
        return app

    monkeypatch.setattr(bot.app, "create_app", overheard)
    yield
    assert wrong == []
