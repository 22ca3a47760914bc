"""Pages about what did not work. They are made of nothing that may be what is wrong: no visit, no database."""

from __future__ import annotations

from flask import Response, render_template, request

#: What programs ask. They get JSON, and so does whoever sends JSON: the CLI where its address is set wrongly.
_OF_PROGRAMS = ("/api", "/webhooks", "/healthz", "/metrics")
#: What people are told in place of what programs are told: what it is called, what happened, and what to do.
_SAID = {
    400: (
        "This could not be read",
        "What the browser sent is no sound request. Load the page anew; if that does not help, look at the proxies "
        "on the way here.",
    ),
    405: (
        "Nothing was done",
        "This address does something else than what it was asked for. Go back to the page that led here, load it "
        "anew, and press the button there.",
    ),
    413: (
        "Nothing was done",
        "More was sent than a form of Switchyard holds. Go back to the page that led here, load it anew, and press "
        "the button there.",
    ),
    500: (
        "Something went wrong",
        "Switchyard could not answer, and its log says why. Try again in a moment; if it stays like this, tell who "
        "runs Switchyard.",
    ),
}
_CALLED = {503: "Not just now"}
#: After so many seconds a page that could not be shown is loaded again by itself.
_AGAIN = 30


def is_for_people() -> bool:
    """Tell whether a person asks, as far as the request shows it."""
    programs = any(request.path == one or request.path.startswith(f"{one}/") for one in _OF_PROGRAMS)
    return not programs and not request.is_json


def page(status: int, message: str) -> Response:
    """Tell a person what did not work; `message` is what a program would be told."""
    if status == 404:
        return nowhere()
    called, said = _SAID.get(status, (_CALLED.get(status, "This did not work"), message))
    looks = request.method in ("GET", "HEAD")
    text = render_template(
        "wrong.html", visit=None, called=called, said=said, again=_AGAIN if looks and status >= 500 else 0
    )
    return _html(text, status)


def nowhere() -> Response:
    """Say that there is nothing, whatever there may be."""
    return _html(render_template("nowhere.html", visit=None), 404)


def _html(text: str, status: int) -> Response:
    return Response(text, status, content_type="text/html; charset=utf-8")
