"""While a text or a picture is made, however long that takes, the loop goes on with everything else."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import ModuleType

import pytest

from bot.sandbox import example
from renderers import check, comment, mermaid, picture, pull_check, tree
from tests.rig import open_rig
from tests.stories.helping import CHAIN, ONE, headline, model

_PATIENCE = 5.0  # seconds of a thread; a loop that goes on needs none of them


class Watch:
    """Has what makes a text or picture wait until the loop has done something else meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stalled: list[str] = []
        self.made: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._patch = monkeypatch

    def slow_down(self, module: ModuleType, name: str) -> None:
        """Have a function end only once the loop has gone on."""
        real, what = getattr(module, name), module.__name__.rpartition(".")[2]

        def slow(*args: object, **more: object) -> object:
            gone_on = threading.Event()
            self._loop.call_soon_threadsafe(gone_on.set)
            if what not in self.stalled and not gone_on.wait(_PATIENCE):
                self.stalled.append(what)
            self.made.add(what)
            return real(*args, **more)

        self._patch.setattr(module, name, slow)


@pytest.mark.parametrize(
    ("address", "drawn"), [("https://switchyard.example", {"picture"}), ("", {"mermaid", "tree"})], ids=["svg", "text"]
)
async def test_the_loop_goes_on_while_a_comment_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, drawn: set[str]
) -> None:
    watch = Watch(monkeypatch)
    for module, name in ((picture, "picture"), (mermaid, "mermaid"), (tree, "tree"), (comment, "comment")):
        watch.slow_down(module, name)
    watch.slow_down(pull_check, "summary")
    async with open_rig(tmp_path, model=model(CHAIN), public_url=address) as rig:
        pull = rig.scene.open_pull([*CHAIN])
        await rig.until_quiet()
        assert headline(rig.comment(pull)).startswith("✅ Planned")
    assert watch.made == {*drawn, "comment", "pull_check"}
    assert watch.stalled == []


async def test_the_loop_goes_on_while_the_check_run_of_a_merge_queue_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(monkeypatch)
    watch.slow_down(check, "summary")
    async with open_rig(tmp_path, model=model(ONE), files=example.files("merge_group")) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.enqueue(pull, by="lead")
        await rig.until_quiet()
    assert watch.made == {"check"}
    assert watch.stalled == []
