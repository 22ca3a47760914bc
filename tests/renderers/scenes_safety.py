"""Every state in which an apply is held, kept, overtaken or waits for people, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.domain import holds
from bot.domain.awaiting import FORK
from bot.domain.facts import Gate
from bot.domain.keeping import Keeper, Keeping, not_in_mode
from bot.domain.model import Approval, Heir, Hold, HoldKind, Release, Status
from bot.domain.pro import Phase
from bot.domain.rollout import Walk
from bot.domain.view import PullView
from tests.renderers.scenes import API, APPLY, CLUSTER, DATABASE, DEV, RUNNING, SMALL, VPC
from tests.renderers.world import HEAD, MERGE, MERGED, NOON, PULL, Key, view, walk, wide

UNPLANNED = Hold(HoldKind.UNREVIEWED, f"no plan of it succeeded at {HEAD[:7]} before the merge")
STACK = Hold(HoldKind.STACK, "somebody other than dora must approve what is applied to stacks like *-dev")
DESTROY = Hold(HoldKind.DESTROY, "it would be destroyed, which must be approved by its name")
NO_ENVIRONMENT = Hold(
    HoldKind.ENVIRONMENT, "the repository has no environment `dev`, and GitHub would make one without protection"
)
OVERRUN = Hold(HoldKind.OVERRUN, "the older #41 was applied over it by a re-run at GitHub")
STALE = Hold(HoldKind.STALE, "planned before #41 was applied")
BREAKER = Hold(HoldKind.BREAKER, "all of it would start 4 runs, more than the 3 of SWITCHYARD_BREAKER_PLAN")
BY_DORA = (Release(UNPLANNED, "dora", NOON + 700),)
GATE = Gate(("prod",), ("alice", "team ops"), NOON + 720)
CLOSED = replace(PULL, open=False)
FROZEN = "frozen by dora: the auditors are in the house until Monday"
OLD, CACHE, DNS = (DEV, "old-api"), (DEV, "old-cache"), (DEV, "dns")
GONE: dict[Key, tuple[Key, ...]] = {OLD: (), CACHE: (OLD,), **SMALL}
UNSURE = "It was removed from the configuration. Destroy it by hand, or forget it in the Terraform state."


def _apply(needs: dict[Key, tuple[Key, ...]] = SMALL, **more: object) -> Walk:
    return walk(needs, activity=APPLY, sha=MERGE, ref="main", **more)  # type: ignore[arg-type]


def _merged(one: Walk, **more: object) -> PullView:
    return view(one, pull=MERGED, minutes=14, **more)


def _held(**facts: tuple[Hold, ...]) -> dict[Key, dict[str, object]]:
    return {(DEV, component): {"holds": found} for component, found in facts.items()}


def _kept(one: Walk, keeping: Keeping, **more: object) -> PullView:
    shown = _merged if one.rollout.phase is Phase.APPLY else view
    return shown(one, kept={one.rollout.id: keeping}, **more)


def _many_held(size: int) -> Walk:
    rule = f"all of it would start {size} runs, more than the 100 of SWITCHYARD_BREAKER_APPLY"
    needs = wide(size)
    return _apply(needs, facts={key: {"holds": (Hold(HoldKind.BREAKER, rule),)} for key in needs})


def _mixed() -> Walk:
    facts = _held(database=(UNPLANNED, STACK), cluster=(STACK, NO_ENVIRONMENT), dns=(UNPLANNED,))
    facts[VPC] = {"status": Status.SUCCEEDED, "released": BY_DORA}
    facts[API] = {"holds": (UNPLANNED,), "released": (Release(STACK, "lead", NOON + 700),)}
    return _apply({**SMALL, DNS: ()}, facts=facts)


def _queue() -> PullView:
    """Three instances wait for others: one for an apply, one for another's upload, one for a lock's end."""
    needs: dict[Key, tuple[Key, ...]] = {VPC: (), DATABASE: (), CLUSTER: (), API: (VPC,)}
    found = {
        0: Keeper("after #41", lane="7#41"),
        1: Keeper("after #41", lane="7#41"),
        2: Keeper("after #40, whose affected stacks are awaited", until=NOON + 1_200, lane="7#40"),
    }
    return _kept(_apply(needs), Keeping(None, found))


def _overtaken(*became: Status | None) -> Walk:
    needs: dict[Key, tuple[Key, ...]] = {VPC: (), DATABASE: (VPC,), CLUSTER: (), API: ()}
    facts = {
        key: {"dropped": "superseded by #43", "heir": Heir("#43", "7#43", 9, status)}
        for key, status in zip((VPC, CLUSTER, API), became, strict=False)
    }
    return _apply(needs, facts=facts)


def _rerun(status: Status, warning: str) -> Walk:
    return _apply(succeeded=SMALL, facts={VPC: {"status": status, "attempt": 2, "warning": warning}})


def _stale_apply() -> PullView:
    one = _apply(succeeded=[VPC], facts={DATABASE: {"holds": (STALE,)}, CLUSTER: RUNNING})
    return _merged(one, stale={1: {0: "#41", 1: "#41", 2: "#41"}})


def _destroying() -> Walk:
    """Destroy what was removed before the rest is applied, and leave one thing for people."""
    facts: dict[Key, dict[str, object]] = {
        OLD: {"status": Status.SUCCEEDED, "destroys": True, "released": (Release(DESTROY, "lead", NOON + 700),)},
        CACHE: {"destroys": True, "holds": (DESTROY,)},
        API: {"manual": UNSURE},
    }
    return _apply(GONE, succeeded=[VPC], facts=facts)


def _destroys(**facts: object) -> Walk:
    needs: dict[Key, tuple[Key, ...]] = {(DEV, f"old-{number}"): () for number in range(5)}
    return _apply(needs, facts={key: {"destroys": True, **facts} for key in needs})


def _unplanned(**more: object) -> PullView:
    one = walk(SMALL, succeeded=[VPC, CLUSTER], facts={DATABASE: {"status": Status.FAILED}})
    return view(one, unreviewed={1: [1, 3]}, **more)


SAFETY: dict[str, Callable[[], PullView]] = {
    "held_for_reasons": lambda: _merged(_mixed()),
    "held_by_the_breaker": lambda: _merged(_many_held(120)),
    "held_by_the_breaker_plan": lambda: view(
        walk(SMALL, facts={key: {"holds": (BREAKER,)} for key in SMALL}), unreviewed={1: [0, 1, 2, 3]}
    ),
    "held_after_a_restore": lambda: _merged(_apply(facts={key: {"holds": (holds.RESTORED,)} for key in SMALL})),
    "held_and_failed": lambda: _merged(
        _apply(facts={VPC: {"status": Status.FAILED, "reason": "alice rejected it for `dev`: not <b>today</b>, @bob"}})
    ),
    "approval_of_two": lambda: _merged(
        _apply(
            {VPC: (), DATABASE: (), CLUSTER: (), API: ()},
            facts={
                VPC: {"status": Status.APPROVAL, "gate": GATE},
                DATABASE: {"status": Status.APPROVAL, "gate": replace(GATE, since=NOON + 640)},
                CLUSTER: {"status": Status.APPROVAL, "gate": Gate(("a|b", "dev"), (), 0.0)},
                API: {"status": Status.APPROVAL},
            },
        )
    ),
    "queue": _queue,
    "frozen": lambda: _kept(_apply(succeeded=[VPC]), Keeping(Keeper(FROZEN)), frozen=FROZEN),
    "frozen_plan": lambda: view(walk(SMALL, succeeded=SMALL), frozen=FROZEN),
    "observe": lambda: _kept(
        walk(SMALL), Keeping(Keeper(str(not_in_mode("observe", Phase.PLAN)))), mode="observe", frozen=FROZEN
    ),
    "mode_plan": lambda: _kept(_apply(), Keeping(Keeper(str(not_in_mode("plan", Phase.APPLY)))), mode="plan"),
    "cooldown": lambda: _kept(
        walk(SMALL), Keeping(Keeper("more than 5 pushes in ten minutes: waits for a quiet minute", until=NOON + 300))
    ),
    "fail_fast": lambda: _kept(
        _apply({**SMALL, DNS: ()}, succeeded=[VPC], facts={DATABASE: {"status": Status.FAILED}}),
        Keeping(Keeper("stopped, because plat-dev/database did not succeed")),
    ),
    "overtaken": lambda: _merged(_overtaken(Status.FAILED, Status.SUCCEEDED, Status.RUNNING)),
    "overtaken_waits": lambda: _merged(_overtaken(None, Status.SUCCEEDED, Status.SUCCEEDED)),
    "run_again_over_newer": lambda: _merged(_rerun(Status.SUCCEEDED, "It was run again at GitHub over the newer #43.")),
    "offered_again": lambda: _merged(_apply(facts={VPC: {"holds": (OVERRUN,)}})),
    "stale": lambda: view(walk(SMALL, succeeded=SMALL), stale={1: {1: "#41", 3: "#41"}}),
    "stale_apply": _stale_apply,
    "destroys": lambda: _merged(_destroying()),
    "destroyed_too": lambda: _merged(
        _apply(
            GONE,
            succeeded=GONE,
            facts={
                OLD: {"status": Status.SUCCEEDED, "destroys": True},
                CACHE: {"status": Status.SUCCEEDED, "destroys": True},
            },
        )
    ),
    "destroys_only": lambda: _merged(_destroys(holds=(DESTROY,))),
    "destroy_failed": lambda: _merged(_destroys(status=Status.FAILED)),
    "unplanned": _unplanned,
    "unplanned_and_approved": lambda: view(
        walk(SMALL, succeeded=[VPC, CLUSTER, API], facts={DATABASE: {"status": Status.FAILED}}),
        pull=replace(PULL, approved=(Approval(*DATABASE, "lead", NOON),)),
    ),
    "unplanned_but_running": lambda: view(
        walk(SMALL, succeeded=[VPC], facts={DATABASE: RUNNING}), unreviewed={1: [1, 2, 3]}
    ),
    "fork": lambda: view(pull=replace(PULL, fork=True), waiting=FORK),
    "closed": lambda: view(
        walk(SMALL, succeeded=[VPC], superseded_by="the closing of the pull request"),
        pull=CLOSED,
        stale={1: {0: "#41"}},
        frozen=FROZEN,
    ),
    "reopened": lambda: view(
        walk(SMALL, succeeded=[VPC], superseded_by="the closing of the pull request"),
        waiting=f"Waiting for the affected stacks of {HEAD[:7]}.",
    ),
}
