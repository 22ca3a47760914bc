"""`settings.pro`: which workflow files an activity names for an instance, and the inputs they get."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.domain.graph import Instance
from bot.domain.names import shown

MOST_INPUTS = 25  # GitHub's limits for one workflow_dispatch
MOST_CHARACTERS = 65_535

SHA = "sha"
DISPATCH_ID = "atmos_pro_run_id"

#: The activity of a merge, and that of a pull request that removed an instance.
MERGED = "pull_request.merged"
DELETED = "pull_request.deleted"

_LOOKS = frozenset({"opened", "synchronize", "reopened", "ready_for_review"})
_REPORTING = frozenset({"upload", "upload_status"})  # they only steer what a plan reports, so a plan can do without
_MARKS = ("{{", "!", "(computed)")  # what a text must hold to need a closer look
_TEMPLATE = re.compile(r"\{\{\s*\.(atmos_component|atmos_stack|sha)\s*\}\}")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}\.ya?ml")
_SWITCH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Phase(StrEnum):
    """Whether a rollout only looks or may change things."""

    PLAN = "plan"
    APPLY = "apply"


class ProProblem(Exception):  # noqa: N818 - it reads as what happened
    """Something in `settings.pro` or a workflow file forbids the dispatch; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Call:
    """One workflow file that an instance wants run, with the inputs that its stack gives, as text, by name."""

    workflow: str
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """What is known of a workflow file at the commit or branch it runs on."""

    path: str  # the file's name in .github/workflows
    inputs: frozenset[str]  # declared under on.workflow_dispatch
    required: frozenset[str]  # of those: required, and without a default
    run_name_has_id: bool  # its run-name carries the dispatch id
    dispatchable: bool  # it has on.workflow_dispatch
    on_default_branch: bool
    uploads: bool = False  # it names what uploads affected stacks
    environments: tuple[str, ...] = ()  # what its jobs have as `environment:`, as written
    defaults: tuple[tuple[str, str], ...] = ()  # of the inputs that have one, by name
    groups: tuple[str, ...] = ()  # of `concurrency`, its own and its jobs', as written
    workspaces: tuple[str, ...] = ()  # what it has as ATMOS_PRO_WORKSPACE_ID, where that is written out


#: What the workflow files say, by name; None for a file that is not there, a problem for one that cannot be understood.
Files = Mapping[str, WorkflowFile | ProProblem | None]


def phase(activity: str) -> Phase:
    """Tell whether an activity only looks (plan) or may change things (apply: everything not known to be harmless)."""
    event, _, action = activity.partition(".")
    looks = event == "merge_group" or (event == "pull_request" and action in _LOOKS)
    return Phase.PLAN if looks else Phase.APPLY


def enabled(pro: Mapping[str, Any] | None) -> bool:
    """Tell whether an instance takes part: yes once it has a `pro` block, unless that says `enabled: false`.

    Raises ProProblem where `enabled` is neither yes nor no.
    """
    if pro is None:
        return False
    value = pro.get("enabled")
    if value is None:
        return True
    switch = _SWITCH.get(str(value).strip().lower())
    if switch is None:
        raise ProProblem(
            f"`settings.pro.enabled` is `{shown(str(value))}`, which is neither true nor false; write one of the two."
        )
    return switch


def offers(pro: Mapping[str, Any] | None, activity: str) -> bool:
    """Tell whether an instance has something to run, or a mistake to show, for an activity; False: pass it through."""
    try:
        return enabled(pro) and bool(workflows(pro, activity))
    except ProProblem:
        return True


def plans(pro: Mapping[str, Any] | None) -> bool:
    """Tell whether an instance names a plan workflow for any head of a pull request."""
    return any(offers(pro, f"pull_request.{action}") for action in _LOOKS)


def workflows(pro: Mapping[str, Any] | None, activity: str) -> dict[str, Mapping[str, Any]]:
    """Find the workflow files that `settings.pro` names for an activity, with their raw inputs.

    A merge queue without words of its own does what a push does. Raises ProProblem for a malformed block.
    """
    event, _, action = activity.partition(".")
    if event == "drift_detection":
        return {}
    path = f"settings.pro.{event}"
    named = _mapping((pro or {}).get(event), path)
    if activity == "merge_group.checks_requested" and named.get(action) is None:
        return workflows(pro, "pull_request.synchronize")
    files = _mapping(_mapping(named.get(action), f"{path}.{action}").get("workflows"), f"{path}.{action}.workflows")
    result = {}
    for name, block in files.items():
        where = f"{path}.{action}.workflows.{shown(str(name))}"
        result[str(name)] = _mapping(_mapping(block, where).get("inputs"), f"{where}.inputs")
    return result


def is_file_name(name: str) -> bool:
    """Tell whether a name may stand for a workflow file: plain, without a folder, ending in .yml or .yaml."""
    return _FILE_NAME.fullmatch(name) is not None


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ProProblem(f"`{path}` is not a mapping, so nothing can be read from it; correct it in the stack.")
    return value


def calls(pro: Mapping[str, Any] | None, activity: str, *, instance: Instance, sha: str) -> tuple[Call, ...]:
    """List the workflow files to run for an activity with their inputs as text, sorted by file.

    Empty where the instance does not take part or names none. Raises ProProblem for what cannot be sent.
    """
    if not enabled(pro):
        return ()
    values = {"atmos_component": instance.component, "atmos_stack": instance.stack, "sha": sha}
    result = []
    for workflow, inputs in sorted(workflows(pro, activity).items()):
        if not is_file_name(workflow):
            raise ProProblem(
                f"`{shown(workflow)}` is not the plain name of a workflow file ending in .yml or .yaml; "
                "`settings.pro` takes the name alone, without a folder."
            )
        filled = ((str(name), _text(name, value, values)) for name, value in inputs.items())
        result.append(Call(workflow, tuple(sorted(filled))))
    return tuple(result)


def _text(name: str, value: Any, values: Mapping[str, str]) -> str:
    """Turn one input into the text that GitHub takes, with the templates we know filled in."""
    if isinstance(value, str) and not any(mark in value for mark in _MARKS):
        return value
    label = f"The input `{shown(str(name))}`"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        kind = "no value" if value is None else "a nested value"
        raise ProProblem(f"{label} has {kind}, but GitHub takes text only; give it a text, a number, true or false.")
    if value.lstrip().startswith("!"):
        raise ProProblem(
            f"{label} still holds the YAML function `{shown(value.strip())}`, because the CLI did not resolve it; run "
            "`atmos describe affected` without `--process-functions=false`."
        )
    if "(computed)" in value:
        raise ProProblem(
            f"{label} is `(computed)`, because the CLI could not find its value; make it a plain value, or run "
            "`atmos describe affected` with `--error-mode strict` to see why."
        )
    if "{{" in _TEMPLATE.sub("", value):
        raise ProProblem(
            f"{label} still holds the template `{shown(value)}`, because the CLI did not render it; set "
            "`templates.settings.enabled: true` in atmos.yaml, or write a plain value."
        )
    return _TEMPLATE.sub(lambda match: values[match[1]], value)


def final_inputs(
    call: Call, file: WorkflowFile | None, *, sha: str, dispatch_id: str, phase_is_apply: bool
) -> dict[str, str]:
    """Make the inputs that are sent: the stack's own, and `sha` and `atmos_pro_run_id` where the file declares them.

    `file` is None where the ref that it would run on has no such file. Raises ProProblem where the dispatch must
    not be tried.
    """
    known = _dispatchable(call, file)
    if phase_is_apply and SHA not in known.inputs:
        raise ProProblem(
            f"`{call.workflow}` does not declare the input `sha`, so it could apply another commit than the merged "
            "one; declare it under `on.workflow_dispatch.inputs` and check that commit out."
        )
    given = dict(call.inputs)
    if given.get(SHA, sha) != sha:
        raise ProProblem(
            f"The stack sets the input `sha` to `{shown(given[SHA])}`, but this rollout is about {sha}; remove the "
            "input from `settings.pro`, it is added."
        )
    for name in (SHA, DISPATCH_ID, *_may_miss(phase_is_apply)):
        if name not in known.inputs:
            given.pop(name, None)
    given.update({name: value for name, value in ((SHA, sha), (DISPATCH_ID, dispatch_id)) if name in known.inputs})
    _check_names(call.workflow, given, known)
    _check_size(call.workflow, given)
    return given


def notes(call: Call, file: WorkflowFile | None, *, phase_is_apply: bool) -> tuple[str, ...]:
    """Say which of the stack's inputs are left out because the file does not declare them, a sentence each."""
    declared = file.inputs if file else frozenset()
    return tuple(
        f"`{name}` was not sent, because `{call.workflow}` does not declare it."
        for name, _ in call.inputs
        if file and name in _may_miss(phase_is_apply) and name not in declared
    )


def _may_miss(phase_is_apply: bool) -> frozenset[str]:
    return frozenset() if phase_is_apply else _REPORTING


def _dispatchable(call: Call, file: WorkflowFile | None) -> WorkflowFile:
    place = f"`.github/workflows/{call.workflow}`"
    if file is None:
        raise ProProblem(
            f"{place} does not exist on the branch that it would run on; add it there, or correct the name in "
            "`settings.pro`."
        )
    if not file.on_default_branch:
        raise ProProblem(
            f"{place} is not on the default branch, and GitHub only dispatches files that are; merge it there first."
        )
    if not file.dispatchable:
        raise ProProblem(f"{place} has no `workflow_dispatch` trigger, so it cannot be started; add it under `on:`.")
    return file


def _check_names(workflow: str, given: Mapping[str, str], file: WorkflowFile) -> None:
    for name in sorted(given.keys() - file.inputs):
        raise ProProblem(
            f"The stack gives the input `{shown(name)}`, which `{workflow}` does not declare; declare it under "
            "`on.workflow_dispatch.inputs`, or remove it from `settings.pro`."
        )
    for name in sorted(file.required - given.keys()):
        raise ProProblem(
            f"`{workflow}` requires the input `{shown(name)}`, which the stack does not give; add it to the workflow's "
            "`inputs` in `settings.pro`."
        )


def _check_size(workflow: str, given: Mapping[str, str]) -> None:
    if len(given) > MOST_INPUTS:
        raise ProProblem(
            f"`{workflow}` would get {len(given)} inputs, but GitHub takes at most {MOST_INPUTS}; remove some from "
            "`settings.pro`."
        )
    # Escapes make a character six at most, so only what is long at all is written out to be measured.
    plain = sum(len(name) + len(value) for name, value in given.items())
    if plain > MOST_CHARACTERS // 8 and len(json.dumps(given, ensure_ascii=False)) > MOST_CHARACTERS:
        raise ProProblem(
            f"The inputs for `{workflow}` are longer than the {MOST_CHARACTERS} characters that GitHub takes; shorten "
            "them in `settings.pro`."
        )
