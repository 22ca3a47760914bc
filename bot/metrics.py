"""What is counted, for Prometheus: what the loops tell, and what the database says at the moment of asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.store import inbox, outbox
from bot.store.db import Db, connect

#: What became of sending a dispatch; held: nobody knows, and a person must look.
Outcome = Literal["sent", "refused", "held"]


class Metrics:
    """The process's metrics, in a registry of their own. Its methods may be called from any thread."""

    def __init__(self, database: str, now: Callable[[], float]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Stored(database, now))
        self._requests = Counter(
            "switchyard_github_requests",
            "Requests to GitHub's API, by the answer's status; none: no answer came.",
            ["status"],
            registry=self.registry,
        )
        self._edits = Counter(
            "switchyard_comment_edits",
            "Comment edits: made, or saved because what was to be written was there already.",
            ["result"],
            registry=self.registry,
        )
        self._dispatches = Counter(
            "switchyard_dispatches",
            "Dispatches that were sent, that were refused or given up unsent, or that a person must look for.",
            ["result"],
            registry=self.registry,
        )
        self._left = Gauge(
            "switchyard_github_rate_limit_remaining",
            "Requests that an installation has left in this hour, as GitHub last said.",
            ["installation"],
            registry=self.registry,
        )
        for result in ("made", "saved"):
            self._edits.labels(result)
        for outcome in get_args(Outcome):
            self._dispatches.labels(outcome)
        self._now = now
        self._answered_at = 0.0
        self._failed_at = 0.0
        self._failures = 0

    def github_request(self, _method: str, status: int) -> None:
        """Count a request to GitHub; status 0: no answer came. Fits `GitHub(on_request=...)`."""
        self._requests.labels(str(status) if status else "none").inc()
        if status == 0 or status >= 500:
            self._failed_at, self._failures = self._now(), self._failures + 1
        else:
            self._answered_at, self._failures = self._now(), 0

    def github_state(self) -> dict[str, object]:
        """Tell how GitHub answers: when it last did and did not, and how many requests in a row have failed."""
        now = self._now()
        return {
            "failures_in_a_row": self._failures,
            "answered_seconds_ago": round(now - self._answered_at, 1) if self._answered_at else None,
            "failed_seconds_ago": round(now - self._failed_at, 1) if self._failed_at else None,
        }

    def comment_edit(self, *, made: bool) -> None:
        """Count a comment that was written, or left alone since it was as it should be."""
        self._edits.labels("made" if made else "saved").inc()

    def dispatch(self, result: Outcome) -> None:
        """Count a dispatch whose sending is settled."""
        self._dispatches.labels(result).inc()

    def rate_limit_left(self, installation: int, left: int) -> None:
        """Note how many requests an installation has left."""
        self._left.labels(str(installation)).set(left)


class _Stored(Collector):
    """Reads the database when it is asked, on a connection of its own."""

    def __init__(self, database: str, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def describe(self) -> Iterator[Metric]:
        """Name nothing, so that registering does not read the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Read the gauges."""
        db = connect(self._database)
        try:
            found = list(_gauges(db, self._now()))
        finally:
            db.close()
        return iter(found)


def stored_state(database: str, now: float) -> dict[str, object]:
    """Tell how old the oldest rows are, in seconds, and how many inputs were given up."""
    db = connect(database)
    try:
        return {
            "inbox_oldest_seconds": round(inbox.oldest(db, now), 1),
            "outbox_oldest_seconds": round(outbox.oldest(db, now), 1),
            "inbox_dead": inbox.depth(db).get("dead", 0),
        }
    finally:
        db.close()


def _gauges(db: Db, now: float) -> Iterator[Metric]:
    yield _gauge("switchyard_inbox_oldest_seconds", "Age of the oldest input that is due.", inbox.oldest(db, now))
    rows = GaugeMetricFamily("switchyard_inbox_rows", "Inputs that are not done, by state.", labels=["state"])
    depth = inbox.depth(db)
    for state in ("new", "parked", "dead"):
        rows.add_metric([state], depth.get(state, 0))
    yield rows
    yield _gauge("switchyard_outbox_oldest_seconds", "How long the oldest wish has been due.", outbox.oldest(db, now))
    counted = db.row("SELECT count(*) AS n FROM dispatches WHERE in_flight")
    flying = float(counted["n"]) if counted else 0.0
    yield _gauge("switchyard_dispatches_in_flight", "Dispatches that are being sent, queued or running.", flying)
    doubt = outbox.in_doubt(db)
    yield _gauge("switchyard_dispatches_in_doubt", "Dispatches of which nobody knows yet whether they started.", doubt)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
