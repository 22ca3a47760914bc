"""The process from outside: how it starts, stops, says what is wrong, and stands in for another one."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from bot.cli.doctor import Doctor
from bot.sandbox.state import Pull
from bot.settings import Settings
from tests.rig import open_rig
from tests.stories.helping import CHAIN, ONE, assert_sound, dispatched_runs, headline, model
from tests.stories.processes import ROOT, Nursery, Town, free_port, open_town, settings


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Have processes started quickly."""
    one = Nursery()
    yield one
    one.close()


def _planned(town: Town, pull: Pull) -> bool:
    return headline(town.comment(pull) or "### ").startswith("✅ Planned")


@pytest.mark.parametrize(("name", "arrives"), [(signal.SIGTERM, True), (signal.SIGTERM, False), (signal.SIGINT, True)])
async def test_a_signal_ends_it_with_a_dispatch_in_the_air(
    tmp_path: Path, nursery: Nursery, name: signal.Signals, *, arrives: bool
) -> None:
    async with open_town(tmp_path, ONE, nursery) as town:
        process = await town.start()
        fault = town.faults.add("POST", "/dispatches$", "hold")
        pull = town.scene.open_pull(["vpc"])
        await town.until(fault.reached.is_set)
        assert await town.stop(process, name) < 5.0
        if not arrives:
            fault.kind = "dead_connection"
        fault.release()
        await town.start()
        await town.until(lambda: _planned(town, pull))
        assert_sound(town.hub, ONE)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_a_real_command_with_nothing_to_do(tmp_path: Path, name: signal.Signals) -> None:
    async with open_town(tmp_path, ONE) as town:
        process = await town.start()
        assert isinstance(process, subprocess.Popen)
        await town.until(lambda: "working on" in town.log())
        assert await town.stop(process, name) < 5.0
        assert process.returncode == 0


async def test_a_second_process_serves_and_takes_over(tmp_path: Path, nursery: Nursery) -> None:
    async with open_town(tmp_path, CHAIN, nursery) as town:
        first = await town.start()
        await town.until(lambda: "working on" in town.log())
        port = free_port()
        second = await town.start(PORT=port)
        told = await town.healthy(port, second)
        assert told is not None
        assert told["role"] == "waiting"
        # The second one takes webhooks and uploads; the first one works on them, and is killed over it.
        town.sandbox.webhook_url = f"http://127.0.0.1:{port}/webhooks/github"
        town.scene.server_url = f"http://127.0.0.1:{port}"
        pull = town.scene.open_pull(["vpc"])
        await town.until(lambda: dispatched_runs(town.hub))
        await town.stop(first)
        await town.until(lambda: _planned(town, pull))
        told = await town.healthy(port, second)
        assert told is not None
        assert told["role"] == "worker"
        assert_sound(town.hub, CHAIN)


async def test_a_waiting_process_ends_at_once(tmp_path: Path, nursery: Nursery) -> None:
    async with open_town(tmp_path, ONE, nursery) as town:
        await town.start()
        await town.until(lambda: "working on" in town.log())
        second = await town.start(PORT=free_port())
        assert await town.stop(second, signal.SIGTERM) < 2.0


async def test_what_a_stopped_process_missed_is_made_up_for(tmp_path: Path, nursery: Nursery) -> None:
    async with open_town(tmp_path, CHAIN, nursery) as town:
        process = await town.start()
        pull = town.scene.open_pull(["vpc"])
        await town.until(lambda: dispatched_runs(town.hub))
        await town.stop(process, signal.SIGTERM)
        (run,) = dispatched_runs(town.hub)
        await town.until(lambda: run.conclusion == "success")
        await town.start()
        await town.until(lambda: _planned(town, pull))
        assert_sound(town.hub, CHAIN)


async def test_work_ends_although_news_come_at_the_same_moment(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        await rig.settle()
        work = asyncio.create_task(rig.worker.run())
        for _ in range(20):
            await asyncio.sleep(0)  # until all loops rest
        rig.worker.wake()
        work.cancel()
        done, _ = await asyncio.wait({work}, timeout=10)
        assert done


def _run(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command where it cannot start; returns what it said."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "serve"], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )


def test_missing_settings_are_named_a_line_each(tmp_path: Path) -> None:
    environ = settings(tmp_path, "http://127.0.0.1:9")
    wanted = ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET")
    for name in wanted:
        del environ[name]
    done = _run(environ)
    assert done.returncode == 2
    assert [line.split()[0] for line in done.stderr.splitlines()] == list(wanted)
    assert done.stdout == ""


def test_wrong_settings_are_named_a_line_each(tmp_path: Path) -> None:
    wrong = {
        "GITHUB_APP_ID": "switchyard",
        "GITHUB_APP_PRIVATE_KEY": "no key",
        "GITHUB_API_URL": "ftp://example.com",
        "PORT": "99999",
        "SWITCHYARD_MAX_IN_FLIGHT": "0",
        "SWITCHYARD_PLAN_REF": "tail",
        "SWITCHYARD_DATABASE": str(tmp_path / "nowhere" / "switchyard.db"),
    }
    done = _run(settings(tmp_path, "http://127.0.0.1:9") | wrong)
    assert done.returncode == 2
    assert {line.split()[0] for line in done.stderr.splitlines()} == set(wrong)
    assert "no key" not in done.stderr


def test_a_port_in_use_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = _run(settings(tmp_path, "http://127.0.0.1:9") | {"PORT": port})
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"127.0.0.1:{port}" in line
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_database_is_said_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "switchyard.db"
    path.write_text("Dear diary, today I was opened as a database, and nobody asked. " * 99)
    done = _run(settings(tmp_path, "http://127.0.0.1:9"))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert str(path) in line


async def test_the_process_answers_under_a_name_with_several_addresses(tmp_path: Path, nursery: Nursery) -> None:
    async with open_town(tmp_path, ONE, nursery) as town:
        process = await town.start(HOST="localhost")
        assert await town.stop(process, signal.SIGTERM) < 5.0


async def test_health(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig, aiohttp.ClientSession() as session:
        async with session.get(f"{rig.url}/healthz") as answer:
            assert (answer.status, (await answer.json())["role"]) == (200, "worker")
        # GitHub's troubles are shown, and are no reason to start us again.
        rig.faults.add("*", "", "status", 100, status=502)
        rig.scene.open_pull(["vpc"])
        await rig.passes(60)
        async with session.get(f"{rig.url}/healthz") as answer:
            assert answer.status == 200
        rig.worker.beat -= 3600.0
        async with session.get(f"{rig.url}/healthz") as answer:
            assert answer.status == 503


async def test_the_metrics_page_tells_what_waits(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig, aiohttp.ClientSession() as session:
        rig.faults.hooks("workflow_run", "lose", 100)
        rig.faults.add("POST", "/dispatches$", "lost_answer")
        rig.scene.open_pull(["vpc"])
        await rig.passes(5)
        async with session.get(f"{rig.url}/metrics") as answer:
            assert answer.status == 200
            text = await answer.text()
        values = dict(re.findall(r"^(switchyard_\S+) (\S+)$", text, re.MULTILINE))
        assert values["switchyard_dispatches_in_doubt"] == "1.0"
        for name in ("inbox", "outbox", "github_requests", "rate_limit", "comment_edits", "dispatches"):
            assert any(name in key for key in values), name


async def test_the_doctor_looks_beside_the_process_that_serves(tmp_path: Path, nursery: Nursery) -> None:
    async with open_town(tmp_path, ONE, nursery) as town:
        await town.start(PUBLIC_URL=town.url)
        # What GitHub sent while nobody served is had sent again.
        await town.until(lambda: any(one.status_code == 202 for one in town.sandbox.hooks.log))
        set_up = Settings.from_env(town.environ | {"PUBLIC_URL": town.url})
        findings = await Doctor(set_up, [], mounts="").examine()
        told = {one.check: one for one in findings}
        assert told["process"].kind.name == "process-ok"
        assert told["address"].kind.name == "address-plain"  # and this very one answers
        assert [one.check for one in findings if one.kind.grade == "fault"] == []
