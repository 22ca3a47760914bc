"""The check run of a pull request: the verdict, who must act and the table, and a link to the comment for the rest."""

from __future__ import annotations

from bot.domain.awaiting import FORK
from bot.domain.concluding import FAILURE
from bot.domain.view import PullCheckView
from renderers.check import rollout
from renderers.keeps import standing
from renderers.markdown import clip, code, escape, linked, prose
from renderers.receipts import receipts
from renderers.room import Room
from renderers.scene import Scene
from renderers.troubles import read_on
from renderers.verdict import verdict
from renderers.words import clock

_LONGEST_TITLE = 200
_BUDGET = 30_000  # half of what GitHub takes: the rest is in the comment
_SAYING_SO = 1_500  # characters kept free for saying what was left out
_NOTHING_CAME = "No affected stacks were uploaded"
_WAITING = "Waiting for the affected stacks"


def title(view: PullCheckView) -> str:
    """Tell in one line of plain text how a commit of a pull request stands."""
    scenes = _scenes(view)
    if view.ended and not scenes:
        return clip(f"Ended: {view.ended}", _LONGEST_TITLE)
    if scenes:
        return clip(" · ".join(verdict(scene)[1] for scene in scenes), _LONGEST_TITLE)
    if view.whole.pull.fork:
        return "Nothing is started for a fork"
    if view.conclusion == FAILURE:
        return "An upload could not be used"
    return _NOTHING_CAME if view.conclusion else _WAITING


def summary(view: PullCheckView) -> str:
    """Write what is done for a commit of a pull request, as Markdown that GitHub takes."""
    whole, scenes, room = view.whole, _scenes(view), Room(_BUDGET - _SAYING_SO)
    home, notes = f"{whole.server_url}/{whole.repo.full_name}/", _notes(view)
    lines = [_about(view), *(standing(whole) if not view.ended else [])]
    lines += [prose(note, trusted=home) for note in notes]
    lines.append("" if view.ended else read_on(whole, scenes, *notes))
    said = [kept for text in lines if (kept := room.keep(text, "some notes"))]
    said.append(receipts(whole.receipts, scenes[0] if scenes else None, whole.as_of, room) if not view.ended else "")
    for scene in scenes:
        said += rollout(scene, room)
    return "\n\n".join(part for part in (*said, room.left_out("summary", _rest(view))) if part) + "\n"


def _scenes(view: PullCheckView) -> list[Scene]:
    """List what is told of: at a commit that something overtook nothing is, but of what was merged the plan."""
    if view.ended and not view.whole.pull.merged:
        return []
    return [Scene(view.whole, walk, view.whole.states(walk)) for walk in view.whole.current]


def _about(view: PullCheckView) -> str:
    """Tell which commit it is, where the rest is told, and why it is not told there."""
    whole = view.whole
    home = f"{whole.server_url}/{whole.repo.full_name}"
    pull = linked(escape(f"#{whole.pull.number}"), f"{home}/pull/{whole.pull.number}")
    what = "Merge" if whole.pull.merged and view.sha == whole.pull.merge_sha else "Head"
    commit = linked(code(view.sha[:7]), f"{home}/commit/{view.sha}")
    at = f"{what} of {pull}: {commit}, as of {clock(whole.as_of)}."
    rest = _rest(view)
    return f"{at} {rest}" if rest else at


def _rest(view: PullCheckView) -> str:
    """Lead to what tells more."""
    if view.comment_problem:
        page = f" {linked('This page', view.whole.page_url)} tells all of it." if view.whole.page_url else ""
        return f"There is no comment that is up to date.{page}"
    if view.comment_url:
        return f"{linked('The comment', view.comment_url)} tells all of it."
    return ""


def _notes(view: PullCheckView) -> list[str]:
    """Say what a person should know beside the rollouts."""
    whole = view.whole
    said = [f"The comment could not be written. {view.comment_problem}"] if view.comment_problem else []
    if view.ended:
        return [*said, f"Nothing more is done for this commit: {view.ended}."]
    said += [note for note in (whole.waiting, *whole.notes) if note.strip()]
    if whole.pull.fork and not (whole.current or whole.waiting or whole.notes):
        said.append(FORK)
    return said
