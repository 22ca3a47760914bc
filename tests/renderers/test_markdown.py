"""Text that nobody trusts stays text."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from renderers.markdown import address, clip, code, details, escape, fence, link, prose

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def read(markdown: str) -> str:
    """Return the words that a reader sees in the only cell of a table."""
    tokens = READER.parse(f"| {markdown} |\n| --- |")
    children = [child for token in tokens for child in token.children or []]
    assert [token.type for token in tokens].count("th_open") == 1
    assert all(child.type in ("text", "code_inline") or child.content in ("<code>", "</code>") for child in children)
    return "".join(child.content for child in children if child.type != "html_inline").replace("\u200b", "")


@example("1. one")
@example("__init__ and _x_")
@example("a\\")
@given(st.text(alphabet="ab1 |`<>@#*_[]()\\~$&!:/.-+=\n\"'{}%é", max_size=30))
def test_escaped_text_reads_as_it_was(text: str) -> None:
    assert read(escape(text)) == " ".join(text.split())
    assert read(code(text)) == " ".join(text.split())


@pytest.mark.parametrize("text", ["@acme/admins", "see #12", "https://evil.example", "www.evil.example", "GH-7"])
def test_nobody_is_pinged_and_nothing_is_linked(text: str) -> None:
    assert text not in escape(text)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("names `a/b` and `c`", "names `a/b` and `c`"),
        ("a lone ` here", "a lone \\` here"),
        ("two `x` and a lone ` here", "two `x` and a lone \\` here"),
        ("odd `a|b`", "odd <code>a\\|b</code>"),
        ("two\nlines", "two lines"),
    ],
)
def test_sentences_keep_their_names_in_code(said: str, written: str) -> None:
    assert prose(said) == written


@pytest.mark.parametrize("most", range(40, 120, 7))
def test_of_a_sentence_that_is_too_long_the_middle_goes(most: int) -> None:
    said = "It waits for " + "`a/b` → `say it` → " * 40 + "`c/d`. Take one out."
    written = prose(said, most=most)
    assert len(written) <= most
    assert re.fullmatch(
        r"It waits for( `a/b`| `say it`| →)* … ((`a/b` |`say it` |→ )*`c/d`\. )?Take one out\.", written
    )
    assert prose(said, most=len(said)) == said


def test_our_own_addresses_become_links_and_others_do_not() -> None:
    said = "See https://github.com/a/b/actions/runs/1, not https://evil.example/x."
    written = prose(said, trusted="https://github.com/a/b/")
    assert "[actions/runs/1](https://github.com/a/b/actions/runs/1)," in written
    assert "https://evil" not in written


def test_a_command_can_be_copied_as_it_stands() -> None:
    assert code("switchyard approve acme/infra#42 dev/vpc") == "`switchyard approve acme/infra#42 dev/vpc`"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//x.example", "http://", "data:text/html,x", "", "https://[x"])
def test_only_whole_http_addresses_are_linked(url: str) -> None:
    assert link("text", url) == "text"


def test_an_address_cannot_leave_its_place() -> None:
    assert address('https://x.example/a)b"c d<e>') == "https://x.example/a%29b%22c%20d%3Ce%3E"


def test_what_cannot_be_seen_is_shown() -> None:
    assert escape("a\u202eb\x07c") == "a�b�c"


def test_long_text_is_cut_between_words() -> None:
    assert clip("one two three", 10) == "one two…"
    assert clip("x" * 20, 5) == "xxxx…"


def test_a_fold_shows_its_title_as_text() -> None:
    assert "<summary>a &lt;b&gt; @&#8203;c</summary>" in details("a <b> @c", "body")


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert fence("a\n```\nb", "mermaid").startswith("````mermaid\n")
