"""The benchmarks still run, at sizes at which their figures mean nothing."""

from __future__ import annotations

import re

import pytest

from benchmarks import __main__ as command
from benchmarks import calls, events, fuzz, memory, model, pages, rendering, uploads, webhooks, worlds
from benchmarks.report import Figure, machine, part, spread, table
from bot.domain.graph import build
from bot.events.upload import parse_upload


def told(figures: list[Figure]) -> str:
    """Print figures with their numbers taken out: what they measure stays."""
    return re.sub(r"\d+([.,]\d+)*", "#", table(figures))


def test_webhooks() -> None:
    figures = webhooks.measure(rounds=1, seconds=0.2, clients=2)
    assert told(figures).count("#/s, p# # ms") == 3
    assert "Switchyard with everything on" in told(figures)


def test_events() -> None:
    figures = events.measure((10, 20), steps=2)
    assert [figure.what for figure in figures] == [
        f"`workflow_run` {word}, from the inbox to the commit, {size} steps"
        for word in ("in_progress", "completed")
        for size in (10, 20)
    ]


def test_uploads() -> None:
    figures = uploads.measure([(20, worlds.LEAN), (20, worlds.NESTED)], rounds=1)
    assert told(figures).count("# ms") == 2


def test_memory() -> None:
    assert told(memory.measure((10, 20))).count("# MB") == 5


def test_rendering() -> None:
    figures = rendering.measure((10, 100), rounds=1)
    assert [figure.what for figure in figures] == [
        "Write the comment of 10 steps",
        "Draw 10 steps in 10 boxes for the first time, light and dark",
        "Draw 10 steps in 10 boxes in another state",
        "Write the comment of 100 steps",
        "Draw 100 steps in 10 boxes for the first time, light and dark",
        "Draw 100 steps in 10 boxes in another state",
        "Draw 100 steps in 100 boxes for the first time, light and dark",
        "Draw 100 steps in 100 boxes in another state",
    ]


def test_pages() -> None:
    assert [figure.what.partition(",")[0] for figure in pages.measure((10, 20), rounds=1)] == [
        "Write the page of 10 steps",
        "Tell that the page of 10 steps is the same",
        "Write the page of 20 steps",
        "Tell that the page of 20 steps is the same",
    ]


def test_calls() -> None:
    figures = calls.measure((3,))
    assert [figure.floor for figure in figures] == ["63", "63", "60", ""] * 2
    assert [float(figure.ratio) <= 1 for figure in figures if figure.ratio] == [True] * 6


def test_calls_end_where_a_comment_is_edited_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_MOST_EDITS", 0)
    with pytest.raises(RuntimeError, match=r"^The plan of 2 steps had the comment edited"):
        calls.measure((2,), applied=0)


def test_fuzz() -> None:
    tried, failed, unreadable, rows, memory_kept = fuzz.measure(inputs=600, processes=1)
    assert tried.measured == "600"
    assert (failed.measured, unreadable.measured) == ("0", "0")
    assert rows.measured == rows.floor != "0"
    assert memory_kept.measured.endswith(" MB")


def test_model() -> None:
    sequences, steps, runs, broken = model.measure(sequences=10, number=1)
    assert int(sequences.measured) >= 10
    assert "0" not in (steps.measured, runs.measured)
    assert broken.measured == "0"


def test_mutants() -> None:
    (caught,) = model.mutants(most=100, names=["a step does not wait for its parents"])
    assert caught.measured == "`parents_first`"


def test_what_takes_many_minutes_runs_only_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    for name in command.BENCHMARKS:
        monkeypatch.setitem(command.BENCHMARKS, name, lambda name=name: ran.append(name) or [])
    assert command.main([]) == 0
    assert ran == [name for name in command.BENCHMARKS if name not in command.LONG]
    assert {"calls", "fuzz", "model", "mutants"} == command.LONG


@pytest.mark.parametrize("needs", [worlds.LEAN, worlds.NESTED], ids=["lean", "nested"])
def test_an_upload_names_every_instance_once_with_its_settings(needs: dict[str, tuple[str, ...]]) -> None:
    graph = build(parse_upload(worlds.body(30, needs), {}).entries)
    assert len(graph.nodes) == 30
    assert all(node.pro and not node.problem for node in graph.nodes.values())
    assert {
        instance.component: tuple(sorted(parent.component for parent in above))
        for instance, above in graph.parents.items()
    } == {component: tuple(sorted(above)) for component, above in needs.items()}


def test_a_name_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["webhook"]) == 2
    assert "There is no benchmark webhook; there are webhooks, events" in capsys.readouterr().err


def test_the_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(command.BENCHMARKS, "events", lambda: [Figure("An event", "2 ms", "1 ms", "2.00")])
    assert command.main(["events"]) == 0
    assert capsys.readouterr().out == (
        "| what | measured | floor | ratio |\n"
        "| --- | --- | --- | --- |\n"
        "| An event | 2 ms | 1 ms | 2.00 |\n"
        f"\nMachine: {machine()}.\n"
    )


def test_how_figures_are_written() -> None:
    assert spread([3.0, 1.0, 2.0], 1, " ms") == "2.0 ms (1.0 to 3.0)"
    assert spread([1234.0]) == "1,234"
    assert part([float(value) for value in range(100)], 0.99) == 99.0
