"""The demo: the whole story once, what proves its order, and the demo that a person plays with."""

from __future__ import annotations

import importlib.util
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from rich.console import Console

from bot.cli import cli, demo, demo_proof, demo_story
from bot.cli.demo_play import Sight
from bot.cli.demo_screen import LiveScreen, PlainScreen
from bot.cli.demo_stage import Tempo
from bot.cli.demo_timeline import COMPLETION, DISPATCH, Event
from bot.sandbox import example
from bot.sandbox.state import Pull, Repo, User
from renderers import engine

VPC, CACHE, API = ("dev", "vpc"), ("dev", "cache"), ("dev", "api")
NEEDS = {VPC: (), CACHE: (VPC,), API: (CACHE,)}
PLAN = ("pull_request.opened", "a" * 40)


def test_the_whole_story_is_told_and_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_LIMIT", 300.0)
    quick = Tempo(queue=0.0, run=lambda _file, _inputs: 0.02, settle=0.1, dispatches_per_second=1000)
    monkeypatch.setattr(demo_story, "tempo", lambda: quick)
    (tmp_path / "comment-99-old.md").write_text("left by an earlier story")
    done = CliRunner().invoke(cli, ["demo", "--headless", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "✗" not in done.output
    assert "✓ 75 dispatches: none before its parents had succeeded (81 edges looked at)" in done.output
    assert "✓ plat-ue2-dev/cluster failed: the 4 behind it waited until its re-run had succeeded" in done.output
    assert "the CLI's statuses are shown: 9 changes, 21 no changes" in done.output
    assert "the CLI's statuses are shown: 30 applied" in done.output
    assert "✓ 10 of 10 runs in prod waited for a reviewer and were approved" in done.output
    assert "✓ one comment, edited in place" in done.output
    comments = sorted(path.name for path in tmp_path.glob("comment-*.md"))
    chapters = ("planning", "superseded", "planned", "merged", "approval", "blocked", "applied")
    assert comments == [f"comment-{number:02}-{name}.md" for number, name in enumerate(chapters, 1)]
    told = [(tmp_path / name).read_text().splitlines() for name in comments]
    assert len({lines[0] for lines in told}) == 1  # the marker: it is one and the same comment
    assert any("30 instances, 9 with changes" in line for line in told[2])
    assert any("4 blocked" in line for line in told[5])
    assert any("all 30 instances" in line for line in told[6])
    assert ElementTree.parse(tmp_path / "graph.svg").getroot().tag.endswith("svg")
    assert_in_order([json.loads(line) for line in (tmp_path / "timeline.jsonl").read_text().splitlines()])


def assert_in_order(lines: list[dict[str, Any]]) -> None:
    """Check the order once more, from the file alone and in another way."""
    succeeded: set[tuple[str, str, str]] = set()
    applied = []
    for line in lines:
        assert list(line)[:6] == ["time", "event", "stack", "component", "activity", "run_id"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        stack, component, activity = line["stack"], line["component"], line["activity"]
        if line["event"] == "completion" and line["conclusion"] == "success":
            succeeded.add((activity, stack, component))
        if line["event"] == "dispatch":
            assert {(activity, stack, need) for need in example.NEEDS[component]} <= succeeded
            applied += [(stack, component)] if activity == "pull_request.merged" else []
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    assert sorted(applied) == sorted((stack, component) for stack in example.STACKS for component in example.NEEDS)


def test_a_story_that_takes_too_long_says_what_it_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_LIMIT", 0.0)
    done = CliRunner().invoke(cli, ["demo", "--headless", "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "took longer than 0 seconds; it was waiting until the first plans are done" in done.output
    assert (tmp_path / "timeline.jsonl").exists()


def test_a_check_that_fails_fails_the_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checks = [demo_proof.Check(True, "this holds"), demo_proof.Check(False, "that does not")]
    with pytest.raises(Exception, match=r"Not everything went in order; .*timeline\.jsonl"):
        demo._report(checks, tmp_path)
    assert capsys.readouterr().out.split("\n")[1:3] == ["✓ this holds", "✗ that does not"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dot", "The graph is drawn by Graphviz (the program dot)."),
        ("pygraphviz", "The graph is drawn by Graphviz (from pygraphviz)."),
        (None, "There is no Graphviz here, so the graph is drawn by Mermaid, which only GitHub itself shows."),
    ],
    ids=["the program", "the wheel", "Mermaid"],
)
def test_what_draws_is_named(monkeypatch: pytest.MonkeyPatch, name: str | None, said: str) -> None:
    monkeypatch.setattr(engine, "engine_name", lambda: name)
    assert demo._engine() == said


@pytest.mark.parametrize(
    ("name", "why"),
    [(None, "there is no Graphviz here"), ("dot", "the comment shows none")],
    ids=["without Graphviz", "with Graphviz"],
)
def test_a_picture_that_is_not_there_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str | None,
    why: str,
) -> None:
    monkeypatch.setattr(engine, "engine_name", lambda: name)
    checks = [demo_proof.Check(True, "this holds")]
    demo._report(checks, tmp_path)
    assert capsys.readouterr().out.splitlines() == ["", "✓ this holds", f"no graph.svg: {why}", ""]
    (tmp_path / "graph.svg").touch()
    demo._report(checks, tmp_path)
    assert capsys.readouterr().out.splitlines() == ["", "✓ this holds", ""]


def test_without_the_extra_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(demo, "find_spec", lambda name: None if name == "nh3" else found(name))
    done = CliRunner().invoke(cli, ["demo", "--headless"])
    assert done.exit_code == 1
    assert (
        done.output == "Error: The demo needs nh3; run `make demo`, or `pip install 'atmos-switchyard[demo]'` first.\n"
    )


def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = CliRunner().invoke(cli, ["demo", "--headless", "--out", str(tmp_path), "--port", port])
    assert done.exit_code == 1
    assert f"Another program uses port {port}; give another one, or no --port." in done.output


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = CliRunner().invoke(cli, ["demo", "--headless", "--out", str(tmp_path / "file" / "out")])
    assert done.exit_code == 1
    assert "The demo cannot go on: " in done.output


def test_a_person_sees_the_page_and_ends_it() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        found = (re.search(r"http://\S+/pull/1$", line.strip()) for line in process.stdout)
        address = next((one[0] for one in found if one), "")
        assert address, process.communicate()[1]
        with urllib.request.urlopen(address, timeout=60) as page:
            assert "Widen the network" in page.read().decode()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
        assert (process.returncode, rest.splitlines()[-1], errors) == (0, "Ended.", "")
    finally:
        process.kill()
        process.communicate()


# What proves the order.


def story(*told: tuple[str, tuple[str, str], str]) -> list[Event]:
    """Make events, one each second: what, of which instance, and how it ended."""
    return [
        Event(float(time), event, *instance, PLAN[0], hash(instance), PLAN[1], conclusion)
        for time, (event, instance, conclusion) in enumerate(told)
    ]


def ran(*instances: tuple[str, str], how: str = "success") -> list[tuple[str, tuple[str, str], str]]:
    return [line for one in instances for line in ((DISPATCH, one, ""), (COMPLETION, one, how))]


def test_order_holds() -> None:
    check = demo_proof.in_order(story(*ran(VPC, CACHE, API)), NEEDS)
    assert check == demo_proof.Check(True, "3 dispatches: none before its parents had succeeded (2 edges looked at)")


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (story(*ran(CACHE)), "dev/cache was dispatched while dev/vpc was: not completed"),
        (story((DISPATCH, VPC, ""), *ran(CACHE)), "dev/cache was dispatched while dev/vpc was: not completed"),
        (story(*ran(VPC, how="failure"), *ran(CACHE)), "dev/cache was dispatched while dev/vpc was: failure"),
    ],
    ids=["no parent", "a parent under way", "a failed parent"],
)
def test_a_child_before_its_parent_is_found(events: Sequence[Event], said: str) -> None:
    assert demo_proof.in_order(events, NEEDS) == demo_proof.Check(False, said)


def test_success_in_another_rollout_does_not_count() -> None:
    earlier = [replace(event, sha="b" * 40) for event in story(*ran(VPC))]
    assert not demo_proof.in_order([*earlier, *story(*ran(CACHE))], NEEDS).holds


def test_two_dispatches_of_one_instance_are_found() -> None:
    assert demo_proof.once(story(*ran(VPC, CACHE))).holds
    assert demo_proof.once(story(*ran(VPC, VPC))).text == "dev/vpc was dispatched more than once in one rollout"


def test_what_did_not_succeed_is_found() -> None:
    assert demo_proof.complete(story(*ran(VPC, CACHE, API)), PLAN, list(NEEDS)).holds
    assert not demo_proof.complete(story(*ran(VPC, CACHE)), PLAN, list(NEEDS)).holds
    assert not demo_proof.complete(story(*ran(VPC, CACHE), *ran(API, how="failure")), PLAN, list(NEEDS)).holds


def test_a_superseded_rollout_stops() -> None:
    cancelled = story(*ran(VPC), *ran(CACHE, how="cancelled"))
    assert demo_proof.superseded(cancelled, PLAN, pushed_at=2.0).holds
    assert "dev/cache was dispatched after it" in demo_proof.superseded(cancelled, PLAN, pushed_at=1.0).text
    assert not demo_proof.superseded(story(*ran(VPC), (DISPATCH, CACHE, "")), PLAN, pushed_at=9.0).holds


def test_a_status_that_is_not_shown_is_found() -> None:
    steps = [
        {"stack": "dev", "component": "vpc", "result": "changes"},
        {"stack": "dev", "component": "cache", "result": None},
    ]
    told = [
        {"activity": PLAN[0], "sha": "b" * 40, "steps": [steps[0] | {"result": "error"}]},
        {"activity": PLAN[0], "sha": PLAN[1], "steps": steps},
    ]
    assert demo_proof.reported(told, PLAN, {VPC: "changes"}).holds
    wrong = demo_proof.reported(told, PLAN, {VPC: "changes", CACHE: "no changes"})
    assert wrong == demo_proof.Check(False, "dev/cache ended with no changes, but the bot says: None")
    assert not demo_proof.reported(told, PLAN, {API: "changes"}).holds


def test_a_failure_holds_back_what_is_behind_it_until_its_rerun() -> None:
    behind = demo_proof.behind(NEEDS, VPC)
    assert behind == {CACHE, API}
    again = [*ran(VPC, how="failure"), (COMPLETION, VPC, "success")]
    assert demo_proof.failed_once(story(*again, *ran(CACHE, API)), VPC, behind).holds
    assert not demo_proof.failed_once(story(*ran(VPC, how="failure")), VPC, behind).holds
    early = [*ran(VPC, how="failure"), *ran(CACHE), (COMPLETION, VPC, "success")]
    assert not demo_proof.failed_once(story(*early), VPC, behind).holds
    assert not demo_proof.failed_once(story(*again, *ran(CACHE, how="failure")), VPC, behind).holds


# What the terminal shows.


def sight(**statuses: str) -> Sight:
    """Make a pull request whose newest rollout has these statuses in the stack `dev`."""
    who = User("you", 1)
    repo = Repo(1, who, "infra", "main", False, 0.0)
    pull = Pull(1, 1, repo, repo, "change", "a" * 40, "main", "b" * 40, "Change vpc", who, False, 0.0, 0.0)
    steps = [{"stack": "dev", "component": name, "status": status} for name, status in statuses.items()]
    rollout = {"activity": "pull_request.opened", "status": "running", "steps": steps}
    return Sight(pull, "http://127.0.0.1:1/acme/infra/pull/1", rollout if statuses else None, "Look at the page.")


def test_a_terminal_shows_a_table() -> None:
    written = StringIO()
    with LiveScreen(Console(file=written, force_terminal=True, width=80, height=40, color_system=None)) as screen:
        screen.show([sight()])
        screen.show([sight(vpc="running", cache="waiting")])
    last = written.getvalue().rpartition("#1 Change vpc: ")[2]
    lines = [" ".join(line.split()) for line in last.splitlines()]
    assert lines[1:6] == [
        "http://127.0.0.1:1/acme/infra/pull/1",
        "Component dev",
        "vpc ▸ running",
        "cache … waiting",
        "0 of 2 succeeded, 1 under way, 1 waiting",
    ]


def test_what_is_no_terminal_gets_a_line_for_each_change() -> None:
    written = StringIO()
    screen = PlainScreen(Console(file=written, width=200))
    for statuses in ({}, {"vpc": "running", "cache": "waiting"}, {"vpc": "succeeded", "cache": "queued"}):
        screen.show([sight(**statuses)])
        screen.show([sight(**statuses)])
    end = "Look at the page. http://127.0.0.1:1/acme/infra/pull/1"
    assert written.getvalue().splitlines() == [
        f"#1 Change vpc: nothing planned yet. {end}",
        f"#1 Change vpc: pull_request.opened: running. {end}",
        "  #1 dev/vpc running",
        "  #1 dev/vpc succeeded",
        "  #1 dev/cache queued",
    ]
