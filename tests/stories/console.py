"""The server's command line, as an operator uses it while a story goes on."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from bot.cli import cli
from tests.rig import Rig


def command(rig: Rig, *words: str, code: int = 0, typed: str = "") -> str:
    """Run a command of `switchyard` beside the service, at the story's time; returns what it prints."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWITCHYARD_DATABASE", rig.settings.database)
        patch.setattr("time.time", rig.clock)
        done = CliRunner().invoke(cli, words, input=typed, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def audited(rig: Rig, action: str) -> list[tuple[str, str, str]]:
    """List the exported audit's rows of an action: who did it, to which instance, and why."""
    rows = [json.loads(line) for line in command(rig, "export", "audit").splitlines()]
    return [(row["actor"], row["instance"] or "", row["cause"]) for row in rows if row["action"] == action]
