"""What is said of a dispatch of which nobody can tell whether GitHub took it."""

from __future__ import annotations

from collections.abc import Sequence

NOT_LISTED = "GitHub accepted the dispatch, but its run did not appear within ten minutes; look for it in Actions."
_FEW = 5


def one_of(urls: Sequence[str]) -> str:
    """Say that one of several runs may be its own."""
    return (
        "It may have been sent, and nobody can tell which of these runs is its own, because the file's "
        f"`run-name` does not carry `inputs.atmos_pro_run_id`: {' '.join(urls[:_FEW])}"
    )


def not_looked_for(why: str) -> str:
    """Say that its run cannot be looked for; `why` is a sentence."""
    return f"It may have been sent, but its run cannot be looked for. {why}"
