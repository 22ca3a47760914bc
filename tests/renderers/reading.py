"""Read a comment as GitHub would, and say what is broken in it."""

from __future__ import annotations

import re
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

_READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_OURS = re.compile(
    r"<!-- switchyard:comment repo=\d+ pull=\d+ -->|</?details>|<summary>[^<>]*</summary>|</?p>|</a>|</?code>|</?sub>"
    r'|<br>|<a href="https?://[^"<>\s]*">|<img src="https?://[^"<>\s]*" alt="[^"<>]*">|\s+|</?picture>'
    r'|<source media="\(prefers-color-scheme: dark\)" srcset="https?://[^"<>\s]*">'
)
_BARE_PIPE = re.compile(r"(?<!\\)\|")


def flaws(text: str) -> list[str]:
    """List what a reader would see broken: tables, folds, foreign HTML, links, mentions."""
    found = []
    if text.count("<details>") != text.count("</details>"):
        found.append("a fold is not closed")
    tokens = _READER.parse(text)
    found += _table_flaws(text, tokens)
    for token in tokens:
        if token.type in ("html_block", "html_inline") and _OURS.sub("", token.content):
            found.append(f"foreign HTML: {token.content}")
        if token.type in ("code_block", "hr", "ordered_list_open"):
            found.append(f"unwanted {token.type}")
        found += _inline_flaws(token.children or [])
    return found


def _table_flaws(text: str, tokens: list[Token]) -> list[str]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = sum(token.type == "tr_open" for token in tokens)
    rules = sum(line.startswith("| ---") for line in lines)
    found = [] if rows == len(lines) - rules else [f"{len(lines)} lines became {rows} rows"]
    widths = 0
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        width = len(_BARE_PIPE.findall(line))
        if following.startswith("| ---"):
            widths = width
        if width != widths:
            found.append(f"a row has another number of cells: {line}")
    return found


def _inline_flaws(children: list[Token]) -> list[str]:
    found, in_code = [], False
    for child in children:
        if child.type == "html_inline":
            in_code = child.content == "<code>" or (in_code and child.content != "</code>")
            if _OURS.sub("", child.content):
                found.append(f"foreign HTML: {child.content}")
        if child.type == "text" and re.search(r"@\w|#\d|https?://|www\.\w", child.content):
            found.append(f"something GitHub would act on: {child.content}")
        if child.type == "link_open" and not str(child.attrs.get("href", "")).startswith("https://github.com/acme/"):
            found.append(f"a foreign link: {child.attrs}")
    return found
