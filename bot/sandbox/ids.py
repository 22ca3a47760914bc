"""Ids, commit ids and times, all deterministic: the same story gives the same numbers."""

import hashlib
from collections import Counter
from datetime import UTC, datetime

FIRST = {
    "app": 1_400_001,
    "repo": 812_000_001,
    "user": 4_100_001,
    "installation": 52_000_001,
    "pull": 1_900_000_001,
    "comment": 2_700_000_001,
    "check": 31_000_000_001,
    "suite": 29_000_000_001,
    "workflow": 98_000_001,
    "run": 11_500_000_001,
    "job": 33_000_000_001,
    "environment": 6_300_000_001,
    "delivery": 17_000_000_001,
    "reaction": 240_000_001,
    "label": 7_000_000_001,
    "team": 3_500_001,
    "release": 150_000_001,
}


class Ids:
    """Count up, one counter for each kind of thing."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def next(self, kind: str) -> int:
        """Return the next free number of this kind; kinds start far apart, as GitHub's do."""
        number = FIRST.get(kind, 1) + self._taken[kind]
        self._taken[kind] += 1
        return number

    def guid(self) -> str:
        """Return a delivery id that looks like a GUID and never repeats."""
        digest = digest_of("guid", self.next("guid"))
        return f"{digest[:8]}-{digest[8:12]}-11f0-{digest[12:16]}-{digest[16:28]}"


def digest_of(*parts: object) -> str:
    """Return 40 hex digits that depend on the parts alone."""
    return hashlib.sha1("\0".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def rfc3339(moment: float) -> str:
    """Write a moment (seconds since 1970) as GitHub does: UTC, whole seconds, `Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def optional_time(moment: float | None) -> str | None:
    """Write a moment, or nothing where there is none."""
    return None if moment is None else rfc3339(moment)


def http_date(moment: float) -> str:
    """Write a moment for the `date` header."""
    return datetime.fromtimestamp(moment, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


def from_rfc3339(text: str) -> float:
    """Read a moment or a plain day. Raises ValueError on anything else."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
