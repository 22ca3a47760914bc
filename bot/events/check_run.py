"""The webhooks `check_run` and `check_suite`: what people tell the bot by pressing a button beside its check run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain.commands import buttons
from bot.domain.commands.words import Line, Misread, Role
from bot.domain.concluding import works_at
from bot.domain.events import Commanded, Event
from bot.domain.lanes import lane_of_pull, pull_of_lane
from bot.domain.model import Commit
from bot.domain.texts import commit
from bot.events.context import Context, Finished, Gathered, InLane, Place, Spread, decode, repo_of
from bot.events.issue_comment import gathered
from bot.github import shapes
from bot.store import commits, pulls
from bot.store.db import Db
from bot.store.inbox import Row
from bot.store.rollouts import of_lane

#: The webhooks that tell of a button. Nothing in them says when it was pressed, only what was shown then.
WEBHOOKS = ("check_run", "check_suite")
_ASKS = ("requested_action", "rerequested")
#: As many instances as an answer names.
_NAMED = 3


def place(payload: dict[str, Any], _row: Row, db: Db) -> Place:
    """Find the lane whose check run it is, where a person pressed a button."""
    repo, lane = repo_of(payload), shapes.text(shapes.part(payload, "check_run"), "external_id")
    if repo is None:
        return Finished("no installation of ours")
    if shapes.text(payload, "action") not in _ASKS or not _by_a_person(payload):
        return Finished("no button that a person pressed")
    number = pull_of_lane(lane)
    known = commits.get(db, lane) or (pulls.get(db, repo.id, number) if number else None)
    if known is None or known.repo_id != repo.id or (number and lane != lane_of_pull(repo.id, number)):
        return Finished("no check run of ours")
    return InLane(lane, repo.id)


def place_suite(payload: dict[str, Any], row: Row, db: Db) -> Place:
    """Find the lanes whose check runs are all to be run again: those of a commit."""
    repo, sha = repo_of(payload), shapes.text(shapes.part(payload, "check_suite"), "head_sha")
    if repo is None or not sha:
        return Finished("no installation of ours")
    if shapes.text(payload, "action") != "rerequested" or not _by_a_person(payload):
        return Finished("no button that a person pressed")
    lanes = [one.lane for one in commits.of_sha(db, repo.id, sha) if one.sha == sha and not one.ended]
    lanes += [lane_of_pull(repo.id, one.number) for one in pulls.of_commit(db, repo.id, sha) if works_at(one, sha)]
    return Spread("all checks are to run again", tuple(("check_suite", lane, repo.id, row.body) for lane in lanes))


def _by_a_person(payload: dict[str, Any]) -> bool:
    return shapes.text(shapes.part(payload, "sender"), "type") == "User"


async def gather(row: Row, ctx: Context) -> Gathered | Finished:
    """Read who pressed it, and what that command wants to be read first."""
    payload = decode(row)
    repo, check = repo_of(payload) or ctx.repo(row.repo_id or 0), shapes.part(payload, row.kind)
    if shapes.number(shapes.part(check, "app"), "id") != ctx.github.app_id:
        return Finished("another App's check run")
    line = _line(payload, row.lane or "", ctx)
    if line is None:
        return Finished("no button of ours")
    by = shapes.text(shapes.part(payload, "sender"), "login")
    event = Commanded(
        source=f"check:{row.id}",
        by=by,
        role=Role.NONE,
        at=row.at,
        lines=(line,),
    )
    found = await gathered(row, ctx, repo, event)
    return replace(
        found, event=_of_now(found.event, commits.get(ctx.db, row.lane or ""), shapes.text(check, "head_sha"))
    )


def _line(payload: dict[str, Any], lane: str, ctx: Context) -> Line | None:
    """Understand what was pressed: an approval covers what the check run showed by then, and nothing else."""
    if shapes.text(payload, "action") != "requested_action":
        return buttons.rerun()
    found = buttons.pressed(shapes.text(shapes.part(payload, "requested_action"), "identifier"))
    if found is None:
        return None
    line, at = found
    new = buttons.held_since(of_lane(ctx.db, lane), at) if line.written == buttons.APPROVE.label else []
    if not new:
        return line
    told = ", ".join(new[:_NAMED]) + (f" and {len(new) - _NAMED:,} more" if len(new) > _NAMED else "")
    return Line(line.written, Misread(f"Held only since that button was shown: {told}. Look at it, and press it anew."))


def _of_now(event: Event, known: Commit | None, sha: str) -> Event:
    """Refuse what was pressed beside the check run of an older commit: it was not about what is there now."""
    if not isinstance(event, Commanded):
        return event
    now = [event.now.head_sha, event.now.merge_sha] if event.now is not None else [known.sha] if known else []
    if sha in now:
        return event
    problem = Misread(f"That was the check run of an older commit, {commit(sha)}. Look at the newer one.")
    return replace(event, lines=tuple(Line(line.written, problem) for line in event.lines))
