"""Whether a webhook comes from GitHub."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from bot.github.webhook import verify

BODY = b"Hello, World!"
# The example of GitHub's own documentation.
GOOD = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
SECRET = "It's a Secret to Everybody"


def test_a_good_signature():
    assert verify(SECRET, BODY, GOOD)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        GOOD[:-1],
        GOOD + "0",
        GOOD.removeprefix("sha256="),
        GOOD.upper(),
        " " + GOOD,
        "sha256=",
        "sha256=é" + "0" * 63,
        "sha256=\udcff",
        "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest(),
    ],
)
def test_a_bad_signature(signature):
    assert not verify(SECRET, BODY, signature)


def test_another_body_or_secret():
    assert not verify(SECRET, BODY + b"\n", GOOD)
    assert not verify("another", BODY, GOOD)


def test_without_a_secret_nothing_is_proven():
    assert not verify("", BODY, "sha256=" + hmac.new(b"", BODY, hashlib.sha256).hexdigest())
