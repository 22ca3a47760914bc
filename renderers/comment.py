"""The one comment of a pull request. It always fits, by leaving out whole rows and sections and saying so."""

from __future__ import annotations

from collections import Counter

from bot.domain.commands.words import PREFIX
from bot.domain.model import IN_FLIGHT, Status
from bot.domain.pro import Phase
from bot.domain.view import Past, PullView
from renderers import check
from renderers.graphic import pictured, written
from renderers.headline import NOTHING, first, headline
from renderers.keeps import standing
from renderers.markdown import clip, code, details, heading, linked, prose
from renderers.people import who_must_act
from renderers.progress import bar
from renderers.receipts import receipts
from renderers.room import Room
from renderers.scene import Scene
from renderers.section import Section
from renderers.table import by_worth, sections
from renderers.troubles import read_more, read_on
from renderers.verdict import activity, ended_sign, verdict
from renderers.words import clock, commit, duration, plural
from renderers.words import told as counted

MARKER = "<!-- switchyard:comment"
_SHOWN = " (the latest 10 are shown)"
_HEADLINE = 600
_SAYING_SO = 1_000  # characters kept free for saying what was left out


def marker(repo_id: int, number: int) -> str:
    """Write the hidden line by which the comment of a pull request is found again."""
    return f"{MARKER} repo={repo_id} pull={number} -->"


def comment(
    view: PullView,
    *,
    picture_url: str | None,
    picture_dark: str | None = None,
    mermaid: str | None,
    tree: str | None = None,
    budget: int = 60_000,
) -> str:
    """Write the comment as Markdown of at most `budget` characters; it takes 3,000 to say anything.

    The graph is the picture at `picture_url` (on dark pages the one at `picture_dark`), which leads to the page of the
    pull request; without one it is drawn from `mermaid`, and where that has no room, as `tree`.
    """
    main = first(view)
    older = (Scene(view, walk, view.states(walk)) for walk in view.current[1 if main else 0 :])
    rest = [scene for scene in older if scene.found]  # of one that has nothing, nothing is told beside another
    room = Room(budget - _SAYING_SO)
    top = _top(view, main, room)
    graph = room.keep(pictured(main, picture_url, picture_dark), "the graph") if main else ""
    tables = sections(main) if main else []
    body = [receipts(view.receipts, main, view.as_of, room), *(one.write(room) for one in tables[:1])]
    if main and not graph:
        graph = written(main, mermaid, tree, room)
    history = _history(view, room)  # a few lines, and worth more than the last of very many rows
    body += [one.write(room) for one in tables[1:]]
    body += [_older(main, scene, room) for scene in rest]
    body.append(room.keep(read_more(view, main, rest), "where to read on"))
    body += [history, room.left_out(where=_where(view, room))]
    return "\n\n".join(part for part in (*top, graph, *body) if part) + "\n"


def _top(view: PullView, main: Scene | None, room: Room) -> list[str]:
    """Say how it stands, what is awaited, who must act, and what else to know."""
    sign, stands = headline(view, main)
    lines = [view.waiting] if view.waiting else []
    if main and not main.found:
        lines.append(NOTHING)
    home = f"{view.server_url}/{view.repo.full_name}/"
    lines = [prose(text, trusted=home) for text in lines] + standing(view) + (who_must_act(main) if main else [])
    lines.append(read_on(view, [main] if main else []))
    lines += [check.group(one) for one in view.groups]
    notes = [*view.notes, *(main.walk.rollout.notes if main else ())]
    if main and main.walk.rollout.superseded_by:
        notes.insert(0, f"Ended by {main.walk.rollout.superseded_by}.")
    lines += [f"> {prose(note)}" for note in notes if note.strip()]
    stands = f"{sign} {prose(stands, most=_HEADLINE)} · as of {clock(view.as_of)}"
    head = [marker(view.repo.id, view.pull.number), heading(stands), *([_about(main)] if main else [])]
    room.spend(head)
    return head + room.keep_some(lines, "some notes")


def _where(view: PullView, room: Room) -> str:
    """Say where everything is that the comment has no room for."""
    if view.page_url:
        return f"{linked('The page of this pull request', view.page_url)} has all of it."
    counted_only, said = any(room.rows.values()), []
    if room.named or counted_only:
        said.append(f"{code(f'{PREFIX} why STACK/COMPONENT')} tells of each instance.")
    if room.missing or counted_only:
        path = code(f"/{view.repo.full_name}/pulls/{view.pull.number}")
        said.append(f"On the server {code('switchyard login-link')} opens the pages; {path} has all of it.")
    return " ".join(said)


def _about(scene: Scene) -> str:
    """Tell how far a rollout is, its activity, commit and times."""
    rollout, now = scene.walk.rollout, scene.view.as_of
    ended = max((known.finished_at for step in scene.walk.steps for known in step.dispatches), default=0.0)
    unsettled = (*IN_FLIGHT, Status.READY, Status.WAITING, Status.APPROVAL, Status.HELD)
    moving = any(state.status in unsettled for state in scene.found)
    took = f" · took {duration(ended - rollout.created_at)}" if ended and not moving else ""
    done = f"{drawn} · " if not rollout.superseded_by and (drawn := bar(scene.found)) else ""
    page = scene.view.page_url if isinstance(scene.view, PullView) else ""
    live = f" · {linked('live page', page)}" if page else ""
    return f"{done}{activity(scene)} · started {clock(rollout.created_at, now)}{took}{live}"


def _older(main: Scene | None, scene: Scene, room: Room) -> str:
    """Fold away a rollout that counts beside the first, such as the plan that an apply came from."""
    rollout = scene.walk.rollout
    sign, headline = verdict(scene)
    plan = rollout.phase is Phase.PLAN and (main is None or main.walk.rollout.phase is Phase.APPLY)
    merged = scene.view.pull is not None and scene.view.pull.merged
    plan_of = "The plan before the merge" if merged else "The plan before"
    what = plan_of if plan else clip(rollout.activity, 60)
    ended = f", ended by {rollout.superseded_by}" if rollout.superseded_by else ""
    title = f"{what}: {sign} {headline}, at {commit(rollout.sha)}{ended}"
    whose = f"of {plan_of.lower() if plan else 'other rollouts'}"
    steps = Section(scene, by_worth(scene), title, whose=whose).write(room)
    return steps or room.keep(prose(title), f"the verdict {whose}")


def _history(view: PullView, room: Room) -> str:
    """Fold away the earlier rollouts, one line each."""
    lines = [_earlier(view, past) for past in view.past]
    total = max(view.earlier, len(lines))
    title = plural(total, "earlier rollout")
    if not lines or not room.take(details(title, "") + _SHOWN):
        room.missing += [title] if lines else []
        return ""
    shown = []
    for text in lines:
        if not room.take(text):
            break
        shown.append(text)
    if len(shown) < len(lines):
        room.missing.append(plural(len(lines) - len(shown), "earlier rollout"))
    part = f" (the latest {len(shown):,} are shown)" if len(shown) < total else ""
    return details(f"{title}{part}", "\n".join(shown)) if shown else ""


def _earlier(view: PullView, past: Past) -> str:
    """Tell of an earlier rollout in one line: when, what for, how it ended, and where to read on."""
    home = f"{view.server_url}/{view.repo.full_name}/"
    at = linked(code(commit(past.sha)), f"{home}commit/{past.sha}")
    counts = Counter(past.counts)
    page = f"{view.page_url}?rollout={past.rollout_id}" if view.page_url and past.rollout_id else ""
    told = linked(counted(counts) if counts else "nothing was affected", past.run_url or page)
    ended = f"; ended by {prose(past.ended_by)}" if past.ended_by else ""
    when = clock(past.created_at, view.as_of)
    sign = ended_sign(counts, past.called_off, past.withdrawn)
    return f"- {sign} {when}, {code(clip(past.activity, 60))} at {at}: {told}{ended}"
