"""The doctor, on an installation where all is well, and on ones where one thing is not."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner

from bot.cli import cli
from bot.cli.doctor import Doctor
from bot.cli.examining import here
from bot.domain.checkup.findings import Finding
from bot.domain.checkup.kinds import CHECKS
from bot.domain.model import Repo
from bot.sandbox import example
from bot.store import keys, repos
from bot.store.db import transaction
from tests.rig import open_rig
from tests.stories.clinic import PLAIN_DISK, Clinic, checks, open_clinic
from tests.stories.helping import APPLY_PATH, PLAN_PATH, model, wide, without_id

DAY = 86_400.0
#: The calls that an examination of one repository takes, at most.
FEW = 20


async def test_all_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch, drawing=True) as clinic:
        before, rows = len(clinic.rig.sandbox.requests), dump(clinic)
        findings = await clinic.examine()
        assert [f"{one.check}: {one.says}" for one in findings if one.kind.grade != "ok"] == []
        assert checks(findings) == set(CHECKS)
        asked = clinic.rig.sandbox.requests[before:]
        assert len(asked) <= FEW
        assert {(one.method, one.path.rpartition("/")[2]) for one in asked if one.method != "GET"} == {
            ("POST", "access_tokens")
        }
        assert dump(clinic) == rows


def dump(clinic: Clinic) -> list[str]:
    return list(clinic.rig.db.conn.iterdump())


Spoil = Callable[[Clinic], Any]


@contextmanager
def changed(thing: Any, **values: Any) -> Iterator[None]:
    before = {name: getattr(thing, name) for name in values}
    for name, value in values.items():
        setattr(thing, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(thing, name, value)


def hub_app(clinic: Clinic, **permissions: str) -> Any:
    app = clinic.rig.hub.app
    return changed(app, permissions={**app.permissions, **permissions})


def installed(clinic: Clinic) -> Any:
    return clinic.rig.hub.installation_of(clinic.rig.repo)


def without(values: Any, *names: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in names}


AT_GITHUB: dict[str, tuple[Spoil, str, str]] = {
    "app-lacks": (
        lambda c: changed(c.rig.hub.app, permissions={**c.rig.hub.app.permissions, "actions": "read"}),
        "Actions: it has Read-only; Read and write is for",
        "permissions",
    ),
    "app-differs": (lambda c: hub_app(c, secrets="read"), "secrets: it has Read-only", "permissions"),
    "repository-lacks": (
        lambda c: changed(installed(c), permissions=without(installed(c).permissions, "issues")),
        "Issues: it has No access",
        "/settings/installations/",
    ),
    "repository-differs": (
        lambda c: changed(installed(c), events=[one for one in installed(c).events if one != "check_suite"]),
        "The event Check suite is not subscribed",
        "/settings/installations/",
    ),
    "repository-suspended": (
        lambda c: changed(installed(c), suspended_at=1.0),
        "The installation on acme/infra is suspended.",
        "/settings/installations/",
    ),
    "webhook-none": (lambda c: changed(c.rig.sandbox.hooks, url=None), "no address for its webhook", "settings/apps"),
    "webhook-elsewhere": (
        lambda c: changed(c.rig.sandbox.hooks, url="https://old.example/webhooks/github"),
        "leads to https://old.example/webhooks/github, and https://127.0.0.1:",
        "settings/apps/switchyard",
    ),
    "webhook-form": (lambda c: changed(c.rig.sandbox.hooks, content_type="form"), "is form, not json", "settings/apps"),
    "webhook-unsigned": (lambda c: changed(c.rig.sandbox.hooks, secret=""), "has no secret", "settings/apps"),
    "actions-off": (
        lambda c: both(
            changed(c.rig.repo, actions_enabled=False),
            changed(installed(c), permissions={**installed(c).permissions, "administration": "read"}),
        ),
        "GitHub Actions is turned off for acme/infra.",
        "acme/infra/settings/actions",
    ),
    "environment-missing": (
        lambda c: changed(c.rig.repo, environments={}),
        "The repository has no environment `dev`",
        "acme/infra/settings/environments",
    ),
    "environment-open": (
        lambda c: changed(c.rig.repo.environment("dev"), reviewers=[]),
        "The environment `dev` has no protection rule.",
        "acme/infra/settings/environments",
    ),
}


@contextmanager
def both(one: Any, other: Any) -> Iterator[None]:
    with one, other:
        yield


async def test_what_github_has_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        for name, (spoil, says, page) in AT_GITHUB.items():
            with spoil(clinic):
                found = told_wrong(await clinic.examine())
            also = {"actions-off": ["repository-differs"]}.get(name, [])  # the permission that tells it is one too many
            assert sorted(one.kind.name for one in found) == sorted([name, *also]), name
            (one,) = (one for one in found if one.kind.name == name)
            assert says in one.says, name
            assert page in one.page, name
        assert await clinic.wrong() == []


def told_wrong(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.kind.grade != "ok"]


def file(path: str, before: str, after: str) -> dict[str, str | None]:
    assert before in example.files()[path]
    return {path: example.files()[path].replace(before, after)}


GROUP = "jobs:\n"
FILES: dict[str, list[tuple[dict[str, str | None], str]]] = {
    "workflow-missing": [({PLAN_PATH: None}, f"`{PLAN_PATH}` is not on the branch main; dev/vpc names it.")],
    "workflow-unreadable": [({PLAN_PATH: "on: ["}, "is not YAML that can be read")],
    "workflow-unstartable": [(file(PLAN_PATH, "workflow_dispatch:", "workflow_call:"), "no `workflow_dispatch`")],
    "workflow-sha": [
        (file(APPLY_PATH, "      sha: { type: string }\n", ""), f"`{APPLY_PATH}` does not declare the input `sha`.")
    ],
    "workflow-tip": [(file(PLAN_PATH, "      sha: { type: string }\n", ""), "does not declare the input `sha`")],
    "workflow-inputs": [
        (file(PLAN_PATH, "      component:", "      part: { required: true }\n      component:"), "requires the input"),
        (file(PLAN_PATH, "      stack: { type: string, required: true }\n", ""), "the input `stack`, which"),
    ],
    "workflow-untitled": [(file(PLAN_PATH, "/${{ inputs.atmos_pro_run_id }}", ""), "do not carry the input")],
    "workflow-group": [
        (file(PLAN_PATH, GROUP, f"concurrency: one\n{GROUP}"), "has the `concurrency` group `one`"),
        (
            file(APPLY_PATH, GROUP, "concurrency:\n  group: ${{ github.ref }}-${{ inputs.stack }}\njobs:\n"),
            "which instances share",
        ),
    ],
    "environment-untold": [
        (file(APPLY_PATH, "inputs.github_environment }}\n", "vars.STAGE }}\n"), "Nobody can tell which environment")
    ],
    "uploader-workspace": [
        (
            {
                ".github/workflows/atmos-pro.yaml": example.AFFECTED_FILE.replace(
                    "${{ vars.ATMOS_PRO_WORKSPACE_ID }}", "ws_other"
                )
            },
            "`atmos-pro.yaml` names the workspace ws_other, not ws_example.",
        )
    ],
}
FINE = {
    "a group for each run": file(PLAN_PATH, GROUP, "concurrency: plan-${{ github.run_id }}\njobs:\n"),
    "a group for each instance": file(
        APPLY_PATH, GROUP, "concurrency: ${{ github.workflow }}-${{ inputs.stack }}-${{ inputs.component }}\njobs:\n"
    ),
    "the same workspace": {
        ".github/workflows/atmos-pro.yaml": example.AFFECTED_FILE.replace(
            "${{ vars.ATMOS_PRO_WORKSPACE_ID }}", "ws_example"
        )
    },
}


async def test_workflow_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        clinic.settings = replace(clinic.settings, workspace_id="ws_example")
        for name, cases in FILES.items():
            for changes, says in cases:
                found = told_wrong(await with_files(clinic, changes))
                assert [one.kind.name for one in found] == [name]
                assert says in found[0].says
                assert "/acme/infra/" in found[0].page
        for name, changes in FINE.items():
            assert told_wrong(await with_files(clinic, changes)) == [], name


async def with_files(clinic: Clinic, changes: dict[str, str | None]) -> list[Finding]:
    """Have the doctor look while the default branch has other files."""
    repo = clinic.rig.repo
    before, tip = dict(repo.branches), repo.tip
    tree = {path: text for path, text in {**tip.tree, **changes}.items() if text is not None}
    repo.commits["other"] = replace(tip, sha="other", tree=tree)
    repo.branches[repo.default_branch] = "other"
    try:
        return await clinic.examine()
    finally:
        repo.branches = before


async def test_a_workflow_that_is_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        clinic.rig.repo.workflows[PLAN_PATH].enabled = False
        (found,) = told_wrong(await clinic.examine())
        assert (found.kind.name, found.says) == ("workflow-off", f"`{PLAN_PATH}` is turned off.")
        assert found.page.endswith(f"/acme/infra/actions/workflows/{example.PLAN}")


@asynccontextmanager
async def at_the_address(clinic: Clinic, status: int, body: str = "{}", **headers: str) -> AsyncIterator[None]:
    clinic.answer = web.Response(status=status, text=body, headers=headers, content_type="application/json")
    yield
    assert clinic.answer is None


async def test_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        for name, status, body, headers, says in (
            ("address-redirected", 301, "", {"Location": "https://www.example/healthz"}, "sends on to https://www.ex"),
            ("address-wrong", 404, "not here", {}, "answers with status 404, and not as Switchyard does"),
            ("address-wrong", 503, '{"live": false, "role": "worker"}', {}, "is not well"),
            ("address-other", 200, '{"live": true, "role": "worker", "instance": "0"}', {}, "Another Switchyard"),
        ):
            async with at_the_address(clinic, status, body, **headers):
                (found,) = told_wrong(await clinic.examine())
            assert (found.kind.name, says in found.says) == (name, True)
        monkeypatch.delenv("SSL_CERT_FILE")
        (found,) = told_wrong(await clinic.examine())
        assert found.kind.name == "address-certificate"
        assert "self-signed certificate" in found.says.lower().replace("self signed", "self-signed")
        assert await elsewhere(clinic, clinic.rig.url) == ["address-plain"]
        assert await elsewhere(clinic, f"http://127.0.0.1:{unused()}") == ["address-unreached", "address-plain"]
        assert await elsewhere(clinic, "") == ["webhook-untold", "address-unset"]


async def elsewhere(clinic: Clinic, url: str) -> list[str]:
    with changed(clinic.rig.sandbox.hooks, url=f"{url}/webhooks/github"):
        return await clinic.wrong(public_url=url)


def unused() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def test_deliveries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        hooks, rig = clinic.rig.sandbox.hooks, clinic.rig
        fine = f"{rig.url}/webhooks/github"
        for name, spoil, says in (
            ("deliveries-unsigned", {"url": fine, "secret": "another"}, "401 Invalid HTTP Response: 401"),
            ("deliveries-astray", {"url": f"{rig.url}/elsewhere"}, "404 Invalid HTTP Response: 404"),
            ("deliveries-unreached", {"url": f"http://127.0.0.1:{unused()}"}, "502 failed to connect to host"),
        ):
            await happens(clinic, **spoil)
            (found,) = told_wrong(await clinic.examine())
            assert (found.kind.name, says in found.says) == (name, True)
            assert "1 did not arrive, the latest just now" in found.says
            assert found.page.endswith("/settings/apps/switchyard/advanced")
            hooks.log = [one for one in hooks.log if not one.failed]
        rig.faults.hooks("push", "lose")
        await happens(clinic, url=fine)
        assert await clinic.wrong() == ["deliveries-late"]
        await happens(clinic, url=fine)
        assert await clinic.wrong() == ["deliveries-mended"]
        hooks.log.clear()
        assert await clinic.wrong() == ["deliveries-none"]


async def happens(clinic: Clinic, **hooks: str) -> None:
    """Have one webhook sent while the webhook is set up so; the bot does not look at it."""
    with changed(clinic.rig.sandbox.hooks, **hooks):
        clinic.rig.scene.push("elsewhere", note=f"{len(clinic.rig.repo.commits)}")
        await clinic.rig.sandbox.pump()


async def test_the_clock_and_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        clinic.hours_ahead = 45 / 3600
        assert await clinic.wrong() == ["clock-off"]
        clinic.hours_ahead = -2.0
        found = told_wrong(await clinic.examine())
        assert [one.kind.name for one in found] == ["clock-wrong", "key-refused", "unseen"]
        assert found[0].says == "This machine's clock is 2 hours behind GitHub's."
        clinic.hours_ahead = 0.0
        found = told_wrong(await clinic.examine(app_id=4712))
        assert [one.kind.name for one in found] == ["key-refused", "unseen"]
        assert "of the App 4712" in found[0].says


async def test_github_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        clinic.rig.faults.add("GET", "/app/hook/deliveries$", "hold")
        findings = await clinic.examine(patience=1.0)
        (slow,) = (one for one in findings if one.check == "deliveries")
        assert slow.kind.name == "unseen"
        assert slow.says.startswith("It could not be looked at. ")
        assert "key-ok" in [one.kind.name for one in findings]
        clinic.rig.faults.clear()
        clinic.rig.faults.add("GET", "/environments$", "status", status=403)
        findings = await clinic.examine()
        (refused,) = told_wrong(findings)
        assert (refused.check, "refused this with status 403" in refused.says) == ("environment", True)
        assert "workflow-ok" in [one.kind.name for one in findings]
        clinic.rig.faults.add("GET", "/app/hook/deliveries$", "status", status=500)
        (broken,) = told_wrong(await clinic.examine())
        assert (broken.check, broken.says) == (
            "deliveries",
            "It could not be looked at. GitHub is in trouble (status 500).",
        )
        nowhere = f"http://127.0.0.1:{unused()}"
        found = told_wrong(await clinic.examine(api_url=nowhere))
        assert [one.kind.name for one in found] == ["unseen", "key-unreached", "unseen"]
        assert [one.check for one in found] == ["clock", "key", "app"]
        assert found[1].says == f"{nowhere} was asked. GitHub could not be reached."


async def test_repositories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        rig = clinic.rig
        (gone,) = [one for one in told_wrong(await clinic.examine("acme/other")) if one.check == "repository"]
        assert gone.says == "The App is not installed on acme/other, or there is no such repository."
        assert gone.page.endswith("/apps/switchyard/installations/new")
        assert "acme/infra" not in str(await clinic.examine("acme/other"))
        with transaction(rig.db):
            for number in range(6):
                repos.save(rig.db, Repo(number + 1, "acme", f"r{number}", 1, "main"), 0.0)
        findings = await clinic.examine()
        assert len({one.where for one in findings if one.where}) == 5
        assert "7 repositories are known, and 5 were looked at." in [one.says for one in findings]


async def test_before_the_first_upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = without_id(PLAN_PATH)
    async with open_clinic(tmp_path, monkeypatch, uploaded=False, files=files) as clinic:
        found = told_wrong(await clinic.examine("acme/infra"))
        assert [one.kind.name for one in found] == [
            "actions-untold",
            "upload-none",
            "workflow-untitled",
            "environment-unknown",
        ]
        assert found[-1].says == (
            "No upload names a workflow yet, so the environments of stacks are not known. "
            "The repository has `dev` (with a protection rule)."
        )
        assert found[-1].page.endswith("/acme/infra/settings/environments")
        clinic.rig.hub.add_environment(clinic.rig.repo, "prod")
        (found_now,) = [one for one in await clinic.examine("acme/infra") if one.check == "environment"]
        assert "has `dev` (with a protection rule) and `prod` (without a protection rule)." in found_now.says
        clinic.rig.repo.environments.clear()
        (found_now,) = [one for one in await clinic.examine("acme/infra") if one.check == "environment"]
        assert found_now.says.endswith("are not known. The repository has none.")
        del clinic.rig.repo.tip.tree[".github/workflows/atmos-pro.yaml"]
        assert "uploader-none" in await clinic.wrong("acme/infra")


async def test_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        rig, now = clinic.rig, clinic.rig.clock()
        usual = {"repo_id": rig.repo.id, "allow": keys.DEFAULT}
        with transaction(rig.db):
            keys.add(rig.db, "swy_a", now=now - 50 * DAY, name="old", expires_at=now - DAY, **usual)
            keys.add(rig.db, "swy_b", now=now - 50 * DAY, name="ci", **usual)
            soon = keys.add(rig.db, "swy_c", now=now, expires_at=now + DAY, **usual)
            gone = keys.add(rig.db, "swy_d", now=now - 50 * DAY, name="gone", **usual)
            keys.revoke(rig.db, gone, now)
        says = [one.says for one in told_wrong(await clinic.examine())]
        assert [re.sub(r"key \d+ ", "", one) for one in says] == [
            "(old): ended, and not revoked.",
            f"key {soon}: ends within two weeks.",
            "(ci): not used for a month.",
        ]
        assert "swy_" not in str(await clinic.examine())


async def test_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        rig = clinic.rig
        rig.bot.lock.release()
        assert await clinic.wrong() == ["process-none"]
        assert rig.bot.lock.take()
        for kind, told in (
            ("tmpfs", "database-passing"),
            ("overlay", "database-passing"),
            ("nfs4", "database-network"),
        ):
            clinic.mounts = f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:1 / {tmp_path} rw - {kind} none rw\n"
            assert await clinic.wrong() == [told]
        root = f"/volumes/{'0a' * 32}/_data"
        clinic.mounts = f"23 22 0:1 {root} {tmp_path} rw - ext4 /dev/sda1 rw\n"
        (nameless,) = told_wrong(await clinic.examine())
        assert nameless.says.endswith(f"is in a volume without a name at {tmp_path}, and a new container gets another.")
        clinic.mounts = ""
        assert await clinic.wrong() == []
        with transaction(rig.db):
            sql = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('switchyard', 'm999', '')"
            rig.db.write(sql)
        assert "database-newer" in await clinic.wrong()
        with transaction(rig.db):
            rig.db.write("DELETE FROM _sqlite_migrations")
        assert "database-older" in await clinic.wrong()
        assert await only_of(clinic, "database", database=str(tmp_path / "none.db")) == ["database-missing"]
        assert not (tmp_path / "none.db").exists()
        (tmp_path / "bad.db").write_text("This is no database at all, whatever its name says.")
        assert await only_of(clinic, "database", database=str(tmp_path / "bad.db")) == ["database-unusable"]


async def test_how_the_command_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        monkeypatch.setattr("bot.cli.doctor.Doctor", partial(Doctor, now=clinic.rig.clock))
        monkeypatch.setattr(here, "mounts", lambda: PLAIN_DISK)
        assert await typed(clinic) == (0, "0 faults, 0 warnings")
        assert await typed(clinic, DYNO="web.1") == (0, "0 faults, 1 warning")
        assert await typed(clinic, PUBLIC_URL="") == (0, "0 faults, 2 warnings")
        with changed(clinic.rig.repo, environments={}):
            assert await typed(clinic) == (1, "1 fault, 0 warnings")


async def typed(clinic: Clinic, **more: str) -> tuple[int, str]:
    """Run the command as people do; returns how it ended, and what it counted that is not right."""
    settings = clinic.settings
    env = {
        "SWITCHYARD_DATABASE": settings.database,
        "GITHUB_APP_ID": str(settings.app_id),
        "GITHUB_APP_PRIVATE_KEY": settings.private_key,
        "GITHUB_WEBHOOK_SECRET": settings.webhook_secret,
        "GITHUB_API_URL": settings.api_url,
        "PUBLIC_URL": settings.public_url,
    }
    done = await asyncio.to_thread(CliRunner().invoke, cli, ["doctor"], env=env | more)
    return done.exit_code, done.output.splitlines()[-1].rpartition(", ")[0]


async def only_of(clinic: Clinic, check: str, **changes: Any) -> list[str]:
    return [one.kind.name for one in await clinic.examine(**changes) if one.check == check]


async def test_beside_a_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server writes while the doctor looks: neither spoils the other's work."""
    async with open_clinic(tmp_path, monkeypatch) as clinic:
        monkeypatch.setattr("bot.store.db._LOOKING", 0.05)
        with transaction(clinic.rig.db):
            (busy,) = [one for one in told_wrong(await clinic.examine("acme/infra")) if one.check == "database"]
            assert busy.says.endswith("cannot be used: database is locked.")
        assert await clinic.wrong() == []


async def test_the_comment_tells_it_too_where_it_bites(tmp_path: Path) -> None:
    files = without_id(PLAN_PATH)
    files[PLAN_PATH] = files[PLAN_PATH].replace(GROUP, f"concurrency: terraform\n{GROUP}")
    async with open_rig(tmp_path, model=model(wide(3)), files=files) as rig:
        pull = rig.scene.open_pull(wide(3))
        await rig.passes(10)
        text = rig.comment(pull)
        for remark in (
            f"The titles of the runs of `{example.PLAN}` do not carry the input `atmos_pro_run_id`.",
            f"`{example.PLAN}` has the `concurrency` group `terraform`, which instances share.",
            "Put component and stack into the group's name, or leave `concurrency` out.",
        ):
            assert text.replace("\\_", "_").count(remark) == 1, text
