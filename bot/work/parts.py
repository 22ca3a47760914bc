"""What the loops share: the database, GitHub, the clock, and the pace of each installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.events import Rules
from bot.events.context import Context, Environments, WorkflowFiles
from bot.github.client import GitHub, Installation
from bot.github.pace import Pace
from bot.metrics import Metrics
from bot.store.db import Db
from bot.store.rollouts import Rollouts


@dataclass(frozen=True, slots=True)
class Timing:
    """The settings that are about time, in seconds."""

    settle: float = 2.0
    sweep: float = 60.0
    doubt: float = 60.0
    dispatches_per_second: float = 3.0
    run_timeout: float = 86_400.0


@dataclass(slots=True)
class Parts:
    """Everything the worker works with, in the loop's own thread."""

    db: Db
    github: GitHub
    rules: Rules
    timing: Timing
    metrics: Metrics
    now: Callable[[], float]
    ids: Callable[[], str]
    public_url: str
    server_url: str
    check_name: str
    docs_url: str = ""
    files: WorkflowFiles = field(init=False)
    environments: Environments = field(init=False)
    rollouts: Rollouts = field(init=False)
    context: Context = field(init=False)
    paces: dict[int, Pace] = field(default_factory=dict)
    details: bool = True  # whether GitHub understands `return_run_details`

    def __post_init__(self) -> None:
        self.github.rests = lambda installation: self.pace(installation).paused_until
        self.files = WorkflowFiles(self.now)
        self.environments = Environments(self.now)
        self.rollouts = Rollouts(self.db)
        self.context = Context(self.db, self.github, self.files, self.rules, self.now)

    def pace(self, installation: int) -> Pace:
        """Get the pace of an installation."""
        if installation not in self.paces:
            self.paces[installation] = Pace(self.timing.dispatches_per_second, self.now)
        return self.paces[installation]

    def resting(self) -> list[int]:
        """List the installations that rest now, because GitHub said that it was too much."""
        return [one for one, pace in self.paces.items() if pace.paused_until > self.now()]

    def installation(self, installation: int) -> Installation:
        """Speak to GitHub as an installation."""
        return self.github.installation(installation)
