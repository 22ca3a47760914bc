"""Examples of what a merged pull request shows, with its plan below."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain import holds
from bot.domain.destroys import REMOVED
from bot.domain.keeping import Keeper, Keeping, not_in_mode
from bot.domain.model import Approval, Decided, Heir, Hold, HoldKind, Release, Status
from bot.domain.pro import DELETED, Phase
from bot.domain.pro import MERGED as MERGE_ACTIVITY
from bot.domain.view import PullView
from renderers.examples.plans import plan
from renderers.examples.played import Course, Key, Needs, Played, indexes, play
from renderers.examples.world import (
    HEAD,
    MERGE,
    MERGED,
    MERGED_AT,
    SERVER,
    each,
    earlier,
    production,
    receipt,
    shown,
    some,
)
from renderers.words import plural

_UNPLANNED = Hold(HoldKind.UNREVIEWED, f"no plan of it succeeded at {HEAD[:7]} before the merge")
_STACK = Hold(HoldKind.STACK, "somebody other than dora must approve what is applied to stacks like *-prod")
_DESTROY = Hold(HoldKind.DESTROY, "it would be destroyed, which must be approved by its name")
_FROZEN = "frozen by dora: the auditors are in the house until Monday"
_BEGIN = MERGED_AT + 120
_GONE = ("cdn", "monitoring")
_DOUBT = (
    "GitHub did not answer the dispatch, and no run carries its id: "
    f"one of {SERVER}/acme/infra/actions/runs/19000000777 and {SERVER}/acme/infra/actions/runs/19000000778 may be it."
)


def apply(needs: Needs, course: Course | None = None, *, activity: str = MERGE_ACTIVITY, **rollout: Any) -> Played:
    """Play an apply of the merge commit."""
    return play(needs, course or Course(), activity=activity, sha=MERGE, begin=_BEGIN, **rollout)


def _merged(one: Played, **more: Any) -> PullView:
    """Show an apply with the plan that it came from."""
    steps = {step.instance: step for step in one.walk.steps if not step.destroys}
    needs: Needs = {
        key: tuple(above for parent in step.parents if (above := one.walk.steps[parent].instance) in steps)
        for key, step in steps.items()
    }
    return shown(one, plan(needs), pull=MERGED, **more)


def merged(needs: Needs) -> PullView:
    """The merge's upload is awaited."""
    text = f"Waiting for the affected stacks of the merge {MERGE[:7]}."
    return replace(shown(plan(needs), pull=MERGED, waiting=text), as_of=MERGED_AT + 30)


def applying(needs: Needs) -> PullView:
    """Applies run."""
    return _merged(apply(needs, Course(at=0.5)), past=earlier(2, len(needs)))


def applied(needs: Needs) -> PullView:
    """All applies succeeded."""
    return _merged(apply(needs))


def failing(needs: Needs) -> PullView:
    """Something failed; what does not depend on it goes on."""
    return _merged(apply(needs, Course(at=0.75 if len(needs) > 1 else 1, broken=some(needs, "database"))))


def failed(needs: Needs) -> PullView:
    """Something failed, and nothing moves any more."""
    return _merged(apply(needs, Course(broken=some(needs, "database"))))


def mixed(needs: Needs) -> PullView:
    """Something failed, some runs wait for people at GitHub, and the rest goes on."""
    return _merged(apply(needs, Course(at=0.7, broken=some(needs, "database"), gated=production(needs))))


def fail_fast(needs: Needs) -> PullView:
    """After a failure nothing more is started."""
    broken = some(needs, "cache")
    one = apply(needs, Course(broken=broken, halt=0.45))
    return _merged(one, kept={2: Keeping(Keeper(f"stopped, because {'/'.join(broken[0])} did not succeed"))})


def timed_out(needs: Needs) -> PullView:
    """A run took longer than GitHub allows, and one was cancelled there."""
    late, gone = some(needs, "cluster"), some(needs, "object-storage")
    ended = each(gone, status=Status.CANCELLED, conclusion="cancelled", result="", failed_job=None)
    sent = {**ended, **each(late, status=Status.TIMED_OUT, conclusion="timed_out", result="")}
    return _merged(apply(needs, Course(broken={*late, *gone}, sent=sent)))


def approval(needs: Needs) -> PullView:
    """Runs wait for people at GitHub."""
    return _merged(apply(needs, Course(gated=production(needs))))


def rejected(needs: Needs) -> PullView:
    """Somebody rejected a run at GitHub."""
    keys = some(needs, "database")
    sent = each(
        keys, reason="alice rejected it for `prod`: not before Monday", result="", started_at=0.0, failed_job=None
    )
    return _merged(apply(needs, Course(broken=keys, sent=sent)))


def held(needs: Needs) -> PullView:
    """What no plan has shown, and what is applied to production, is held until somebody approves it."""
    facts: dict[Key, dict[str, Any]] = {key: {"holds": (_STACK,)} for key in production(needs)}
    for key in some(needs, "cache"):
        facts[key] = {"holds": (*facts.get(key, {}).get("holds", ()), _UNPLANNED)}
    for key in some(needs, "object-storage")[:-1]:
        facts[key] = {"released": (Release(_UNPLANNED, "lead", MERGED_AT),)}
    stuck = {key for key, known in facts.items() if "holds" in known}
    return _merged(apply(needs, Course(at=0.9, kept=stuck, facts=facts)))


def breaker(needs: Needs) -> PullView:
    """A rollout of unusual size is held as a whole."""
    most = max(1, len(needs) // 2)
    rule = f"all of it would start {plural(len(needs), 'run')}, more than the {most:,} of SWITCHYARD_BREAKER_APPLY"
    facts = each(tuple(needs), holds=(Hold(HoldKind.BREAKER, rule),))
    return _merged(apply(needs, Course(at=0, kept=list(needs), facts=facts)))


def restored(needs: Needs) -> PullView:
    """The database is an older one, so nobody knows what was applied since."""
    return _merged(apply(needs, Course(at=0, kept=list(needs), facts=each(tuple(needs), holds=(holds.RESTORED,)))))


def in_doubt(needs: Needs) -> PullView:
    """Nobody can tell whether a dispatch was taken."""
    keys = some(needs, "database")[:1]
    sent = each(keys, status=Status.HELD, reason=_DOUBT, run_id=0, run_url="", started_at=0.0, result="")
    return _merged(apply(needs, Course(broken=keys, sent=sent)))


def frozen(needs: Needs) -> PullView:
    """Nothing is applied for now."""
    one = apply(needs, Course(at=0.5, halt=0.1, kept=list(needs) if len(needs) == 1 else ()))
    return _merged(one, kept={2: Keeping(Keeper(_FROZEN))}, frozen=_FROZEN)


def plan_only(needs: Needs) -> PullView:
    """The mode in which nothing is applied."""
    keeper = Keeper(str(not_in_mode("plan", Phase.APPLY)))
    return _merged(apply(needs, Course(at=0, kept=list(needs))), kept={2: Keeping(keeper)}, mode="plan")


def in_turn(needs: Needs) -> PullView:
    """Earlier merges are applied first."""
    before, awaited = some(needs, "database"), some(needs, "cache")
    one = apply(needs, Course(at=0.3, kept={*before, *awaited}))
    sentences = {**dict.fromkeys(indexes(one, awaited), "after #40, whose affected stacks are awaited")}
    sentences |= dict.fromkeys(indexes(one, before), "after #41")
    kept = {index: Keeper(said, lane="7#41") for index, said in sentences.items() if index in one.walk.ready}
    return _merged(one, kept={2: Keeping(None, kept)})


def overtaken(needs: Needs) -> PullView:
    """A newer merge is applied to what was not sent yet."""
    late = {key for key in needs if key[1] in ("api", "frontend", "cdn")} or set(needs)
    heir = Heir("#43", "7#43", 9, Status.SUCCEEDED)
    return _merged(apply(needs, Course(kept=late, facts=each(tuple(late), dropped="superseded by #43", heir=heir))))


def run_again(needs: Needs) -> PullView:
    """An older apply was run again at GitHub over a newer one."""
    told = {"attempt": 2, "result_attempt": 2, "warning": "It was run again at GitHub over the newer #43."}
    return _merged(apply(needs, Course(sent=each(some(needs, "vpc")[:1], **told))))


def cancelled(needs: Needs) -> PullView:
    """Somebody cancelled what had not begun; what ran goes on to its end."""
    unsent = [step.instance for step in apply(needs, Course(at=0.4)).walk.steps if not step.dispatches]
    keys: tuple[Key, ...] = tuple(unsent) or tuple(needs)
    facts = each(keys, decided=Decided(Status.CANCELLED, "lead", _BEGIN))
    one = apply(needs, Course(kept=keys, facts=facts))
    return _merged(one, receipts=(receipt("/atmos cancel", f"Cancelled: {len(keys):,}.", at=one.now - 10),))


def stale(needs: Needs) -> PullView:
    """Another pull request was applied since the plan, so it is held."""
    keys = some(needs, "database")
    facts = each(keys, holds=(Hold(HoldKind.STALE, "planned before #41 was applied"),))
    one = apply(needs, Course(kept=keys, facts=facts))
    return _merged(one, stale={2: dict.fromkeys(indexes(one, keys), "#41")})


def _removed(needs: Needs) -> tuple[Needs, tuple[Key, ...]]:
    """Take some out of the graph, to be destroyed: what depends on nothing that stays."""
    gone = tuple(key for key in needs if key[1] in _GONE) or (list(needs)[-1],)
    return {**dict.fromkeys(gone, ()), **{key: above for key, above in needs.items() if key not in gone}}, gone


def destroying(needs: Needs) -> PullView:
    """What the merge removed is destroyed, each approved by its name."""
    rest, gone = _removed(needs)
    done = Release(_DESTROY, "lead", MERGED_AT)
    facts: dict[Key, dict[str, Any]] = {key: {"destroys": True, "holds": (_DESTROY,)} for key in gone}
    facts |= {key: {"destroys": True, "released": (done,)} for key in gone[1::2]}
    return _merged(apply(rest, Course(at=0.6, kept=frozenset(gone[::2]), facts=facts)))


def left(needs: Needs) -> PullView:
    """What the merge removed is left for people."""
    rest, gone = _removed(needs)
    return _merged(apply(rest, Course(kept=gone, facts=each(gone, manual=REMOVED))))


def destroyed(needs: Needs) -> PullView:
    """All of it was destroyed by command, what depends on something before it."""
    back: Needs = {key: tuple(child for child in needs if key in needs[child]) for key in reversed(needs)}
    facts = each(tuple(needs), destroys=True, released=(Release(_DESTROY, "lead", MERGED_AT),))
    return shown(apply(back, Course(facts=facts), activity=DELETED), pull=MERGED)


def approved_before(needs: Needs) -> PullView:
    """Not merged yet: what no plan has shown, and what of it was approved ahead."""
    broken = some(needs, "database")
    one = plan(needs, Course(broken=broken))
    open_ = [step.index for step in one.walk.steps if not step.dispatches or step.instance in broken]
    ahead = one.walk.steps[open_[0]].instance
    pull = replace(MERGED, open=True, merged=False, merge_sha="", merged_at=0.0)
    pull = replace(pull, approved=(Approval(*ahead, "lead", one.now),))
    return shown(one, pull=pull, unreviewed={1: open_[1:]})
