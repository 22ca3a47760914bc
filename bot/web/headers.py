"""What surrounds every request: tolerant paths on the way in, cautious headers on the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SLASHES = re.compile("/{2,}")


class PlainPaths:
    """Takes doubled slashes out of paths: the CLI joins its base URL by plain addition and must not be redirected."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if "//" in path:
            environ["PATH_INFO"] = _SLASHES.sub("/", path)
        return self._app(environ, start)


def secure(response: Response) -> Response:
    """Add the headers that every answer carries, unless the view has set its own."""
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
    return response
