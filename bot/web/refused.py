"""Calls of the Atmos CLI that Switchyard does not offer: they are refused for good, with the reason."""

from __future__ import annotations

from flask import Blueprint, Response

from bot.web.answers import Refusal
from bot.web.endpoint import Endpoint

_COMMIT = (
    "Switchyard does not offer `atmos pro commit`: it would need write access to the repository's contents, which its "
    "GitHub App does not ask for. Let the workflow commit and push by itself, with `permissions: contents: write`."
)
_STS = (
    "Switchyard does not offer `github/sts`: it would have to hand out tokens of its GitHub App, and that App asks "
    "only for what the bot itself needs. Give the workflow a deploy key, or a token of another App, for the "
    "repositories that it reads."
)

ENDPOINTS = (
    Endpoint("POST", "/api/v1/git/commit", "Not offered: commits are the workflow's own to make.", refusals=(403, 415)),
    Endpoint("POST", "/api/v1/sts", "Not offered: no tokens of the App are handed out.", refusals=(403, 415)),
)


def blueprint() -> Blueprint:
    """Make the endpoints that refuse. Who asks makes no difference, and the body is not read."""
    refused = Blueprint("refused", __name__, url_prefix="/api/v1")

    @refused.post("/git/commit")
    def git_commit() -> Response:
        raise Refusal(403, _COMMIT)

    @refused.post("/sts")
    def sts() -> Response:
        raise Refusal(403, _STS)

    return refused
