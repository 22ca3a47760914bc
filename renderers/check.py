"""The check run of a commit without a pull request, and a merge queue's try as its pull request's comment has it."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.concluding import CANCELLED, FAILURE, NEUTRAL, PEOPLE, SUCCESS
from bot.domain.lanes import is_release, is_server_run, name_of_lane
from bot.domain.model import Commit, Status
from bot.domain.view import CommitView
from renderers.keeps import standing
from renderers.markdown import clip, code, escape, heading, linked, prose
from renderers.people import who_must_act
from renderers.receipts import receipts
from renderers.room import Room
from renderers.scene import Scene
from renderers.table import sections
from renderers.troubles import read_on
from renderers.verdict import FAILURES, verdict
from renderers.words import SIGNS

_LONGEST_TITLE = 200
_BUDGET = 60_000
_SAYING_SO = 1_500  # characters kept free for saying what was left out
_SIGNS = {
    "": SIGNS[Status.WAITING],
    SUCCESS: SIGNS[Status.SUCCEEDED],
    FAILURE: SIGNS[Status.FAILED],
    CANCELLED: SIGNS[Status.CANCELLED],
    PEOPLE: SIGNS[Status.HELD],
    NEUTRAL: SIGNS[Status.SKIPPED],
}
_NOTHING_CAME = "No affected stacks were uploaded"
_NOT_AFFECTED = (
    "No stack is affected, or none names a workflow for this, so there is nothing to do. If you expected some: the job "
    "that describes the affected stacks needs the whole history, so check out with `fetch-depth: 0`."
)


def title(view: CommitView) -> str:
    """Tell in one line of plain text how a commit stands."""
    if view.commit.ended and not (view.commit.merged and view.current):
        return clip(view.commit.ended[:1].upper() + view.commit.ended[1:], _LONGEST_TITLE)
    if view.current:
        return clip(" · ".join(verdict(scene)[1] for scene in _scenes(view)), _LONGEST_TITLE)
    if view.problem:
        return "An upload could not be used"
    return "Waiting for the affected stacks" if not view.conclusion else _NOTHING_CAME


def summary(view: CommitView) -> str:
    """Write what is done for a commit, as Markdown that GitHub takes."""
    room = Room(_BUDGET - _SAYING_SO)
    lines = [_about(view), *standing(view)]
    if view.problem:
        lines.append(prose(view.problem))
    elif view.waiting and not view.current and not view.commit.ended:
        lines.append(prose(view.waiting, trusted=f"{view.server_url}/{view.repo.full_name}/"))
    said = [kept for text in lines if (kept := room.keep(text, "some notes"))]
    scenes = _scenes(view)
    said.append(room.keep(read_on(view, scenes, *lines), "where to read on"))
    said.append(receipts(view.receipts, scenes[0] if scenes else None, view.as_of, room))
    for scene in scenes:
        said += rollout(scene, room)
    return "\n\n".join(part for part in (*said, room.left_out("summary", _where(view))) if part) + "\n"


def _where(view: CommitView) -> str:
    """Say where everything is that the summary has no room for."""
    request = f"GET /api/v1/rollouts?repo={view.repo.full_name}&sha={view.commit.sha}"
    return f"{code(request)} of Switchyard's API has all of it."


def _scenes(view: CommitView) -> list[Scene]:
    return [Scene(view, walk, view.states(walk)) for walk in view.current]


def _about(view: CommitView) -> str:
    """Tell what the commit is to GitHub."""
    commit, home = view.commit, f"{view.server_url}/{view.repo.full_name}/"
    at = linked(code(commit.sha[:7]), f"{home}commit/{commit.sha}")
    if is_server_run(commit.lane):
        who = f"{escape(name_of_lane(commit.lane).capitalize())}, started by {escape(commit.by)}"
        return f"{who}: {at}, in the order of {code(commit.branch)}."
    if not is_release(commit.lane):
        pull = linked(escape(f"#{commit.pull}"), f"{home}pull/{commit.pull}") if commit.pull else "a pull request"
        return f"Merge queue: {pull} at {at}, to be merged into {code(commit.branch)}."
    order = f", in the order of {code(commit.branch)}" if commit.position else ", which is on no branch that is applied"
    return f"Release {code(commit.ref.removeprefix('refs/tags/'))} at {at}{order}."


def rollout(scene: Scene, room: Room) -> list[str]:
    """Tell of one rollout as much as there is room for."""
    sign, headline = verdict(scene)
    notes = [*who_must_act(scene), *(f"> {prose(note)}" for note in scene.walk.rollout.notes)]
    if not scene.found:
        notes.append(_NOT_AFFECTED)
    head = [heading(f"{sign} {headline}"), code(clip(scene.walk.rollout.activity, _LONGEST_TITLE))]
    said = [kept for text in head if (kept := room.keep(text, "the verdict of a rollout"))]
    said += room.keep_some(notes, "some notes")
    return [*said, *(written for one in sections(scene) if (written := one.write(room)))]


def details_url(view: CommitView) -> str:
    """Find the page that tells most: the run that needs eyes, the pull request's, the last run; empty without any."""
    known = [sent for walk in view.current for step in walk.steps for sent in step.dispatches if sent.run_url]
    for status in (*FAILURES, Status.HELD, Status.APPROVAL):
        for sent in known:
            if sent.status is status:
                return sent.run_url
    if view.page_url or not known:
        return view.page_url
    return max(known, key=lambda sent: sent.run_id).run_url


def group(view: CommitView) -> str:
    """Tell a merge queue's try in one line of Markdown, for the comment of its pull request."""
    commit: Commit = view.commit
    told = title(replace(view, current=view.current[:1]))
    at = linked(code(commit.sha[:7]), f"{view.server_url}/{view.repo.full_name}/commit/{commit.sha}")
    return f"{_SIGNS[view.conclusion]} **Merge queue**, {at}: {prose(told)}"
