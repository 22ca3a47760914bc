"""The picture of a pull request's graph. Its address cannot be guessed and names its content, so it never changes."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from bot.web.reading import Reader


def blueprint(reader: Reader) -> Blueprint:
    """Make the pictures' endpoint."""
    graphs = Blueprint("graphs", __name__)

    @graphs.get("/graphs/<token>/<name>.svg")
    def picture(token: str, name: str) -> Response:
        row = reader.db().row("SELECT svg FROM graphs WHERE token = ? AND hash = ?", token, name)
        if row is None:
            abort(404)
        response = Response(row["svg"], content_type="image/svg+xml; charset=utf-8")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return response

    return graphs
