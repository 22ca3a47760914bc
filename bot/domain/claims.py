"""What GitHub vouches for about the workflow run that speaks to us."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PULL = re.compile(r"refs/pull/([1-9][0-9]{0,8})/(?:merge|head)")
_BRANCH = "refs/heads/"
_TAG = "refs/tags/"


@dataclass(frozen=True, slots=True)
class Claims:
    """A run of GitHub Actions, as its identity token tells; texts are empty where the token says nothing."""

    run_id: int
    attempt: int
    event: str  # what started the run: pull_request, workflow_dispatch, …
    ref: str  # in full: refs/pull/42/merge, refs/heads/main
    head_ref: str  # the pull request's branch
    base_ref: str
    sha: str  # of a merged pull request the merge commit, of an open one GitHub's test merge
    actor: str
    environment: str
    workflow: str  # its name
    workflow_file: str  # its file in .github/workflows

    @property
    def pull(self) -> int:
        """The pull request whose test merge the run works on; 0 for any other run."""
        found = _PULL.fullmatch(self.ref)
        return int(found[1]) if found else 0

    @property
    def branch(self) -> str:
        """The branch that the run works on; empty for any other ref."""
        return self.ref.removeprefix(_BRANCH) if self.ref.startswith(_BRANCH) else ""

    @property
    def tag(self) -> str:
        """The tag that the run works on; empty for any other ref."""
        return self.ref.removeprefix(_TAG) if self.ref.startswith(_TAG) else ""
