"""Keep a pull request's comment the only one of ours there: edited, made where there is none, its doubles folded."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.model import Repo
from bot.github import ensure as github
from bot.store import outbox, told
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.work import wishes
from bot.work.parts import Parts
from renderers import comment
from renderers.double import double as line

#: A comment that was deleted is made again once: whoever deletes that one too does not want it.
_MOST_MADE = 2
DELETED = "Somebody deleted it, and deleted it again once it was back, so it is not made a third time."


def is_unwanted(parts: Parts, key: str) -> bool:
    """Tell whether people have deleted a comment for good."""
    return told.get(parts.db, key).problem == DELETED


async def write(parts: Parts, repo: Repo, number: int, wish: Wish, body: str) -> int:
    """Edit our comment, or make it where there is none; returns its id, 0 where people have deleted it for good."""
    gh, known = parts.installation(repo.installation), told.get(parts.db, wish.key)
    if wish.remote and known.alone and await github.edit_comment(gh, repo, wish.remote, body):
        return wish.remote
    found = await github.find_comments(gh, repo, number, comment.marker(repo.id, number), parts.github.app_id)
    for at, one in enumerate(found):
        if await github.edit_comment(gh, repo, one.id, body):
            for double in found[at + 1 :]:
                await github.fold_comment(gh, double)
                # Without the marker it counts no more, folded or not.
                await github.edit_comment(gh, repo, double.id, line(parts.server_url, repo, number, one.id))
            _note(parts, wish.key, made=max(known.made, 1), alone=True)
            return one.id
    # What GitHub lists may lag behind what it has.
    if wish.remote and not known.alone and await github.edit_comment(gh, repo, wish.remote, body):
        return wish.remote
    if known.made >= _MOST_MADE:
        return 0
    made = await github.create_comment(gh, repo, number, body)
    # Where an answer was lost there may be another one: that is looked for at the next edit.
    _note(parts, wish.key, made=known.made + 1, alone=False)
    with transaction(parts.db):
        wishes.show_checks(parts, wish.lane, wish.repo_id, due=parts.now() + 1)  # they lead to it
    return made


def _note(parts: Parts, key: str, *, made: int, alone: bool) -> None:
    with transaction(parts.db):
        told.put(parts.db, key, replace(told.get(parts.db, key), made=made, alone=alone))


def note(parts: Parts, wish: Wish, remote: int) -> None:
    """Note within a transaction that a comment was written, or is left to those who have deleted it for good."""
    note_problem(parts, wish, "" if remote else DELETED)
    if not remote:
        outbox.forget(parts.db, wish.key)


def note_problem(parts: Parts, wish: Wish, problem: str) -> None:
    """Note within a transaction why a comment cannot be written, or that it can be again: the check run tells it."""
    known = told.get(parts.db, wish.key)
    if known.problem != problem:
        told.put(parts.db, wish.key, replace(known, problem=problem))
        wishes.show_checks(parts, wish.lane, wish.repo_id, due=parts.now())
