"""From an App that nobody registered yet to an applied pull request, with the settings that setup wrote."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import cli, setup_browser, setup_file
from bot.sandbox import Sandbox, apps
from bot.sandbox.pages import add_pages
from bot.sandbox.scene import Scene
from bot.settings import Settings
from tests.cli.registering import PERSON, Person, person_is_through
from tests.rig import APP_ID, SECRET, Clock, Rig, app_key
from tests.stories.helping import model

NEEDS = {"vpc": (), "api": ("vpc",)}


async def at_once(_seconds: float) -> None:
    """Let the CLI try again without a pause."""


async def test_the_bot_serves_with_what_setup_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person, clock, env = Person(), Clock(), tmp_path / "switchyard.env"
    monkeypatch.setattr(setup_browser, "opens", person.opens)
    monkeypatch.setattr(apps, "_key_pair", app_key)  # making one takes a while
    for name in ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    sandbox = Sandbox(now=clock, app_id=APP_ID, app_public_key=app_key()[1], webhook_secret=SECRET)
    add_pages(sandbox, person=PERSON)
    scene = Scene(sandbox, model=model(NEEDS), oidc=True, statuses=True)
    scene.sleep = at_once
    address = await sandbox.start()
    words = ["--github-url", address, "--org", "acme", "--public-url", "https://switchyard.example"]
    done = await asyncio.to_thread(CliRunner().invoke, cli, ["setup", *words, "--env-file", str(env)])
    await asyncio.to_thread(person_is_through)
    assert done.exit_code == 0, done.output
    sandbox.hub.install_on("acme")

    beside = {"SWITCHYARD_DATABASE": str(tmp_path / "switchyard.db"), "PORT": "0"}
    settings = Settings.from_env(setup_file.read(env) | beside)
    scene.workspace_id = settings.workspace_id
    rig = Rig(clock, sandbox, scene, settings)
    try:
        async with rig.bot_runs():
            pull = scene.open_pull(["vpc"])
            await rig.until_quiet()
            sandbox.hub.merge(pull, by="dev")
            await rig.until_quiet()
            assert rig.dispatched() == [f"{verb} dev/{component}" for verb in ("plan", "apply") for component in NEEDS]
            assert set((await rig.statuses(pull)).values()) == {"succeeded"}
            assert pull.repo.checks
            assert sandbox.hub.comments_on(pull)[0].author.login == f"{sandbox.hub.app.slug}[bot]"
    finally:
        await sandbox.stop()
