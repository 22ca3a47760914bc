"""At least a million requests that are almost right: no mistake of ours, no row lost, no memory kept.

The app is called as waitress would call it, in two processes with a database file each. Every answer is read as the CLI
reads it, and what was accepted is counted against the rows in the inbox.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jwt
import msgspec
import psutil  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from jwt.algorithms import RSAAlgorithm
from prometheus_client import CollectorRegistry

from benchmarks.mutations import HOOK, KEY, SECRET, Request, mutate, sound
from benchmarks.report import Figure
from bot.domain.claims import Claims
from bot.domain.events import Rules
from bot.domain.model import Repo
from bot.events import OWN_KINDS
from bot.github.oidc import Issuer
from bot.store import keys, repos
from bot.store.db import Db, connect, transaction
from bot.store.migrations import migrate
from bot.store.writer import Writer
from bot.web import create_app
from bot.web.exchange import Trust
from bot.web.pages_writing import Showing
from bot.web.sessions import Sessions

INPUTS = 1_000_000
PROCESSES = 2
THREADS = 8
#: Rows are counted, and taken away, after so many inputs.
_ROUND = 10_000
_ISSUER = "https://token.example"
_SESSION_KEY = b"a key that signs sessions, 32 bytes or more"
_RUN = Claims(
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


class Envelope(msgspec.Struct):
    """What the CLI decodes of an answer."""

    success: bool
    status: int
    traceId: str  # noqa: N815 - the CLI's spelling
    errorMessage: str = ""  # noqa: N815
    data: dict[str, Any] | None = None


_envelope = msgspec.json.Decoder(Envelope)


@dataclass(slots=True)
class Score:
    """What came of some inputs."""

    statuses: Counter[int] = field(default_factory=Counter)
    accepted: int = 0  # answers that promise a row in the inbox
    rows: int = 0
    unreadable: int = 0
    early: int = 0  # resident bytes after a tenth of the inputs
    late: int = 0  # and at the end

    def add(self, other: Score) -> None:
        """Take over what another process or thread counted."""
        self.statuses += other.statuses
        for name in ("accepted", "rows", "unreadable", "early", "late"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def measure(*, inputs: int = INPUTS, processes: int = PROCESSES) -> list[Figure]:
    """Try inputs, as many in each process."""
    start = time.perf_counter()
    score = Score()
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for done in pool.map(run, range(processes), [-(-inputs // processes)] * processes):
            score.add(done)
    took = time.perf_counter() - start
    failed = sum(count for status, count in score.statuses.items() if status >= 500)
    told = ", ".join(f"{count:,} × {status}" for status, count in sorted(score.statuses.items()))
    return [
        Figure(f"Inputs tried, in {took:,.0f} s ({told})", f"{score.statuses.total():,}", f"aim: {inputs:,}"),
        Figure("Of them answered 5xx", f"{failed:,}", "aim: 0"),
        Figure("Of them answered what the CLI cannot read", f"{score.unreadable:,}", "aim: 0"),
        Figure("Rows in the inbox against answers that promise one", f"{score.rows:,}", f"{score.accepted:,}"),
        Figure(
            f"Resident memory of {processes} processes at the end, against after a tenth",
            f"{score.late / 1e6:,.0f} MB",
            f"{score.early / 1e6:,.0f} MB",
            f"{score.late / max(score.early, 1):.2f}",
        ),
    ]


def run(seed: int, inputs: int) -> Score:
    """Try inputs on an app and a database of their own."""
    score, process = Score(), psutil.Process()
    with TemporaryDirectory() as folder, app_on(Path(folder) / "fuzz.db") as (app, db, requests):
        with ThreadPoolExecutor(THREADS) as threads:
            done = 0
            while done < inputs:
                size = min(_ROUND, inputs - done)
                seeds = [(seed, done, thread) for thread in range(THREADS)]
                shares = [size // THREADS + (thread < size % THREADS) for thread in range(THREADS)]
                for part in threads.map(lambda one, share: _try(app, requests, one, share), seeds, shares):
                    score.add(part)
                score.rows += _count_and_clear(db)
                done += size
                if not score.early and done * 10 >= inputs:
                    score.early = process.memory_info().rss
        score.late = process.memory_info().rss
    return score


def _try(app: Flask, requests: tuple[Request, ...], seed: tuple[int, ...], inputs: int) -> Score:
    score, chance = Score(), random.Random(str(seed))
    for _ in range(inputs):
        request = mutate(chance.choice(requests), chance)
        status, body = send(app, request)
        score.statuses[status] += 1
        score.accepted += promised(request, status, body)
        score.unreadable += not _readable(request, status, body)
    return score


def _readable(request: Request, status: int, body: bytes) -> bool:
    if not request.path.startswith(b"/api/v1/") or request.method == "HEAD" or b'"openapi"' in body[:20]:
        return True
    try:
        return _envelope.decode(body).status == status
    except msgspec.DecodeError:
        return False


def promised(request: Request, status: int, body: bytes) -> int:
    """Tell how many rows in the inbox an answer promises."""
    if status >= 300:
        return 0
    if request.path.strip(b"/") == HOOK.strip(b"/"):
        return int(b'"accepted":true' in body)
    return int(b'"part":"complete"' in body or (request.method == "PATCH" and b'"exitCode"' in body))


def send(app: Any, request: Request) -> tuple[int, bytes]:
    """Call the app as a server does; gives status and body."""
    began: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.decode("latin-1"),
        "QUERY_STRING": request.query.decode("latin-1"),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key.startswith("CONTENT_") and key != "CONTENT_ENCODING" else f"HTTP_{key}"] = value

    def start(status: str, _headers: object, _error: object = None) -> None:
        began.append(status)

    answer = app.wsgi_app(environ, start)
    try:
        body = b"".join(answer)
    finally:
        getattr(answer, "close", lambda: None)()
    return int(began[-1][:3]), body


def _count_and_clear(db: Db) -> int:
    with transaction(db):
        (row,) = db.rows("SELECT count(*) AS found FROM inbox")
        for table in ("inbox", "chunks", "locks", "audit"):
            db.write(f"DELETE FROM {table}")
    return int(row["found"])


@contextmanager
def app_on(path: Path) -> Iterator[tuple[Flask, Db, tuple[Request, ...]]]:
    """Make an app over a database in which one repository and one key are known, and sound requests to it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with closing(connect(path)) as db:
        migrate(db)
        with transaction(db):
            repos.save(db, Repo(7, "acme", "infra", 1, "main", 70), 0.0)
            keys.add(db, KEY, repo_id=7, allow=keys.DEFAULT, now=0.0)
        writer = Writer(path, lambda: None)
        try:
            app = create_app(
                database=str(path),
                webhook_secret=SECRET,
                session_key=_SESSION_KEY,
                writer=writer,
                now=time.time,
                health=lambda: {"live": True},
                registry=CollectorRegistry(),
                own_kinds=OWN_KINDS,
                trust=Trust(Issuer(_ISSUER, time.time, _pages(key)), ("atmos-pro.com",)),
                rules=Rules(),
                showing=Showing(_SESSION_KEY, https=False, server_url="https://github.com", view=lambda *_: None),
            )
            # It outlasts the longest run.
            session = Sessions(_SESSION_KEY, lambda: time.time() + 86_400.0).issue(7, _RUN)
            yield app, db, sound(_identity_token(key), session)
        finally:
            writer.close()


def _pages(key: rsa.RSAPrivateKey) -> Any:
    public = json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "one", "use": "sig", "alg": "RS256"}
    pages = {
        f"{_ISSUER}/.well-known/openid-configuration": {"issuer": _ISSUER, "jwks_uri": f"{_ISSUER}/keys"},
        f"{_ISSUER}/keys": {"keys": [public]},
    }
    return lambda url: json.dumps(pages[url]).encode()


def _identity_token(key: rsa.RSAPrivateKey) -> str:
    now = int(time.time())
    told = {
        "iss": _ISSUER,
        "aud": "atmos-pro.com",
        "jti": "one",
        "iat": now,
        "nbf": now,
        "exp": now + 86_400,
        "repository": "acme/infra",
        "repository_id": "7",
        "repository_owner_id": "70",
        "run_id": "9001",
        "run_attempt": "1",
        "event_name": "pull_request",
        "ref": "refs/pull/42/merge",
        "head_ref": "feature",
        "base_ref": "main",
        "sha": "c" * 40,
        "actor": "octocat",
        "workflow": "Affected stacks",
        "workflow_ref": "acme/infra/.github/workflows/atmos-pro.yaml@refs/pull/42/merge",
    }
    return jwt.encode(told, key, "RS256", headers={"kid": "one"})
