"""A simulation as text, as Markdown and as data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bot.cli.simulation import Send, Simulation
from bot.domain.graph import Instance
from bot.domain.model import Status, Step
from bot.domain.names import shown
from renderers.markdown import code, escape, fence, head, heading, prose, row
from renderers.words import commit, plural, word

Section = tuple[str, list[str]]  # title and lines
_LONGEST = 100_000  # characters of a line: a cycle is told whole


def text(simulation: Simulation) -> str:
    """Write a simulation for a terminal."""
    sections = [
        ("Waves", _waves(simulation)),
        *_findings(simulation),
        ("Dispatch calls, in this order", _calls(simulation)),
    ]
    written = [f"\n{title}\n" + "".join(f"  {line}\n" for line in lines) for title, lines in sections if lines]
    return "".join([f"{headline(simulation)}\n", *(f"{note}\n" for note in notes(simulation)), *written])


def markdown(simulation: Simulation, picture: str | None) -> str:
    """Write a simulation as Markdown, with its picture in Mermaid where there is one."""
    parts = [heading(escape(headline(simulation)))]
    parts += [prose(note) for note in notes(simulation)]
    if picture:
        parts.append(fence(picture, "mermaid"))
    if simulation.waves:
        rows = [
            row([str(number), code(str(step.instance)), _status(simulation, step), _codes(_parents(simulation, step))])
            for number, wave in enumerate(simulation.waves, 1)
            for step in wave
        ]
        parts.append("\n".join([head(["Wave", "Instance", "Status", "Waits for"]), *rows]))
    for title, lines in _findings(simulation):
        if lines:
            parts.append(f"{heading(title, 4)}\n\n" + "\n".join(f"- {prose(line, most=_LONGEST)}" for line in lines))
    if simulation.sends:
        parts += [heading("Dispatch calls, in this order", 4), fence("\n".join(_calls(simulation)), "text")]
    return "\n\n".join(parts) + "\n"


def data(simulation: Simulation) -> dict[str, Any]:
    """Give a simulation as JSON takes it."""
    wave_of = {step.index: number for number, wave in enumerate(simulation.waves, 1) for step in wave}
    rollout = simulation.walk.rollout
    return {
        "activity": rollout.activity,
        "phase": rollout.phase.value,
        "sha": rollout.sha,
        "ref": rollout.ref,
        "steps": [
            {
                **_keys(step.instance),
                "wave": wave_of.get(step.index),
                "status": simulation.found[step.index].status.value,
                "reason": _reason(simulation, step),
                "parents": [_keys(parent) for parent in _parents(simulation, step)],
            }
            for step in simulation.walk.steps
        ],
        "dispatches": [
            {**_keys(send.step.instance), "workflow": send.workflow, "ref": send.ref, "inputs": send.inputs}
            for send in simulation.sends
        ],
        "cycles": [[_keys(instance) for instance in path] for path in simulation.cycles],
        "passed_through": [{**_keys(instance), "reason": why} for instance, why in simulation.passed_through],
        "longest_chain": [_keys(instance) for instance in simulation.chain],
        "notes": notes(simulation),
    }


def headline(simulation: Simulation) -> str:
    """Say in one line what happens."""
    rollout, sends = simulation.walk.rollout, len(simulation.sends)
    steps = len(simulation.walk.steps)
    sha = rollout.sha if rollout.sha.startswith("<") else commit(rollout.sha)
    what = f"{plural(steps, 'instance')} in {plural(len(simulation.waves), 'wave')}" if steps else "nothing to run"
    return f"{rollout.activity} ({rollout.phase.value}) at {sha}: {what}, {plural(sends, 'dispatch', 'dispatches')}"


def notes(simulation: Simulation) -> list[str]:
    """Say what to know beside it, a sentence or two each."""
    upload, told = simulation.upload, []
    if upload.batch_total > 1:
        told.append(
            f"This is part {upload.batch_index + 1} of {upload.batch_total} of an upload; the rest is missing here."
        )
    if simulation.passed_through and not simulation.walk.steps:
        told.append(
            f"The file names no workflow for {simulation.walk.rollout.activity}. {_instead(simulation)}".strip()
        )
    if simulation.sends:
        told.append("The workflow files are not looked at here: that they exist and declare these inputs is assumed.")
    return told


def _instead(simulation: Simulation) -> str:
    """Say what the file has in place of workflows for the activity; empty where it has nothing."""
    if not simulation.has_settings:
        return "Was the list printed with `--include-dependents --include-settings`?"
    return f"It names {shown(', '.join(simulation.named), 300)}." if simulation.named else ""


def _waves(simulation: Simulation) -> list[str]:
    lines = []
    for number, wave in enumerate(simulation.waves, 1):
        for place, step in enumerate(wave):
            parents = ", ".join(_near(parent, step.instance) for parent in _parents(simulation, step))
            status = simulation.found[step.index].status
            mark = "" if status in (Status.READY, Status.WAITING) else f"  [{word(status)}]"
            after = f"  after {parents}" if parents else ""
            lines.append(f"{number if not place else '':>3}  {_name(step.instance)}{after}{mark}")
    return lines


def _findings(simulation: Simulation) -> list[Section]:
    """Tell what is special, a section each; a section may have no lines."""
    alone = [step for step in simulation.of(Status.FAILED) if step.instance not in simulation.looped]
    blocked = simulation.of(Status.BLOCKED)
    return [
        ("Longest chain", [" → ".join(map(_name, simulation.chain))] if len(simulation.chain) > 1 else []),
        ("Dependency cycles, which have no order", [_cycle(path) for path in simulation.cycles]),
        ("Fails", [f"{_name(step.instance)}: {step.problem}" for step in alone]),
        ("Blocked", [f"{_name(step.instance)}: {_reason(simulation, step)}" for step in blocked]),
        ("Left for people", [f"{_name(step.instance)}: {step.manual}" for step in simulation.of(Status.MANUAL)]),
        ("Passed through", [f"{_name(instance)}: {why}" for instance, why in simulation.passed_through]),
    ]


def _calls(simulation: Simulation) -> list[str]:
    return [f"{number:>3}  {_call(send)}" for number, send in enumerate(simulation.sends, 1)]


def _call(send: Send) -> str:
    inputs = json.dumps(send.inputs, ensure_ascii=False)
    return f"{_name(send.step.instance)}  {send.workflow}  ref={send.ref}  {inputs}"


def _reason(simulation: Simulation, step: Step) -> str:
    state = simulation.found[step.index]
    if state.status is Status.BLOCKED and state.cause is not None:
        cause = simulation.walk.steps[state.cause]
        how = "is on a dependency cycle" if cause.instance in simulation.looped else "does not succeed"
        return f"{_name(cause.instance)} {how}"
    return step.problem or step.manual


def _cycle(path: Iterable[Instance]) -> str:
    names = [_name(instance) for instance in path]
    if len(names) == 1:
        return f"{names[0]} depends on itself"
    return ", ".join(
        f"{child} depends on {parent}" for parent, child in zip(names, [*names[1:], names[0]], strict=True)
    )


def _parents(simulation: Simulation, step: Step) -> list[Instance]:
    return [simulation.walk.steps[parent].instance for parent in step.parents]


def _name(instance: Instance) -> str:
    return shown(str(instance), 120)


def _near(instance: Instance, beside: Instance) -> str:
    """Name an instance shortly where it is in the same stack."""
    return shown(instance.component, 120) if instance.stack == beside.stack else _name(instance)


def _status(simulation: Simulation, step: Step) -> str:
    return word(simulation.found[step.index].status)


def _codes(instances: Iterable[Instance]) -> str:
    return ", ".join(code(str(instance)) for instance in instances)


def _keys(instance: Instance) -> dict[str, str]:
    return {"stack": instance.stack, "component": instance.component}
