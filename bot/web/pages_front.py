"""The page of who runs the service: repositories, pull requests with how they stand, what waits, what is frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.lanes import name_of_lane, pull_of_lane
from bot.domain.model import Pull, Repo, Status
from bot.domain.view import PullView
from bot.store import dead, freezes, overview, pulls, repos
from bot.store.db import Db
from bot.store.freezes import ALL
from bot.store.overview import Going
from renderers.headline import first, headline
from renderers.words import SIGNS, duration, plural

#: What was merged is listed for a day, and longer while something of it waits.
_MERGED = 86_400.0
_LISTED = 100
#: As many instances as are looked at to say how pull requests stand; the others are listed without.
_MOST_STEPS = 20_000

View = Callable[[Db, Repo, Pull], PullView | None]


@dataclass(frozen=True, slots=True)
class One:
    """A pull request in the list."""

    repo: Repo
    pull: Pull
    sign: str
    said: str  # empty where it was not looked at


@dataclass(frozen=True, slots=True)
class Queue:
    """A rollout that waits."""

    repo: Repo
    name: str
    number: int  # of its pull request; 0 where it has none
    phase: str
    steps: int
    kept: int
    behind: str


def page(db: Db, view: View, now: float, limits: tuple[int, str]) -> dict[str, Any]:
    """Gather what the page shows. `limits` are the cap on runs in flight, and the mode."""
    known = repos.everyone(db)
    by_id = {repo.id: repo for repo in known}
    going = {repo.id: overview.going(db, repo.id, now) for repo in known}
    frozen = {one.repo_id: one for one in freezes.everything(db)}
    cap, mode = limits
    return {
        "mode": mode,
        "cap": cap,
        "frozen": frozen,
        "frozen_all": frozen.get(ALL),
        "repos": [(repo, going[repo.id]) for repo in sorted(known, key=lambda repo: repo.full_name.lower())],
        "pulls": _pulls(db, by_id, view, now),
        "most": _LISTED,
        "queues": _queues(by_id, going),
        "dead": sum(dead.counts(db, now)),
    }


def service(health: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Tell in words how the process is: a name and what it is, each."""
    github = health.get("github") or {}
    fails = github.get("failures_in_a_row", 0)
    heard = github.get("answered_seconds_ago")
    answers = "was not asked yet" if heard is None else f"answered {duration(heard)} ago"
    return [
        ("This process", "works" if health.get("role") == "worker" else "waits for another one to leave"),
        ("Heartbeat", f"{duration(health.get('heartbeat_age_seconds', 0.0))} ago"),
        ("GitHub", f"failed {plural(fails, 'time')} in a row" if fails else answers),
        ("Oldest input that is due", duration(health.get("inbox_oldest_seconds", 0.0))),
        ("Oldest thing to be sent", duration(health.get("outbox_oldest_seconds", 0.0))),
    ]


def _pulls(db: Db, known: dict[int, Repo], view: View, now: float) -> list[One]:
    listed, room = [], _MOST_STEPS
    for repo_id, number in overview.pulls(db, now - _MERGED, _LISTED):
        pull = pulls.get(db, repo_id, number)
        if pull is None:
            continue
        steps = overview.size(db, repo_id, number)
        room -= steps
        sign, said = _stands(view(db, known[repo_id], pull)) if room >= 0 else ("", "")
        listed.append(One(known[repo_id], pull, sign, said))
    return listed


def _stands(view: PullView | None) -> tuple[str, str]:
    return headline(view, first(view)) if view else (SIGNS[Status.WAITING], "Nothing to show yet")


def _queues(known: dict[int, Repo], going: dict[int, Going]) -> list[Queue]:
    return [
        Queue(
            repo=known[repo_id],
            name=name_of_lane(one.lane),
            number=pull_of_lane(one.lane),
            phase=one.phase,
            steps=one.steps,
            kept=one.kept,
            behind=", ".join(map(name_of_lane, one.behind)),
        )
        for repo_id, its in going.items()
        for one in its.waiting
    ]
