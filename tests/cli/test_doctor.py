"""The doctor's command: what it writes, and how it ends."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from bot.cli import cli, initial
from bot.cli.examining import here, told
from bot.domain.checkup import kinds_github, kinds_here, kinds_repository, repositories, workflows
from bot.domain.checkup.facts import Disk, RepositoryFacts
from bot.domain.checkup.findings import Finding
from bot.domain.checkup.kinds import KINDS, UNSEEN
from bot.domain.graph import Instance
from bot.domain.troubles import Trouble
from bot.github.workflows import parse
from bot.sandbox import example
from tests import doctor_page
from tests.rig import app_key

FOUND = told.arranged(
    [
        Finding(kinds_here.SETTINGS_OK, "All settings can be used."),
        Finding(kinds_here.CLOCK_OFF, "This machine's clock is 45 seconds ahead of GitHub's."),
        Finding(kinds_here.DATABASE_PASSING, "/srv/switchyard/switchyard.db is in memory (tmpfs)."),
        Finding(
            kinds_github.WEBHOOK_ELSEWHERE,
            "The App's webhook leads to https://old.example.com/webhooks/github, and "
            "https://switchyard.example.com/webhooks/github is here.",
            page="https://github.com/organizations/acme/settings/apps/switchyard",
        ),
        Finding(UNSEEN, "It could not be looked at. It took longer than 10 seconds.", of="deliveries"),
        Finding(kinds_github.REPOSITORY_OK, "The App is installed on acme/infra.", "acme/infra"),
        Finding(
            kinds_repository.WORKFLOW_SHA,
            "`.github/workflows/atmos-terraform-apply.yaml` does not declare the input `sha`.",
            "acme/infra",
        ),
        Finding(kinds_repository.UPLOAD_OK, "The last one came 2 hours ago, for #42 at 0123456.", "acme/infra"),
    ]
)
DOCS = "https://docs.example.com"


class Text(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


def run(*words: str, **environ: str) -> Result:
    clean = {name: None for name in os.environ if name.startswith(("SWITCHYARD_", "GITHUB_", "PUBLIC_"))}
    return CliRunner().invoke(cli, ["doctor", *words], env={**clean, **environ})


def schema() -> Draft202012Validator:
    (block,) = re.findall(r"```json\n(.*?)```", doctor_page.PAGE.read_text(), re.DOTALL)
    Draft202012Validator.check_schema(json.loads(block))
    return Draft202012Validator(json.loads(block))


@pytest.mark.parametrize("width", [44, 80, 120])
def test_the_text(snapshot: SnapshotAssertion, width: int) -> None:
    plain = re.sub(r"\x1b\[\d+m", "", told.as_text(FOUND, width, "", DOCS))
    assert f"{plain}\n" == snapshot(extension_class=Text)
    long = [line for line in plain.splitlines() if len(line) > width and not re.match(r" *(\S+)$", line)]
    assert long == []


def test_the_json() -> None:
    whole = json.loads(told.as_json(FOUND, "", DOCS))
    schema().validate(whole)
    assert (whole["version"], whole["ok"]) == (1, False)
    assert whole["counts"] == {"ok": 3, "warning": 3, "fault": 2}
    apply = whole["findings"][-2]
    assert (apply["check"], apply["finding"], apply["repository"]) == ("upload", "upload-ok", "acme/infra")
    assert (apply["means"], apply["do"], apply["link"], apply["page"]) == (None, None, None, None)
    disk = whole["findings"][1]
    assert (disk["finding"], disk["link"], disk["page"]) == ("database-passing", None, "docs/hosting.md#the-disk")
    assert whole["findings"][-1]["link"] == f"{DOCS}/troubleshooting.md#the-input-sha-is-not-declared"


def test_every_setting_that_is_wrong_is_told_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    done = run(SWITCHYARD_DATABASE=str(tmp_path / "x.db"), PORT="many", SWITCHYARD_MODE="observe")
    assert done.exit_code == 1
    assert "\x1b" not in done.stdout
    for sentence in (
        "GITHUB_APP_ID is not set.",
        "GITHUB_APP_PRIVATE_KEY is not set.",
        "GITHUB_WEBHOOK_SECRET is not set.",
        "PORT is 'many'; give a whole number between 0 and 65535.",
        "→ Correct PORT.",
        "There is no file",
        "GitHub was not asked: GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY must be right first.",
        "PUBLIC_URL is not set.",
        "Mend the faults first; something does not work.",
    ):
        assert sentence in " ".join(done.stdout.split())
    assert "4 faults, " in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_as_json_by_the_command(tmp_path: Path) -> None:
    done = run("--json", SWITCHYARD_DATABASE=str(tmp_path / "none" / "x.db"), PUBLIC_URL="ftp://x")
    whole = json.loads(done.stdout)
    schema().validate(whole)
    assert done.exit_code == 1
    unseen = {one["check"]: one["says"] for one in whole["findings"] if one["finding"] == "unseen"}
    assert unseen["database"] == "It could not be looked at. SWITCHYARD_DATABASE is not right."
    assert unseen["address"] == "It could not be looked at. PUBLIC_URL is not right."


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    private, _ = app_key()
    environ = {
        "SWITCHYARD_DATABASE": str(tmp_path / "x.db"),
        "GITHUB_APP_ID": "1",
        "GITHUB_APP_PRIVATE_KEY": private,
        "GITHUB_WEBHOOK_SECRET": "hush-hush",
        "GITHUB_API_URL": "http://127.0.0.1:1",
    }
    done = run("--repo", "acme/infra", **environ)
    assert "GitHub could not be reached" in " ".join(done.stdout.split())
    assert "hush-hush" not in done.output
    assert private.splitlines()[1] not in done.output
    assert done.exit_code == 1


@pytest.mark.parametrize("words", [["--repo", "infra"], ["--repo", "a/b/c"], ["--all"], ["infra"]])
def test_a_wrong_command_line(words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_an_older_file_is_not_read_as_ours(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    sqlite3.connect(path).close()
    path.write_bytes(b"")
    kept = here.database(str(path), "")
    assert (kept.facts.trouble, kept.facts.pending > 0, kept.repositories) == ("", True, {})


MOUNTS = r"""
1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 0:2 / /data rw shared:1 - overlay none rw
3 2 0:3 /of\040mine /data/my\040disk rw - xfs /dev/sdb1 rw
4 1 0:4 / /database rw - nfs4 server:/ rw
not a mount
5 1 0:5 / /late rw - tmpfs none rw
6 1 0:6 / /late rw - btrfs none rw
"""


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/x.db", "ext4"),
        ("/data/x.db", "overlay"),
        ("/data/my disk/x.db", "xfs"),
        ("/database/x.db", "nfs4"),
        ("/late/x.db", "btrfs"),
    ],
)
def test_the_disk_of_a_file(path: str, found: str) -> None:
    assert here.disk(Path(path), MOUNTS).filesystem == found
    assert here.disk(Path(path), "") == Disk()


def test_which_folder_of_the_disk_is_mounted_where() -> None:
    assert here.disk(Path("/data/my disk/x.db"), MOUNTS) == Disk("xfs", "/data/my disk", "/of mine")
    assert here.disk(Path("/x.db"), MOUNTS, heroku=True) == Disk("ext4", "/", "/", heroku=True)


def test_the_page_has_every_finding() -> None:
    assert doctor_page.PAGE.read_text() == doctor_page.page(), "`make fix` writes it again"


def test_what_is_wrong_says_what_to_do() -> None:
    for kind in KINDS:
        assert kind.found.endswith("."), kind.name
        if kind.grade != "ok":
            assert kind.do, kind.name
            assert re.fullmatch(r"[a-z-]+\.md(#[a-z0-9-]+)?", kind.page), kind.name
    assert len({kind.name for kind in KINDS}) == len(KINDS) > 60
    named: set[Any] = {kind.page.partition("#")[2] for kind in KINDS if kind.page.startswith("troubleshooting")}
    assert len(named) <= len(Trouble)


@pytest.mark.parametrize("docs", ["", DOCS])
def test_what_is_wrong_says_where_to_read_on(docs: str) -> None:
    for kind in KINDS:
        told_of = told.as_text([Finding(kind, "It is so.")], 200, docs, docs)
        links = re.findall(r"^ +(\S+)$", told_of, re.MULTILINE)
        named = re.findall(r"^ +More: docs/(\S+) in Switchyard's repository\.$", told_of, re.MULTILINE)
        wrong = kind.grade != "ok"
        assert links == ([f"{docs}/{kind.page}"] if wrong and docs else []), kind.name
        assert named == ([kind.page] if wrong and not docs else []), kind.name
        assert (f"→ {kind.do}" in told_of) == wrong, kind.name


def test_what_init_writes_is_all_right() -> None:
    templates = (Path(initial.__file__).parent / "templates").glob("atmos-*.yaml")
    files = {path.name: parse(path.name, path.read_bytes(), on_default_branch=True) for path in templates}
    facts = RepositoryFacts("acme/infra", "https://github.com/acme/infra", "main", files, environments={"dev": True})
    wants = workflows.wanted({Instance("dev", "vpc"): example.settings_pro("vpc", "dev", destroyed=True)})
    found = [*workflows.workflows(facts, wants), *repositories.environments(facts, wants)]
    assert [one.kind.name for one in found] == ["workflow-ok"] * 3 + ["environment-ok"]
    assert [one.kind.name for one in repositories.uploader(facts, "ws_x", uploaded=False)] == ["uploader-ok"]
