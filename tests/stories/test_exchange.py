"""The exchange of identity tokens when something goes wrong with GitHub, or changes there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox import Run, example
from bot.sandbox.atmos_answers import Answer
from bot.sandbox.atmos_api import Client
from bot.sandbox.state import Repo
from tests.rig import Rig, open_rig
from tests.stories.helping import FOREVER, requests

INPUTS = {"component": "vpc", "stack": "dev"}
ISSUER = "/_services/token"


async def strange(rig: Rig) -> tuple[Repo, Run]:
    """Install the App in a repository that the bot is not told of, with a run in it."""
    await rig.until_quiet()
    rig.sandbox.webhook_url = None
    repo = rig.hub.add_repo("other/infra", files=example.files())
    return repo, rig.hub.dispatch(repo, example.PLAN, "main", INPUTS, rig.hub.bot)


def run_here(rig: Rig) -> Run:
    return rig.hub.dispatch(rig.repo, example.PLAN, "main", INPUTS, rig.hub.bot)


async def exchange(rig: Rig, token: str) -> Answer:
    """Exchange a token as the CLI does, while time goes from one due thing to the next."""

    async def identity(_audience: str) -> str:
        return token

    async with aiohttp.ClientSession() as session:
        call = asyncio.ensure_future(Client(session, rig.url, workspace_id="any", identity=identity).exchange())
        while not call.done():
            await rig.until_quiet()
            await asyncio.wait({call}, timeout=0.02)
        return call.result()


def token_of(rig: Rig, run: Run, audience: str = "atmos-pro.com") -> str:
    return rig.hub.issuer.token(run, rig.hub.base_url, audience)


@pytest.mark.parametrize("audience", ["atmos-pro.com", "https://switchyard.example"])
async def test_a_token_for_us_is_taken_once(tmp_path: Path, audience: str) -> None:
    async with open_rig(tmp_path) as rig:
        token = token_of(rig, run_here(rig), audience)
        assert (await exchange(rig, token)).success
        again = await exchange(rig, token)
        assert (again.status, again.success) == (401, False)
        assert "used before" in again.message


async def test_a_token_for_somebody_else_is_not_taken(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig:
        answer = await exchange(rig, token_of(rig, run_here(rig), "https://cloud.example"))
        assert answer.status == 401
        assert "for the audience https://cloud.example, but" in answer.message
        assert "atmos-pro.com or https://switchyard.example" in answer.message


async def test_two_failures_of_github_are_waited_out(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig:
        _, run = await strange(rig)
        rig.faults.add("GET", "other/infra/installation$", "status", times=2)
        assert (await exchange(rig, token_of(rig, run))).success
        assert len(requests(rig, "GET", "other/infra/installation")) == 3


async def test_where_github_stays_in_trouble_it_is_try_again_until_it_is_well(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig:
        _, run = await strange(rig)
        rig.faults.add("GET", "other/infra/installation$", "status", times=FOREVER)
        for _ in range(2):
            answer = await exchange(rig, token_of(rig, run))
            assert answer.status == 503
            assert "Run the command again in a minute" in answer.message
        asked = len(requests(rig, "GET", "other/infra/installation"))
        assert asked == 2 * 3
        await rig.passes(6 * 3600)  # nobody asks on and on for those who have gone
        assert len(requests(rig, "GET", "other/infra/installation")) == asked
        rig.faults.clear()
        assert (await exchange(rig, token_of(rig, run))).success


async def test_a_repository_whose_old_name_another_one_has_taken(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig:
        repo, run = await strange(rig)
        token = token_of(rig, run)
        rig.hub.rename(repo, "renamed", by="lead")
        other = rig.hub.add_repo("other/infra", files=example.files())
        assert (await exchange(rig, token)).success
        found = rig.db.rows("SELECT id, name FROM repos WHERE owner = 'other'")
        assert [(row["id"], row["name"]) for row in found] == [(repo.id, "renamed")]
        assert other.id != repo.id


async def test_the_issuer_takes_another_key(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig:
        run = run_here(rig)
        old = token_of(rig, run)
        assert (await exchange(rig, token_of(rig, run))).success
        rig.clock.at += 60
        rig.hub.issuer.rotate()
        assert (await exchange(rig, token_of(rig, run))).success
        assert (await exchange(rig, old)).success
        assert len(requests(rig, "GET", f"{ISSUER}/.well-known/jwks")) == 2


async def test_an_issuer_that_is_down(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig:
        run = run_here(rig)
        rig.faults.add("GET", ISSUER, "status", times=FOREVER, status=503)
        answer = await exchange(rig, token_of(rig, run))
        assert answer.status == 503
        assert f"could not read the keys of {rig.hub.base_url}{ISSUER}" in answer.message
        rig.faults.clear()
        rig.clock.at += 5
        assert (await exchange(rig, token_of(rig, run))).success
        rig.faults.add("GET", ISSUER, "dead_connection", times=FOREVER)
        rig.clock.at += 7200
        assert (await exchange(rig, token_of(rig, run))).success


async def test_a_token_from_before_a_transfer_takes_no_repository_from_us(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig:
        run, ours = run_here(rig), rig.repo.owner
        rig.repo.owner = replace(ours, login="former", id=999)
        token = token_of(rig, run)
        rig.repo.owner = ours
        answer = await exchange(rig, token)
        assert answer.status == 403
        assert "under an owner that it does not belong to any more" in answer.message
        assert (await exchange(rig, token_of(rig, run))).success
        assert rig.db.rows("SELECT installation FROM repos")[0]["installation"] != 0
