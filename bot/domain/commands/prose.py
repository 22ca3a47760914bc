"""The lines of a comment that are prose: not quoted, not code, not in a list, a table, HTML or a fold."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.domain.commands.blocks import TAG, Block, blocks

#: HTML whose content is no prose until it ends, through empty lines too.
_FOLDS = frozenset({"details", "blockquote", "pre", "code", "table", "ul", "ol"})
_COMMENT = "<!--"
_NAME = re.compile(r"<(/?)([a-z][a-z0-9-]*)", re.IGNORECASE | re.ASCII)
_INDENTED = re.compile(r" {0,3}\t| {4}")
_TITLES_END = re.compile(r"(?=.*[|:])(?=.*-)[|:\- \t]+$")
_SPECIAL = re.compile(r"\\[!-/:-@\[-`{-~]|`+|<|\]\(")
_IN_HTML = re.compile("<")
_TICKS = re.compile("`+")
_ADDRESS = re.compile(r"<[a-z][a-z0-9.+-]{1,31}:[^\s<>]*+>", re.IGNORECASE | re.ASCII)
_TARGET = re.compile(r"""\]\(\s*+(?:<[^<>\n]*>|[^\s()<]*+)\s*+(?:"[^"]*"|'[^']*'|\([^()]*\))?\s*+\)""")
_RAW = (
    (re.compile(_COMMENT), "-->"),
    (re.compile(r"<!\[CDATA\["), "]]>"),
    (re.compile(r"<\?"), "?>"),
    (re.compile("<![A-Z]"), ">"),
)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What stands in a text and is no prose; a tag opens (1) or closes (-1) a fold."""

    start: int
    end: int
    fold: str = ""
    turn: int = 0


def prose(body: str) -> Iterator[str]:
    """Find the lines of prose that are not indented, in their order."""
    folds: Counter[str] = Counter()
    for block in blocks(body):
        text = "\n".join(block.lines)
        pieces = deque(_pieces(text, html=block.html))
        at, end = 0, _end(block, text)
        for line in block.lines[:end]:
            while pieces and pieces[0].end <= at:
                _turn(folds, [pieces.popleft()])
            hidden = any(folds.values()) or (bool(pieces) and pieces[0].start < at)
            if not hidden and not _INDENTED.match(line):
                yield line.strip(" \t")
            at += len(line) + 1
        _turn(folds, pieces)


def _turn(folds: Counter[str], pieces: Iterable[_Piece]) -> None:
    for piece in pieces:
        if piece.fold:
            folds[piece.fold] = max(0, folds[piece.fold] + piece.turn)


def _end(block: Block, text: str) -> int:
    """Tell how many lines of a block may be prose: none of HTML, of links' definitions and of a table."""
    if block.html or (text.lstrip().startswith("[") and "]:" in text):
        return 0
    tables = (number for number, line in enumerate(block.lines) if number and _TITLES_END.match(line))
    return next(tables, len(block.lines) + 1) - 1


def _pieces(text: str, *, html: bool) -> Iterator[_Piece]:
    """Find the code, the HTML and the targets of links in a text; in HTML there is nothing but HTML."""
    ticks = _ticks(text)
    last = {close: text.rfind(close) for _, close in _RAW}
    at = 0
    while found := (_IN_HTML if html else _SPECIAL).search(text, at):
        start, at = found.span()
        piece = None
        if found[0][0] == "`":
            end = _next(ticks[at - start], at)
            piece = _Piece(start, end + at - start) if end >= 0 else None
        elif found[0] == "<":
            piece = _html(text, start, last, html=html)
        elif target := _TARGET.match(text, start):
            piece = _Piece(start, target.end())
        if piece:
            at = piece.end
            yield piece


def _ticks(text: str) -> dict[int, list[int]]:
    """Find all runs of backticks, by their lengths."""
    runs: dict[int, list[int]] = defaultdict(list)
    for run in _TICKS.finditer(text):
        runs[len(run[0])].append(run.start())
    return runs


def _next(places: list[int], at: int) -> int:
    """Find the first place from there on, or -1."""
    number = bisect_left(places, at)
    return places[number] if number < len(places) else -1


def _html(text: str, start: int, last: dict[str, int], *, html: bool) -> _Piece | None:
    """Read the HTML, or the address in angle brackets, that begins there."""
    for begin, close in _RAW:
        if begin.match(text, start):
            if last[close] >= start + 2:
                return _Piece(start, text.find(close, start + 2) + len(close))
            return _Piece(start, len(text), _COMMENT, 1) if html and begin.pattern == _COMMENT else None
    if tag := TAG.match(text, start):
        name = _NAME.match(text, start)
        fold = name[2].lower() if name else ""
        return _Piece(start, tag.end(), fold if fold in _FOLDS else "", -1 if name and name[1] else 1)
    address = _ADDRESS.match(text, start)
    return _Piece(start, address.end()) if address else None
