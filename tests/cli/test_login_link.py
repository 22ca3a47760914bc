"""`switchyard login-link`, as somebody on the server calls it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.app import pages_key
from bot.cli import cli
from bot.web.visits import Visits
from tests.rig import app_key

NOW = 1_777_888_800.0


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "SWITCHYARD_DATABASE": str(tmp_path / "test.db"),
        "GITHUB_APP_ID": "4711",
        "GITHUB_APP_PRIVATE_KEY": app_key()[0],
        "GITHUB_WEBHOOK_SECRET": "a webhook secret",
        "PUBLIC_URL": "https://switchyard.example/",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("bot.cli.database.getpass.getuser", lambda: "root")
    monkeypatch.setattr("time.time", lambda: NOW)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["login-link", *words], catch_exceptions=False)


@pytest.mark.parametrize(("words", "by"), [((), "root"), (("--by", "dora"), "dora")])
def test_a_link_for_whoever_asks(words: tuple[str, ...], by: str) -> None:
    done = run(*words)
    assert done.exit_code == 0
    address, _, token = done.stdout.strip().partition("?link=")
    assert address == "https://switchyard.example/login"
    found = Visits(pages_key(app_key()[0]), lambda: NOW).open_link(token)
    assert found is not None
    assert found.by == by
    assert done.stderr == f"Open it within 10 minutes; it lets {by} in, once.\n"


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("[::1]", "[::1]")],
)
def test_without_a_public_address_it_leads_to_this_machine(
    monkeypatch: pytest.MonkeyPatch, host: str, address: str
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "")
    monkeypatch.setenv("HOST", host)
    monkeypatch.setenv("PORT", "9000")
    assert run().stdout.startswith(f"http://{address}:9000/login?link=")


def test_without_the_settings_of_the_service_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_APP_PRIVATE_KEY")
    done = run()
    assert done.exit_code == 1
    assert "signed with the settings of the service" in done.stderr
    assert "GITHUB_APP_PRIVATE_KEY is not set" in done.stderr


def test_who_it_is_for_must_be_a_person() -> None:
    assert run("--by", "two words\n").exit_code == 2
