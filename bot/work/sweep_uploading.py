"""The runs that may still upload: asks GitHub about those that it told nothing of for long, as their end may be lost.

While one of them goes on, a check run waits for what it uploads.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import msgspec

from bot.domain import run_news
from bot.domain.facts import RunFacts
from bot.domain.model import Repo
from bot.github import reads
from bot.github.failures import FailureKind, classify, is_ours
from bot.store import inbox, pulls, repos
from bot.store.db import transaction
from bot.store.pulls import Silent
from bot.work.parts import Parts

log = logging.getLogger(__name__)

_AT_ONCE = 20
#: After so many seconds without a word GitHub is asked, and again as often.
_SILENT = 3600.0
#: After so many seconds nobody waits for it any longer.
_LOST = 86_400.0


async def look(parts: Parts) -> None:
    """Ask about the runs that are believed to go on, and give up what GitHub has told nothing of for a day."""
    now = parts.now()
    found = pulls.silent_runs(
        parts.db, since=now - _SILENT, lost_since=now - _LOST, limit=_AT_ONCE, resting=parts.resting()
    )
    for silent in found:
        repo = repos.get(parts.db, silent.repo_id)
        if repo is None or repo.installation in parts.resting():
            continue
        told = await _ask(parts, repo, silent) if repo.installation else None
        if told is None and repo.installation in parts.resting():
            continue  # it is asked again when that is over
        lost = told is None and silent.heard_at <= now - _LOST
        run = replace(silent.run, status="completed", conclusion=run_news.UNKNOWN) if lost else told
        with transaction(parts.db):
            pulls.asked_about(parts.db, silent.run.run_id, now, known=told is not None)
            if run is not None and _standing(run) != _standing(silent.run):
                body = msgspec.json.encode(run)
                inbox.put(parts.db, "affected_read", body, now=now, repo_id=silent.repo_id, lane=silent.lane)


async def _ask(parts: Parts, repo: Repo, silent: Silent) -> RunFacts | None:
    """Ask GitHub for a run; None where there is no answer, or none that says anything of it."""
    try:
        return await reads.run(parts.installation(repo.installation), repo, silent.run.run_id)
    except Exception as error:
        failure = classify(error, parts.now())
        log.warning("run %d: %s", silent.run.run_id, failure.sentence, exc_info=is_ours(failure))
        if failure.kind is FailureKind.PAUSED:
            parts.pace(repo.installation).pause(failure.retry_at or parts.now() + 60)
        return None


def _standing(run: RunFacts) -> tuple[int, str, str]:
    return run.attempt, run.status, run.conclusion
