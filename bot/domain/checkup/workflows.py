"""What is found about the workflow files that stacks name, and what of that comments tell, too."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from bot.domain import pro
from bot.domain.checkup import kinds_repository as kinds
from bot.domain.checkup.facts import RepositoryFacts, Wanted
from bot.domain.checkup.findings import Finding, Kind, named
from bot.domain.environments import resolve
from bot.domain.graph import Instance
from bot.domain.names import shown
from bot.domain.pro import Call, Phase, ProProblem, WorkflowFile

#: Any commit: what is looked at is the same for each.
_COMMIT = "0" * 40
_INSTANCES = 200  # whose inputs are filled into the name of a group; it is the same for the others
_TOLD = 3  # so many sentences of one sort are told of a file
_OTHER_EXPRESSION = re.compile(r"\$\{\{((?:(?!\}\}|inputs).)*)\}\}")
_ALONE = ("github.run_id", "github.run_number", f"inputs.{pro.DISPATCH_ID}")
_STACK, _COMPONENT = "\x01", "\x02"


def wanted(remembered: Mapping[Instance, Mapping[str, Any] | None]) -> list[Wanted]:
    """List the workflow files that instances name, once for each phase with its inputs."""
    found: dict[tuple[Instance, Phase, Call | str], Wanted] = {}
    for instance, settings in remembered.items():
        for activity in _activities(settings):
            phase = pro.phase(activity)
            try:
                for call in pro.calls(settings, activity, instance=instance, sha=_COMMIT):
                    found.setdefault((instance, phase, call), Wanted(instance, phase, call))
            except ProProblem as problem:
                told = str(problem)
                found.setdefault((instance, phase, told), Wanted(instance, phase, None, told))
    return list(found.values())


def _activities(settings: Mapping[str, Any] | None) -> Iterator[str]:
    """List the activities that settings have words for; of those of a phase that say the same, the first."""
    for event, actions in (settings or {}).items():
        if not isinstance(actions, dict) or event == "drift_detection":
            continue
        told: list[tuple[Phase, Any]] = []
        for action, block in actions.items():
            activity = f"{event}.{action}"
            if (said := (pro.phase(activity), block)) not in told:
                told.append(said)
                yield activity


def workflows(facts: RepositoryFacts, wants: Sequence[Wanted]) -> list[Finding]:
    """Tell how each file stands that stacks name; before the first upload, each that takes a dispatch id."""
    by_file: dict[str, list[Wanted]] = defaultdict(list)
    for want in wants:
        if want.call is not None:
            by_file[want.call.workflow].append(want)
    if not wants:
        for name, file in facts.files.items():
            if isinstance(file, WorkflowFile) and pro.DISPATCH_ID in file.inputs:
                by_file[name] = []
    found = _stacks(facts, wants)
    for name in sorted(by_file):
        found += _of_file(facts, name, by_file[name])
    return found


def _stacks(facts: RepositoryFacts, wants: Sequence[Wanted]) -> list[Finding]:
    """Tell what in `settings.pro` cannot be used, with who says it."""
    said: dict[str, list[str]] = defaultdict(list)
    for want in wants:
        if want.problem:
            said[want.problem].append(str(want.instance))
    told = [f"{named(sorted(set(who)), 2)}: {problem}" for problem, who in said.items()]
    return [Finding(kinds.WORKFLOW_STACK, one, facts.name) for one in told[:_TOLD]]


def _of_file(facts: RepositoryFacts, name: str, wants: Sequence[Wanted]) -> list[Finding]:
    file, page = facts.files.get(name), f"{facts.page}/blob/{facts.branch}/.github/workflows/{name}"

    def of(kind: Kind, says: str) -> Finding:
        return Finding(kind, says, facts.name, page)

    path = f"`.github/workflows/{name}`"
    if file is None:
        who = _who(wants)
        told = f"{path} is not on the branch {facts.branch}; {who} it."
        folder = f"{facts.page}/tree/{facts.branch}/.github/workflows"
        return [Finding(kinds.WORKFLOW_MISSING, told, facts.name, folder)]
    if isinstance(file, ProProblem):
        return [of(kinds.WORKFLOW_UNREADABLE, str(file))]
    if name in facts.off:
        menu = f"{facts.page}/actions/workflows/{name}"
        return [Finding(kinds.WORKFLOW_OFF, f"{path} is turned off.", facts.name, menu)]
    if not file.dispatchable:
        return [of(kinds.WORKFLOW_UNSTARTABLE, f"{path} has no `workflow_dispatch` trigger; {_who(wants)} it.")]
    found = [of(*one) for one in _inputs(file, wants)]
    if (remark := untitled(file)) is not None:
        found.append(of(kinds.WORKFLOW_UNTITLED, remark))
    if (remark := dropping(file, ((want.instance, want.call) for want in wants if want.call))) is not None:
        found.append(of(kinds.WORKFLOW_GROUP, remark))
    return found or [of(kinds.WORKFLOW_OK, f"{path} can be started.")]


def _who(wants: Sequence[Wanted]) -> str:
    names = sorted({str(want.instance) for want in wants})
    return f"{named(names, 2)} name{'s' if len(names) == 1 else ''}"


def _inputs(file: WorkflowFile, wants: Sequence[Wanted]) -> Iterator[tuple[Kind, str]]:
    """Compare what stacks give with what the file takes."""
    if pro.SHA not in file.inputs:
        applies = any(want.phase is Phase.APPLY for want in wants)
        told = f"`.github/workflows/{file.path}` does not declare the input `sha`."
        yield (kinds.WORKFLOW_SHA if applies else kinds.WORKFLOW_TIP), told
    said: dict[str, None] = {}
    for want in wants:
        applies = want.phase is Phase.APPLY
        if want.call is None or (applies and pro.SHA not in file.inputs):
            continue
        try:
            pro.final_inputs(want.call, file, sha=_COMMIT, dispatch_id="sy-0", phase_is_apply=applies)
        except ProProblem as problem:
            said.setdefault(str(problem))
    yield from ((kinds.WORKFLOW_INPUTS, one) for one in list(said)[:_TOLD])


def untitled(file: WorkflowFile) -> str | None:
    """Say that the titles of a file's runs do not tell whose they are; None where they do."""
    if file.run_name_has_id and pro.DISPATCH_ID in file.inputs:
        return None
    return f"The titles of the runs of `{file.path}` do not carry the input `{pro.DISPATCH_ID}`."


def dropping(file: WorkflowFile, calls: Iterable[tuple[Instance, Call]]) -> str | None:
    """Say that a `concurrency` group of a file is shared by instances, so that GitHub drops runs; None where not."""
    if not file.groups:
        return None
    for instance, call in islice(calls, _INSTANCES):
        inputs = dict(file.defaults) | dict(call.inputs)
        for group in file.groups:
            if _is_shared(group, inputs, instance):
                return f"`{file.path}` has the `concurrency` group `{shown(group)}`, which instances share."
    return None


def remarks(file: WorkflowFile, calls: Iterable[tuple[Instance, Call]]) -> list[str]:
    """Say in full what a comment tells of a file with which its steps can be started all the same."""
    said = ((kinds.WORKFLOW_UNTITLED, untitled(file)), (kinds.WORKFLOW_GROUP, dropping(file, calls)))
    return [f"{says} {kind.means} {kind.do}" for kind, says in said if says]


def _is_shared(group: str, inputs: Mapping[str, str], instance: Instance) -> bool:
    """Tell whether a group's name leaves out the stack or the component; what nobody can fill in is not told."""
    if any(word in group for word in _ALONE):
        return False
    marked = {
        name: value.replace(instance.stack, _STACK).replace(instance.component, _COMPONENT)
        for name, value in inputs.items()
    }
    filled = resolve(_OTHER_EXPRESSION.sub("", group), marked)
    return filled is not None and not (_STACK in filled and _COMPONENT in filled)
