"""Workflows without a secret: from the identity token of a run to the apply, at a repository known and unknown."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from bot.sandbox import Run, example
from bot.sandbox.atmos_api import Client
from tests.rig import Rig, open_rig
from tests.stories.small import DIAMOND, model

INPUTS = {"component": "vpc", "stack": "dev"}


def client(rig: Rig, session: aiohttp.ClientSession, run: Run) -> Client:
    """Be a command of the CLI in a run."""

    async def identity(audience: str) -> str:
        return rig.hub.issuer.token(run, rig.hub.base_url, audience)

    return Client(session, rig.url, workspace_id="any", identity=identity)


async def test_a_pull_request_is_planned_and_applied_without_a_secret(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND), oidc=True, statuses=True, workspace_id="ws_example") as rig:
        rig.scene.token = "no key at all"
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        wanted = [f"{verb} dev/{component}" for verb in ("plan", "apply") for component in "abcd"]
        assert sorted(rig.dispatched()) == sorted(wanted)
        assert [answer.status for answer in (*rig.scene.answers, *rig.scene.told)] == [200] * 10
        apply, plan = await rig.state(pull)
        assert {step["component"]: step["result"] for step in plan["steps"]} == {
            "a": "changes",
            "b": "no changes",
            "c": "no changes",
            "d": "no changes",
        }
        assert {step["result"] for step in apply["steps"]} == {"applied"}


async def test_another_workspace_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND), oidc=True, workspace_id="ours") as rig:
        rig.scene.open_pull(["a"])
        await rig.until_quiet()
        (answer,) = rig.scene.answers
        assert answer.status == 403
        assert "ATMOS_PRO_WORKSPACE_ID" in answer.message
        assert rig.dispatched() == []


async def test_only_the_workspace_itself_is_taken_and_a_refusal_spends_no_token(tmp_path: Path) -> None:
    async with open_rig(tmp_path, workspace_id="ours") as rig, aiohttp.ClientSession() as session:
        run = rig.hub.dispatch(rig.repo, example.PLAN, "main", INPUTS, rig.hub.bot)
        token = rig.hub.issuer.token(run, rig.hub.base_url, "atmos-pro.com")
        url = f"{rig.url}/api/v1/auth/github-oidc"
        told = []
        for workspace in ({}, {"workspaceId": None}, {"workspaceId": ""}, {"workspaceId": "Ours"}):
            async with session.post(url, json={"token": token} | workspace) as answer:
                told.append(answer.status)
        assert told == [403] * 4
        async with session.post(url, json={"token": token, "workspaceId": "ours"}) as answer:
            assert answer.status == 200


async def test_github_is_asked_about_a_repository_only_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig, aiohttp.ClientSession() as session:
        await rig.until_quiet()
        rig.sandbox.webhook_url = None  # so nobody tells of the repository
        repo = rig.hub.add_repo("other/infra", files=example.files())
        run = rig.hub.dispatch(repo, example.PLAN, "main", INPUTS, rig.hub.bot)
        assert (await rig.answers(client(rig, session, run).exchange())).success
        asked = len(rig.sandbox.requests)
        assert (await client(rig, session, run).exchange()).success
        assert rig.sandbox.requests[asked:] == []


async def test_where_the_app_is_not_installed_nobody_gets_in(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig, aiohttp.ClientSession() as session:
        repo = rig.hub.add_repo("other/infra", files=example.files())
        run = rig.hub.dispatch(repo, example.PLAN, "main", INPUTS, rig.hub.bot)
        await rig.until_quiet()
        assert (await client(rig, session, run).exchange()).success
        rig.hub.uninstall("other")
        await rig.until_quiet()
        answer = await rig.answers(client(rig, session, run).exchange())
        assert answer.status == 403
        assert "The Switchyard App is not installed in other/infra." in answer.message
