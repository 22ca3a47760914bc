"""What templates write by functions: times, counts, sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from bot.domain.lanes import name_of_lane
from bot.domain.names import shown
from bot.domain.texts import commit, rfc3339
from bot.web.inline import inline
from renderers.markdown import prose
from renderers.words import clock, plural


def moment(at: float, now: float) -> Markup:
    """Write a time as people read it, and machines too."""
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(at), clock(at, now))


def sentence(text: str, most: int = 600) -> Markup:
    """Write a sentence that may carry `names` in backticks."""
    return inline(prose(text, most=most))


def clear(text: str, most: int = 200) -> str:
    """Write what somebody called something: on one line, with what cannot be seen made visible."""
    return shown(" ".join(text.split()), most)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "moment": moment,
    "sentence": sentence,
    "clear": clear,
    "commit": commit,
    "plural": lambda number, one, many="": plural(number, one, many),
    "lane": name_of_lane,
}
