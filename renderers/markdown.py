"""Markdown for GitHub out of text that nobody trusts: it stays text, pings nobody and breaks no table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit

_GAP = "&#8203;"  # a space of no width: GitHub sees no mention, issue or address across it
_PLAIN = re.compile(r"[\w./@+=:,-][\w ./@+=:,#-]*")  # in code GitHub acts on none of it
_REPLACED = {
    **{char: f"\\{char}" for char in "\\`*[]|~$"},
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "@": f"@{_GAP}",
    "#": f"#{_GAP}",
}
_IN_HTML = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "@": f"@{_GAP}", "#": f"#{_GAP}"},
)
_SPECIAL = re.compile(r"[\\`*\[\]|~$&<>@#]|://|\bwww\.|\bGH-|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", re.IGNORECASE)
_LINE_START = re.compile(r"^([-+=]|\d+(?=[.)]))")
_HARMFUL = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """Bring text onto one line and show what cannot be seen, such as control characters, as a replacement sign."""
    line = " ".join(text.split())
    if line.isascii() and line.isprintable():
        return line
    return "".join("�" if c in _TURNING or unicodedata.category(c) in _HARMFUL else c for c in line)


def clip(text: str, most: int) -> str:
    """Shorten cleaned text to `most` characters, between words where that does not cost much."""
    text = clean(text)
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > most // 2 else cut) + "…"


def escape(text: str) -> str:
    """Make text stand for itself in prose and in table cells, whatever it contains."""
    return _LINE_START.sub(_unlist, _SPECIAL.sub(_replace, clean(text)))


def _unlist(found: re.Match[str]) -> str:
    return found[0] + _GAP if found[0].isdigit() else f"\\{found[0]}"


def _replace(found: re.Match[str]) -> str:
    special = found[0]
    if special in _REPLACED:
        return _REPLACED[special]
    if special == "://":
        return f":{_GAP}//"
    return f"\\{special}" if special == "_" else f"{special[:-1]}{_GAP}{special[-1]}"


def code(text: str) -> str:
    """Write text in the face of code, in prose and in table cells, whatever it contains."""
    text = clean(text)
    if _PLAIN.fullmatch(text) and not text.endswith(" "):
        return f"`{text}`"
    return f"<code>{escape(text)}</code>" if text else ""


def prose(text: str, *, most: int = 400, trusted: str = "") -> str:
    """Write a sentence that may carry `names` in backticks; addresses that begin with `trusted` become links.

    Of one that is longer than `most` the middle goes: its end says what to do.
    """
    parts = _shorten(text, most).split("`")
    if len(parts) % 2 == 0:  # a backtick without a partner
        parts[-2:] = [f"{parts[-2]}`{parts[-1]}"]
    return "".join(code(part) if odd % 2 else _linked(part, trusted) for odd, part in enumerate(parts))


def _shorten(text: str, most: int) -> str:
    """Cut cleaned text to `most` characters, out of its middle and around what is in backticks."""
    text = clean(text)
    if len(text) <= most:
        return text
    start, end = text[: most // 2], text[len(text) - (most - most // 2) + 3 :]
    start, end = start.rpartition(" ")[0] or start, end.partition(" ")[2] or end
    start = start[: start.rfind("`")] if start.count("`") % 2 else start
    end = end[end.find("`") + 1 :] if end.count("`") % 2 else end
    return f"{start.strip()} … {end.strip()}"


def _linked(text: str, trusted: str) -> str:
    """Escape text at its edges' spaces, with trusted addresses as links."""
    if not text.strip():
        return text
    if not trusted:
        return _keep_edges(text)
    pieces = re.split(rf"({re.escape(trusted)}[\w./-]*\w)", text)
    return "".join(
        link(piece.removeprefix(trusted), piece) if odd % 2 else _keep_edges(piece) for odd, piece in enumerate(pieces)
    )


def _keep_edges(text: str) -> str:
    core = text.strip()
    if not core:
        return text
    start = text.index(core)
    return text[:start] + escape(core) + text[start + len(core) :]


def address(url: str) -> str:
    """Return an address fit for a link or an attribute; empty unless it is a whole http or https address."""
    try:
        parts = urlsplit(clean(url))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
    except ValueError:
        return ""
    return quote(clean(url), safe="%/:?=&;,+@#~!$-._[]").replace("[", "%5B").replace("]", "%5D").replace("&", "&amp;")


def link(text: str, url: str) -> str:
    """Link text to an http or https address; any other address leaves the text alone."""
    return linked(escape(text), url)


def linked(markdown: str, url: str) -> str:
    """Link Markdown to an http or https address; any other address leaves it alone."""
    target = address(url)
    return f"[{markdown}]({target})" if target else markdown


def heading(markdown: str, level: int = 3) -> str:
    """Write a heading."""
    return f"{'#' * level} {markdown}"


def row(cells: Iterable[str]) -> str:
    """Write one line of a table; the cells are Markdown without bare pipes."""
    return f"| {' | '.join(cells)} |"


def head(titles: Sequence[str]) -> str:
    """Write the two lines that open a table."""
    return f"{row(titles)}\n{row('---' for _ in titles)}"


def details(summary: str, body: str) -> str:
    """Fold a body of Markdown away under a summary, which is text."""
    return f"<details>\n<summary>{attribute(summary)}</summary>\n\n{body}\n\n</details>"


def attribute(text: str) -> str:
    """Make text stand for itself in HTML: in an attribute, or in an element where Markdown is not read."""
    return clean(text).translate(_IN_HTML)


def fence(text: str, language: str) -> str:
    """Write a block of code whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"
