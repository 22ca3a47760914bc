"""Where people see what is shown."""

from __future__ import annotations

from bot.domain.model import Repo
from bot.store import pulls
from bot.work.sight import Sight


def page_url(parts: Sight, repo: Repo, number: int) -> str:
    """Tell where the page of a pull request is; empty where people cannot reach us."""
    token = pulls.token(parts.db, repo.id, number)
    return f"{parts.public_url}/p/{token}" if parts.public_url and token else ""


def home(parts: Sight, repo: Repo) -> str:
    """Tell where a repository is at GitHub, with a slash at the end."""
    return f"{parts.server_url}/{repo.full_name}/"
