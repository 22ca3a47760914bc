"""`switchyard approve`, as somebody on the server sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

from bot.cli import cli
from bot.domain.events import Approved, Wanted
from bot.domain.model import Hold, HoldKind, Pull, Repo, Status, Step
from bot.domain.pro import Call, Phase
from bot.domain.rollout import Draft
from bot.store import audit, pulls, repos, rollouts
from bot.store.db import Db, connect, transaction
from bot.store.migrations import migrate
from tests.web.test_rollout_json import SENT, step, walk

UNREVIEWED = Hold(HoldKind.UNREVIEWED, "no plan of it succeeded at aaaaaaa before the merge")
DESTROY = Hold(HoldKind.DESTROY, "it would be destroyed, which must be approved by its name")
STACK = Hold(HoldKind.STACK, "somebody other than dora must approve what is applied to stacks like d*")
PULL = Pull(
    repo_id=7,
    number=42,
    title="Widen the network",
    author="dora",
    head_ref="wider",
    head_sha="a" * 40,
    base_ref="main",
    base_sha="b" * 40,
    fork=False,
    draft=False,
    open=False,
    merged=True,
    merge_sha="c" * 40,
    merged_at=200.0,
    updated_at=200.0,
    activity="synchronize",
    epoch=1,
    head_since=100.0,
)


def held(index: int, *holds: Hold) -> Step:
    calls = (Call("apply.yaml", ()),)
    return step(index, calls=calls, holds=holds, destroys=DESTROY in holds)


def doubtful(index: int) -> Step:
    return step(index, dispatches=(replace(SENT, step=index, status=Status.HELD),))


def keep(db: Db, *steps: Step, **changes: Any) -> None:
    apply = walk(*steps, **{"phase": Phase.APPLY, "activity": "pull_request.merged", "sha": "c" * 40} | changes)
    draft = Draft(apply)
    for dispatch in (one for each in steps for one in each.dispatches):
        draft.put_dispatch(dispatch)
    with transaction(db):
        rollouts.save(db, draft, new=True, now=0.0)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Db]:
    path = tmp_path / "test.db"
    monkeypatch.setenv("SWITCHYARD_DATABASE", str(path))
    monkeypatch.setattr("bot.cli.database.getpass.getuser", lambda: "root")
    db = connect(path)
    migrate(db)
    with transaction(db):
        repos.save(db, Repo(7, "acme", "infra", 1, "main"), 0.0)
        pulls.save(db, PULL)
    yield db
    db.close()


def run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, ["approve", *words], input=typed, catch_exceptions=False)


def asked(db: Db) -> list[Approved]:
    found = db.rows("SELECT lane, repo_id, body FROM inbox WHERE kind = 'approve' ORDER BY id")
    assert all((row["lane"], row["repo_id"]) == ("7#42", 7) for row in found)
    return [msgspec.json.decode(row["body"], type=Approved) for row in found]


def test_what_is_let_go_is_shown_and_asked_about(database: Db, snapshot: SnapshotAssertion) -> None:
    keep(database, held(0, UNREVIEWED, STACK), held(1, DESTROY), doubtful(2), step(3))
    done = run("acme/infra#42", typed="y\n")
    assert done.exit_code == 0
    assert done.output == snapshot
    assert asked(database) == [Approved(3, "root", (Wanted("dev", "c0", (UNREVIEWED, STACK)),))]


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_who_does_not_say_yes_lets_nothing_go(database: Db, typed: str) -> None:
    keep(database, held(0, UNREVIEWED))
    assert run("acme/infra#42", typed=typed).exit_code == 1
    assert asked(database) == []


def test_what_is_refused_is_noted(database: Db) -> None:
    keep(database, held(0, STACK), held(1, DESTROY))
    assert run("acme/infra#42", "--by", "dora").exit_code == 1
    found = [(line.entry.actor, line.entry.action, line.entry.instance) for line in audit.since(database, 0.0)]
    assert found == [("dora", "refuse", "dev/c0"), ("dora", "refuse", "dev/c1")]


def test_targets_a_name_and_no_question(database: Db, snapshot: SnapshotAssertion) -> None:
    keep(database, held(0, UNREVIEWED), held(1, DESTROY), doubtful(2))
    done = run("ACME/infra#42", "dev/c1", "dev/c2", "--by", "lead", "--yes")
    assert done.exit_code == 0
    assert done.output == snapshot
    (one,) = asked(database)
    assert one.by == "lead"
    assert one.steps == (
        Wanted("dev", "c1", (DESTROY,), named=True),
        Wanted("dev", "c2", (), named=True, doubts=("d1",)),
    )


def test_a_long_list_is_cut(database: Db) -> None:
    keep(database, *(held(index, UNREVIEWED) for index in range(60)))
    done = run("acme/infra#42", "--yes")
    assert done.output.count("dev/c") == 50
    assert "  and 10 more\n" in done.output
    assert len(asked(database)[0].steps) == 60


def test_the_newest_rollout_that_counts_is_meant(database: Db) -> None:
    keep(database, held(0, UNREVIEWED), id=3)
    keep(database, held(0, STACK), id=4)
    keep(database, held(0, DESTROY), id=5, superseded_by="a push of 1f0c2aa")
    run("acme/infra#42", "--yes")
    assert [one.rollout_id for one in asked(database)] == [4]


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        (["acme/infra#42"], []),
        (["acme/infra#42"], [step(0)]),
        (["acme/infra#42"], [held(0, DESTROY)]),
        (["acme/infra#42", "--by", "dora"], [held(0, STACK)]),
        (["acme/infra#42", "c9"], [held(0, STACK)]),
        (["acme/infra#42", "dev/c1"], [held(0, STACK), step(1)]),
        (["acme/other#42"], []),
    ],
    ids=["no rollout", "not held", "destroyed", "the author", "no such", "not that", "no such repository"],
)
def test_why_nothing_is_let_go(database: Db, words: list[str], steps: list[Step], snapshot: SnapshotAssertion) -> None:
    if steps:
        keep(database, *steps)
    done = run(*words, "--yes")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == snapshot
    assert asked(database) == []


@pytest.mark.parametrize(
    "words",
    [["acme/infra"], ["acme#42"], ["acme/infra#0"], ["acme/infra#42", "--by", "not a login"], ["acme/infra#1#2"]],
)
def test_wrong_words(database: Db, words: list[str]) -> None:
    keep(database, held(0, UNREVIEWED))
    done = run(*words, "--yes")
    assert done.exit_code == 2
    assert asked(database) == []


def test_a_user_without_a_name_must_say_who_approves(database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 1000")

    monkeypatch.setattr("bot.cli.database.getpass.getuser", nobody)
    keep(database, held(0, UNREVIEWED))
    done = run("acme/infra#42", "--yes")
    assert done.exit_code == 2
    assert "say who you are, by a login" in done.stderr
    assert run("acme/infra#42", "--yes", "--by", "lead").exit_code == 0
