"""The few words that reasons and sentences of the rules share."""


def commit(sha: str) -> str:
    """Shorten a commit id as GitHub does."""
    return sha[:7]


def same_commit(one: str, other: str) -> bool:
    """Tell whether two commit ids, of which one may be short, name the same commit."""
    return bool(one and other) and (one.startswith(other) or other.startswith(one))
