from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from bot import __version__
from bot.cli import cli


def test_the_overview_lists_the_commands() -> None:
    done = CliRunner().invoke(cli, ["--help"])
    assert done.exit_code == 0
    for name in ("serve", "demo", "simulate", "keys"):
        assert name in done.stdout


def test_the_version() -> None:
    assert __version__ in CliRunner().invoke(cli, ["--version"]).stdout


def test_a_command_that_is_not_there() -> None:
    done = CliRunner().invoke(cli, ["deploy"])
    assert done.exit_code == 2
    assert "No such command 'deploy'" in done.stderr


@pytest.mark.parametrize("words", [["--help"], ["keys", "--help"]])
def test_no_command_loads_what_it_does_not_need(words: list[str]) -> None:
    code = (
        "import sys; from bot.__main__ import main\n"
        f"sys.argv = ['switchyard', *{words}]\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert not {'flask', 'waitress'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Usage: switchyard" in done.stdout
