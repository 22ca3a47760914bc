"""What is on the hub: pull requests, runs and webhooks, and people's words to the bot."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.domain.graph import Instance
from tests.model import repository
from tests.model.payloads import LOGIN, Json
from tests.model.repository import DESTROY, PLAN


@dataclass(slots=True, eq=False)
class Pull:
    """A pull request."""

    number: int
    branch: str
    changed: tuple[Instance, ...]
    head: str
    base: str
    author: str
    open: bool = True
    draft: bool = False
    merged: bool = False
    merge_sha: str = ""
    merged_at: float = 0.0
    updated_at: float = 0.0
    #: What its heads were, and what each of them changed.
    heads: dict[str, tuple[Instance, ...]] = field(default_factory=dict)
    #: The latest head that the bot has taken in.
    known: str = ""
    #: How often each head was begun with: pushed, or opened again.
    begun: Counter[str] = field(default_factory=Counter)

    @property
    def affected(self) -> frozenset[Instance]:
        """What its head affects."""
        return repository.affected(self.changed)


class News(NamedTuple):
    """A moment in a run's life."""

    at: float
    attempt: int
    status: str
    conclusion: str | None

    @property
    def rank(self) -> tuple[int, bool, float]:
        """Which of two is the later one, whatever came first."""
        return self.attempt, self.status == "completed", self.at


@dataclass(slots=True, eq=False)
class Run:
    """A workflow run, with the state of its latest attempt. What was is in `news`."""

    id: int
    workflow: str
    event: str
    sha: str  # of its head
    branch: str
    title: str
    created_at: float
    updated_at: float
    status: str = "queued"
    conclusion: str | None = None
    attempt: int = 1
    started_at: float = 0.0
    actor: str = LOGIN
    inputs: Json = field(default_factory=dict)
    pull: int = 0  # of an affected run
    removed_by: str = ""  # of a destroy, which works on what was before: the merge that it is for
    confirmed: bool = False  # a destroy that somebody confirmed in a comment
    merged: bool = False  # an affected run of a merge
    approved: bool = False  # this attempt may use its environment
    reviews: list[Json] = field(default_factory=list)
    started: bool = False  # a job of this attempt has started
    uploaded: bool = False
    listed_at: float = 0.0  # GitHub lists it late
    wanted_off: bool = False  # its cancelling was asked for
    #: When which attempt came to which status and conclusion, in order.
    news: list[News] = field(default_factory=list)
    #: The last of them that the bot has taken in.
    heard: News | None = None

    @property
    def over(self) -> bool:
        return self.status == "completed"

    @property
    def instance(self) -> Instance:
        return Instance(self.inputs["stack"], self.inputs["component"])

    @property
    def target(self) -> str:
        """The commit that it works for."""
        return self.removed_by or str(self.inputs.get("sha", self.sha))

    @property
    def applies(self) -> bool:
        return self.event == "workflow_dispatch" and self.workflow != PLAN

    @property
    def destroys(self) -> bool:
        return self.workflow == DESTROY

    @property
    def began(self) -> float:
        """When its first attempt got a runner, else when it was made."""
        return next((one.at for one in self.news if one.status == "in_progress"), self.created_at)

    def succeeded(self, by: float = math.inf) -> bool:
        """Tell whether an attempt of it succeeded until then."""
        return any(one.conclusion == "success" and one.at <= by for one in self.news)


@dataclass(slots=True, eq=False)
class Hook:
    """A webhook on its way, or lost."""

    id: int
    guid: str
    event: str
    payload: Json
    at: float
    arrived: bool = False
    tells: tuple[Run, News] | None = None  # of which run it tells what
    says: Said | None = None  # what somebody says by it


@dataclass(frozen=True, slots=True)
class Word:
    """Somebody's word to the bot that an instance may be applied."""

    by: str
    at: float
    named: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """What the bot showed that it would destroy, with the code for that."""

    code: str
    pull: Pull
    commit: str  # its first digits
    instances: tuple[Instance, ...]
    at: float  # when people saw it first


@dataclass(slots=True, eq=False)
class Said:
    """A command that somebody said in a comment on a pull request, or by a button."""

    id: int  # of the comment
    pull: Pull
    by: str
    command: str  # its name
    targets: tuple[Instance, ...]  # none stand for all
    flag: str  # an option, or the code that is confirmed
    at: float
    pressed: bool = False  # a button, which gets no reaction and carries no time
    arrived_at: float = 0.0  # when its webhook came first
    shas: tuple[str, ...] = ()  # the commits that may have been meant, from then until it was heard
    heard: bool = False
    reactions: set[str] = field(default_factory=set)

    @property
    def body(self) -> str:
        """What is written."""
        return " ".join(part for part in (f"/atmos {self.command}", *map(str, self.targets), self.flag) if part)

    @property
    def done(self) -> bool:
        """Whether people are told that it was done."""
        return "rocket" in self.reactions

    @property
    def is_sure(self) -> bool:
        """Whether it was done and all that follows of it is known."""
        return self.heard and self.done

    @property
    def may_count(self) -> bool:
        """Whether it may have been done: it came, and people are not told otherwise."""
        return self.arrived_at > 0 and "confused" not in self.reactions

    def names(self, instance: Instance) -> bool:
        """Tell whether it is surely about an instance."""
        return not self.targets or instance in self.targets

    def covers(self, instance: Instance) -> bool:
        """Tell whether it may be about an instance."""
        wide = self.flag.startswith(("--downstream", "--upstream", "--with-children"))
        return wide or self.names(instance)
