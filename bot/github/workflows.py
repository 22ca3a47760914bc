"""What a workflow file says: what it takes, and whether it can be dispatched at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from bot.domain.names import shown
from bot.domain.pro import DISPATCH_ID, ProProblem, WorkflowFile

#: Far above any workflow file, and what can be read in a few seconds. Anybody with a branch can write one.
MOST_BYTES = 256 * 1024
#: What a workflow that uploads affected stacks names: the CLI's command, or the action that runs it.
_UPLOADING = (b"describe affected", b"affected-stacks")
#: A workspace that is written out; an expression is known to GitHub alone.
_WORKSPACE = re.compile(rb"""ATMOS_PRO_WORKSPACE_ID:[ ]*["']?([\w.-]{1,200})["']?[ ]*$""", re.MULTILINE)


def check_size(workflow: str, size: int) -> None:
    """Raise ProProblem for a file that is too large to be read."""
    if size > MOST_BYTES:
        raise ProProblem(f"`{shown(workflow)}` is larger than {MOST_BYTES // 1024} kB, so it is not read; shorten it.")


def parse(workflow: str, content: bytes, *, on_default_branch: bool) -> WorkflowFile:
    """Find in a workflow file's YAML what dispatching it needs.

    Raises ProProblem where it cannot be understood. Takes up to seconds for the largest file: not for the event loop.
    """
    told = _load(workflow, content)
    triggers = _triggers(told.get("on"))
    inputs = _mapping(_mapping(triggers.get("workflow_dispatch")).get("inputs"))
    return WorkflowFile(
        path=workflow,
        inputs=frozenset(inputs),
        required=frozenset(name for name, about in inputs.items() if _is_required(_mapping(about))),
        run_name_has_id=f"inputs.{DISPATCH_ID}" in str(told.get("run-name", "")),
        dispatchable="workflow_dispatch" in triggers,
        on_default_branch=on_default_branch,
        uploads=any(word in content for word in _UPLOADING),
        environments=tuple(dict.fromkeys(_environments(_mapping(told.get("jobs"))))),
        defaults=tuple((name, _text(about["default"])) for name, about in inputs.items() if _has_default(about)),
        groups=tuple(dict.fromkeys(_groups(told))),
        workspaces=tuple(dict.fromkeys(found.decode() for found in _WORKSPACE.findall(content.replace(b"\r", b"")))),
    )


def _load(workflow: str, content: bytes) -> dict[str, Any]:
    """Load YAML with every scalar as text: `on` stays a word, and nothing is built, merged or counted up.

    libyaml's faster loaders crash the whole process on deep nesting, so they are not used.
    """
    try:
        told = yaml.BaseLoader(content).get_single_data()
    except (yaml.YAMLError, RecursionError, ValueError):
        told = None
    if not isinstance(told, dict):
        raise ProProblem(
            f"`{shown(workflow)}` is not YAML that can be read, so it cannot be started; correct the file."
        )
    return told


def _triggers(on: Any) -> dict[str, Any]:
    """`on:` may be one event, a list of them, or a mapping."""
    if isinstance(on, str):
        return {on: None}
    if isinstance(on, list):
        return {event: None for event in on if isinstance(event, str)}
    return _mapping(on)


def _mapping(value: Any) -> dict[str, Any]:
    return {name: below for name, below in value.items() if isinstance(name, str)} if isinstance(value, dict) else {}


def _environments(jobs: dict[str, Any]) -> Iterator[str]:
    """Read what each job says of its environment: its name alone, or a mapping that holds it."""
    for job in map(_mapping, jobs.values()):
        if "environment" in job:
            said = job["environment"]
            yield _text(_mapping(said).get("name") if isinstance(said, dict) else said)


def _groups(told: dict[str, Any]) -> Iterator[str]:
    """Read the groups of `concurrency`, of the file and of its jobs: a name alone, or a mapping that holds it."""
    for one in (told, *map(_mapping, _mapping(told.get("jobs")).values())):
        said = one.get("concurrency")
        if group := _text(said.get("group") if isinstance(said, dict) else said):
            yield group


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _has_default(about: Any) -> bool:
    return "default" in _mapping(about)


def _is_required(about: dict[str, Any]) -> bool:
    return str(about.get("required", "")).lower() == "true" and "default" not in about
