from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest

from bot.metrics import Metrics
from bot.store import inbox, outbox
from bot.store.db import Db, connect, transaction
from bot.store.migrations import migrate

DOCS = Path(__file__).parents[1] / "docs" / "api.md"
OPERATING = DOCS.with_name("operating.md")


@pytest.fixture
def db(tmp_path: Path) -> Db:
    db = connect(tmp_path / "test.db")
    migrate(db)
    return db


@pytest.fixture
def metrics(db: Db, tmp_path: Path) -> Metrics:
    return Metrics(str(tmp_path / "test.db"), lambda: 100.0)


def read(metrics: Metrics) -> dict[str, float]:
    lines = generate_latest(metrics.registry).decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line.startswith("switchyard_") and "_created" not in line)
    return {name: float(value) for name, value in pairs}


def test_an_empty_database(metrics: Metrics) -> None:
    assert read(metrics) == {
        "switchyard_inbox_oldest_seconds": 0.0,
        'switchyard_inbox_rows{state="new"}': 0.0,
        'switchyard_inbox_rows{state="parked"}': 0.0,
        'switchyard_inbox_rows{state="dead"}': 0.0,
        "switchyard_outbox_oldest_seconds": 0.0,
        "switchyard_dispatches_in_flight": 0.0,
        "switchyard_dispatches_in_doubt": 0.0,
        'switchyard_dispatches_total{result="sent"}': 0.0,
        'switchyard_dispatches_total{result="refused"}': 0.0,
        'switchyard_dispatches_total{result="held"}': 0.0,
        'switchyard_comment_edits_total{result="made"}': 0.0,
        'switchyard_comment_edits_total{result="saved"}': 0.0,
    }


def test_what_the_database_says(db: Db, metrics: Metrics) -> None:
    with transaction(db):
        for guid in ("a", "b", "c"):
            inbox.put(db, "push", b"{}", guid=guid, now=40.0)
        inbox.bury(db, 1, now=50.0, reason="broken")
        inbox.park(db, 2, "run:9", repo_id=None, reason="early")
        outbox.wish(db, "run", "d1", lane="7#1", repo_id=7, now=70.0, due=80.0)
        outbox.begin(db, "run:d1")
        outbox.doubt(db, "run:d1", since=75.0, due=90.0, error="timeout", looks=1)
        db.write(
            "INSERT INTO dispatches VALUES "
            "('d1', 1, 0, 7, '7#1', 'plan.yml', 'dispatching', 1, 1, 0, 1, x'', 70.0, 0, 0)"
        )
    found = read(metrics)
    assert found["switchyard_inbox_oldest_seconds"] == 60.0
    assert [found[f'switchyard_inbox_rows{{state="{state}"}}'] for state in ("new", "parked", "dead")] == [1, 1, 1]
    assert found["switchyard_outbox_oldest_seconds"] == 10.0
    assert found["switchyard_dispatches_in_flight"] == 1.0
    assert found["switchyard_dispatches_in_doubt"] == 1.0


def test_what_the_loops_tell(metrics: Metrics) -> None:
    metrics.dispatch("held")
    for status in (200, 200, 201, 403, 0):
        metrics.github_request("GET", status)
    metrics.comment_edit(made=True)
    metrics.comment_edit(made=False)
    metrics.comment_edit(made=False)
    metrics.rate_limit_left(5, 4321)
    found = read(metrics)
    counted = {
        status: found[f'switchyard_github_requests_total{{status="{status}"}}']
        for status in ("200", "201", "403", "none")
    }
    assert counted == {"200": 2.0, "201": 1.0, "403": 1.0, "none": 1.0}
    assert found['switchyard_dispatches_total{result="held"}'] == 1.0
    assert found['switchyard_comment_edits_total{result="made"}'] == 1.0
    assert found['switchyard_comment_edits_total{result="saved"}'] == 2.0
    assert found['switchyard_github_rate_limit_remaining{installation="5"}'] == 4321.0


def test_the_docs_list_exactly_the_metrics(metrics: Metrics) -> None:
    metrics.github_request("GET", 200)
    metrics.rate_limit_left(5, 1)
    told = {re.sub(r"\{.*", "", name) for name in read(metrics)}
    assert set(re.findall(r"`(switchyard_\w+)`", DOCS.read_text())) == told


#: What an expression is made of: ranges, texts, names, numbers and signs. Nothing else may be in one.
PROMQL = re.compile(r"""\[\d+[smhd]\]|"[^"]*"|[a-z_]+|\d+(?:\.\d+)?|[(){}<>=!~,+*/-]+|\s+""")
FUNCTIONS = {"sum", "min", "max", "rate", "increase", "by"}


def rules() -> list[dict[str, Any]]:
    """Read the alerts that the docs offer."""
    (block,) = re.findall(r"^```yaml\n(groups:.+?)^```", OPERATING.read_text(), re.MULTILINE | re.DOTALL)
    (group,) = yaml.safe_load(block)["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_is_there_and_says_what_to_do(metrics: Metrics, rule: dict[str, Any]) -> None:
    metrics.github_request("GET", 200)
    metrics.rate_limit_left(5, 1)
    labels = {re.sub(r"\{.*", "", name): set(re.findall(r"(\w+)=", name)) for name in read(metrics)} | {"up": {"job"}}
    parts = PROMQL.findall(rule["expr"])
    assert "".join(parts) == rule["expr"]
    assert all(rule["expr"].count(a) == rule["expr"].count(b) for a, b in ("()", "{}", "[]"))
    told = {part for part in parts if re.fullmatch("[a-z_]+", part)} - FUNCTIONS
    asked = told & labels.keys()
    assert asked
    assert told - asked <= set().union(*(labels[name] for name in asked))
    for name, chosen in re.findall(r"([a-z_]+)\{(.+?)\}", rule["expr"]):
        assert {re.split("[=!~]", one)[0] for one in chosen.split(",")} <= labels[name]
    for name in re.findall(r"(?:rate|increase)\(([a-z_]+)", rule["expr"]):
        assert name.endswith("_total")
    assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert re.search(rf"^\|.*`{rule['alert']}`.*\| .+ \| .+ \|$", OPERATING.read_text(), re.MULTILINE)


def test_every_metric_is_watched_or_is_for_a_dashboard() -> None:
    assert set(re.findall(r"switchyard_\w+", OPERATING.read_text())) == set(
        re.findall(r"`(switchyard_\w+)`", DOCS.read_text())
    )
