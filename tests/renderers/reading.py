"""Read a comment as GitHub would, and say what is broken in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise, zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

_READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_OURS = re.compile(
    r'<sub>(?:[^<>]|<a href="https?://[^"<>\s]*">|</a>)*</sub>|'
    r"<!-- switchyard:comment repo=\d+ pull=\d+ -->|</?details>|<summary>[^<>]*</summary>|</?p>|</a>|</?code>|</?sub>"
    r'|<br>|<a href="https?://[^"<>\s]*">|<img src="https?://[^"<>\s]*" alt="[^"<>]*">|\s+|</?picture>'
    r'|<source media="\(prefers-color-scheme: dark\)" srcset="https?://[^"<>\s]*">'
)
_TAG = re.compile(r"<(/?)([a-z]+)")
_VOID = ("br", "img", "source")
_INLINE = ("a", "br", "code", "sub")
_HOMES = ("https://github.com/acme/", "https://switchyard.example.com/")
_BARE_PIPE = re.compile(r"(?<!\\)\|")


def flaws(text: str) -> list[str]:
    """List what a reader would see broken: tables, folds, foreign HTML, links, mentions."""
    tokens = _parsed(text)
    found = [*_fold_flaws(tokens), *_tag_flaws(tokens), *_fence_flaws(text, tokens), *_table_flaws(text, tokens)]
    for token in tokens:
        if token.type in ("html_block", "html_inline") and _OURS.sub("", token.content):
            found.append(f"foreign HTML: {token.content}")
        if token.type in ("code_block", "hr", "ordered_list_open"):
            found.append(f"unwanted {token.type}")
        found += _inline_flaws(token.children or [])
    return found


@lru_cache(maxsize=2)  # a text is often asked for several things
def _parsed(text: str) -> list[Token]:
    return _READER.parse(text)


def first_line(text: str) -> str:
    """Read what people see of the first heading, as in a list of mails."""
    tokens = _parsed(text)
    heading = next(following for token, following in pairwise(tokens) if token.type == "heading_open")
    return _text(heading).replace("\u200b", "")


def told_in_tables(text: str) -> list[tuple[str, str, str]]:
    """List what the tables tell of: status (empty where a fold's title tells it), stack and component."""
    told = []
    for head, *rows in _tables(_parsed(text)):
        titles = [_text(cell) for cell in head]
        for row in rows:
            cells = dict(zip(titles, row, strict=True))
            title = next(title for title in titles if title.startswith("Component"))
            stack = _names(cells["Stack"] if "Stack" in cells else head[titles.index(title)])
            status = _text(cells["Status"]) if "Status" in cells else ""
            told += [(status, *stack, component) for component in _names(cells[title])]
    return told


def _tables(tokens: list[Token]) -> Iterator[list[list[Token]]]:
    """List the tables, each with its rows and their cells, the titles first."""
    rows: list[list[Token]] = []
    for token, following in zip(tokens, [*tokens[1:], *tokens[-1:]], strict=True):
        if token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(following)
        elif token.type == "table_close":
            yield rows


def _text(cell: Token) -> str:
    """Read what people see of a cell."""
    return "".join(child.content for child in cell.children or () if child.type in ("text", "code_inline"))


def _names(cell: Token) -> list[str]:
    """Read what stands in a cell in the face of code."""
    names, open_name = [], False
    for child in cell.children or ():
        if child.type == "code_inline":
            names.append(child.content)
        elif child.type == "html_inline":
            open_name = child.content == "<code>"
            names += [""] if open_name else []
        elif open_name:
            names[-1] += child.content
    return [name.replace("\u200b", "") for name in names]


def _fold_flaws(tokens: list[Token]) -> list[str]:
    """Each fold is opened and closed on its own level, and has its title."""
    found, depth = [], 0
    for token in tokens:
        if token.type != "html_block":
            continue
        opened, closed = token.content.count("<details>"), token.content.count("</details>")
        depth += opened - closed
        if depth not in (0, 1) or token.level or token.content.count("<summary>") != opened:
            found.append(f"folds do not fit together: {token.content}")
    return found if depth == 0 else [*found, "a fold is not closed"]


def _tag_flaws(tokens: list[Token]) -> list[str]:
    """Each tag is closed where it may be: within its line, or among the blocks; folds and pictures are blocks."""
    blocks = [tag for token in tokens if token.type == "html_block" for tag in _TAG.findall(token.content)]
    found = _unclosed(blocks)
    for token in tokens:
        line = [
            tag for child in token.children or () if child.type == "html_inline" for tag in _TAG.findall(child.content)
        ]
        found += [f"a block's tag in a line: {name}" for _, name in line if name not in _INLINE] + _unclosed(line)
    return found


def _unclosed(tags: list[tuple[str, str]]) -> list[str]:
    """List where tags, each with its slash, do not fit together."""
    stack: list[str] = []
    for slash, name in tags:
        if name in _VOID:
            continue
        if not slash:
            stack.append(name)
        elif not stack or stack.pop() != name:
            return [f"closed and not open: {name}"]
    return [f"a tag is not closed: {name}" for name in stack]


def _fence_flaws(text: str, tokens: list[Token]) -> list[str]:
    lines = text.splitlines()
    ends = {token.map[1]: token.markup for token in tokens if token.type == "fence" and token.map}
    return [f"a block of code is not closed in line {end}" for end, ticks in ends.items() if lines[end - 1] != ticks]


def _table_flaws(text: str, tokens: list[Token]) -> list[str]:
    drawn = {line for token in tokens if token.type == "fence" and token.map for line in range(*token.map)}
    lines = [line for number, line in enumerate(text.splitlines()) if line.startswith("|") and number not in drawn]
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
        if child.type == "link_open" and not str(child.attrs.get("href", "")).startswith(_HOMES):
            found.append(f"a foreign link: {child.attrs}")
    return found
