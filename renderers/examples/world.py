"""What the examples are about: a repository, a pull request, and instances in stacks of ten components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.domain.commands.parsing import read
from bot.domain.commands.words import Command, Receipt
from bot.domain.model import Pull, Repo, Status
from bot.domain.view import Past, PullView
from renderers.examples.played import Key, Needs, Played, slots

NOON = 1_795_262_400.0  # 21 November 2026, 12:00 UTC
MERGED_AT = NOON + 19_800
HEAD = "8c0ffee1d5a3b7e9f2c4d6a8b0e1f3a5c7d9e2b4"
MERGE = "3b1d9a7f5e2c4b6d8f0a1c3e5d7b9f2a4c6e8d0b"
SERVER = "https://github.com"
#: Where people read the docs, and where the page of the pull request is.
DOCS = "https://github.com/acme/switchyard/blob/main/docs"
PAGE = "https://switchyard.example.com/p/k7Qm2vB1xT9dW4sZ"
REPO = Repo(7, "acme", "infra", 99, "main")
PULL = Pull(
    repo_id=7,
    number=42,
    title="Widen the network",
    author="dora",
    head_ref="wider",
    head_sha=HEAD,
    base_ref="main",
    base_sha="a" * 40,
    fork=False,
    draft=False,
    open=True,
    merged=False,
    merge_sha="",
    merged_at=0.0,
    updated_at=NOON,
    activity="pull_request.synchronize",
    epoch=1,
    head_since=NOON,
)
MERGED = replace(PULL, open=False, merged=True, merge_sha=MERGE, merged_at=MERGED_AT, epoch=2)
CLOSED = replace(PULL, open=False)

#: What needs what within a stack. Each component needs only what stands before it, so any beginning of it is whole.
COMPONENTS = {
    "vpc": (),
    "object-storage": (),
    "cache": ("vpc",),
    "database": ("vpc",),
    "load-balancer": ("vpc",),
    "cluster": ("vpc", "load-balancer"),
    "monitoring": ("cluster",),
    "api": ("database", "cluster"),
    "frontend": ("cache", "api"),
    "cdn": ("object-storage", "frontend"),
}
_STAGES = ("dev", "staging", "prod")
_REGIONS = ("ue2", "uw2", "ew1", "ec1", "an1", "as1")


def instances(size: int) -> Needs:
    """Make `size` instances: production alone where one stack is enough, else stage after stage in each region.

    Within a region each network needs the one of the first stage.
    """
    names, per = list(COMPONENTS), len(COMPONENTS)
    made: Needs = {}
    for number in range(size):
        stack = "plat-ue2-prod" if size <= per else _stack(number // per)
        component = names[number % per]
        above = tuple((stack, need) for need in COMPONENTS[component])
        if component == "vpc" and (number // per) % len(_STAGES):
            above = ((_stack(number // per // len(_STAGES) * len(_STAGES)), "vpc"),)
        made[stack, component] = above
    return made


def _stack(number: int) -> str:
    where, stage = divmod(number, len(_STAGES))
    tenant, region = divmod(where, len(_REGIONS))
    return f"{f'team{tenant:02}' if tenant else 'plat'}-{_REGIONS[region]}-{_STAGES[stage]}"


def some(needs: Needs, component: str) -> tuple[Key, ...]:
    """Name a component in a quarter of the stacks; where it is nowhere, what stands last."""
    found = [key for key in needs if key[1] == component]
    return tuple(found[1::4] or found or list(needs)[-1:])


def production(needs: Needs) -> tuple[Key, ...]:
    """Name what is in production; where nothing is, all."""
    return tuple(key for key in needs if key[0].endswith("-prod")) or tuple(needs)


def shown(*played: Played, pull: Pull = PULL, later: float = 0.0, **more: Any) -> PullView:
    """Show rollouts as a pull request's view, at the moment of the newest or some seconds later."""
    now = max((one.now for one in played), default=MERGED_AT if pull.merged else NOON) + later
    plain: dict[str, Any] = {"past": (), "waiting": "", "notes": (), "applies": True}
    plain["lasting"] = {one.walk.rollout.id: one.lasting for one in played}
    plain["slots"] = slots(max((one.walk.rollout.size for one in played), default=1))
    plain |= {"page_url": PAGE, "docs_url": DOCS}
    walks = tuple(one.walk for one in played)
    return PullView(REPO, pull, walks, as_of=now, server_url=SERVER, **{**plain, **more})


def earlier(number: int, size: int = 10) -> tuple[Past, ...]:
    """Make earlier rollouts, newest first; every other one had a failure."""
    good, bad = {Status.SUCCEEDED: size}, {Status.SUCCEEDED: size - 1, Status.FAILED: 1}
    return tuple(
        Past(
            "pull_request.synchronize",
            f"{0x1A2B3C4 + index:07x}" + "0" * 33,
            NOON - 3_600 * (index + 1),
            bad if index % 2 else good,
            f"a push of {0x1A2B3C3 + index if index else 0x8C0FFEE:07x}",
            f"{SERVER}/acme/infra/actions/runs/{18_000_000_000 + index}" if index % 2 else "",
            rollout_id=index + 1,
        )
        for index in range(number)
    )


def receipt(text: str, sentence: str, *, done: bool = True, at: float = NOON) -> Receipt:
    """Make what is kept of a command that was said, and of what became of it."""
    (line,) = read(text)
    meant = line.meant if isinstance(line.meant, Command) else None
    return Receipt(f"comment:{at:.0f}", 0, "lead", line.written, at, at + 2, done, sentence, meant)


def each(keys: tuple[Key, ...], **facts: Any) -> Mapping[Key, Mapping[str, Any]]:
    """Give the same facts to several instances."""
    return dict.fromkeys(keys, facts)
