"""What the page of a pull request costs, from the request to the whole answer: over the database, without a network."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from benchmarks import worlds
from benchmarks.rendering import under_way
from benchmarks.report import Figure, milliseconds, repeat
from bot.domain.events import Rules
from bot.domain.model import Pull, Repo
from bot.domain.rollout import Draft
from bot.domain.view import PullView
from bot.github.oidc import Issuer
from bot.store import pulls, repos, rollouts
from bot.store.db import Db, connect, transaction
from bot.store.migrations import migrate
from bot.store.writer import Writer
from bot.web import create_app
from bot.web.exchange import Trust
from bot.web.pages_writing import Showing
from bot.work import commenting
from bot.work.sight import Window

_KEY = b"signs what nobody looks at, 32 bytes"
_RULES = Rules()


def measure(sizes: Sequence[int] = (10, 100, 1_000, 5_000), *, rounds: int = 5) -> list[Figure]:
    """Measure pages of rollouts that are two thirds done."""
    figures = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bench.db"
            address = _fill(path, size)
            writer = Writer(path, lambda: None)
            try:
                figures += _pages(_app(path, writer).test_client(), address, size, rounds)
            finally:
                writer.close()
    return figures


def _pages(client: FlaskClient, address: str, size: int, rounds: int) -> list[Figure]:
    first = client.get(address)
    same = {"If-None-Match": first.headers["ETag"]}
    what = f"the page of {size:,} steps"
    return [
        Figure(
            f"Write {what}, {len(first.data) / 1_000:,.0f} kB",
            milliseconds(repeat(lambda: client.get(address), rounds)),
        ),
        Figure(
            f"Tell that {what} is the same", milliseconds(repeat(lambda: client.get(address, headers=same), rounds))
        ),
    ]


def _fill(path: Path, size: int) -> str:
    """Store a pull request with its rollout; returns the address of its page."""
    walk, pull = under_way(size), worlds.pull()
    draft = Draft(walk)
    for dispatch in (sent for step in walk.steps for sent in step.dispatches):
        draft.put_dispatch(dispatch)
    with closing(connect(path)) as db:
        migrate(db)
        with transaction(db):
            repos.save(db, worlds.REPO, worlds.NOW)
            pulls.save(db, pull)
            rollouts.save(db, draft, new=True, now=worlds.NOW)
        return f"/p/{pulls.token(db, pull.repo_id, pull.number)}"


def _app(path: Path, writer: Writer) -> Flask:
    return create_app(
        database=str(path),
        webhook_secret="nobody's",
        session_key=_KEY,
        writer=writer,
        now=_now,
        health=lambda: {"live": True},
        registry=CollectorRegistry(),
        own_kinds=frozenset(),
        trust=Trust(Issuer("https://token.example", _now), ()),
        rules=_RULES,
        showing=Showing(_KEY, https=False, server_url="https://github.com", view=_view),
    )


def _now() -> float:
    return worlds.NOW + 900


def _view(db: Db, repo: Repo, pull: Pull) -> PullView | None:
    window = Window(
        db, _RULES, _now, public_url="https://switchyard.example", server_url="https://github.com", docs_url=""
    )
    return commenting.view_of(window, repo, pull)
