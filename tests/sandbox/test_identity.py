"""Identity tokens of workflow runs: checked as a stranger would, by the keys that the issuer publishes."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from bot.sandbox import HubError, Program, Run
from tests.sandbox.conftest import APPLY, FILES, Rig

AUDIENCE = "atmos-pro.com"
MAY = "permissions: {id-token: write, contents: read}\n"


def may_identify(rig: Rig, *names: str) -> None:
    """Give workflow files on the default branch the permission."""
    files: dict[str, str | None] = {f".github/workflows/{name}": FILES[f".github/workflows/{name}"] for name in names}
    rig.hub.push(
        rig.repo, "main", {path: f"{MAY}{text}" for path, text in files.items()}, message="Allow", author="ada"
    )


def ask(rig: Rig, file: str, tokens: list[str]) -> None:
    """Let runs of a workflow file ask for an identity token."""

    async def program(program: Program) -> str:
        tokens.append(await program.identity_token(AUDIENCE))
        return "success"

    rig.hub.programs[file] = program


async def claims(rig: Rig, token: str, **changed: Any) -> dict[str, Any]:
    """Check a token as the issuer's pages say; raises jwt.InvalidTokenError."""
    issuer = f"{rig.url}/_services/token"
    async with rig.http.get(f"{issuer}/.well-known/openid-configuration") as answer:
        assert answer.status == 200
        told = await answer.json()
    assert told["issuer"] == issuer
    async with rig.http.get(told["jwks_uri"]) as answer:
        keys = jwt.PyJWKSet.from_dict(await answer.json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    # The sandbox's clock is not the machine's.
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    return jwt.decode(token, key, audience=AUDIENCE, issuer=issuer, options=options)


def only_run(rig: Rig, event: str) -> Run:
    (run,) = [run for run in rig.hub.runs.values() if run.event == event]
    return run


async def test_a_run_of_an_open_pull_request_tells_its_test_merge(rig: Rig) -> None:
    tokens: list[str] = []
    may_identify(rig, "affected.yaml")
    ask(rig, "affected.yaml", tokens)
    pull = rig.pull()
    await rig.after(5)
    told = await claims(rig, tokens[0])
    run, ada, owner = only_run(rig, "pull_request"), rig.hub.user("ada"), rig.repo.owner
    assert run.sha not in (pull.head_sha, rig.repo.tip.sha)
    now = int(rig.clock())
    assert told.pop("jti")
    assert told == {
        "iss": f"{rig.url}/_services/token",
        "aud": AUDIENCE,
        "iat": now,
        "nbf": now - 600,
        "exp": now + 300,
        "sub": f"repo:acme@{owner.id}/infra@{rig.repo.id}:pull_request",
        "repository": "acme/infra",
        "repository_id": str(rig.repo.id),
        "repository_owner": "acme",
        "repository_owner_id": str(owner.id),
        "repository_visibility": "public",
        "ref": "refs/pull/1/merge",
        "ref_type": "branch",
        "sha": run.sha,
        "head_ref": "feature",
        "base_ref": "main",
        "event_name": "pull_request",
        "actor": "ada",
        "actor_id": str(ada.id),
        "workflow": "Affected",
        "workflow_ref": "acme/infra/.github/workflows/affected.yaml@refs/pull/1/merge",
        "workflow_sha": run.sha,
        "job_workflow_ref": "acme/infra/.github/workflows/affected.yaml@refs/pull/1/merge",
        "job_workflow_sha": run.sha,
        "run_id": str(run.id),
        "run_number": "1",
        "run_attempt": "1",
        "check_run_id": str(run.latest.jobs[0].id),
        "runner_environment": "github-hosted",
    }


async def test_a_run_of_a_merged_one_tells_the_merge_commit(rig: Rig) -> None:
    tokens: list[str] = []
    may_identify(rig, "affected.yaml")
    pull = rig.pull()
    await rig.after(60)
    ask(rig, "affected.yaml", tokens)
    merge = rig.hub.merge(pull, by="bea")
    await rig.after(60)
    told = await claims(rig, tokens[0])
    names = ("ref", "sha", "head_ref", "base_ref", "event_name", "actor")
    assert [told[name] for name in names] == ["refs/heads/main", merge, "feature", "main", "pull_request", "bea"]


async def test_a_dispatched_run_tells_its_environment_and_each_attempt(rig: Rig) -> None:
    tokens: list[str] = []
    may_identify(rig, "apply.yaml")
    ask(rig, "apply.yaml", tokens)
    run = await rig.dispatch("apply.yaml", github_environment="prod")
    await rig.after(60)
    rig.hub.rerun(run.id, failed_only=False, by="bea")
    await rig.after(60)
    first, second = [await claims(rig, token) for token in tokens]
    assert (first["environment"], first["event_name"], first["ref"]) == ("prod", "workflow_dispatch", "refs/heads/main")
    assert first["sub"].endswith(":environment:prod")
    assert (first["head_ref"], first["base_ref"]) == ("", "")
    assert (first["run_attempt"], second["run_attempt"]) == ("1", "2")
    assert first["run_id"] == second["run_id"] == str(run.id)
    assert first["actor"] == second["actor"] == "switchyard[bot]"
    assert first["jti"] != second["jti"]


async def test_only_a_job_with_the_permission_gets_one(rig: Rig) -> None:
    tokens: list[str] = []
    job = APPLY.replace("    runs-on", "    permissions: {id-token: write}\n    runs-on")
    none = f"permissions: write-all\n{APPLY}".replace("    runs-on", "    permissions: {}\n    runs-on")
    everything = f"permissions: write-all\n{APPLY}"
    for number, (text, given) in enumerate([(APPLY, 0), (job, 1), (none, 1), (everything, 2)]):
        rig.hub.push(rig.repo, "main", {".github/workflows/apply.yaml": text}, message=str(number), author="ada")
        ask(rig, "apply.yaml", tokens)
        run = await rig.dispatch("apply.yaml", github_environment="prod")
        await rig.after(60)
        assert len(tokens) == given
        assert run.conclusion == ("failure" if "HubError" in run.latest.log else "success")
    assert "No job of .github/workflows/apply.yaml has the permission `id-token: write`." in [
        line.rpartition("HubError: ")[2] for run in rig.hub.runs.values() for line in run.latest.log.splitlines()
    ]


async def test_a_fork_gets_none(rig: Rig) -> None:
    may_identify(rig, "affected.yaml")
    rig.hub.fork(rig.repo, "eve")
    rig.hub.push(rig.hub.repo("eve/infra"), "feature", {"a.txt": "a"}, message="Change a", author="eve")
    rig.hub.open_pull(rig.repo, head="feature", title="Change a", author="eve", fork=True)
    await rig.after(60)
    run = only_run(rig, "pull_request")
    with pytest.raises(HubError, match="fork"):
        rig.hub.issuer.token(run, rig.url, AUDIENCE)


async def test_keys_rotate(rig: Rig) -> None:
    may_identify(rig, "plan.yaml")
    run = await rig.dispatch()
    issuer, tokens = rig.hub.issuer, []
    for _ in range(3):
        tokens.append(issuer.token(run, rig.url, AUDIENCE))
        issuer.rotate()
        assert (await claims(rig, tokens[-1]))["run_id"] == str(run.id)
    assert len({jwt.get_unverified_header(token)["kid"] for token in tokens}) == 3
    with pytest.raises(KeyError):
        await claims(rig, tokens[0])
