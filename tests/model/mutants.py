"""Each rule of safety broken on purpose, one at a time: the model must notice every one of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from bot.domain import heads, holds, keeping, order, releasing, rollout, runs
from bot.domain.approving import Limits
from bot.domain.commands import again, approve, confirm, obey, skip
from bot.domain.commands.table import DO, SPECS
from bot.domain.commands.words import Answer, Role, Spec
from bot.domain.desk import Desk
from bot.domain.graph import Instance
from bot.domain.model import PASSED, Hold, HoldKind, Rollout, Status, Step
from bot.domain.order import Place
from bot.domain.pro import Phase
from bot.domain.rollout import Draft, Walk, own_status
from bot.github import reads
from bot.store import commands, freezes, inbox, outbox, rollouts, shared
from bot.store.db import Db, transaction
from bot.store.outbox import Wish
from bot.work import permits, running
from bot.work.parts import Parts
from bot.work.sweep import Sweep
from tests.model.machine import Machine, run
from tests.model.process import Broken

#: A mutant that lives so many sequences has survived.
MOST = 2_000


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: what is done wrong, and what stands in the place of what."""

    name: str
    where: object
    what: str
    instead: object
    #: What is done wrong beside it, where one safeguard stands behind another: each where, what and instead.
    also: tuple[tuple[object, str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Caught:
    """Which rule caught a mutant, and in which sequence; no rule where none did."""

    rule: str
    sequences: int


def _goes_at_once(self: Draft, index: int) -> bool:
    step = self.step(index)
    return not (self.rollout.superseded_by or step.holds or own_status(step) is not None)


def _failure_passes(step: Step) -> bool:
    return own_status(step) in (*PASSED, Status.FAILED)


def _first_of_idle(rollout: Rollout, places: Iterable[Place]) -> Place | None:
    return _first(rollout, [place for place in places if not place.busy])


def _by_position(one: Place, rollout: Rollout, *, destroys: bool) -> bool:
    return one.branch == rollout.branch and one.position > rollout.position > 0


def _planned_at_any_time(*args: Any, **more: Any) -> Any:
    return _planned(*args, **(more | {"before": math.inf}))


def _plan_of_any_head(walk: Walk, _head_sha: str) -> bool:
    return walk.rollout.phase is Phase.PLAN


def _destroys_freely(*args: Any) -> Step:
    step = _held(*args)
    return replace(step, holds=tuple(hold for hold in step.holds if hold.kind is not HoldKind.DESTROY))


def _named_or_not(hold: Hold, *more: Any) -> bool:
    return hold.kind is HoldKind.DESTROY or _may_release(hold, *more)


def _author_too(hold: Hold, *more: Any) -> bool:
    return hold.kind is HoldKind.STACK or _may_release(hold, *more)


def _skipped_passes(step: Step) -> bool:
    return (step.decided is not None and step.decided.status is Status.SKIPPED) or _passes(step)


def _only_what_was_never_sent(draft: Draft, places: Mapping[Instance, tuple[Place, ...]]) -> list[int]:
    found = {instance: draft.find(instance) for instance in places}
    first = {one: index for one, index in found.items() if index is not None and not draft.step(index).sent_before}
    return _follow(draft, {instance: places[instance] for instance in first})


def _for_writers(spec: Spec) -> Spec:
    return replace(spec, role=min(spec.role, Role.WRITE))


def _with_destroys(**named: Any) -> Limits:
    return Limits(**(named | {"destroys": True}))


def _says_so(*_args: object) -> Answer:
    return Answer(True, "It is done.")


async def _send_again(parts: Parts, wish: Wish, *_more: object, **_named: object) -> None:
    with transaction(parts.db):
        outbox.resend(parts.db, wish.key, due=parts.now())


def _begin_unnoted(db: Db, key: str, *, floor: int = 0) -> Wish | None:
    return outbox.get(db, key)


def _put_no_nudge(db: Db, kind: str, **more: Any) -> None:
    if kind != "nudge":
        _put_once(db, kind, **more)


async def _asleep(_self: object) -> bool:
    return False


async def _maintainer(*_args: object) -> Role:
    return Role.MAINTAIN


async def _open_to_all(*_args: object) -> None:
    return None


def _nothing(*_args: object, **_kwargs: object) -> None:
    return None


def _none(*_args: object, **_kwargs: object) -> list[Any]:
    return []


def _yes(*_args: object, **_kwargs: object) -> bool:
    return True


_passes, _follow = rollout.passes, order.follow
_first, _held, _may_release = order.first, holds._held, releasing.may_release
_planned, _put_once = shared.planned, inbox.put_once
_arrivals = count(order.STRETCH)

MUTANTS = (
    # No child before its parents.
    Mutant("a step does not wait for its parents", Draft, "may_go", _goes_at_once),
    Mutant("a failed parent opens the way", rollout, "passes", _failure_passes),
    # One instance, one apply at a time, in merge order.
    Mutant("applies do not wait for each other", order, "first", _nothing),
    Mutant("an apply does not wait for the one under way", order, "first", _first_of_idle),
    Mutant("what a newer commit has overtaken stays", order, "follow", _none),
    Mutant("what nothing overtook after all stays superseded", order, "bring_back", _none),
    Mutant("merges stand in the order of arrival", order, "position", lambda *_a, **_n: next(_arrivals)),
    # Nothing unreviewed or held.
    Mutant("nothing needs a plan before its apply", holds, "_unreviewed", _nothing),
    Mutant("the plan of any head counts", shared, "_shows", _plan_of_any_head),
    Mutant("a plan counts whenever it ended", shared, "planned", _planned_at_any_time),
    Mutant("what is destroyed needs no approval", holds, "_held", _destroys_freely),
    Mutant("what is destroyed need not be named", releasing, "may_release", _named_or_not),
    Mutant("plans of an older head go on", heads, "end_plans", _nothing),
    Mutant("no stack wants an approval", holds, "_matches", _nothing),
    Mutant("an author may approve the own change", releasing, "may_release", _author_too),
    Mutant("the breaker never trips", holds, "breaker", _nothing),
    Mutant("what others were applied to is not held", holds, "stale_by", _nothing),
    Mutant("an environment may be missing", permits, "unprotected", _open_to_all),
    Mutant("a freeze is not looked at", freezes, "on", lambda *_: ""),
    Mutant("nothing is asked at the last moment", permits, "kept_back", _nothing),
    Mutant("the cap is not kept", rollouts, "in_flight", lambda *_: {}),
    # Nothing twice.
    Mutant("a dispatch in doubt is sent again at once", running, "_look", _send_again),
    Mutant("one look is enough", running, "_LOOKS", (1 / 6,)),
    Mutant("an attempt is not noted before the call", outbox, "begin", _begin_unnoted),
    Mutant("a re-run of an older commit is not noticed", runs, "_out_of_order", _nothing),
    Mutant("a command is done twice", commands, "known", lambda *_: False),
    # What people say.
    Mutant("a pause is not looked at", obey, "DO", {**DO, "pause": _says_so}),
    Mutant("a cancelling is not looked at", obey, "DO", {**DO, "cancel": _says_so}),
    Mutant("anybody may say anything", reads, "role", _maintainer),
    Mutant("what is said may be old", obey, "FRESH", math.inf),
    Mutant("an author lets go where another must", releasing, "is_barred", lambda *_a, **_n: False),
    Mutant(
        *("who may write has things destroyed", obey, "SPECS", {one: _for_writers(SPECS[one]) for one in SPECS}),
        also=((approve, "Limits", _with_destroys),),
    ),
    Mutant("a destroy and what depends on it do not see each other", keeping, "_of_destroys", _none),
    Mutant("what was destroyed is applied again at its commit", order, "_later", _by_position),
    Mutant("a code is good for ever", confirm, "GOOD_FOR", math.inf),
    Mutant(
        *("a retry forgets what was applied since", order, "follow", _only_what_was_never_sent),
        also=((again, "order", SimpleNamespace(overtaker=_nothing)),),
    ),
    Mutant(
        *("a skip opens the way past what still goes", rollout, "passes", _skipped_passes),
        also=((skip, "is_flying", lambda *_: False),),
    ),
    # Everything goes in the end.
    Mutant("nobody is told that a place is free", inbox, "put_once", _put_no_nudge),
    Mutant("nothing looks after what was lost", Sweep, "step", _asleep),
    # The comment says what is.
    Mutant("the latest news wins, whatever it is about", runs, "is_news", _yes),
    Mutant("nothing is shown after the first time", Desk, "show", _nothing),
)


@contextmanager
def broken(mutant: Mutant) -> Iterator[None]:
    """Have the bot make one mistake."""
    with ExitStack() as stack:
        for where, what, instead in ((mutant.where, mutant.what, mutant.instead), *mutant.also):
            stack.enter_context(patch.object(where, what, instead))
        yield


def hunt(mutant: Mutant, number: int, most: int = MOST) -> Caught:
    """Run sequences until one shows that the bot makes a mistake, or as many as there may be."""
    done = 0

    class Counting(Machine):
        def teardown(self) -> None:
            nonlocal done
            done += 1
            super().teardown()

    with broken(mutant):
        try:
            run(number, most, Counting, shrink=False)
        except Broken as caught:
            return Caught(caught.rule, done)
    return Caught("", done)
