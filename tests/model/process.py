"""The bot's process without its web side: the real loops over a real file, stepped by hand, ended or killed at will."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar, cast

import msgspec

from bot.domain.events import Approved, Rules, Wanted
from bot.domain.graph import Instance
from bot.domain.lanes import lane_of_pull
from bot.domain.locks import Lock
from bot.domain.model import Repo
from bot.domain.pro import Phase
from bot.events.packing import Header, pack
from bot.events.pull_request import read_upload
from bot.github import workflows
from bot.github.client import GitHub as Client
from bot.metrics import Metrics
from bot.store import freezes, inbox, locks, outbox, repos, rollouts, uploads
from bot.store.db import connect, transaction
from bot.store.freezes import Freeze
from bot.store.migrations import migrate
from bot.work.parts import Parts, Timing
from bot.work.worker import Worker
from tests.model import repository
from tests.model.github import GitHub, Killed
from tests.model.hub import Hub
from tests.model.payloads import INSTALLATION
from tests.model.repository import MAIN, NAME, OWNER, REPO_ID
from tests.model.things import Hook

T = TypeVar("T")
_REPO = Repo(REPO_ID, OWNER, NAME, INSTALLATION, MAIN, owner_id=70)
_MOST_ROUNDS = 500


class Broken(AssertionError):  # noqa: N818 -- it reads as what happened
    """A rule was broken."""

    def __init__(self, rule: str, sentence: str) -> None:
        super().__init__(f"{rule}: {sentence}")
        self.rule = rule


class _Inline(ThreadPoolExecutor):
    """Does at once, in the same thread, what is meant for another one."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


@cache
def loop() -> asyncio.AbstractEventLoop:
    """Get the one loop of all processes."""
    made = asyncio.new_event_loop()
    made.set_default_executor(_Inline())
    made.set_exception_handler(lambda _loop, _told: None)  # who was killed left things undone
    return made


@cache
def _folder() -> Path:
    return Path(mkdtemp(prefix="switchyard-model-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))


@cache
def _template() -> Path:
    """Make an empty database in which the repository and its instances are known."""
    path = _folder() / "template.db"
    db = connect(path)
    migrate(db)
    with transaction(db):
        repos.save(db, _REPO, 0.0)
        everything = repository.upload(tuple(repository.NEEDS), "0" * 40, "1" * 40)
        uploads.remember(db, REPO_ID, read_upload([everything], 0.0).graph, 0.0)
    db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return path


@cache
def _metrics() -> Metrics:
    return Metrics("", lambda: 0.0)


class Process:
    """One life after the other of the bot, on one file."""

    def __init__(self, hub: Hub, rules: Rules, *, listed_after: float, details: bool) -> None:
        self.hub = hub
        self._rules = rules
        self._listed_after, self._details = listed_after, details
        self.path = _folder() / "switchyard.db"
        self._remove()
        shutil.copy(_template(), self.path)
        self._ids = 0
        self.deaths = 0
        self.open()

    def open(self) -> None:
        """Start on the file as it is."""
        self.github = GitHub(self.hub, listed_after=self._listed_after, details=self._details)
        self.db = connect(self.path)
        self.db.conn.execute("PRAGMA synchronous=OFF")  # the process dies here, never the machine
        self.db.conn.execute("PRAGMA locking_mode=EXCLUSIVE")  # nobody else is there
        self.parts = Parts(
            db=self.db,
            github=cast(Client, self.github),
            rules=self._rules,
            timing=Timing(dispatches_per_second=1000.0),
            metrics=_metrics(),
            now=self.hub.now,
            ids=self._id,
            public_url="",
            server_url="https://github.com",
            check_name="Switchyard",
        )
        self.worker = Worker(self.parts)

    def end(self) -> None:
        """Leave everything as it lies, whatever was being done."""
        self.github.dead = True
        left = asyncio.all_tasks(loop())
        for task in left:
            task.cancel()
        if left:
            loop().run_until_complete(asyncio.wait(left))
        for task in left:
            if not task.cancelled():
                task.exception()
        self.db.close()

    def restart(self) -> None:
        """End it, and start again on the file."""
        self.end()
        self.open()

    def remove(self) -> None:
        """End it for good."""
        self.end()
        self._remove()

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def _id(self) -> str:
        self._ids += 1
        return f"sy-{self._ids:016x}"

    # What comes in, as the web side puts it there.

    def take(self, hooks: Sequence[Hook]) -> None:
        """Take webhooks."""
        with transaction(self.db):
            for hook in hooks:
                body = msgspec.json.encode(hook.payload)
                inbox.put(self.db, hook.event, body, now=self.hub.now(), guid=hook.guid)

    def upload(self, header: Header, body: bytes) -> None:
        """Take an upload."""
        with transaction(self.db):
            inbox.put(self.db, "upload", pack(header, body), now=self.hub.now(), repo_id=REPO_ID)

    def lock(self, instance: Instance, until: float) -> None:
        """Lock an instance."""
        lock = Lock(str(instance), f"lock-{instance}", "dora", "wait", until)
        with transaction(self.db):
            locks.put(self.db, REPO_ID, lock, self.hub.now())
            inbox.nudge_waiting(self.db, now=self.hub.now(), repo_id=REPO_ID)

    def unlock(self, instance: Instance) -> None:
        """End a lock."""
        with transaction(self.db):
            locks.drop(self.db, REPO_ID, str(instance))
            inbox.nudge_waiting(self.db, now=self.hub.now(), repo_id=REPO_ID)

    def freeze(self, *, frozen: bool) -> None:
        """Freeze the repository, or end that."""
        now = self.hub.now()
        with transaction(self.db):
            if frozen:
                freezes.begin(self.db, Freeze(REPO_ID, "it is Friday", "dora", now))
            else:
                freezes.end(self.db, REPO_ID, by="dora", now=now)

    def approve(self, number: int, by: str, *, named: bool) -> tuple[str, list[Instance]]:
        """Let go what is held of a pull request's newest rollout; returns its commit, and what that is."""
        found = rollouts.of_pull(self.db, REPO_ID, number)
        if not found or found[0].rollout.superseded_by:
            return "", []
        walk = found[0]
        wanted = tuple(
            Wanted(step.instance.stack, step.instance.component, step.holds, named)
            for step in walk.steps
            if step.holds or walk.rollout.phase is Phase.PLAN
        )
        body = msgspec.json.encode(Approved(walk.rollout.id, by, wanted))
        lane = lane_of_pull(REPO_ID, number)
        with transaction(self.db):
            inbox.put(self.db, "approve", body, now=self.hub.now(), repo_id=REPO_ID, lane=lane)
        return walk.rollout.sha, [Instance(one.stack, one.component) for one in wanted]

    # What it does with it.

    def work(self) -> None:
        """Do all that is due now."""
        for _ in range(_MOST_ROUNDS):
            if not self._is_due() or not self._run(self._round()):
                return
        raise Broken("it_settles", "It works without end.")

    def _is_due(self) -> bool:
        """Tell whether there is anything to do: asking is cheaper than trying."""
        sql = "SELECT 1 FROM inbox WHERE state = 'new' AND due <= ?1 UNION ALL "
        sql += "SELECT 1 FROM outbox WHERE state = 'open' AND want > done AND due <= ?1 LIMIT 1"
        return bool(asyncio.all_tasks(loop())) or self.db.row(sql, self.hub.now()) is not None

    def one_step(self, what: str) -> None:
        """Have one of the loops do one step."""
        self._run({"intake": self.worker.intake.step, "deliver": self.worker.deliver.step}[what]())

    def take_all_in(self) -> None:
        """Have intake do all it can, and send nothing of what follows."""
        while self._run(self.worker.intake.step()):
            pass

    def sweep(self) -> None:
        """Sweep, where it is time to."""
        self._run(self.worker.sweep.step())

    async def _round(self) -> bool:
        did = await self.worker.intake.step()
        return await self.worker.deliver.step() or did

    def _run(self, work: Coroutine[Any, Any, bool]) -> bool:
        try:
            return loop().run_until_complete(work)
        except Killed:
            self.deaths += 1
            self.restart()
            return True

    def next_due(self) -> float | None:
        """Tell when something but the sweep is due next."""
        now = self.hub.now()
        dues = (inbox.next_due(self.db), outbox.next_due(self.db), self.worker.deliver.paced_until or None)
        return min((max(due, now + 1) for due in dues if due is not None), default=None)

    def idle(self) -> bool:
        """Tell whether nothing of what is known now is left to do."""
        now = self.hub.now()
        inputs = self.db.row("SELECT 1 FROM inbox WHERE state = 'new' AND due <= ?", now)
        wishes = self.db.row("SELECT 1 FROM outbox WHERE state = 'open' AND want > done")
        return inputs is None and wishes is None

    def has_heard(self) -> bool:
        """Tell whether every input was taken in, and none is put aside."""
        sql = "SELECT 1 FROM inbox WHERE state = 'parked' OR state = 'new' AND kind NOT IN ('look_again', 'lock_ends')"
        return self.db.row(sql) is None

    def gave_up(self) -> str:
        """Tell what was given up by a fault of the bot's own."""
        sql = "SELECT reason FROM inbox WHERE state = 'dead' AND reason LIKE '%error of its own%' UNION ALL "
        row = self.db.row(sql + "SELECT error FROM outbox WHERE error LIKE '%error of its own%'")
        return str(row[0]) if row else ""


# It is pure, and takes longer than all the rest of a step.
workflows.parse = cache(workflows.parse)
