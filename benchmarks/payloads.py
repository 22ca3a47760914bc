"""Webhooks as GitHub sends them, of the size that GitHub's have."""

from __future__ import annotations

import json
from typing import Any

BODY_BYTES = 8_000

_OWNER = {"login": "acme", "id": 3, "type": "Organization"}
_REPOSITORY = {"id": 7, "name": "infra", "full_name": "acme/infra", "owner": _OWNER, "default_branch": "main"}
#: GitHub fills its webhooks with addresses.
_LINKS = {f"link_{index}": f"https://api.github.com/repos/acme/infra/{index:0>40}" for index in range(60)}


def workflow_run(run_id: int, **changed: Any) -> bytes:
    """Write a `workflow_run` webhook of 8 kB. Unless it is changed, it is about a run that is none of ours."""
    run = {
        "id": run_id,
        "name": "tests",
        "path": ".github/workflows/tests.yaml",
        "event": "push",
        "status": "completed",
        "conclusion": "success",
        "run_attempt": 1,
        "head_branch": "main",
        "head_sha": f"{run_id:040x}",
        "display_title": "Widen the network",
        "html_url": f"https://github.com/acme/infra/actions/runs/{run_id}",
        "created_at": "2026-05-04T10:00:00Z",
        "run_started_at": "2026-05-04T10:00:00Z",
        "updated_at": "2026-05-04T10:01:00Z",
        "actor": {"login": "dora", "id": 12, "type": "User"},
    } | changed
    told = {
        "action": run["status"],
        "workflow_run": run,
        "repository": _REPOSITORY,
        "installation": {"id": 99},
        "links": _LINKS,
    }
    spare = BODY_BYTES - len(json.dumps({**told, "note": ""}))
    return json.dumps({**told, "note": "x" * max(0, spare)}).encode()
