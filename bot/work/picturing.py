"""Make the graph that a comment shows, in whatever form it can be shown. Nothing of it may cost the comment."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass

from bot.domain.rollout import Walk
from bot.domain.states import State
from bot.domain.texts import commit
from bot.domain.view import PullView
from bot.store import graphs, pulls
from bot.store.db import transaction
from bot.work.parts import Parts
from renderers import engine, mermaid, picture, tree

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Graphic:
    """The addresses of a picture, else text to draw the graph from, else nothing."""

    light: str | None = None
    dark: str | None = None
    mermaid: str | None = None
    tree: str | None = None


async def graphic(parts: Parts, view: PullView) -> Graphic:
    """Make the graph of the newest rollout. What is drawn is kept before any comment can name it."""
    walk = next((walk for walk in view.current if walk.steps), None)
    if walk is None:
        return Graphic()
    found = view.states(walk)
    if parts.public_url and engine.engine_name() is not None:
        drawn = await _drawn(view, walk, found)
        if drawn is not None:
            return _kept(parts, view, drawn)
    try:
        return await asyncio.to_thread(_written, walk, found)
    except Exception:
        log.exception("#%d at %s has no graph in text", view.pull.number, commit(view.pull.head_sha))
        return Graphic()


async def _drawn(view: PullView, walk: Walk, found: list[State]) -> picture.Picture | None:
    try:
        return await asyncio.to_thread(picture.picture, walk, found)
    except engine.CannotDraw as error:
        log.warning("#%d at %s has no picture: %s", view.pull.number, commit(view.pull.head_sha), error)
    except Exception:
        log.exception("#%d at %s has no picture", view.pull.number, commit(view.pull.head_sha))
    return None


def _written(walk: Walk, found: list[State]) -> Graphic:
    return Graphic(mermaid=mermaid.mermaid(walk, found), tree=tree.tree(walk, found))


def _kept(parts: Parts, view: PullView, drawn: picture.Picture) -> Graphic:
    """Keep a picture under addresses that name what it shows, so that they never show anything else."""
    # Proxies and logs know where pictures are: from such an address nobody gets to the page, whose token it is made of.
    secret = pulls.token(parts.db, view.repo.id, view.pull.number)
    token = hashlib.sha256(f"graphs {secret}".encode()).hexdigest()[:32]
    digest = hashlib.sha256(drawn.light).hexdigest()[:32]
    if not graphs.has(parts.db, token, digest):
        with transaction(parts.db):
            graphs.put(parts.db, token, digest, drawn.light, drawn.dark, now=parts.now())
    address = f"{parts.public_url}/graphs/{token}/{digest}"
    return Graphic(light=f"{address}-light.svg", dark=f"{address}-dark.svg")
