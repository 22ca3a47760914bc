"""Identity tokens of workflow runs: what GitHub vouches for, signed with a key that anybody can look up."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.sandbox.errors import HubError
from bot.sandbox.ids import Ids, digest_of
from bot.sandbox.runstate import Job, Run

#: Under the sandbox's address, as at GitHub Enterprise Server.
PATH = "/_services/token"
LIFE_SECONDS = 300
_EARLIER_SECONDS = 600  # how long before it was made a token begins to hold, for clocks that differ
_PUBLISHED = 2


class Issuer:
    """Signs identity tokens. A key goes on being published after the next one has taken its place."""

    def __init__(self, *, now: Callable[[], float], ids: Ids) -> None:
        self._now, self._ids = now, ids
        self._turn = 0

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self._turn += 1

    def token(self, run: Run, base_url: str, audience: str) -> str:
        """Make a token for a job of a run, for GitHub at `base_url`. Raises HubError where no job may have one."""
        job = _job(run)
        now = int(self._now())
        claims = {
            **_claims(run, job),
            "iss": f"{base_url}{PATH}",
            "aud": audience,
            "jti": self._ids.guid(),
            "iat": now,
            "nbf": now - _EARLIER_SECONDS,
            "exp": now + LIFE_SECONDS,
        }
        return jwt.encode(claims, _key(self._turn), "RS256", headers={"kid": _kid(self._turn)})

    def discovery(self, base_url: str) -> dict[str, Any]:
        """Say where the keys are, as OpenID Connect has it."""
        return {
            "issuer": f"{base_url}{PATH}",
            "jwks_uri": f"{base_url}{PATH}/.well-known/jwks",
            "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
        }

    def jwks(self) -> dict[str, Any]:
        """Publish the keys, the newest first."""
        turns = range(self._turn, max(-1, self._turn - _PUBLISHED), -1)
        return {"keys": [{**_public(turn), "kid": _kid(turn), "use": "sig", "alg": "RS256"} for turn in turns]}


def _job(run: Run) -> Job:
    """Find the job that asks: the first that may have a token, of those that run if any does."""
    if run.pull is not None and run.pull.fork:
        raise HubError("A run of a fork's pull request gets no identity token.")
    for job in (*run.open_jobs, *run.latest.jobs):
        if job.plan.identity and not job.plan.skipped:
            return job
    raise HubError(f"No job of {run.workflow.path} has the permission `id-token: write`.")


def _claims(run: Run, job: Job) -> dict[str, str]:
    repo, owner = run.repo, run.repo.owner
    file = f"{repo.full_name}/{run.workflow.path}@{run.ref}"
    claims = {
        "sub": f"repo:{owner.login}@{owner.id}/{repo.name}@{repo.id}:{_subject(run, job)}",
        "repository": repo.full_name,
        "repository_id": str(repo.id),
        "repository_owner": owner.login,
        "repository_owner_id": str(owner.id),
        "repository_visibility": "private" if repo.private else "public",
        "ref": run.ref,
        "ref_type": "tag" if run.ref.startswith("refs/tags/") else "branch",
        "sha": run.sha,
        "head_ref": run.pull.head if run.pull else "",
        "base_ref": run.pull.base if run.pull else "",
        "event_name": run.event,
        "actor": run.actor.login,
        "actor_id": str(run.actor.id),
        "workflow": run.workflow.name,
        "workflow_ref": file,
        "workflow_sha": run.sha,
        "job_workflow_ref": file,
        "job_workflow_sha": run.sha,
        "run_id": str(run.id),
        "run_number": str(run.number),
        "run_attempt": str(run.attempt),
        "check_run_id": str(job.id),
        "runner_environment": "github-hosted",
    }
    return claims | ({"environment": job.environment} if job.environment else {})


def _subject(run: Run, job: Job) -> str:
    if job.environment:
        return f"environment:{job.environment}"
    return "pull_request" if run.event == "pull_request" else f"ref:{run.ref}"


@cache
def _key(turn: int) -> rsa.RSAPrivateKey:  # noqa: ARG001 - it tells one key from another
    """Make the key of a turn; all sandboxes of a process share them, since to make one takes long."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _kid(turn: int) -> str:
    return digest_of("identity", turn)


def _public(turn: int) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(_key(turn).public_key()))
    return {name: made[name] for name in ("kty", "n", "e")}
