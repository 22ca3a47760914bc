"""Repositories of any size, written out as the CLI writes them, and what the bot makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.graph import Graph, build
from bot.domain.lanes import lane_of_pull
from bot.domain.layout import Layout, lay_out
from bot.domain.model import Pull, Repo, Rollout
from bot.domain.pro import WorkflowFile, phase
from bot.domain.rollout import Walk
from bot.events.upload import content_key, parse_upload
from bot.sandbox import example
from bot.sandbox.atmos import Configured, Model, describe_affected, encode, upload_body

ACTIVITY = "pull_request.opened"
HEAD = "8c0ffee1d5a3b7e9f2c4d6a8b0e1f3a5c7d9e2b4"
BASE = "3b1d9a7f5e2c4b6d8f0a1c3e5d7b9f2a4c6e8d0b"
NOW = 1_777_888_800.0
REPO = Repo(id=7, owner="acme", name="infra", installation=99, default_branch="main", owner_id=3)

#: Nearly a tree: what hangs below the network is written out about once, as in the largest upload that is known.
LEAN = {
    "vpc": (),
    "object-storage": (),
    "cache": ("vpc",),
    "database": ("vpc",),
    "load-balancer": ("vpc",),
    "cluster": ("load-balancer",),
    "monitoring": ("cluster",),
    "api": ("database", "cluster"),
    "frontend": ("cache",),
    "cdn": ("object-storage",),
}
#: The example's own: many ways lead to the same component, and the CLI writes every one of them out.
NESTED = example.NEEDS


def model(size: int, needs: Mapping[str, tuple[str, ...]]) -> Model:
    """Make `size` instances: stacks of ten components, each with its own network."""
    names = list(needs)
    return Model(dict(_instance(number, names[number % len(names)], needs) for number in range(size)))


def _instance(number: int, component: str, needs: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, str], Configured]:
    stack = f"plat{number // len(needs):04}-ue2-prod"
    parents = tuple((stack, parent) for parent in needs[component])
    pro = example.settings_pro(component, stack) if needs is NESTED else _short_pro(component, stack)
    return (stack, component), Configured(settings={"pro": pro}, needs=parents)


def _short_pro(component: str, stack: str) -> dict[str, Any]:
    inputs = {"component": component, "stack": stack}
    plan = {"workflows": {example.PLAN: {"inputs": inputs}}}
    apply = {"workflows": {example.APPLY: {"inputs": inputs}}}
    return {"pull_request": {"opened": plan, "merged": apply}}


def body(size: int, needs: Mapping[str, tuple[str, ...]] = LEAN, *, head_sha: str = HEAD) -> bytes:
    """Write an upload in which the components that need nothing changed, and all others depend on them."""
    made = model(size, needs)
    changed = [key for key, configured in made.instances.items() if not configured.needs]
    items = describe_affected(made, changed)
    return encode(upload_body(items, repo=REPO.full_name, head_sha=head_sha, base_sha=BASE))


def files() -> dict[str, WorkflowFile]:
    """Describe the example's two workflow files."""
    inputs = frozenset({"component", "stack", "sha", "atmos_pro_run_id", "github_environment"})
    needed = frozenset({"component", "stack"})
    return {name: WorkflowFile(name, inputs, needed, True, True, True) for name in (example.PLAN, example.APPLY)}


def graph_of(upload: bytes) -> tuple[Graph, str, Layout]:
    """Do all that an upload costs before it is decided on: parse, graph, hash, steps."""
    parsed = parse_upload(upload, {})
    graph = build(parsed.entries)
    return graph, content_key(parsed, graph), lay_out(graph, activity=ACTIVITY, sha=HEAD, files=files())


def pull() -> Pull:
    """Describe an open pull request."""
    return Pull(
        repo_id=REPO.id,
        number=42,
        title="Widen the network",
        author="dora",
        head_ref="wider",
        head_sha=HEAD,
        base_ref="main",
        base_sha=BASE,
        fork=False,
        draft=False,
        open=True,
        merged=False,
        merge_sha="",
        merged_at=0.0,
        updated_at=NOW,
        activity="opened",
        epoch=1,
        head_since=NOW,
    )


def walk(size: int) -> Walk:
    """Make a rollout of which nothing was sent yet."""
    _, content, layout = graph_of(body(size))
    rollout = Rollout(
        id=1,
        repo_id=REPO.id,
        lane=lane_of_pull(REPO.id, pull().number),
        pull=pull().number,
        activity=ACTIVITY,
        phase=phase(ACTIVITY),
        sha=HEAD,
        ref="wider",
        base_sha=BASE,
        epoch=1,
        content=content,
        created_at=NOW,
        size=len(layout.steps),
    )
    return Walk.of(rollout, layout.steps)
