from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from werkzeug.test import TestResponse

from bot.domain.claims import Claims
from bot.domain.events import Rules
from bot.domain.model import Pull, Repo
from bot.domain.view import PullView
from bot.github.oidc import Issuer
from bot.store import keys, repos
from bot.store.db import Db, connect, transaction
from bot.store.migrations import migrate
from bot.store.writer import Writer
from bot.web import create_app
from bot.web.exchange import Trust
from bot.web.pages_writing import Showing
from bot.web.server import WebServer
from bot.web.sessions import Sessions
from bot.work import commenting
from bot.work.sight import Window
from tests.signing import ISSUER, Signer
from tests.web.golike import Overhear

SECRET = "a webhook secret"
PUBLIC = "https://switchyard.example"
PAGES_KEY = b"a key that signs cookies, also of 32 bytes"
SESSION_KEY = b"a key that signs sessions, 32 bytes or more"
HEAD = "a" * 40
BASE = "b" * 40
AUDIENCES = ("atmos-pro.com", "https://switchyard.example")


@dataclass
class Site:
    """The web app over a real database file, with a clock that is moved by hand."""

    path: Path
    db: Db
    app: Flask
    client: FlaskClient
    clock: list[float] = field(default_factory=lambda: [1_000_000.0])
    health: dict[str, object] = field(default_factory=lambda: {"live": True, "inbox_seconds": 0.5})
    woken: list[bool] = field(default_factory=list)
    signer: Signer = field(init=False)
    example: PullView | None = None  # what pages show in place of what is stored

    def now(self) -> float:
        return self.clock[0]

    def inbox(self) -> list[tuple[str, bytes]]:
        return [(row["kind"], row["body"]) for row in self.db.rows("SELECT kind, body FROM inbox ORDER BY id")]

    def key(self, text: str, *allow: str, repo_id: int = 7) -> str:
        with transaction(self.db):
            keys.add(self.db, text, repo_id=repo_id, allow=allow or keys.DEFAULT, now=self.clock[0])
        return text

    def session(self, *, repo_id: int = 7, **changed: Any) -> str:
        """Make the token of a workflow run's session."""
        return Sessions(SESSION_KEY, lambda: self.clock[0]).issue(repo_id, claims(**changed))

    def identity_token(self, **changed: Any) -> str:
        """Make what GitHub signs for a workflow run of acme/infra."""
        return self.signer.token(**changed)

    def hook(self, body: bytes, *, event: str = "push", guid: str = "guid-1", **changed: str | None) -> TestResponse:
        headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": guid, "X-Hub-Signature-256": signature(body)}
        given = headers | {name.replace("_", "-"): value for name, value in changed.items()}
        kept = {name: value for name, value in given.items() if value is not None}
        return self.client.post("/webhooks/github", data=body, headers=kept, content_type="application/json")

    def upload(self, body: bytes, *, key: str | None = "swy_good", query: dict[str, str] | None = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return self.client.post(
            "/api/v1/affected-stacks",
            data=body,
            query_string=query or {},
            headers=headers,
            content_type="application/json",
        )


@contextmanager
def serving(app: Flask) -> Iterator[int]:
    """Serve the app on a free port, as the process does; gives the port."""
    server = WebServer(app, host="127.0.0.1", port=0)
    try:
        yield server.port
    finally:
        server.close(5.0)


def showing(site: Site) -> Showing:
    """Let the pages show what the comment tells, as the process does; or an example in its place."""

    def view(db: Db, repo: Repo, pull: Pull) -> PullView | None:
        window = Window(db, Rules(), site.now, public_url=PUBLIC, server_url="https://github.com", docs_url="")
        return site.example or commenting.view_of(window, repo, pull)

    return Showing(key=PAGES_KEY, https=False, server_url="https://github.com", view=view)


def claims(**changed: Any) -> Claims:
    """Make the claims of a run of the affected workflow on pull request 42, but for what is changed."""
    usual = Claims(
        run_id=9001,
        attempt=1,
        event="pull_request",
        ref="refs/pull/42/merge",
        head_ref="feature",
        base_ref="main",
        sha="c" * 40,
        actor="octocat",
        environment="",
        workflow="Affected stacks",
        workflow_file="atmos-pro.yaml",
    )
    return replace(usual, **changed)


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def upload_body(**changed: Any) -> bytes:
    body = {
        "head_sha": HEAD,
        "base_sha": BASE,
        "repo_url": "https://github.com/acme/infra",
        "repo_host": "github.com",
        "repo_owner": "acme",
        "repo_name": "infra",
        "stacks": [{"component": "vpc", "stack": "dev"}],
    }
    return json.dumps(body | changed).encode()


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """Make the web app over a new database in a folder."""
    path = folder / "test.db"
    db = connect(path)
    migrate(db)
    with transaction(db):
        repos.save(db, Repo(7, "acme", "infra", 1, "main", 70), 0.0)
        repos.save(db, Repo(8, "acme", "other", 1, "main", 70), 0.0)
    site = Site(path, db, None, None)  # type: ignore[arg-type]
    site.signer = Signer(lambda: site.clock[0])
    writer = Writer(path, lambda: site.woken.append(True))
    site.app = create_app(
        database=str(path),
        webhook_secret=SECRET,
        session_key=SESSION_KEY,
        writer=writer,
        now=lambda: site.clock[0],
        health=lambda: site.health,
        registry=CollectorRegistry(),
        own_kinds=frozenset({"upload", "nudge"}),
        trust=Trust(Issuer(ISSUER, lambda: site.clock[0], site.signer.fetch), AUDIENCES),
        rules=Rules(),
        showing=showing(site),
    )
    # No answer of the API leaves a test that the CLI could not read.
    site.app.wsgi_app = Overhear(site.app.wsgi_app, wrong := [])  # type: ignore[method-assign]
    site.client = site.app.test_client()
    site.key("swy_good")
    yield site
    writer.close()
    db.close()
    assert wrong == []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path) as site:
        yield site
