"""What there is to look at on pages: each state that people may find them in."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.desk import Entry
from bot.domain.graph import Instance
from bot.domain.lanes import lane_of_pull
from bot.domain.locks import Lock
from bot.domain.model import Pull, Status
from bot.domain.view import PullView
from bot.store import audit, freezes, inbox, locks, outbox
from bot.store.db import transaction
from bot.store.freezes import ALL, Freeze
from bot.web.visits import Visits
from renderers.examples.catalogue import made
from tests.web.conftest import PAGES_KEY, Site
from tests.web.pages_site import PULL, keep
from tests.web.test_rollout_json import SENT, step, walk

NOON = 1_795_262_400.0  # 21 November 2026, 12:00 UTC
_LONG = "a-very-long-name-that-somebody-gave-without-a-thought-of-those-who-look-at-it-on-a-phone"


@dataclass(frozen=True, slots=True)
class Stage:
    """A page in a state: what makes it, and gives its path."""

    prepare: Callable[[Site], str]
    let_in: bool = False
    breaks: Callable[[Site], None] | None = None  # called last, before the page is asked for


def _example(name: str, size: int = 10) -> Stage:
    def prepare(site: Site) -> str:
        view = made(name, size)
        assert isinstance(view, PullView)
        site.clock[0] = view.as_of
        site.example = view
        # Of several, the graph is that of the first; what was sent has the same names in all.
        link = keep(site, view.current[0] if view.current else None, view.pull)
        _write_audit(site)
        return link

    return Stage(prepare)


def _write_audit(site: Site) -> None:
    told = [("switchyard", "dispatch", "plan"), ("lead", "approve", "said so in a comment: `/atmos approve`")]
    with transaction(site.db):
        for actor, action, cause in told:
            entry = Entry(actor, action, cause, 1, "plat-ue2-prod/vpc")
            audit.add(site.db, [entry], repo_id=7, now=site.now(), lane=lane_of_pull(7, 42))


def _long_names(site: Site) -> str:
    site.clock[0] = NOON
    failed = replace(SENT, status=Status.FAILED, reason=f"GitHub said: the environment {_LONG}/{_LONG} is not there.")
    names = [Instance(f"{_LONG}-{index}", f"{_LONG}/{_LONG}/{index}") for index in range(3)]
    steps = (
        replace(step(0, children=(1, 2), dispatches=(failed,)), instance=names[0]),
        replace(step(1, 0), instance=names[1]),
        replace(step(2, 0), instance=names[2]),
    )
    pull = replace(PULL, title=f"Widen {_LONG}{_LONG}", head_ref=f"{_LONG}/{_LONG}", author=_LONG[:39])
    link = keep(site, walk(*steps, size=3, created_at=NOON - 900), pull)
    _write_audit(site)
    return link


def _front(site: Site) -> str:
    site.clock[0] = NOON
    titles = ["Widen the network", f"Move {_LONG}", "Add a region", "Remove what nobody uses"]
    for index, title in enumerate(titles):
        number = 42 + index
        merged = {"open": False, "merged": True, "merge_sha": "e" * 40, "merged_at": NOON - 3_600} if index == 2 else {}
        pull: Pull = replace(PULL, number=number, title=title, updated_at=NOON - 700 * index, **merged)
        sent = replace(
            SENT, started_at=NOON - 300, id=f"d{index}", status=Status.FAILED if index == 1 else Status.RUNNING
        )
        its = {"id": 3 + index, "lane": lane_of_pull(7, number), "pull": number, "created_at": NOON - 400}
        keep(site, walk(step(0, dispatches=(sent,)), step(1), **its), pull)
    with transaction(site.db):
        freezes.begin(site.db, Freeze(8, "an audit until Monday", "lead", NOON - 90_000))
        locks.put(site.db, 7, Lock("dev/c0", "l1", "dora", "by hand", NOON + 60), NOON)
        for lane, phase in (("7#42", "plan"), ("7#44", "apply")):
            site.db.write(
                "INSERT INTO waiting (repo_id, lane, rollout_id, phase, steps, kept) VALUES (7, ?, 3, ?, 5, 2)",
                lane,
                phase,
            )
        site.db.write("INSERT INTO behind (lane, on_lane) VALUES ('7#42', '7#44')")
    site.health |= {"role": "worker", "heartbeat_age_seconds": 0.4, "github": {"answered_seconds_ago": 12.0}}
    return "/"


def _troubled(site: Site) -> str:
    path = _front(site)
    with transaction(site.db):
        freezes.begin(site.db, Freeze(ALL, f"moving house {_LONG}", "lead", NOON - 600))
    site.health |= {"live": False, "github": {"failures_in_a_row": 7}, "inbox_oldest_seconds": 5_000.0}
    _given_up(site)
    return path


def _given_up(site: Site) -> str:
    site.clock[0] = NOON
    reasons = [
        "The body has no number.",
        f"GitHub answered 422 to GET /repos/acme/infra/contents/{_LONG}/{_LONG}.yaml: No commit found for the ref.",
    ]
    with transaction(site.db):
        for index, reason in enumerate(reasons):
            inbox.put(site.db, "pull_request", b"{}", now=NOON - 9_000, guid=f"g{index}", repo_id=7, lane="7#42")
            number = site.db.rows("SELECT max(id) AS id FROM inbox")[0]["id"]
            inbox.bury(site.db, number, now=NOON - 60 * index, reason=reason)
        for kind, name in (("comment", "7#42"), ("run", "sy-0123456789abcdef"), ("pull_check", f"7#42:{'a' * 40}")):
            outbox.wish(site.db, kind, name, lane="7#42", repo_id=7, now=NOON - 9_000, due=NOON - 9_000)
            outbox.begin(site.db, f"{kind}:{name}")
            outbox.bury(site.db, f"{kind}:{name}", "GitHub refused it (403): locked.", now=NOON)
    return "/deliveries"


def _nothing(path: str) -> Callable[[Site], str]:
    def prepare(site: Site) -> str:
        site.clock[0] = NOON
        return path

    return prepare


def _login(site: Site) -> str:
    site.clock[0] = NOON
    return f"/login?link={Visits(PAGES_KEY, site.now).link('dora')}"


class _Broken(dict[str, object]):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def get(self, *_: object) -> object:
        """Break."""
        raise self._error


def _breaking(error: Exception) -> Callable[[Site], None]:
    def breaks(site: Site) -> None:
        site.health = _Broken(error)

    return breaks


STAGES: dict[str, Stage] = {
    "pull-waiting": _example("waiting"),
    "pull-no-upload": _example("no-upload"),
    "pull-unaffected": _example("unaffected"),
    "pull-fork": _example("fork"),
    "pull-one": _example("failed", 1),
    "pull-planning": _example("planning"),
    "pull-failing": _example("failing", 60),
    "pull-approval": _example("approval"),
    "pull-odd-names": _example("plan-odd-names"),
    "pull-closed": _example("plan-closed"),
    "pull-asked": _example("plan-asked"),
    "pull-applied": _example("applied"),
    "pull-mixed-400": _example("mixed", 400),
    "pull-long-names": Stage(_long_names),
    "front": Stage(_front, let_in=True),
    "front-troubled": Stage(_troubled, let_in=True),
    "front-empty": Stage(_nothing("/"), let_in=True),
    "deliveries": Stage(_given_up, let_in=True),
    "deliveries-empty": Stage(_nothing("/deliveries"), let_in=True),
    "closed": Stage(_nothing("/")),
    "login": Stage(_login),
    "used": Stage(_nothing("/login?link=old")),
    "nowhere": Stage(_nothing("/p/x")),
    "busy": Stage(_nothing("/"), let_in=True, breaks=_breaking(sqlite3.OperationalError("locked"))),
    "broken": Stage(_nothing("/"), let_in=True, breaks=_breaking(ZeroDivisionError("broken"))),
    "help": Stage(_nothing("/docs/troubleshooting.md")),
}
