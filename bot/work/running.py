"""Send a dispatch: exactly once in effect.

The attempt is on disk before the call. A dispatch that may have been sent is never simply sent again: GitHub lists new
runs late, so it is looked for three times within the time of doubt. Only what is absent each time is sent again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from bot.domain import doubts
from bot.domain.events import KeptBack, NotSent, Sent
from bot.domain.facts import RunFacts
from bot.domain.model import Dispatch, Repo, Rollout
from bot.domain.pro import WorkflowFile
from bot.events.workflow_run import DISPATCH_ID, RunRead
from bot.github import ensure as github
from bot.github import reads
from bot.github.client import Installation
from bot.github.ensure import Started
from bot.github.failures import FailureKind, classify, of_dispatch
from bot.store import inbox, meta, outbox, rollouts
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.store.rollouts import Placed
from bot.work import permits
from bot.work.parts import Parts

log = logging.getLogger(__name__)

#: When a dispatch in doubt is looked for, as parts of the time of doubt.
_LOOKS = (1 / 6, 1 / 2, 1.0)
#: GitHub's clock may be this far behind ours, in seconds.
_SKEW = 120.0
#: How long GitHub's word that it accepted a dispatch is believed without a run, in seconds.
_ACCEPTED = 600.0
_LONGEST_WAIT = 60.0
#: Marks, in the wish's hash, a dispatch that GitHub accepted without naming the run.
_BY_GITHUB = "accepted"


async def ensure(parts: Parts, wish: Wish) -> None:
    """Send a dispatch, or look whether it was sent."""
    placed = rollouts.find_dispatch(parts.db, wish.id)
    rollout = rollouts.facts(parts.db, placed.rollout_id) if placed else None
    if placed is None or rollout is None or placed.dispatch.run_id:
        with transaction(parts.db):
            outbox.fulfilled(parts.db, wish)
        return
    if rollout.superseded_by and not wish.attempts:  # it was in the air when it was overtaken, and did not arrive
        _refused(parts, wish, placed, f"It was not sent any more: superseded by {rollout.superseded_by}.", held=False)
        return
    if placed.dispatch.cancel_by and not wish.attempts:  # likewise
        _refused(parts, wish, placed, f"It was not sent: cancelled by {placed.dispatch.cancel_by}.", held=False)
        return
    repo = parts.context.repo(wish.repo_id)
    gh = parts.installation(repo.installation)
    file = await parts.files.one(gh, repo, placed.dispatch.workflow, rollout.ref)
    titled = isinstance(file, WorkflowFile) and file.run_name_has_id and file.inputs >= {"atmos_pro_run_id"}
    if wish.attempts:
        await _look(parts, wish, placed, repo, gh, titled=titled)
        return
    floor = 0 if titled else await github.highest_run_id(gh, repo, placed.dispatch.workflow)
    open_to_all = await permits.unprotected(parts, repo, placed.dispatch, rollout, file)
    with transaction(parts.db):
        kept = _keep(parts, wish, placed, rollout, open_to_all)
        begun = None if kept else outbox.begin(parts.db, wish.key, floor=floor)
    if begun is not None:  # it may have been taken back in the meantime
        await _send(parts, begun, placed, rollout, repo, gh)


def _keep(parts: Parts, wish: Wish, placed: Placed, rollout: Rollout, told: KeptBack | None = None) -> bool:
    """Keep a dispatch back that was locked, frozen or the like after it was raised; False where it may go.

    Call it in a transaction. Intake takes the dispatch back; one that it can't is looked at again.
    """
    now = parts.now()
    found = permits.kept_back(parts, placed.dispatch, rollout)
    if found is None and told is None:
        return False
    kept, due = found or (told, now + parts.timing.doubt)
    outbox.later(parts.db, wish.key, due=due, error=kept.sentence if kept else "")
    body = msgspec.json.encode(kept)
    inbox.put(parts.db, "dispatch_kept", body, now=now, repo_id=placed.repo_id, lane=placed.lane)
    return True


async def _send(parts: Parts, wish: Wish, placed: Placed, rollout: Rollout, repo: Repo, gh: Installation) -> None:
    dispatch, now = placed.dispatch, parts.now()
    try:
        started = await _dispatch(parts, gh, repo, dispatch, rollout.ref)
    except Exception as error:
        failure = classify(error, parts.now())
        sentence = of_dispatch(failure, error, dispatch.workflow)
        log.warning("dispatch %s: %s", dispatch.id, sentence)
        if failure.kind is FailureKind.LATER and failure.sent:
            with transaction(parts.db):
                first = now + parts.timing.doubt * _LOOKS[0]
                outbox.doubt(parts.db, wish.key, since=now, due=first, error=failure.sentence, looks=0)
        elif failure.kind is FailureKind.LATER:
            with transaction(parts.db):
                due = max(failure.retry_at or 0.0, now + _wait(wish))
                outbox.later(parts.db, wish.key, due=due, error=failure.sentence, attempts=wish.attempts - 1)
        elif failure.kind is FailureKind.PAUSED:
            parts.pace(repo.installation).pause(failure.retry_at or now + 60)
            with transaction(parts.db):
                due = failure.retry_at or now + 60
                outbox.later(parts.db, wish.key, due=due, error=failure.sentence, attempts=wish.attempts - 1)
        else:
            _refused(parts, wish, placed, sentence, held=False)
        return
    with transaction(parts.db):
        if started is None:
            first = now + parts.timing.doubt * _LOOKS[0]
            outbox.accepted(parts.db, wish.key, mark=_BY_GITHUB, since=now, due=first)
        else:
            _tell(parts, placed, "dispatch_sent", Sent(dispatch.id, started.run_id, started.url))
            outbox.fulfilled(parts.db, wish)


async def _dispatch(parts: Parts, gh: Installation, repo: Repo, dispatch: Dispatch, ref: str) -> Started | None:
    inputs, details = dict(dispatch.inputs), parts.details
    try:
        return await github.dispatch(gh, repo, workflow=dispatch.workflow, ref=ref, inputs=inputs, details=details)
    except Exception as error:
        if not (details and github.refuses_details(error)):
            raise
        parts.details = False  # a server from before 2026: it starts runs, but does not say which
        return await github.dispatch(gh, repo, workflow=dispatch.workflow, ref=ref, inputs=inputs, details=False)


def _wait(wish: Wish) -> float:
    return min(_LONGEST_WAIT, 2.0 ** min(wish.attempts, 6))


async def _look(parts: Parts, wish: Wish, placed: Placed, repo: Repo, gh: Installation, *, titled: bool) -> None:
    """Look for the run of a dispatch that may have been sent."""
    now, dispatch = parts.now(), placed.dispatch
    if not wish.doubt_since:  # the process ended while it was being sent
        with transaction(parts.db):
            due = now + parts.timing.doubt * _LOOKS[0]
            outbox.doubt(parts.db, wish.key, since=now, due=due, error="It may have been sent.", looks=0)
        return
    since = min(dispatch.created_at, wish.doubt_since) - _SKEW
    found = await reads.runs_of_file(gh, repo, dispatch.workflow, created_after=since)
    if titled:
        ours = [run for run in found if dispatch.id in DISPATCH_ID.findall(run.title)]
        crowd: Sequence[RunFacts] = ()
    else:
        ours, crowd = await _unclaimed(parts, wish, placed, found)
    if ours:
        with transaction(parts.db):
            _tell(parts, placed, "run_read", RunRead(dispatch.id, ours[-1]))
            outbox.fulfilled(parts.db, wish)
        return
    _not_there(parts, wish, placed, crowd)


async def _unclaimed(
    parts: Parts, wish: Wish, placed: Placed, found: Sequence[RunFacts]
) -> tuple[list[RunFacts], Sequence[RunFacts]]:
    """Of a file whose titles carry no id: the one run that must be ours, or all that may be."""
    login = await reads.own_login(parts.github)
    newer = [
        run for run in found if run.event == "workflow_dispatch" and run.actor == login and run.run_id > wish.floor
    ]
    taken = rollouts.claimed(parts.db, (run.run_id for run in newer))
    free = [run for run in newer if run.run_id not in taken]
    # What was sent after a backup was made, and before it was restored, looks the same.
    if len(free) != 1 or placed.dispatch.created_at < meta.get(parts.db, meta.RESTORED_AT):
        return [], free
    sent = free[0].created_at - _SKEW
    workflow = placed.dispatch.workflow
    rivals = rollouts.rivals(parts.db, placed.repo_id, workflow, run_id=free[0].run_id, since=sent)
    return (free, ()) if rivals == 1 else ([], free)


def _not_there(parts: Parts, wish: Wish, placed: Placed, crowd: Sequence[RunFacts]) -> None:
    now, looks = parts.now(), wish.looks + 1
    accepted = wish.hash == _BY_GITHUB
    if looks < len(_LOOKS):
        due = max(now, wish.doubt_since + parts.timing.doubt * _LOOKS[looks])
        with transaction(parts.db):
            outbox.doubt(
                parts.db, wish.key, since=wish.doubt_since, due=due, error="It may have been sent.", looks=looks
            )
    elif crowd:
        _refused(parts, wish, placed, doubts.one_of([run.url for run in crowd]), held=True)
    elif accepted and now < wish.doubt_since + _ACCEPTED:
        with transaction(parts.db):
            due = now + parts.timing.doubt
            outbox.doubt(
                parts.db, wish.key, since=wish.doubt_since, due=due, error="Its run is not listed yet.", looks=looks
            )
    elif accepted:
        _refused(parts, wish, placed, doubts.NOT_LISTED, held=True)
    else:
        with transaction(parts.db):
            rollout = rollouts.facts(parts.db, placed.rollout_id)
            kept = rollout is not None and _stays(parts, wish, placed, rollout)
            if not kept:
                outbox.resend(parts.db, wish.key, due=now)
        log.info("dispatch %s was not sent: %s", wish.id, "it is kept" if kept else "it is sent again")


def _stays(parts: Parts, wish: Wish, placed: Placed, rollout: Rollout) -> bool:
    """Keep a dispatch that is not there where it is, behind a lock or the like; False where it goes back or may go.

    What was overtaken gives its place back, lock or not, and so does what people must let go first.
    """
    found = permits.kept_back(parts, placed.dispatch, rollout)
    if rollout.superseded_by or placed.dispatch.cancel_by or found is None or found[0].hold is not None:
        return False
    return _keep(parts, wish, placed, rollout)


def give_up(parts: Parts, wish: Wish, sentence: str) -> None:
    """End a wish that cannot be fulfilled, whatever was being done for it; call it in a transaction.

    Where the dispatch may have been sent a person must look.
    """
    placed, latest = rollouts.find_dispatch(parts.db, wish.id), outbox.get(parts.db, wish.key)
    if placed is not None and latest is not None:
        held = latest.attempts > 0
        told = doubts.not_looked_for(sentence) if held else sentence
        _tell(parts, placed, "dispatch_failed", NotSent(wish.id, told, held))
    outbox.bury(parts.db, wish.key, sentence, now=parts.now())


def _refused(parts: Parts, wish: Wish, placed: Placed, sentence: str, *, held: bool) -> None:
    with transaction(parts.db):
        _tell(parts, placed, "dispatch_failed", NotSent(placed.dispatch.id, sentence, held))
        outbox.bury(parts.db, wish.key, sentence, now=parts.now())


def _tell(parts: Parts, placed: Placed, kind: str, news: Sent | NotSent | RunRead) -> None:
    """Put what was learnt into the inbox: intake alone changes steps."""
    held = isinstance(news, NotSent) and news.held
    parts.metrics.dispatch("held" if held else "refused" if isinstance(news, NotSent) else "sent")
    body = msgspec.json.encode(news)
    inbox.put(parts.db, kind, body, now=parts.now(), repo_id=placed.repo_id, lane=placed.lane)
