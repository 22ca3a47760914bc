"""What a view is gathered from: by the worker from all its parts, for a page from a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.events import Rules
from bot.store.db import Db
from bot.store.rollouts import Rollouts


class Sight(Protocol):
    """What must be there."""

    @property
    def db(self) -> Db: ...
    @property
    def rollouts(self) -> Rollouts: ...
    @property
    def rules(self) -> Rules: ...
    @property
    def now(self) -> Callable[[], float]: ...
    @property
    def public_url(self) -> str: ...
    @property
    def server_url(self) -> str: ...
    @property
    def docs_url(self) -> str: ...


@dataclass(slots=True)
class Window:
    """A look into the database. What it has read of rollouts is kept as long as it is."""

    db: Db
    rules: Rules
    now: Callable[[], float]
    public_url: str
    server_url: str
    docs_url: str
    rollouts: Rollouts = field(init=False)

    def __post_init__(self) -> None:
        self.rollouts = Rollouts(self.db)
