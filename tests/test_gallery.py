"""The gallery shows what the code writes now, in words and in pictures."""

from __future__ import annotations

from xml.etree import ElementTree

from tests import gallery_page

AGAIN = "`make fix` writes it again"


def words(picture: bytes) -> list[str]:
    """Read a picture: all that stands in it, and nothing of where it stands, which is up to the engine."""
    return [text for part in ElementTree.fromstring(picture).iter() if (text := (part.text or "").strip())]


def test_the_page_is_what_the_code_writes() -> None:
    assert gallery_page.PAGE.read_text() == gallery_page.page(), AGAIN


def test_the_pictures_say_what_the_code_draws() -> None:
    saved = {file.name: file.read_bytes() for file in gallery_page.PICTURES.iterdir()}
    drawn = gallery_page.pictures()
    assert sorted(saved) == sorted(drawn), AGAIN
    assert [name for name in drawn if words(saved[name]) != words(drawn[name])] == [], AGAIN
    assert max(map(len, saved.values())) < 100_000
