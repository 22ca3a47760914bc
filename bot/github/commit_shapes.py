"""Webhooks about commits without a pull request of their own, turned into our facts: merge groups and releases."""

from __future__ import annotations

import re
from typing import Any

from bot.domain.facts import MergeGroupFacts, ReleaseFacts
from bot.github import shapes

_BRANCH = "refs/heads/"
_QUEUED = re.compile(r"gh-readonly-queue/.+/pr-(\d{1,9})-[0-9a-f]{40,64}")


def merge_group(obj: Any) -> MergeGroupFacts:
    """Read a merge queue's try of a pull request, from the whole webhook."""
    group = shapes.part(obj, "merge_group")
    head_ref = shapes.text(group, "head_ref").removeprefix(_BRANCH)
    named = _QUEUED.fullmatch(head_ref)
    facts = MergeGroupFacts(
        number=int(named[1]) if named else 0,
        head_sha=shapes.text(group, "head_sha"),
        head_ref=head_ref,
        base_sha=shapes.text(group, "base_sha"),
        base_ref=shapes.text(group, "base_ref").removeprefix(_BRANCH),
        action=shapes.text(obj, "action"),
        reason=shapes.text(obj, "reason"),
    )
    if not (facts.head_sha and facts.head_ref and facts.base_ref):
        raise ValueError("GitHub sent a merge group without its commit, its branch, or its base branch.")
    return facts


def release(obj: Any) -> ReleaseFacts:
    """Read a release, from the whole webhook."""
    told = shapes.part(obj, "release")
    facts = ReleaseFacts(
        action=shapes.text(obj, "action"),
        tag=shapes.text(told, "tag_name"),
        target=shapes.text(told, "target_commitish"),
        draft=shapes.flag(told, "draft"),
        prerelease=shapes.flag(told, "prerelease"),
    )
    if not facts.tag:
        raise ValueError("GitHub sent a release without its tag.")
    return facts
