"""The page about what went wrong, where comments lead to: the same for everybody, with no secret in it."""

from __future__ import annotations

from flask import Blueprint, Response

from bot.web.pages_writing import Pages


def blueprint(pages: Pages) -> Blueprint:
    """Make the endpoint of docs/troubleshooting.md, of which `make fix` writes the template."""
    found = Blueprint("help", __name__)

    @found.get("/docs/troubleshooting.md")
    def troubleshooting() -> Response:
        response = pages.answer("troubleshooting.html", refresh=0, alone=True)
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    return found
