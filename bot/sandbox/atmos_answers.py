"""Read answers as strictly as the Atmos CLI does, in Go: one key of another type spoils the whole answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

Json = dict[str, Any]

_ENVELOPE: Mapping[str, type] = {
    "request": str,
    "status": int,
    "success": bool,
    "errortag": str,
    "errormessage": str,
    "error": str,
    "context": dict,
    "traceid": str,
    "data": dict,
}
_LOCK = {"id": str, "workspaceid": str, "key": str, "lockmessage": str}
_TIMES = ("expiresat", "createdat", "updatedat", "deletedat")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_SESSION = {"token": str}


class BadAnswer(Exception):  # noqa: N818 - it reads as what it is
    """An answer that the CLI could not make use of; the text is a sentence."""


class Answer(NamedTuple):
    """What the server answered: the HTTP status and the envelope."""

    status: int
    body: Json

    @property
    def success(self) -> bool:
        """Tell whether the call did what was asked."""
        return self.body.get("success") is True

    @property
    def data(self) -> Json:
        """Return what was asked for; empty where nothing was answered."""
        return self.body.get("data") or {}

    @property
    def message(self) -> str:
        """Return what the CLI shows of a refusal."""
        return self.body.get("errorMessage") or self.body.get("error") or ""


def decode(status: int, text: bytes) -> Answer:
    """Read any answer. Raises BadAnswer where Go's decoder would, or where body and HTTP status contradict."""
    try:
        body = json.loads(text)
    except ValueError as error:
        raise BadAnswer(f"The answer is not JSON: {text[:200]!r}.") from error
    if not isinstance(body, dict):
        raise BadAnswer(f"The answer is not an object but {body!r}.")
    _check(body, _ENVELOPE)
    answer = Answer(status, body)
    problems = answer.data.get("validationErrors")
    if problems is not None and not (isinstance(problems, list) and all(isinstance(one, str) for one in problems)):
        raise BadAnswer(f"validationErrors is not a list of strings but {problems!r}.")
    # Some calls go by the one and some by the other, so both must say the same.
    if answer.success != (200 <= status < 400):
        raise BadAnswer(f"The answer has the status {status}, but success is {body.get('success')!r}.")
    return answer


def session_of(answer: Answer) -> str:
    """Return the bearer out of the answer to an exchange. Raises BadAnswer where there is none."""
    _check(answer.data, _SESSION)
    token = answer.data.get("token")
    if not token:
        raise BadAnswer(f"The exchange gave no data.token: {answer.body!r}.")
    return str(token)


def check_lock(answer: Answer) -> None:
    """Check what an answer tells of a lock. Raises BadAnswer."""
    _check(answer.data, _LOCK)
    for name, value in answer.data.items():
        if name.lower() in _TIMES and value is not None and not (isinstance(value, str) and _TIME.fullmatch(value)):
            raise BadAnswer(f"{name} is no moment with a time zone but {value!r}.")


def _check(given: Json, types: Mapping[str, type]) -> None:
    for name, value in given.items():
        wanted = types.get(name.lower())
        # Python counts true as a number, Go does not.
        if wanted and value is not None and type(value) is not wanted:
            raise BadAnswer(f"{name} is not of the type {wanted.__name__}: {value!r}.")
