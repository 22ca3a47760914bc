"""`switchyard run`, as somebody on the server sees it: what is shown, what is asked, what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

from bot.cli import cli
from bot.domain.graph import Graph, Instance, Node
from bot.domain.lanes import lane_of_pull
from bot.domain.model import Repo, ServerRun
from bot.domain.order import Anchor
from bot.store import freezes, inventory, pulls, repos, shared, uploads
from bot.store.db import Db, connect, transaction
from bot.store.freezes import Freeze
from bot.store.migrations import migrate
from tests.cli.test_approve import PULL, keep
from tests.web.test_rollout_json import SENT, step

SHA = "c" * 40


def workflows(*activities: str, file: str = "apply.yaml") -> dict[str, Any]:
    """Write `settings.pro` that names a file for activities of pull requests."""
    return {"pull_request": {name: {"workflows": {file: {}}} for name in activities}}


#: The whole graph of two stacks: eks needs vpc, both apps need eks, and the monitoring has no workflows.
PRO = workflows("opened", "merged", "deleted")
NEEDS: Mapping[str, tuple[tuple[str, ...], dict[str, Any] | None]] = {
    "dev/vpc": ((), PRO),
    "dev/eks": (("dev/vpc",), PRO),
    "dev/app/web": (("dev/eks",), PRO),
    "dev/app/jobs": (("dev/eks",), PRO),
    "prod/vpc": ((), workflows("merged")),
    "prod/eks": (("prod/vpc",), workflows("merged")),
    "prod/monitoring": (("prod/eks",), None),
}


def named(name: str) -> Instance:
    return Instance(*name.split("/", 1))


def remember(db: Db, needs: Mapping[str, tuple[tuple[str, ...], dict[str, Any] | None]]) -> None:
    nodes = [Node(named(name), pro) for name, (_, pro) in needs.items()]
    edges = [(named(parent), named(name)) for name, (parents, _) in needs.items() for parent in parents]
    with transaction(db):
        uploads.remember(db, 7, Graph.of(nodes, edges), 100.0)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Db]:
    path = tmp_path / "test.db"
    monkeypatch.setenv("SWITCHYARD_DATABASE", str(path))
    monkeypatch.setenv("SWITCHYARD_UNPLANNED", "allow")
    monkeypatch.setattr("bot.cli.database.getpass.getuser", lambda: "root")
    monkeypatch.setattr("time.time", lambda: 1_000.0)
    db = connect(path)
    migrate(db)
    with transaction(db):
        repos.save(db, Repo(7, "acme", "infra", 1, "main"), 0.0)
        shared.save_anchor(db, 7, "main", Anchor(SHA, 5))
    remember(db, NEEDS)
    yield db
    db.close()


def run(*words: str, sha: str = SHA, typed: str = "y\n") -> Result:
    given = ["run", "acme/infra", *words, "--sha", sha, "--wait", "0"]
    return CliRunner().invoke(cli, given, input=typed, catch_exceptions=False)


def asked(db: Db) -> list[ServerRun]:
    found = db.rows("SELECT lane, repo_id, body FROM inbox WHERE kind = 'run_wanted' ORDER BY id")
    assert all((row["lane"], row["repo_id"]) == (f"7~{number}", 7) for number, row in enumerate(found, 1))
    return [msgspec.json.decode(row["body"], type=ServerRun) for row in found]


@pytest.mark.parametrize(
    "words",
    [
        ["eks", "--downstream"],
        ["dev/vpc", "--dependents-only"],
        ["dev", "--activity", "pull_request.opened"],
        ["dev/vpc", "dev//app/web"],
        ["prod"],
    ],
    ids=["downstream", "dependents only", "a plan", "through what is left out", "passed through"],
)
def test_it_is_shown_and_asked_about(database: Db, words: list[str], snapshot: SnapshotAssertion) -> None:
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert done.output == snapshot
    assert [(one.by, one.sha, one.at) for one in asked(database)] == [("root", SHA, 1_000.0)]


def test_what_is_asked_for_is_what_was_shown(database: Db) -> None:
    assert run("dev/eks", "--downstream", "--by", "lead", "--yes", typed="").exit_code == 0
    (one,) = asked(database)
    assert one.instances == (named("dev/app/jobs"), named("dev/app/web"), named("dev/eks"))
    assert (one.by, one.activity, one.destroys) == ("lead", "pull_request.merged", False)


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_who_does_not_say_yes_starts_nothing(database: Db, typed: str) -> None:
    assert run("dev", typed=typed).exit_code == 1
    assert asked(database) == []


def test_a_destroy_is_typed_out(database: Db, snapshot: SnapshotAssertion) -> None:
    done = run("dev", "--reverse", "--yes", typed="destroy 4 in acme/infra\n")
    assert done.exit_code == 0, done.output
    assert done.output == snapshot
    (one,) = asked(database)
    assert (one.activity, one.destroys) == ("pull_request.deleted", True)


@pytest.mark.parametrize("typed", ["y\n", "\n", "destroy 3 in acme/infra\n", "DESTROY 4 in acme/infra\n"])
def test_nothing_else_destroys(database: Db, typed: str) -> None:
    done = run("dev", "--reverse", "--yes", typed=typed)
    assert done.exit_code == 1
    assert "nothing is destroyed" in done.output
    assert asked(database) == []


def test_everything_that_keeps_it_is_shown(
    database: Db, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    monkeypatch.setenv("SWITCHYARD_UNPLANNED", "hold")
    monkeypatch.setenv("SWITCHYARD_APPROVE_STACKS", "d*")
    monkeypatch.setenv("SWITCHYARD_BREAKER_APPLY", "3")
    with transaction(database):
        freezes.begin(database, Freeze(7, "an audit", "dora", 900.0))
        sql = "INSERT INTO locks VALUES (7, 'dev/eks', 'l', 'h', 'octocat', 'do not touch', 900, 900, 4600)"
        database.write(sql)
    done = run("dev", typed="n\n")
    assert done.output == snapshot


def test_what_a_newer_commit_was_applied_to_is_told(database: Db, snapshot: SnapshotAssertion) -> None:
    with transaction(database):
        pulls.save(database, PULL)
        shared.save_anchor(database, 7, "main", Anchor("d" * 40, 9))
        database.write("UPDATE pulls SET position = 5")
    keep(
        database,
        step(0, instance=named("dev/vpc"), dispatches=(SENT,)),
        lane=lane_of_pull(7, 43),
        branch="main",
        position=9,
        sha="d" * 40,
    )
    done = run("dev", typed="n\n")
    assert done.output == snapshot


def test_a_commit_of_which_nothing_is_known_may_be_an_old_one(database: Db) -> None:
    done = run("dev", sha="e" * 40)
    assert "Where this commit stands in its branch is looked up at GitHub first." in done.output


@pytest.mark.parametrize(
    "words",
    [
        ["dev/vcp"],
        ["@failed"],
        ["prod/monitoring"],
        ["prod/vpc", "--activity", "release.published"],
        ["dev/app/web", "--dependents-only"],
        ["dev/vpc", "--reverse"],
        ["dev/vpc", "dev/eks", "dev/app/jobs", "--reverse"],
        ["prod", "--reverse"],
    ],
    ids=[
        "did you mean",
        "no such group",
        "no workflow",
        "not for this",
        "nothing below",
        "something needs it",
        "something else needs it",
        "cannot be destroyed",
    ],
)
def test_why_nothing_is_run(database: Db, words: list[str], snapshot: SnapshotAssertion) -> None:
    done = run(*words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == snapshot
    assert asked(database) == []


def test_what_was_only_listed_has_no_place_in_an_order(database: Db, snapshot: SnapshotAssertion) -> None:
    with transaction(database):
        inventory.seen(database, 7, [inventory.Entry("dev", "new", "terraform", None)], 200.0)
    done = run("dev")
    assert done.exit_code == 1
    assert done.stderr == snapshot


def test_a_repository_of_which_nothing_is_remembered(database: Db) -> None:
    with transaction(database):
        repos.save(database, Repo(8, "acme", "new", 1, "main"), 0.0)
    for name, told in (("acme/new", "Nothing is remembered of acme/new"), ("acme/other", "knows no repository")):
        done = CliRunner().invoke(cli, ["run", name, "dev", "--sha", SHA], catch_exceptions=False)
        assert done.exit_code == 1
        assert told in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dev", "--downstream", "--dependents-only"],
        ["dev", "--activity", "pull_request.deleted"],
        ["dev", "--activity", "merged"],
        ["dev", "--reverse", "--activity", "release.published"],
        ["dev", "--by", "not a login"],
        ["dev", "--sha", "main"],
        ["dev", "--sha", "abc"],
        ["dev", "--wait", "-1"],
    ],
)
def test_wrong_words(database: Db, words: list[str]) -> None:
    done = CliRunner().invoke(cli, ["run", "acme/infra", "--sha", SHA, *words], catch_exceptions=False)
    assert done.exit_code == 2
    assert asked(database) == []


def test_wrong_settings_are_named(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCHYARD_BREAKER_APPLY", "many")
    done = run("dev")
    assert done.exit_code == 1
    assert "SWITCHYARD_BREAKER_APPLY is 'many'" in done.stderr
    assert asked(database) == []
