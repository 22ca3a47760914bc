"""The names of lanes: each is one pull request, commit, release or run by the server, or a repository as a whole."""

from __future__ import annotations


def lane_of_pull(repo_id: int, number: int) -> str:
    """Name the lane of a pull request: its inputs are handled in order, one at a time."""
    return f"{repo_id}#{number}"


def lane_of_repo(repo_id: int) -> str:
    """Name the lane of what concerns a repository as a whole."""
    return f"{repo_id}!"


def lane_of_commit(repo_id: int, sha: str) -> str:
    """Name the lane of a commit that belongs to no pull request."""
    return f"{repo_id}@{sha}"


def lane_of_release(repo_id: int, tag: str) -> str:
    """Name the lane of a release."""
    return f"{repo_id}^{tag}"


def lane_of_server_run(repo_id: int, number: int) -> str:
    """Name the lane of what somebody started on the server. No tag can have this mark in its name."""
    return f"{repo_id}~{number}"


def pull_of_lane(lane: str) -> int:
    """Number the pull request whose lane it is; 0 where it is another's, such as of a tag with any sign in its name."""
    mark, name = _parts_of_lane(lane)
    return int(name) if mark == "#" and name.isdecimal() else 0


def is_of_commit(lane: str) -> bool:
    """Tell whether a lane is that of a commit without a pull request."""
    return _parts_of_lane(lane)[0] in ("^", "@", "~")


def is_release(lane: str) -> bool:
    """Tell whether a lane is a release's."""
    return _parts_of_lane(lane)[0] == "^"


def is_server_run(lane: str) -> bool:
    """Tell whether a lane is that of what somebody started on the server."""
    return _parts_of_lane(lane)[0] == "~"


def name_of_lane(lane: str) -> str:
    """Name for people what a lane is about: "#42", "release v1", "server run 3", or a commit."""
    mark, name = _parts_of_lane(lane)
    told = {"#": f"#{name}", "^": f"release {name}", "~": f"server run {name}", "@": f"commit {name[:7]}"}
    return told.get(mark, lane)


def _parts_of_lane(lane: str) -> tuple[str, str]:
    rest = lane.lstrip("0123456789")
    return rest[:1], rest[1:]
