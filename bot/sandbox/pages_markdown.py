"""Markdown to HTML as GitHub shows it in comments: tables, folded parts, pictures, and nothing that could do harm."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = """
    a abbr b bdo blockquote br caption cite code dd del details dfn div dl dt em figcaption figure
    h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture pre q rp rt ruby s samp small source span strike strong
    sub summary sup table tbody td tfoot th thead time tr tt ul var wbr
"""
_EVERYWHERE = {"align", "dir", "height", "lang", "title", "valign", "width"}
_ATTRIBUTES = {
    "*": _EVERYWHERE,
    "a": {"href"},
    "details": {"open"},
    "img": {"alt", "src"},
    "ol": {"start"},
    "source": {"media", "srcset"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
}
_SCHEMES = {"http", "https", "mailto"}

# Comments, unlike files, break the line where their text does.
_parser = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])


@lru_cache(maxsize=200)
def rendered(text: str) -> Markup:
    """Write Markdown as HTML that is safe to show."""
    html = nh3.clean(_parser.render(text), tags=set(_TAGS.split()), attributes=_ATTRIBUTES, url_schemes=_SCHEMES)
    return Markup(html)  # noqa: S704 - it has just been cleaned
