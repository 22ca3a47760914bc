"""Sentences that were written as Markdown for GitHub, as HTML for a page of ours.

Only what `renderers.markdown` makes is read. All else stands for itself, so nothing that somebody wrote becomes HTML.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

from markupsafe import Markup, escape

_TOKENS = re.compile(
    r"""\\(?P<escaped>[!-/:-@\[-`{-~])
    | (?P<entity>&(?:\#[0-9]{1,7}|\#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,30});)
    | `(?P<code>[^`]+)`
    | (?P<bold>\*\*)
    | <(?P<end>/?)(?P<tag>code|sub|b)>
    | (?P<line><br>)
    | (?P<open>\[)
    | \]\((?P<url>https?://[^()\s<>"]+)\)
    | (?P<text>[^\\&`*<\[\]]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_HIDDEN = str.maketrans("", "", "\u200b")  # it keeps GitHub from pinging people; here it would only be copied along


@lru_cache(maxsize=4_096)
def inline(markdown: str) -> Markup:
    """Write a sentence as HTML."""
    stack: list[tuple[str, list[Markup]]] = [("", [])]  # what is open, by its mark, with what is in it so far
    for found in _TOKENS.finditer(markdown):
        mark, inside = stack[-1]
        if found["bold"] or found["tag"]:
            tag = found["tag"] or "strong"
            ends = mark == f"<{tag}>" if found["bold"] else bool(found["end"])
            if ends and mark == f"<{tag}>":
                stack.pop()
                stack[-1][1].append(Markup("<{0}>{1}</{0}>").format(Markup(tag), _joined(inside)))  # noqa: S704
            elif ends:
                inside.append(escape(found[0]))
            else:
                stack.append((f"<{tag}>", []))
        elif found["open"]:
            stack.append(("[", []))
        elif found["url"] and mark == "[":
            stack.pop()
            stack[-1][1].append(_link(found["url"], _joined(inside)))
        else:
            inside.append(_plain(found))
    return _flat(stack)


def _plain(found: re.Match[str]) -> Markup:
    if found["code"]:
        return Markup("<code>{}</code>").format(found["code"])
    if found["line"]:
        return Markup("<br>")
    return escape((found["escaped"] or html.unescape(found["entity"] or "") or found[0]).translate(_HIDDEN))


def _link(url: str, text: Markup) -> Markup:
    return Markup('<a href="{}">{}</a>').format(html.unescape(url), text)


def _joined(parts: list[Markup]) -> Markup:
    return Markup("").join(parts)


def _flat(stack: list[tuple[str, list[Markup]]]) -> Markup:
    """Join all; what was opened and never closed stands for itself."""
    return _joined([part for mark, inside in stack for part in (escape("**" if mark == "<strong>" else mark), *inside)])
