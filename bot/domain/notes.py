"""What a comment notes of a whole rollout: what has no workflow, and what may go wrong with the runs of a file."""

from __future__ import annotations

from collections import defaultdict

from bot.domain.checkup import workflows
from bot.domain.graph import Instance
from bot.domain.layout import Layout
from bot.domain.pro import Call, Files, WorkflowFile


def of(made: Layout, files: Files) -> tuple[str, ...]:
    """Note what is known when a rollout begins, each thing once: of files the same as the doctor says."""
    calls: dict[str, list[tuple[Instance, Call]]] = defaultdict(list)
    for step in made.steps:
        for call in step.calls:
            calls[call.workflow].append((step.instance, call))
    told = [_passed_through(made.passed_through)] if made.passed_through else []
    for name in sorted(calls):
        if isinstance(file := files.get(name), WorkflowFile):
            told += workflows.remarks(file, calls[name])
    return tuple(told)


def _passed_through(count: int) -> str:
    what = "1 instance names" if count == 1 else f"{count} instances name"
    return f"{what} no workflow for this activity and only keeps its place in the order."
