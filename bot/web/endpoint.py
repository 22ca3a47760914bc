"""What one endpoint takes and gives, for the API's document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_USUAL = (400, 401, 403, 413, 415, 503)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter, or a part of the path. `schema` is JSON Schema."""

    name: str
    where: str  # "query" or "path"
    help: str
    required: bool = True
    schema: Any = None  # a text where nothing is said


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path. `body` and `data` are the shapes that requests are decoded into and answers made of."""

    method: str
    path: str  # as OpenAPI writes it: /api/v1/repos/{owner}/{repo}/instances
    summary: str
    scope: str = ""  # what a key must be allowed; empty where nobody need say who they are
    body: Any = None
    data: Any = None
    parameters: tuple[Parameter, ...] = ()
    refusals: tuple[int, ...] = _USUAL  # the statuses that it may answer besides 200
