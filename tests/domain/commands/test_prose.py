"""What is taken for prose is prose to a real Markdown parser as well, and plain prose is never missed."""

from __future__ import annotations

import itertools
import re

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.commands.prose import prose

READER = MarkdownIt("commonmark", {"html": True, "maxNesting": 1000}).enable(["table", "strikethrough"])
#: What Markdown reads, and what may stand around it; each "say" becomes a word of its own.
PIECES = (
    *("say", "say", "word", " ", "  ", "    ", "\t", "\n", "\n", "\n", "\n\n", "\r\n", "\r", "\u2028", "\u00a0"),
    *(">", "> ", "-", "- ", "* ", "+ ", "1. ", "2) ", "12. ", "10000000000. ", "---", "***", "===", "# ", "####### "),
    *("`", "``", "```", "````", "~~~", "~~~~", "```sh", "\\", "\\`", "|", "| a | b |", "|---|---|", ":-:"),
    *("<!--", "-->", "<?", "?>", "<!A", "<![CDATA[", "]]>", ">", "<", "<i>", "</i>", "<x>", "<pre>", "</pre>"),
    *("<details>", "</details>", "<details open>", "<summary>", "<div>", "</div>", "<b a='", "'>", '<b a="', '">'),
    *(
        "[a]",
        "(",
        ")",
        "](/x",
        '"',
        "'",
        "<https://x.example>",
        "*",
        "**",
        "_",
        "~~",
        "&lt;",
        "é",
        "👋",
        "\u200b",
        "\u202e",
    ),
)


def numbered(parts: list[str]) -> str:
    """Give each "say" its number, so that it is known again."""
    return "".join(f"say{number}" if part == "say" else part for number, part in enumerate(parts))


def starts(lines: list[str]) -> list[str]:
    """List the words of ours that lines begin with."""
    return [found[0] for line in lines if (found := re.match(r"say\d+", line))]


def seen(body: str) -> list[str]:
    """List the words of ours that begin a line of a paragraph or a title at the top level, to a Markdown parser."""
    tokens = READER.parse(body)
    found = []
    for before, token in itertools.pairwise(tokens):
        if token.type == "inline" and before.level == 0 and before.type in ("paragraph_open", "heading_open"):
            found += _starts(token.children or [], atx=before.markup.startswith("#"))
    return found


def _starts(children: list[Token], *, atx: bool) -> list[str]:
    begins, lines = not atx, []
    for child in children:
        if child.type == "text" and begins:
            lines.append(child.content)
        begins = child.type in ("softbreak", "hardbreak")
    return starts(lines)


def is_part(some: list[str], of: list[str]) -> bool:
    """Tell whether some words are among others, in the same order."""
    rest = iter(of)
    return all(one in rest for one in some)


BODIES = st.lists(st.sampled_from(PIECES), max_size=40).map(numbered)
#: Without what folds, hides or makes tables, and without spaces that are none to Markdown.
PLAIN = tuple(one for one in PIECES if not set(one) & set("<|:[](\u2028\u00a0"))


@given(BODIES)
@example("- # title\nword\n  ```\n\nsay1")
@example("> a\n<x>\n```\n\nsay1\n```")
@example("-\n\n  say1")
@example("<x>\n```\n\nsay1")
def test_what_is_taken_begins_a_line_of_a_paragraph(body: str) -> None:
    assert is_part(starts(list(prose(body))), seen(body))


@given(st.lists(st.sampled_from(PLAIN), max_size=40).map(numbered))
def test_no_line_of_plain_prose_is_missed(body: str) -> None:
    indented = set(re.findall(r"^(?: {4}| {0,3}\t)[ \t]*(say\d+)", body.replace("\r", "\n"), re.MULTILINE))
    assert starts(list(prose(body))) == [one for one in seen(body) if one not in indented]
