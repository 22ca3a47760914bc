"""Markdown of our own as HTML: what people wrote stays text, whatever it is."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.inline import inline
from renderers.markdown import clean, code, escape, link, prose

WORDS = st.text(max_size=60) | st.text(alphabet="*`[]()<>&;\\/:#@_|~ abhtps1.", max_size=60)


class Read(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(text: str) -> str:
    return clean(text).replace("\u200b", "")


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("plain", "plain"),
        ("**Failed:** `vpc` in `dev`", "<strong>Failed:</strong> <code>vpc</code> in <code>dev</code>"),
        ("[`vpc` in `dev`](https://github.com/a/b?x=1&amp;y=2)",
         '<a href="https://github.com/a/b?x=1&amp;y=2"><code>vpc</code> in <code>dev</code></a>'),
        ("<code>a \\| b</code><br><sub>left out</sub>", "<code>a | b</code><br><sub>left out</sub>"),
        ("**not closed", "**not closed"),
        ("[no link] (x)", "[no link] (x)"),
        ("[a](javascript:alert(1))", "[a](javascript:alert(1))"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("</code>**a</sub>**", "&lt;/code&gt;<strong>a&lt;/sub&gt;</strong>"),
        ("`a` & `<b>`", "<code>a</code> &amp; <code>&lt;b&gt;</code>"),
        ("&#64;dora &bogus; &lt;b&gt;", "@dora &amp;bogus; &lt;b&gt;"),
    ],
)  # fmt: skip
def test_a_sentence(markdown: str, html: str) -> None:
    assert inline(markdown) == html


@given(WORDS)
def test_text_stays_text(text: str) -> None:
    read = Read(inline(escape(text)))
    assert (read.text, read.tags) == (seen(text), [])


@given(WORDS)
def test_names_stay_names(text: str) -> None:
    read = Read(inline(code(text)))
    assert read.text == seen(text)
    assert {tag for tag, _ in read.tags} <= {"code"}


@given(WORDS, WORDS)
def test_a_link_has_its_words_and_leads_where_it_says(text: str, path: str) -> None:
    read = Read(inline(link(text, f"https://github.com/{path}")))
    assert read.text == seen(text)
    assert [tag for tag, _ in read.tags if tag == "a"] == ["a"] * len(read.tags)
    assert all((attrs["href"] or "").startswith("https://github.com/") for _, attrs in read.tags)


@given(WORDS)
def test_sentences_have_nothing_but_our_own_tags(text: str) -> None:
    for markdown in (text, prose(text), f"**{prose(text)}** {text}"):
        read = Read(inline(markdown))
        assert {tag for tag, _ in read.tags} <= {"code", "strong", "a", "br", "sub", "b"}
        assert all(set(attrs) <= {"href"} for _, attrs in read.tags)
        assert all((attrs["href"] or "").startswith("http") for tag, attrs in read.tags if tag == "a")
