"""Locks: somebody keeps an instance from being dispatched for a while."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that holds. `name` is `stack/component`, and is only ever compared as a whole: both may contain `/`."""

    name: str
    id: str
    owner: str  # for people: "octocat in run 123", "the key ci"
    message: str
    until: float
