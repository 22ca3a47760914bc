"""What a second comment of ours on a pull request is turned into."""

from __future__ import annotations

from bot.domain.model import Repo
from renderers.markdown import linked


def double(server_url: str, repo: Repo, number: int, first: int) -> str:
    """Lead from a comment that was made by accident to the one that is kept up to date."""
    link = linked("The first comment", f"{server_url}/{repo.full_name}/pull/{number}#issuecomment-{first}")
    return f"This was written twice by accident. {link} is the one that is kept up to date.\n"
