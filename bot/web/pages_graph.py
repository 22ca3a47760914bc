"""The graph on a page: the whole of it where that can be drawn in time, else by stacks or components."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from bot.domain.rollout import Walk
from bot.domain.states import State
from bot.web.turns import Turns
from renderers.engine import CannotDraw
from renderers.picture import Picture, picture
from renderers.shape import shape

log = logging.getLogger(__name__)

#: As large as a picture may be, in bytes: it goes to a browser, past no proxy of images.
_LARGEST = 16_000_000
_KEPT = 6
#: Of so many rollouts it is known that they were not drawn whole.
_NOTED = 100


def digest(walk: Walk, found: Sequence[State]) -> str:
    """Name what a picture of a rollout shows: it is another one where this is another."""
    seen = [(walk.rollout.id, len(walk.steps))]
    told = hashlib.sha256(repr(seen).encode())
    for step, state in zip(walk.steps, found, strict=True):
        times = [(sent.started_at, sent.finished_at) for sent in step.dispatches]
        told.update(f"{state.status} {state.cause} {times}\n".encode())
    return told.hexdigest()[:20]


class Pictures:
    """Draws, and keeps the last pictures: a page asks for two, and several people may look."""

    def __init__(self) -> None:
        #: Who reads a rollout to have it drawn takes a turn before, as that is work, too.
        self.turns = Turns()
        #: By rollout, what the last picture had in place of instances: "stack", "component"; "nothing": there is none.
        self.instead: Mapping[int, str] = {}
        self._kept: OrderedDict[str, Picture] = OrderedDict()

    def of(self, walk: Walk, found: Sequence[State]) -> Picture | None:
        """Draw a rollout, whole or else by groups; None where neither can be drawn now. Call it in a turn.

        Only what is whole is kept: the rest is tried again the next time.
        """
        name = digest(walk, found)
        known = self._kept.get(name) or _drawn(walk, found, whole=True)
        if known is None:
            grouped = _drawn(walk, found, whole=False)
            self._note(walk, shape(walk).by if grouped else "nothing")
            return grouped
        self._note(walk, "")
        self._kept[name] = known
        self._kept.move_to_end(name)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return known

    def _note(self, walk: Walk, instead: str) -> None:
        others = [(one, what) for one, what in self.instead.items() if one != walk.rollout.id]
        self.instead = dict([*others, (walk.rollout.id, instead)][-_NOTED:] if instead else others)


def _drawn(walk: Walk, found: Sequence[State], *, whole: bool) -> Picture | None:
    try:
        return picture(walk, found, whole=whole, limit=_LARGEST)
    except CannotDraw as error:
        log.warning("rollout %d has no picture on its page: %s", walk.rollout.id, error)
    return None
