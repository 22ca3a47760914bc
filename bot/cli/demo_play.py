"""The demo for a person: a pull request is opened and planned, and the rest is done on its page."""

from __future__ import annotations

import asyncio
import signal
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from bot.cli.demo_stage import PERSON, TOUCHED, Stage, Tempo, open_stage
from bot.domain.model import Status
from bot.sandbox import Pull

_LOOK_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Sight:
    """How a pull request stands: its newest rollout as the API tells it, or None, and what a person can do now."""

    pull: Pull
    address: str
    rollout: dict[str, Any] | None
    hint: str

    @property
    def statuses(self) -> dict[tuple[str, str], Status]:
        """Tell the status of each instance, by stack and component, in dependency order."""
        steps = self.rollout["steps"] if self.rollout else []
        return {(step["stack"], step["component"]): Status(step["status"]) for step in steps}

    @property
    def line(self) -> str:
        """Tell in one line how it stands."""
        told = self.rollout["activity"] + ": " + self.rollout["status"] if self.rollout else "nothing planned yet"
        return f"#{self.pull.number} {self.pull.title}: {told}"


class Screen(Protocol):
    """Where progress is shown."""

    def show(self, sights: list[Sight]) -> None:
        """Show how all pull requests stand, the newest first. Called again and again."""


async def play(screen: Screen, port: int) -> None:
    """Put everything up, open a pull request, and show what happens until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with open_stage(_tempo(), port=port) as stage:
        stage.scene.open_pull(TOUCHED, author=PERSON, title="Widen the network")
        while not stop.is_set():
            stage.check()
            screen.show(await _look(stage))
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await stop.wait()


async def _look(stage: Stage) -> list[Sight]:
    sights = []
    for pull in reversed(list(stage.scene.repo.pulls.values())):
        rollouts = await stage.rollouts(pull)
        newest = rollouts[0] if rollouts else None
        sights.append(Sight(pull, stage.address(pull), newest, _hint(pull, newest)))
    return sights


def _hint(pull: Pull, rollout: dict[str, Any] | None) -> str:
    """Say what a person can do now."""
    if rollout is None or (pull.merged and rollout["phase"] == "plan"):
        return "The affected stacks are being found."
    statuses = {Status(step["status"]) for step in rollout["steps"]}
    if Status.APPROVAL in statuses:
        return "Runs wait for a reviewer, and that is you: approve them on the page."
    if statuses & {Status.FAILED, Status.CANCELLED}:
        return "Something did not succeed: re-run it on the page, and what it blocks goes on."
    if not statuses <= {Status.SUCCEEDED}:
        return "It goes in order. On the page you can push a commit, or let a run fail, and see what happens."
    if pull.merged:
        return "All is applied. Open another pull request on the page."
    return "All is planned. Merge it on the page." if pull.state == "open" else "It is closed. Reopen it on the page."


def _tempo() -> Tempo:
    """Make it slow enough to follow, and no two runs alike."""

    def seconds(_file: str, inputs: Mapping[str, str]) -> float:
        return 2.5 + zlib.crc32(repr(sorted(inputs.items())).encode()) % 30 / 10

    return Tempo(queue=1.0, run=seconds, settle=1.0, dispatches_per_second=10)
