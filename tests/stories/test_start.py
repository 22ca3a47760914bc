"""The page that people begin with: its commands are run as they stand there, up to the first ordered apply."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner, Result

from bot.cli import cli, setup_browser, setup_file
from bot.cli.examining import here
from bot.sandbox import Sandbox, apps
from bot.sandbox.atmos import Configured, Model
from bot.sandbox.pages import add_pages
from bot.sandbox.scene import Scene
from bot.settings import Settings
from bot.variables import SETTINGS
from tests.cli.registering import PERSON, Person, person_is_through
from tests.cli.test_init import MIXIN, bare, checked_out, filled, tree
from tests.rig import APP_ID, SECRET, Clock, Rig, app_key

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/start.md").read_text()
STACK, NEEDS = "plat-ue2-prod", {"vpc": (), "database": ("vpc",)}


def commands() -> list[list[str]]:
    """Read what the page has people type, in its order."""
    blocks = re.findall(r"^```console\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    assert all(line.startswith("$ ") for line in lines)
    return [shlex.split(line[2:]) for line in lines]


async def typed(words: list[str], *more: str, env: dict[str, str] | None = None) -> Result:
    """Do what somebody typed, while GitHub goes on."""
    return await asyncio.to_thread(CliRunner().invoke, cli, [*words, *more], env=env)


async def test_the_page_that_people_begin_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo, program, setup, bring, build, run, curl, init, doctor, stop, remove, anew = commands()
    assert demo == ["make", "demo"]  # its story is told in tests/cli/test_demo.py
    person, clock = Person(), Clock()
    monkeypatch.setattr(setup_browser, "opens", person.opens)
    monkeypatch.setattr(apps, "_key_pair", app_key)  # making one takes a while
    monkeypatch.setattr(here, "drawing", list)
    for setting in SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)
    machine, checkout = tmp_path / "machine", checked_out(tmp_path / "infra", bare())
    machine.mkdir()
    sandbox = Sandbox(now=clock, app_id=APP_ID, app_public_key=app_key()[1], webhook_secret=SECRET)
    add_pages(sandbox, person=PERSON)
    scene = Scene(sandbox, model=Model({}), files=tree(checkout), reviewers={"prod": ["lead"]}, oidc=True)
    address = await sandbox.start()

    # 1. Register the App: only which GitHub is another.
    assert os.access(ROOT / program[0], os.X_OK)
    assert (ROOT / f"requirements/{program[1]}.txt").exists()
    monkeypatch.chdir(machine)
    words = setup[1:]
    assert setup[0] == ".venv/bin/switchyard"
    registered = await typed(words, "--github-url", address)
    await asyncio.to_thread(person_is_through)
    assert registered.exit_code == 0, registered.output
    sandbox.hub.install_on("acme")

    # 2. Run it: what Docker would be told, without Docker.
    assert build == ["docker", "build", "--tag", run[-1], "."]
    told = dict(pairwise(run))
    assert bring[1:3] == ["-p", told["--env-file"]]
    image = (ROOT / "Dockerfile").read_text()
    assert f"VOLUME {told['--volume'].partition(':')[2]}\n" in image
    assert f"EXPOSE {told['--publish'].rpartition(':')[2]}\n" in image
    env = setup_file.read(machine / told["--env-file"]) | dict([told["--env"].split("=")])
    beside = {"SWITCHYARD_DATABASE": str(machine / "switchyard.db"), "PORT": "0"}
    rig = Rig(clock, sandbox, scene, Settings.from_env(env | beside))
    scene.workspace_id = rig.settings.workspace_id
    try:
        async with rig.running:
            await rig.running.enter_async_context(rig.bot_runs())
            assert curl[0] == "curl"
            health = rig.url + curl[1].removeprefix(env["PUBLIC_URL"])
            async with aiohttp.ClientSession() as session, session.get(health) as answer:
                told_there = await answer.json()
            assert (told_there["live"], told_there["role"]) == (True, "worker")

            # 3. Prepare the repository: with the workspace id that setup told, and a yes.
            init[init.index("--workspace-id") + 1] = rig.settings.workspace_id
            assert shlex.join(init) in registered.output
            monkeypatch.chdir(checkout)
            done = await typed(init[1:], "--yes")
            assert done.exit_code == 0, done.output
            title = "Add what Switchyard needs"
            rig.hub.push(rig.repo, "switchyard", tree(checkout), message=title, author="dev")
            first = rig.hub.open_pull(rig.repo, head="switchyard", title=title, author="dev")
            await rig.until_quiet()
            assert "Plan: nothing is affected" in rig.comment(first)
            rig.hub.merge(first, by="dev")
            await rig.until_quiet()
            assert "Apply: nothing is affected" in rig.comment(first)
            assert rig.dispatched() == []
            assert "says that nothing is affected" in PAGE
            assert "comment says that nothing is affected" in done.output

            # 4. Have it looked at: only its address is another here, and GitHub's clock one that people move.
            assert doctor[:2] == ["docker", "exec"]
            looked = await typed(doctor[4:], env=env | beside | {"PUBLIC_URL": rig.url})
            assert re.findall(r"✗ fault +(\w+)", looked.output) == ["clock"]
            assert "`atmos-pro.yaml` can upload" in looked.output
            assert looked.output.count("can be started") == 2

            # 5. The first ordered pull request.
            mixin = (checkout / MIXIN).read_text()
            scene.model = Model(
                {
                    (STACK, component): Configured(
                        settings={"pro": filled(mixin, STACK, component)},
                        needs=tuple((STACK, need) for need in below),
                        path=f"components/terraform/{component}",
                    )
                    for component, below in NEEDS.items()
                }
            )
            pull = scene.open_pull(["vpc"])
            await rig.until_quiet()
            assert "nothing is started in the mode “observe”" in rig.comment(pull)
            assert rig.dispatched() == []
            assert (stop, remove) == (["docker", "stop", told["--name"]], ["docker", "rm", told["--name"]])
            assert anew == [word.replace("observe", "plan") for word in run]
            await rig.restart(mode="plan")
            await rig.until_quiet()
            assert rig.dispatched() == [f"plan {STACK}/{component}" for component in NEEDS]
            await rig.restart(mode="apply")
            rig.hub.merge(pull, by="dev")
            await rig.until_quiet()
            while waiting := [one for one in rig.runs() if one.status == "waiting"]:
                for one in waiting:
                    rig.hub.approve(one.id, "prod", "lead")
                await rig.until_quiet()
            assert rig.dispatched("apply") == [f"apply {STACK}/{component}" for component in NEEDS]
            assert set((await rig.statuses(pull)).values()) == {"succeeded"}
    finally:
        await sandbox.stop()
