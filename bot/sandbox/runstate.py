"""What the sandbox remembers about workflow runs."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.state import Pull, Repo, User, Workflow


@dataclass(frozen=True, slots=True)
class JobPlan:
    """A job as the run will have it in each attempt; one whose `if:` is false is skipped.

    Jobs of one wave run side by side, and those of the next once they have succeeded.
    """

    name: str
    environment: str | None
    skipped: bool
    identity: bool  # whether it may ask for an identity token
    wave: int = 0


@dataclass(slots=True, eq=False)
class Job:
    """One job of one attempt."""

    id: int
    plan: JobPlan
    created_at: float
    status: str = "queued"
    conclusion: str | None = None
    started_at: float | None = None
    completed_at: float | None = None

    @property
    def name(self) -> str:
        """Return the name that GitHub shows."""
        return self.plan.name

    @property
    def environment(self) -> str | None:
        """Return the environment that it uses."""
        return self.plan.environment


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt of a run; a re-run adds the next. `left` are the jobs whose time has not come."""

    number: int
    triggering_actor: User
    started_at: float
    updated_at: float
    jobs: list[Job]
    left: list[JobPlan]
    waiting_since: float | None = None
    status: str = "queued"
    conclusion: str | None = None
    log: str = ""  # what a program that failed had to say


@dataclass(frozen=True, slots=True)
class Review:
    """A person's answer to an environment that waits."""

    user: User
    state: str
    comment: str
    environment: str
    time: float


@dataclass(slots=True, eq=False)
class Run:
    """A workflow run. `ref` and `sha` are what its steps see, `head_sha` is what GitHub files it under."""

    id: int
    suite_id: int
    repo: Repo
    head_repo: Repo
    workflow: Workflow
    number: int
    event: str
    ref: str
    sha: str
    head_branch: str
    head_sha: str
    display_title: str
    actor: User
    created_at: float
    visible_at: float
    payload: dict[str, Any]
    inputs: dict[str, str]
    pull: Pull | None
    plan: tuple[JobPlan, ...]
    group: str = ""  # of `concurrency`: one run of it goes, one is pending, and a newer one cancels that
    cuts: bool = False  # it cancels also what goes
    attempts: list[Attempt] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    turn: int = 0  # raised by each change of course, so that what was planned before it does nothing

    @property
    def latest(self) -> Attempt:
        """Return the attempt that counts."""
        return self.attempts[-1]

    @property
    def open_jobs(self) -> list[Job]:
        """Return the latest attempt's jobs that are not completed."""
        return [job for job in self.latest.jobs if job.status != "completed"]

    def waits_for(self, environment: str) -> Job:
        """Return the job that waits for an environment."""
        wanted = environment.casefold()
        return next(job for job in self.open_jobs if (job.environment or "").casefold() == wanted)

    @property
    def attempt(self) -> int:
        """Return the number of the latest attempt."""
        return self.latest.number

    @property
    def status(self) -> str:
        """Return the latest attempt's status: queued, waiting, in_progress or completed."""
        return self.latest.status

    @property
    def conclusion(self) -> str | None:
        """Return the latest attempt's conclusion, None while it is not completed."""
        return self.latest.conclusion
