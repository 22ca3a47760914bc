"""The webhook `issue_comment`: what people tell the bot, in a comment on a pull request."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import gidgethub

from bot.domain import destroying
from bot.domain.commands import parsing
from bot.domain.commands.asked import Refused, chosen
from bot.domain.commands.obey import is_stale, may
from bot.domain.commands.words import Command, Line, Misread, Role, names
from bot.domain.events import Commanded, Nudged, RunReported
from bot.domain.lanes import lane_of_pull, pull_of_lane
from bot.domain.model import OPEN, Dispatch, Repo, Status
from bot.domain.rollout import Draft, Walk
from bot.events import pull_request, workflow_run
from bot.events.context import Context, Finished, Gathered, InLane, Place, decode, repo_of
from bot.events.destroying import with_destroys
from bot.events.merges import spot_of
from bot.github import reads, shapes
from bot.github.failures import FailureKind, classify
from bot.store import commands, outbox
from bot.store.db import Db
from bot.store.inbox import Row
from bot.store.rollouts import of_lane

#: As many runs are read for one comment; the sweep asks about others in its time.
_MOST_RUNS = 100
#: The steps whose runs may be otherwise by now: those under way, and those that somebody may have run again at GitHub.
_MOVING = frozenset({*OPEN, Status.FAILED, Status.TIMED_OUT, Status.CANCELLED})
#: Whose runs a command wants to be read first.
_ASKED = {"retry": _MOVING, "apply": _MOVING, "status": _MOVING}


def place(payload: dict[str, Any], _row: Row, db: Db) -> Place:
    """Find the lane, where a person tells the bot something that was not heard before, or deletes its comment."""
    repo, issue, comment = repo_of(payload), shapes.part(payload, "issue"), shapes.part(payload, "comment")
    number, comment_id = shapes.number(issue, "number"), shapes.number(comment, "id")
    if repo is None or not number or not comment_id or not shapes.part(issue, "pull_request"):
        return Finished("no comment on a pull request of an installation of ours")
    lane = lane_of_pull(repo.id, number)
    if shapes.text(payload, "action") == "deleted" and outbox.is_remote(db, f"comment:{lane}", comment_id):
        return InLane(lane, repo.id, gone=comment_id)
    if shapes.text(payload, "action") != "created":
        return Finished("only a new comment is read")
    if shapes.text(shapes.part(comment, "user"), "type") != "User" or comment.get("performed_via_github_app"):
        return Finished("not by a person")
    if not parsing.read(shapes.text(comment, "body")):
        return Finished("says nothing to the bot")
    if commands.known(db, repo.id, _source(comment_id)):
        return Finished("was read before")
    return InLane(lane, repo.id, read=comment_id)


def _source(comment_id: int) -> str:
    return f"comment:{comment_id}"


async def gather(row: Row, ctx: Context) -> Gathered | Finished:
    """Read who says it, the pull request as it is now, and what the commands want to be read first."""
    payload = decode(row)
    if shapes.text(payload, "action") == "deleted":
        return Gathered(Nudged())
    repo = repo_of(payload) or ctx.repo(row.repo_id or 0)
    comment = shapes.part(payload, "comment")
    comment_id = shapes.number(comment, "id")
    if commands.known(ctx.db, repo.id, _source(comment_id)):
        return Finished("was read before")
    by = shapes.text(shapes.part(comment, "user"), "login")
    event = Commanded(
        source=_source(comment_id),
        by=by,
        role=Role.NONE,
        at=shapes.moment(comment, "created_at"),
        lines=parsing.read(shapes.text(comment, "body")),
        comment_id=comment_id,
    )
    if is_stale(event, ctx.now()):  # it is refused, whoever said it: what comes after it need not wait for GitHub
        return Gathered(event)
    return await gathered(row, ctx, repo, event)


async def gathered(row: Row, ctx: Context, repo: Repo, event: Commanded) -> Gathered:
    """Add what the person may do, and what commands want to know. Where GitHub refuses to tell, so is what was said."""
    try:
        role = await reads.role(ctx.github.installation(repo.installation), repo, event.by)
        event = replace(event, role=role)
        if not any(may(role, line) for line in event.lines):  # nobody else has GitHub asked for more
            return Gathered(event)
        return await _known(row, ctx, repo, event)
    except gidgethub.HTTPException as error:
        failure = classify(error, ctx.now())
        if failure.kind not in (FailureKind.FORGET, FailureKind.DEAD):
            raise
        problem = Misread(f"Nothing was done, because GitHub could not be asked about it. {failure.sentence}")
        return Gathered(replace(event, lines=tuple(Line(line.written, problem) for line in event.lines)))


async def _known(row: Row, ctx: Context, repo: Repo, event: Commanded) -> Gathered:
    lane = row.lane or ""
    number = pull_of_lane(lane)
    if number:
        now = await reads.pull(ctx.github.installation(repo.installation), repo, number)
        event = replace(event, now=now, spot=await spot_of(ctx, repo, now))
    asked, unread = _wanted(ctx, lane, event.lines)
    told = [await _read(ctx, repo, dispatch) for dispatch in asked]
    event = replace(event, runs=tuple(one for one in told if one is not None), unread=unread)
    if event.now is not None and event.now.merged and names(event.lines) & destroying.COMMANDS:
        return await with_destroys(ctx, repo, event, event.now)
    if event.now is None or all(_name(line) != "plan" for line in event.lines):
        return Gathered(event)
    return await pull_request.with_upload(ctx, repo, event)


def _name(line: Line) -> str:
    return line.meant.name if isinstance(line.meant, Command) else ""


def _wanted(ctx: Context, lane: str, lines: tuple[Line, ...]) -> tuple[list[Dispatch], frozenset[str]]:
    """Find the runs whose state decides what a command means, and those that are too many; of the newest rollout first.

    What a command names goes before the rest.
    """
    wanted = frozenset().union(*(_ASKED.get(_name(line), frozenset()) for line in lines))
    walks = of_lane(ctx.db, lane)[::-1] if wanted else []
    meant = [(walk, _named(walk, lines)) for walk in walks]
    steps = [walk.steps[index] for walk, first in meant for index in sorted(first)]
    steps += [step for walk, first in meant for step in walk.steps if step.index not in first]
    sent = [one for step in steps for one in step.dispatches if one.run_id and one.status in wanted]
    sent.sort(key=lambda one: one.status in OPEN)  # what may be sent again goes first
    return sent[:_MOST_RUNS], frozenset(one.id for one in sent[_MOST_RUNS:])


def _named(walk: Walk, lines: tuple[Line, ...]) -> set[int]:
    """Find the steps of a rollout that commands name."""
    found: set[int] = set()
    for line in lines:
        if isinstance(line.meant, Command) and line.meant.name in _ASKED and line.meant.targets:
            with suppress(Refused):  # that a target means nothing is told once it is done
                found.update(chosen(Draft(walk), line.meant))
    return found


async def _read(ctx: Context, repo: Repo, dispatch: Dispatch) -> RunReported | None:
    """Ask for a run; None where GitHub knows it no more, so that it counts as it is known here."""
    try:
        return await workflow_run.read_again(ctx, repo, dispatch)
    except gidgethub.HTTPException as error:
        if classify(error, ctx.now()).kind is not FailureKind.FORGET:
            raise
        return None
