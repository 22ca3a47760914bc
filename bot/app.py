"""Put the process together: open the file, start the web side, wait for the worker's lock, work, and stop cleanly."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiohttp

from bot.domain.model import Pull, Repo
from bot.domain.view import PullView
from bot.events import OWN_KINDS
from bot.github.client import GitHub
from bot.github.oidc import Issuer
from bot.metrics import Metrics, stored_state
from bot.settings import Settings
from bot.store import left
from bot.store.db import Db, connect, transaction
from bot.store.migrations import migrate
from bot.store.writer import Writer
from bot.web import create_app
from bot.web.exchange import Trust
from bot.web.pages_front import View
from bot.web.pages_writing import Showing
from bot.web.server import WebServer
from bot.work import commenting
from bot.work.lock import WorkerLock
from bot.work.parts import Parts, Timing
from bot.work.sight import Window
from bot.work.worker import Worker
from renderers.engine import engine_name

log = logging.getLogger(__name__)

#: How long what is in the air may take to end when the process stops, in seconds. Heroku and Docker kill after ten.
GRACE = 3.5
#: How long requests that are being handled may take then.
_WEB_GRACE = 0.5
#: How often a process that waits looks whether the other one is gone, in seconds.
_LOCK_POLL = 0.5
#: Without a beat of the worker for this long, in seconds, the process is not alive.
_HEARTBEAT = 60.0
#: Dispatch ids are this many random bytes, as hexadecimal digits, after `sy-`.
_ID_BYTES = 8
#: The CLI asks for identity tokens for this audience, whatever server they are for.
_AUDIENCE = "atmos-pro.com"


def new_id() -> str:
    """Make the id of a dispatch."""
    return f"sy-{secrets.token_hex(_ID_BYTES)}"


def session_key(private_key: str) -> bytes:
    """Make the key that signs sessions: every process with the App's key has the same, and none is stored."""
    return hmac.digest(private_key.encode(), b"switchyard sessions", "sha256")


def pages_key(private_key: str) -> bytes:
    """Make the key that signs links and cookies of the pages: as above, and no session is one of them."""
    return hmac.digest(private_key.encode(), b"switchyard pages", "sha256")


def instance(settings: Settings) -> str:
    """Name this App on this database, telling neither: so the doctor knows whether this very service answers it."""
    try:
        file = os.stat(settings.database)
    except OSError:
        return ""
    told = f"switchyard instance {file.st_dev}:{file.st_ino}"
    return hmac.digest(settings.private_key.encode(), told.encode(), "sha256").hex()[:16]


def viewing(current: Callable[[], Settings], now: Callable[[], float]) -> View:
    """Make what gathers a pull request's view from any connection."""

    def view(db: Db, repo: Repo, pull: Pull) -> PullView | None:
        settings = current()
        window = Window(
            db,
            settings.rules,
            now,
            public_url=settings.public_url,
            server_url=settings.server_url,
            docs_url=docs_url(settings),
        )
        return commenting.view_of(window, repo, pull)

    return view


def trust(settings: Settings, now: Callable[[], float]) -> Trust:
    """Tell whose identity tokens are taken: those that the CLI asks for, or that are for our own address."""
    audiences = (_AUDIENCE, settings.public_url) if settings.public_url else (_AUDIENCE,)
    return Trust(Issuer(settings.issuer, now), audiences, settings.workspace_id)


def docs_url(settings: Settings) -> str:
    """Tell where people read the docs: our own page where nothing else is set; empty where nobody reaches us."""
    return settings.docs_url or (f"{settings.public_url}/docs" if settings.public_url else "")


def drawn_by(public_url: str) -> str:
    """Tell, for the log, what draws the graphs in comments, or why they are Mermaid text."""
    if not public_url:
        return "graphs are Mermaid text, since PUBLIC_URL is not set"
    if (engine := engine_name()) is None:
        return "graphs are Mermaid text, since there is no Graphviz here"
    return f"graphs are pictures, drawn by {engine}"


class Switchyard:
    """One process: the web side in threads, the worker in the main thread."""

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], float] = time.time,
        ids: Callable[[], str] = new_id,
        remarks: Sequence[str] = (),
    ) -> None:
        """`remarks` are told in the log once it serves."""
        self.settings = settings
        self._remarks = remarks
        self.now = now
        self._ids = ids
        self.metrics = Metrics(settings.database, now)
        self.lock = WorkerLock(settings.database)
        self.worker: Worker | None = None
        self.port = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve the web side; it takes inputs from the moment on that this is entered."""
        self._loop = asyncio.get_running_loop()
        db = connect(self.settings.database)
        writer = Writer(self.settings.database, self._wake)
        app = create_app(
            database=self.settings.database,
            webhook_secret=self.settings.webhook_secret,
            session_key=session_key(self.settings.private_key),
            writer=writer,
            now=self.now,
            health=self.health,
            registry=self.metrics.registry,
            own_kinds=OWN_KINDS,
            trust=trust(self.settings, self.now),
            rules=self.settings.rules,
            showing=Showing(
                key=pages_key(self.settings.private_key),
                https=self.settings.public_url.startswith("https:"),
                server_url=self.settings.server_url,
                view=viewing(lambda: self.settings, self.now),
            ),
            docs_url=docs_url(self.settings),
        )
        host, port = self.settings.host, self.settings.port
        try:
            # A process that cannot serve leaves the file as it is, for an older one that may work on it.
            server = WebServer(app, host=host, port=port, prepare=lambda: migrate(db))
        except BaseException:
            writer.close()
            raise
        finally:
            db.close()
        self.port = server.port
        log.info("serving on http://%s:%d", self.settings.host, self.port)
        for remark in self._remarks:
            log.warning(remark)
        try:
            yield
        finally:
            await asyncio.to_thread(server.close, _WEB_GRACE)
            writer.close()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """Be the worker; the lock must be held. What is stored is read only from here on."""
        settings = self.settings
        db = connect(settings.database)
        try:
            migrate(db)  # another version may have worked here while this process waited
            with transaction(db):
                left.take_up(db)
            async with aiohttp.ClientSession() as session:
                github = GitHub(
                    session,
                    app_id=settings.app_id,
                    private_key=settings.private_key,
                    api_url=settings.api_url,
                    now=self.now,
                    on_request=self.metrics.github_request,
                )
                parts = Parts(
                    db=db,
                    github=github,
                    rules=settings.rules,
                    timing=Timing(
                        settle=settings.settle_seconds,
                        sweep=settings.sweep_seconds,
                        doubt=settings.doubt_seconds,
                        dispatches_per_second=settings.dispatches_per_second,
                        run_timeout=settings.run_timeout,
                    ),
                    metrics=self.metrics,
                    now=self.now,
                    ids=self._ids,
                    public_url=settings.public_url,
                    server_url=settings.server_url,
                    check_name=settings.check_name,
                    docs_url=docs_url(settings),
                )
                self.worker = Worker(parts)
                try:
                    yield self.worker
                finally:
                    await self.worker.stop(GRACE)
                    self.worker = None
        finally:
            db.close()

    async def run(self) -> None:
        """Serve and work until SIGTERM or SIGINT."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        async with self.serving():
            work = asyncio.create_task(self._work())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        self.lock.release()
        if work.done() and not work.cancelled() and (error := work.exception()) is not None:
            raise error

    async def _work(self) -> None:
        if not self.lock.take():
            log.info("another process works on %s; this one serves and waits", self.settings.database)
            while not self.lock.take():  # noqa: ASYNC110 -- another process' lock has no event to wait for
                await asyncio.sleep(_LOCK_POLL)
        log.info("working on %s; %s", self.settings.database, drawn_by(self.settings.public_url))
        async with self.working() as worker:
            await worker.run()

    def health(self) -> dict[str, object]:
        """Tell how the process is: it lives while the worker's heart beats, or while it waits for the lock.

        How old rows are and whether GitHub answers is told as well, but no reason to end the process.
        """
        worker = self.worker
        silent = time.monotonic() - worker.beat if worker is not None else 0.0
        return {
            "live": silent < _HEARTBEAT,
            "role": "worker" if worker is not None else "waiting",
            "instance": instance(self.settings),
            "heartbeat_age_seconds": round(silent, 1),
            "github": self.metrics.github_state(),
            **stored_state(self.settings.database, self.now()),
        }

    def _wake(self) -> None:
        """Called by the web side's threads after each commit."""
        worker, loop = self.worker, self._loop
        if worker is None or loop is None:
            return
        try:
            loop.call_soon_threadsafe(worker.wake)
        except RuntimeError:
            return  # the loop has ended, and the rows wait for the next start
