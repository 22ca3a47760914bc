"""As strict as Go: answers are decoded into the CLI's own structures, by the rules of its `encoding/json`.

Keys are matched whatever their case, unknown ones are ignored, and null fits everywhere. Every other value has to be of
its key's type to the letter (200.0 is no integer), or the CLI cannot read the answer at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

API = "/api/v1/"
DOCUMENT = "/api/v1/openapi.json"

Pairs = list[tuple[str, Any]]
Shape = Mapping[str, Callable[[str, Any], None]]


class Unreadable(AssertionError):  # noqa: N818 - it reads as what it is
    """The CLI could not decode an answer, or was told two different things by it."""


class _Object(list[tuple[str, Any]]):
    """An object with its keys as they stand there, doubled ones as well."""


class _Fraction(str):
    """A number that is not written as an integer."""


def _is(kind: type, name: str) -> Callable[[str, Any], None]:
    def check(place: str, value: Any) -> None:
        if type(value) is not kind:
            raise Unreadable(f"{place}: expected {name}, got {value!r:.80}")

    return check


_text = _is(str, "text")
_boolean = _is(bool, "true or false")
_any_object = _is(_Object, "an object")
_INT64 = 2**63
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})")


def _integer(place: str, value: Any) -> None:
    if type(value) is not int or not -_INT64 <= value < _INT64:
        raise Unreadable(f"{place}: expected an integer, got {value!r:.80}")


def _time(place: str, value: Any) -> None:
    try:
        if not (type(value) is str and _TIME.fullmatch(value)):
            raise ValueError
        datetime.fromisoformat(value)
    except ValueError:
        raise Unreadable(f"{place}: expected a time as RFC 3339 has it, with its zone, got {value!r:.80}") from None


def _texts(place: str, value: Any) -> None:
    if type(value) is not list:
        raise Unreadable(f"{place}: expected a list, got {value!r:.80}")
    for index, item in enumerate(value):
        _text(f"{place}[{index}]", item)


def _object(shape: Shape) -> Callable[[str, Any], None]:
    def check(place: str, value: Any) -> None:
        _any_object(place, value)
        for key, item in value:
            wanted = shape.get(key.casefold())
            if wanted is not None and item is not None:
                wanted(f"{place}.{key}", item)

    return check


def _fields(**shape: Callable[[str, Any], None]) -> Shape:
    return {key.casefold(): check for key, check in shape.items()}


#: What the CLI decodes `data` into, for each of its calls; an object of anything where it is not named here.
_LOCK = _fields(
    id=_text,
    workspaceId=_text,
    key=_text,
    lockMessage=_text,
    expiresAt=_time,
    createdAt=_time,
    updatedAt=_time,
    deletedAt=_time,
)
DATA: dict[tuple[str, str], Shape] = {
    ("POST", "/api/v1/auth/github-oidc"): _fields(token=_text),
    ("POST", "/api/v1/locks"): _LOCK,
    ("DELETE", "/api/v1/locks"): _LOCK,
    ("POST", "/api/v1/git/commit"): _fields(sha=_text),
    ("POST", "/api/v1/sts"): _fields(token=_text),
}
_REFUSED = _fields(validationErrors=_texts)


def decode(body: bytes, data: Shape | None = None) -> dict[str, Any]:
    """Decode an answer's body; `data` is what the caller decodes the key `data` into. Raises Unreadable."""
    try:
        value = json.loads(body.decode(), object_pairs_hook=_Object, parse_float=_Fraction, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON: {error}") from None
    _object(
        _fields(
            request=_text,
            status=_integer,
            success=_boolean,
            errorTag=_text,
            errorMessage=_text,
            error=_text,
            context=_any_object,
            traceId=_text,
            data=_object({**(data or {}), **_REFUSED}),
        )
    )("$", value)
    return {key: _plain(item) for key, item in value}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _plain(value: Any) -> Any:
    if isinstance(value, _Object):
        return {key: _plain(item) for key, item in value}
    if isinstance(value, _Fraction):
        return float(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def check(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Check one answer of the API as a whole; gives its envelope. Raises Unreadable."""
    if headers.get("Content-Type") != "application/json":
        raise Unreadable(f"Content-Type is {headers.get('Content-Type')!r}")
    if method == "HEAD":
        return {}
    plain = re.sub("/{2,}", "/", path)
    if plain == DOCUMENT and status == 200:
        return {}
    told = decode(body, DATA.get((method, plain)))
    if told.get("status") != status or told.get("success") is not (status < 400):
        raise Unreadable(f"HTTP {status}, but status {told.get('status')!r} and success {told.get('success')!r}")
    if not isinstance(told.get("data"), dict):
        raise Unreadable(f"data is no object, but {told.get('data')!r:.80}")
    if not told.get("traceId") or headers.get("X-Request-Id") != told["traceId"]:
        raise Unreadable(f"traceId {told.get('traceId')!r} is not X-Request-Id {headers.get('X-Request-Id')!r}")
    if status >= 400 and not told.get("errorMessage"):
        raise Unreadable(f"HTTP {status} without an errorMessage")
    if 300 <= status < 400 or "Location" in headers:
        raise Unreadable(f"HTTP {status} sends the CLI somewhere else")
    return told


class Overhear:
    """A layer around the app that checks every answer of the API; what is wrong is added to `wrong`, and raised."""

    def __init__(self, app: Any, wrong: list[str]) -> None:
        self.inner = app
        self._wrong = wrong

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if not re.sub("/{2,}", "/", path).startswith(API):
            return self.inner(environ, start)  # type: ignore[no-any-return]
        begun: list[Any] = []

        def listen(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            begun[:] = [int(status.split()[0]), dict(headers)]
            return start(status, headers, error) if error else start(status, headers)

        answer = self.inner(environ, listen)
        try:
            body = b"".join(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        try:
            check(method, path, begun[0], begun[1], body)
        except Unreadable as error:
            self._wrong.append(f"{method} {path}: {error}")
            raise
        return [body]
