"""The picture of a pull request's graph. Its address cannot be guessed and names its content, so it never changes."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from bot.store import graphs as stored
from bot.web.reading import Reader


def blueprint(reader: Reader) -> Blueprint:
    """Make the pictures' endpoint."""
    graphs = Blueprint("graphs", __name__)

    @graphs.get("/graphs/<token>/<digest>-<any(light, dark):look>.svg")
    def picture(token: str, digest: str, look: str) -> Response:
        svg = stored.get(reader.db(), token, digest, dark=look == "dark")
        if svg is None:
            abort(404)
        response = Response(svg, content_type="image/svg+xml; charset=utf-8")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        # Where GitHub has no proxy of images, its pages show it from here.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return graphs
