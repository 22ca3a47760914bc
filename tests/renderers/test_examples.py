"""Every state that people can meet, at the sizes that there are: what is read, and that it fits and parses."""

from __future__ import annotations

import hashlib

import pytest
from syrupy.assertion import SnapshotAssertion

from bot.domain.model import Status
from bot.domain.states import states
from bot.domain.view import CommitView, PullView
from renderers import check
from renderers.comment import comment
from renderers.examples.catalogue import EXAMPLES, SMALL, made
from tests.renderers.reading import first_line, flaws

LIGHT, DARK = (f"https://switchyard.example.com/graphs/k7Qm2/{name}.svg" for name in ("4f1c-light", "4f1c-dark"))
#: Of a text that is large, so much of its beginning and of its end is kept, in lines.
KEPT = 60
#: Characters that a list of mails shows of a comment.
MAIL = 180


def write(view: PullView | CommitView) -> str:
    """Write the comment, or the check run of what has none."""
    if isinstance(view, CommitView):
        return f"# {check.title(view)}\n\n{check.summary(view)}"
    return comment(view, picture_url=LIGHT, picture_dark=DARK, mermaid=None)


def checked(view: PullView | CommitView) -> str:
    text = write(view)
    assert isinstance(view, CommitView) or len(first_line(text)) <= MAIL
    assert flaws(text.partition("\n\n")[2] if isinstance(view, CommitView) else text) == []
    assert len(text) <= 60_000
    return text


@pytest.mark.parametrize("size", [1, 10, 60])
@pytest.mark.parametrize("name", EXAMPLES)
def test_state(name: str, size: int, markdown: SnapshotAssertion) -> None:
    assert checked(made(name, size)) == markdown


@pytest.mark.parametrize("name", SMALL)
def test_state_without_instances(name: str, markdown: SnapshotAssertion) -> None:
    assert checked(made(name)) == markdown


@pytest.mark.parametrize("size", [400, 2_422, 5_000])
@pytest.mark.parametrize("name", ["applying", "failed"])
def test_large(name: str, size: int, markdown: SnapshotAssertion) -> None:
    text = checked(made(name, size))
    lines = text.splitlines()
    left = f"… {len(lines) - 2 * KEPT:,} lines, {len(text):,} characters, {hashlib.sha256(text.encode()).hexdigest()} …"
    assert "\n".join([*lines[:KEPT], left, *lines[-KEPT:]]) + "\n" == markdown


@pytest.mark.parametrize("size", [10, 60, 400, 2_422])
def test_every_failure_is_named(size: int) -> None:
    view = made("failed", size)
    (walk, _) = view.current
    text = write(view)
    failed = [step for step, state in zip(walk.steps, states(walk), strict=True) if state.status is Status.FAILED]
    rows = [line for line in text.splitlines() if line.startswith("| ❌")]
    assert len(rows) == len(failed) > size // 50
    for step in failed:
        assert sum(f"`{step.instance.stack}`" in row or size <= 10 for row in rows) == 1, step.instance


@pytest.mark.parametrize(
    ("name", "size", "then"),
    [
        ("failed", 10, "plat-ue2-prod/database failed: when it is mended, say /atmos retry"),
        ("rejected", 400, "plat-ue2-staging/database and 9 more failed: when it is mended, say /atmos retry"),
        ("timed-out", 400, "when it is mended, say /atmos retry"),
        ("held", 400, "somebody else must say /atmos approve"),
        ("destroying", 400, "see below what to approve"),
        ("mixed", 400, "somebody must approve at GitHub"),
    ],
)
def test_in_the_first_line_names_and_counts_give_way_to_the_next_move(name: str, size: int, then: str) -> None:
    said, _, when = first_line(write(made(name, size))).partition(" — ")[2].partition(" · ")
    assert said == then
    assert when == "as of 21\u00a0Nov, " + when[-9:]


@pytest.mark.parametrize("name", [*EXAMPLES, *SMALL])
def test_the_same_state_gives_the_same_text(name: str) -> None:
    assert write(made(name)) == write(made(name))
