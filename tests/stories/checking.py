"""What stories of check runs share."""

from __future__ import annotations

from bot.sandbox.state import Check
from tests.rig import Rig


def checks(rig: Rig, sha: str) -> list[Check]:
    """List the check runs of a commit."""
    return [check for check in rig.repo.checks.values() if check.head_sha == sha]


def check(rig: Rig, sha: str) -> Check:
    """Find the one check run of a commit."""
    (one,) = checks(rig, sha)
    return one


def summary(check: Check) -> str:
    """Read what a check run says."""
    return str(check.output["summary"]).replace("\u00a0", " ")
