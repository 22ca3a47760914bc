"""The repository of the model: a few instances, their order, and the workflow files that plan and apply them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from bot.domain.graph import Instance
from bot.sandbox import atmos
from bot.sandbox.atmos import Configured, Model

REPO_ID = 7
OWNER, NAME = "acme", "infra"
FULL_NAME = f"{OWNER}/{NAME}"
MAIN = "main"
PLAN, APPLY, GATED, DESTROY = "plan.yaml", "apply.yaml", "apply-gated.yaml", "destroy.yaml"
AFFECTED = "affected.yaml"
ENVIRONMENT = "production"
#: Stacks with this name want an approval here.
PRODUCTION = "prod"

#: Each instance, and what it needs. The last two make a second environment with people before it.
NEEDS: dict[Instance, tuple[Instance, ...]] = {
    (VPC := Instance("dev", "vpc")): (),
    (DATABASE := Instance("dev", "database")): (VPC,),
    (CACHE := Instance("dev", "cache")): (VPC,),
    (API := Instance("dev", "api")): (DATABASE, CACHE),
    (EDGE := Instance(PRODUCTION, "edge")): (API,),
    (DNS := Instance(PRODUCTION, "dns")): (),
}
#: What one commit changes; most share something with most others.
CHANGES: tuple[tuple[Instance, ...], ...] = (
    (DATABASE,),
    (API,),
    (CACHE, DATABASE),
    (API, DNS),
    (VPC,),
    (EDGE,),
    (REMOVING := (DNS, CACHE)),
)
#: The instances whose apply waits for people at GitHub.
_GATED = frozenset({EDGE})


def _text(name: str, gate: str = "") -> str:
    inputs = ("component", "stack", "sha", "atmos_pro_run_id", *(["github_environment"] if gate else []))
    verb = name.partition(".")[0].partition("-")[0]
    declared = "".join(f"      {one}: {{type: string}}\n" for one in inputs)
    return (
        f"run-name: {verb} ${{{{ inputs.component }}}} ${{{{ inputs.atmos_pro_run_id }}}}\n"
        f"on:\n  workflow_dispatch:\n    inputs:\n{declared}"
        f"jobs:\n  {verb}:\n{gate}    runs-on: ubuntu-latest\n    steps: [{{run: atmos terraform {verb}}}]\n"
    )


FILES: dict[str, str] = {
    PLAN: _text(PLAN),
    APPLY: _text(APPLY),
    DESTROY: _text(DESTROY),
    GATED: _text(GATED, "    environment: ${{ inputs.github_environment }}\n"),
    AFFECTED: "on: {pull_request: {}}\njobs: {affected: {steps: [{run: atmos describe affected --upload}]}}\n",
}


def _configured(instance: Instance, needs: tuple[Instance, ...]) -> Configured:
    inputs = {"component": instance.component, "stack": instance.stack}
    plan = {"workflows": {PLAN: {"inputs": inputs}}}
    apply = {"workflows": {APPLY: {"inputs": inputs}}}
    if instance in _GATED:
        apply = {"workflows": {GATED: {"inputs": inputs | {"github_environment": ENVIRONMENT}}}}
    destroy = {"workflows": {DESTROY: {"inputs": inputs}}}
    activities = dict.fromkeys(("opened", "synchronize", "reopened"), plan) | {"merged": apply, "deleted": destroy}
    return Configured(
        settings={"pro": {"pull_request": activities}}, needs=tuple((n.stack, n.component) for n in needs)
    )


MODEL = Model({(one.stack, one.component): _configured(one, needs) for one, needs in NEEDS.items()})


@cache
def affected(changed: tuple[Instance, ...]) -> frozenset[Instance]:
    """Name what a change affects: what it touches, and all that depends on it."""
    found = set(changed)
    for instance, needs in NEEDS.items():  # parents stand before their children
        if found.intersection(needs):
            found.add(instance)
    return frozenset(found)


def removed(changed: tuple[Instance, ...]) -> frozenset[Instance]:
    """Name what a change removes: one of them has no place any more for its first instance."""
    return frozenset(changed[:1] if changed == REMOVING else ())


@cache
def upload(changed: tuple[Instance, ...], head_sha: str, base_sha: str) -> bytes:
    """Write what `atmos describe affected --upload` sends."""
    gone = {(one.stack, one.component): _configured(one, NEEDS[one]) for one in removed(changed)}
    kept = [(one.stack, one.component) for one in changed if one not in removed(changed)]
    items = atmos.describe_affected(MODEL, kept, gone)
    return atmos.encode(atmos.upload_body(items, repo=FULL_NAME, head_sha=head_sha, base_sha=base_sha))


def parents(instance: Instance, among: Iterable[Instance]) -> set[Instance]:
    """Name what an instance waits for in a rollout of these instances."""
    return set(NEEDS[instance]).intersection(among)


def ancestors(instance: Instance, among: frozenset[Instance]) -> set[Instance]:
    """Name all that an instance waits for, through any distance, in a rollout of these instances."""
    found: set[Instance] = set()
    todo = [instance]
    while todo:
        new = parents(todo.pop(), among) - found
        found |= new
        todo += new
    return found
