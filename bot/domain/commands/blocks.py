"""The blocks of a comment, as CommonMark cuts it: the paragraphs and the HTML that are in no quote and no list."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LINES = re.compile(r"\r\n?|\n")
_SPACES = re.compile(" *")
_QUOTE = 0  # instead of the width of a list's item
#: What is nested deeper than that nobody writes by hand: nothing of such a comment is read.
_DEEPEST = 100

_ITEM = re.compile(r"(?:[-+*]|([0-9]{1,9})[.)])(?= |$)")
_HEADING = re.compile(r"#{1,6}(?: |$)")
_UNDERLINE = re.compile(r"(?:=+|-+) *$")
_RULE = re.compile(r"(?:(?:\* *+){3,}|(?:- *+){3,}|(?:_ *+){3,})$")
_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
TAG = re.compile(
    r"""(?:<[a-z][a-z0-9-]*+(?:\s++[a-z_:][a-z0-9_.:-]*+(?:\s*+=\s*+(?:[^\s"'=<>`]++|'[^']*'|"[^"]*"))?)*+\s*+/?>"""
    r"|</[a-z][a-z0-9-]*+\s*+>)",
    re.IGNORECASE | re.ASCII,
)
_BLOCK_TAGS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|"
    "fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|"
    "menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|source|summary|table|tbody|td|tfoot|th|thead|"
    "title|tr|track|ul"
)
#: How a block of HTML begins, and what ends it: nothing means an empty line.
_HTML = tuple(
    (re.compile(begin, re.IGNORECASE), re.compile(end, re.IGNORECASE) if end else None)
    for begin, end in (
        (r"<(?:script|pre|style|textarea)(?=[ >]|$)", "</(?:script|pre|style|textarea)>"),
        (r"<!--", "-->"),
        (r"<\?", r"\?>"),
        (r"<!(?-i:[A-Z])", ">"),
        (r"<!\[CDATA\[", r"\]\]>"),
        (rf"</?(?:{_BLOCK_TAGS})(?= |/?>|$)", ""),
    )
)
_NO_HTML = re.compile("(?!)")
_LONE_TAG = re.compile(rf"{TAG.pattern}\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or the title that a line below has made of it; or a piece of HTML."""

    html: bool
    lines: tuple[str, ...]  # as they were written


@dataclass(slots=True)
class _Leaf:
    """The block that the last line was in, if it may go on in the next one."""

    kind: str  # "text", "fence" or "html"
    lines: list[str]
    ends: re.Pattern[str] | None = None  # what ends it; without it an empty line does


class _TooDeep(Exception):  # noqa: N818 - it is no error, and goes no further
    pass


def blocks(body: str) -> list[Block]:
    """Find the paragraphs and the HTML at the top level of a comment, in their order."""
    reader = _Reader()
    try:
        for line in _LINES.split(body):
            reader.read(line)
    except _TooDeep:
        return []
    reader.cut(0)
    return reader.found


@dataclass(slots=True)
class _Reader:
    """Reads line after line; `nest` holds the quotes and the items of lists that are open, from outside to inside."""

    found: list[Block] = field(default_factory=list)
    nest: list[int] = field(default_factory=list)
    bare: bool = False  # the innermost item has nothing in it yet
    leaf: _Leaf | None = None

    def read(self, line: str) -> None:
        """Take in the next line."""
        text = line.expandtabs(4).rstrip(" ")
        at, kept = self._kept(text)
        whole = kept == len(self.nest)
        if whole and self.leaf is not None and self.leaf.kind != "text":
            self._more(self.leaf, line, text, at)
        elif _start(text, at) == len(text):
            self.cut(kept)
        else:
            self.bare = self.bare and not whole
            self._text(line, text, at, kept)

    def cut(self, kept: int) -> None:
        """End the open block, and all that is open around it but the outer `kept`."""
        leaf, self.leaf = self.leaf, None
        if leaf is not None and leaf.kind != "fence" and not self.nest:
            self.found.append(Block(leaf.kind == "html", tuple(leaf.lines)))
        if kept < len(self.nest):
            del self.nest[kept:]
            self.bare = False

    def _kept(self, text: str) -> tuple[int, int]:
        """Find which quotes and items go on in a line: where what is in them begins, and how many they are."""
        at = 0
        for number, width in enumerate(self.nest):
            start = _start(text, at)
            blank = start >= len(text)
            if width == _QUOTE:
                if blank or start - at > 3 or text[start] != ">":
                    return at, number
                at = _after_mark(text, start)
            elif blank:
                if self.bare and number == len(self.nest) - 1:
                    return at, number
            elif start - at >= width:
                at += width
            else:
                return at, number
        return at, len(self.nest)

    def _more(self, leaf: _Leaf, line: str, text: str, at: int) -> None:
        """Go on with code or HTML, or end it."""
        leaf.lines.append(line)
        if leaf.kind == "fence":
            start = _start(text, at)
            over = leaf.ends is not None and start - at < 4 and leaf.ends.match(text, start) is not None
        elif leaf.ends is None:
            over = _start(text, at) >= len(text)
        else:
            over = leaf.ends.search(text, at) is not None
        if over:
            self.cut(len(self.nest))

    def _text(self, line: str, text: str, at: int, kept: int) -> None:
        """Take in a line that is not empty and goes on with no code or HTML."""
        # A paragraph goes on in a line that begins nothing else, even out of the quote or item that it is in.
        goes_on = self.leaf is not None and self.leaf.kind == "text"
        inside = goes_on and kept == len(self.nest)
        start = _start(text, at)
        if inside and start - at < 4 and _UNDERLINE.match(text, start):
            self.cut(kept)
            return
        while start < len(text) and start - at < 4:
            inner = self._enter(text, at, start, kept, inside)
            if inner is None:
                break
            at, start, kept, goes_on, inside = inner, _start(text, inner), len(self.nest), False, False
        if start == len(text) or (start - at < 4 and self._begins(line, text, start, kept, goes_on)):
            return
        if not goes_on:
            self.cut(kept)
            if start - at > 3:
                return  # indented code
            self.leaf = _Leaf("text", [])
        if self.leaf is not None:
            self.leaf.lines.append(line)

    def _enter(self, text: str, at: int, start: int, kept: int, inside: bool) -> int | None:
        """Open the quote or the item that begins here, if one does, and tell where what is in it begins."""
        if text[start] == ">":
            inner, width = _after_mark(text, start), _QUOTE
        else:
            item = _ITEM.match(text, start)
            if item is None or _RULE.match(text, start):
                return None
            if inside and (item.end() == len(text) or int(item[1] or 1) != 1):
                return None  # amid a paragraph it is a dash or a number at a line's start
            inner = _after_item(text, item.end())
            width = inner - at
        self.cut(kept)
        if len(self.nest) == _DEEPEST:
            raise _TooDeep
        self.nest.append(width)
        self.bare = width != _QUOTE and inner > len(text)
        return inner

    def _begins(self, line: str, text: str, start: int, kept: int, goes_on: bool) -> bool:
        """Begin what is no text, if that is here."""
        if _HEADING.match(text, start) or _RULE.match(text, start):
            self.cut(kept)
            return True
        if fence := _FENCE.match(text, start):
            mark = fence[1] or fence[2]
            self.cut(kept)
            self.leaf = _Leaf("fence", [line], re.compile(rf"{mark[0]}{{{len(mark)},}}$"))
            return True
        ends = next((ends for begin, ends in _HTML if begin.match(text, start)), _NO_HTML)
        if ends is _NO_HTML and not goes_on and _LONE_TAG.match(text, start):
            ends = None
        if ends is _NO_HTML:
            return False
        self.cut(kept)
        self.leaf = _Leaf("html", [line], ends)
        if ends is not None and ends.search(text, start):
            self.cut(len(self.nest))
        return True


def _start(text: str, at: int) -> int:
    """Find where the spaces end that begin at a place."""
    found = _SPACES.match(text, at)
    return found.end() if found else at


def _after_mark(text: str, start: int) -> int:
    """Find what is behind the mark of a quote, and the one space that belongs to it."""
    return start + 2 if text[start + 1 : start + 2] == " " else start + 1


def _after_item(text: str, end: int) -> int:
    """Find where an item's content begins, behind its mark; from five spaces on it is code behind one."""
    spaces = _start(text, end) - end
    return end + spaces if 0 < spaces < 5 else end + 1
