"""Whether a dispatch that was raised may still be sent, asked at the last moment."""

from __future__ import annotations

from bot.domain import environments, holds
from bot.domain.events import KeptBack
from bot.domain.keeping import not_in_mode, paused, stopped
from bot.domain.locks import locked_by
from bot.domain.model import Dispatch, HoldKind, Repo, Rollout
from bot.domain.pro import Phase, ProProblem, WorkflowFile
from bot.domain.rollout import Draft
from bot.store import freezes, locks, meta, pulls
from bot.work.parts import Parts
from renderers.words import clock


def kept_back(parts: Parts, dispatch: Dispatch, rollout: Rollout) -> tuple[KeptBack, float] | None:
    """Find what has come since a dispatch was raised that keeps it, and when to look again; None where nothing has.

    Call it in the transaction in which its sending begins.
    """
    now, applies = parts.now(), rollout.phase is Phase.APPLY
    soon = now + parts.timing.doubt
    if (sentence := not_in_mode(parts.rules.mode, rollout.phase)) is not None:
        return KeptBack(dispatch.id, sentence), soon
    if applies and (frozen := freezes.on(parts.db, rollout.repo_id)):
        return KeptBack(dispatch.id, frozen), soon
    if applies and dispatch.created_at < meta.get(parts.db, meta.RESTORED_AT):
        return KeptBack(dispatch.id, holds.RESTORED.sentence, holds.RESTORED.kind), soon
    pull = pulls.get(parts.db, rollout.repo_id, rollout.pull) if rollout.pull else None
    if pull is not None and pull.paused:
        return KeptBack(dispatch.id, paused(pull)), soon
    walk = parts.rollouts.get(rollout.id)
    if walk is not None and (sentence := stopped(Draft(walk), parts.rules)) is not None:
        return KeptBack(dispatch.id, sentence), soon
    if (lock := locks.of_dispatch(parts.db, dispatch.id, now)) is not None:
        return KeptBack(dispatch.id, locked_by(lock, clock(lock.until, now))), min(lock.until, soon)
    return None


async def unprotected(parts: Parts, repo: Repo, dispatch: Dispatch, rollout: Rollout, file: object) -> KeptBack | None:
    """Find an environment that GitHub would make for an apply, open to everybody; None where there is none."""
    if rollout.phase is not Phase.APPLY:
        return None
    if isinstance(file, ProProblem):
        told = f"nobody can tell which environment its file names: {str(file).rstrip('.')}"
        return None if _released(parts, rollout, dispatch, told) else KeptBack(dispatch.id, told, HoldKind.ENVIRONMENT)
    if not isinstance(file, WorkflowFile) or not file.environments:
        return None
    inputs = dict(file.defaults) | dict(dispatch.inputs)
    for text in file.environments:
        name = environments.resolve(text, inputs)
        there = bool(name) and await parts.environments.has(parts.installation(repo.installation), repo, name or "")
        sentence = environments.why_open(text, dispatch.workflow, name, there=there)
        if sentence and not _released(parts, rollout, dispatch, sentence):
            return KeptBack(dispatch.id, sentence, HoldKind.ENVIRONMENT)
    return None


def _released(parts: Parts, rollout: Rollout, dispatch: Dispatch, sentence: str) -> bool:
    walk = parts.rollouts.get(rollout.id)
    step = walk.steps[dispatch.step] if walk is not None else None
    return step is not None and any(release.hold.sentence == sentence for release in step.released)
