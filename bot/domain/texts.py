"""The few words that reasons and sentences of the rules share."""

from datetime import UTC, datetime


def commit(sha: str) -> str:
    """Shorten a commit id as GitHub does."""
    return sha[:7]


def same_commit(one: str, other: str) -> bool:
    """Tell whether two commit ids, of which one may be short, name the same commit."""
    return bool(one and other) and (one.startswith(other) or other.startswith(one))


def rfc3339(at: float) -> str:
    """Write a time with Z and whole seconds. Go reads no other form that Python would write by itself."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
