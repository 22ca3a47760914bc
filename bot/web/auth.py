"""Who asks: API keys and sessions in `Authorization: Bearer`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import request

from bot.domain.claims import Claims
from bot.domain.model import Repo
from bot.domain.names import shown
from bot.domain.troubles import Trouble, place
from bot.store import keys, repos
from bot.store.writer import Writer
from bot.web.answers import Refusal
from bot.web.reading import Reader
from bot.web.sessions import BadSession, Sessions, looks_like_one

#: A key's last use is noted at most this often, in seconds.
_NOTE_EVERY = 60.0
#: And nobody waits long for it: the request itself may need to be written, while the CLI waits 30 seconds in all.
_NOTE_PATIENCE = 2.0
#: GitHub's names have at most 39 and 100 characters.
_LONGEST = 150
#: What a session may do. It may not approve: a run must not approve what it does itself.
_OF_SESSIONS = frozenset({"upload", "status", "locks", "read"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and the one repository that they may speak of."""

    credential: str  # the same for every request of one key, or of one attempt of a run
    holder: str  # whose locks are the same one's: a key's, or a run's whatever its attempt
    name: str  # for people: "the key ci", "octocat in run 123"
    repo: Repo
    claims: Claims | None = None  # what GitHub vouched for; None for a key
    called: str = ""  # the repository, as GitHub called it for the run: we may not know of a new name yet
    docs_url: str = ""  # where people read the docs; empty where nobody said

    def speaks_for(self, owner: str, name: str) -> bool:
        """Tell whether a repository's name is that of the caller's."""
        return f"{owner}/{name}".lower() in (self.repo.full_name.lower(), self.called.lower())

    def check_speaks_for(self, owner: str, name: str, what: str) -> None:
        """Refuse (403) what is about a repository that is not the caller's; `what` is "The upload", "The lock"."""
        if self.speaks_for(owner, name):
            return
        own, other = self.repo.full_name, shown(f"{owner}/{name}", _LONGEST)
        if self.claims is not None:
            told = f"the session of this workflow run is for {own}. Only a run of {other} itself may send it."
        else:
            told = f"this Switchyard key is for {own}. Give the workflow a key of its repository as ATMOS_PRO_TOKEN."
        where = place(Trouble.OTHER_REPOSITORY, self.docs_url)
        more = f"Read on: {where}" if self.docs_url else f"Switchyard's {where} tells more."
        raise Refusal(403, f"{what} is about {other}, but {told} {more}")


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets requests in by their key or their session."""

    reader: Reader
    writer: Writer
    sessions: Sessions
    now: Callable[[], float]
    docs_url: str = ""

    def admit(self, scope: str) -> Caller:
        """Find out who asks; raises Refusal: 401 without a valid key or session, 403 where it may not do this."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        token = given.strip() if scheme.lower() == "bearer" else ""
        if not token:
            raise Refusal(401, _NO_KEY)
        return self._session(token, scope) if looks_like_one(token) else self._key(token, scope)

    def _session(self, token: str, scope: str) -> Caller:
        try:
            session = self.sessions.read(token)
        except BadSession as error:
            raise Refusal(401, f"Switchyard does not take this session. {error} {_ONCE_MORE}") from None
        claims = session.claims
        repo = repos.get(self.reader.db(), session.repo_id)
        if repo is None or not repo.installation:
            where = repo.full_name if repo is not None else "the repository of this session"
            raise Refusal(403, f"{_UNINSTALLED.format(where)} {_INSTALL}")
        if scope not in _OF_SESSIONS:
            raise Refusal(403, f"A workflow run may not do this; use a Switchyard key that is allowed `{scope}`.")
        credential = f"run:{claims.run_id}.{claims.attempt}"
        name = f"{claims.actor} in run {claims.run_id}"
        holder = f"run:{claims.run_id}"
        return Caller(credential, holder, name, repo, claims, session.repository, docs_url=self.docs_url)

    def _key(self, token: str, scope: str) -> Caller:
        db = self.reader.db()
        key = keys.find(db, token)
        if key is None:
            raise Refusal(401, _WRONG_KEY)
        repo = repos.get(db, key.repo_id)
        if repo is None:
            raise Refusal(403, f"The repository of this key is not known to Switchyard any more. {_MAKE_ONE}")
        if not key.live(self.now()):
            raise Refusal(401, _expired(key, repo))
        if not repo.installation and scope != "read":  # what was done there may still be read
            raise Refusal(403, f"{_UNINSTALLED.format(repo.full_name)} {_INSTALL}")
        if scope not in key.allow:
            allow = ",".join(one for one in keys.SCOPES if one == scope or one in key.allow)
            raise Refusal(
                403,
                f"This Switchyard key for {repo.full_name} may not do this: it is allowed {', '.join(key.allow)}, "
                f"but `{scope}` is needed. Make one with `switchyard keys create {repo.full_name} --allow {allow}`.",
            )
        self._note(key)
        name = f"the key {key.name or key.id}"
        return Caller(f"key:{key.id}", f"key:{key.id}", name, repo, docs_url=self.docs_url)

    def _note(self, key: keys.Key) -> None:
        now = self.now()
        if key.used_at is None or now - key.used_at >= _NOTE_EVERY:
            with suppress(TimeoutError):  # the next request notes it
                self.writer.run(lambda db: keys.used(db, key.id, now), _NOTE_PATIENCE)


def _expired(key: keys.Key, repo: Repo) -> str:
    at = datetime.fromtimestamp(key.expires_at or 0.0, UTC)
    named = f" --name {key.name}" if key.name else ""
    allowed = f" --allow {','.join(key.allow)}" if key.allow != keys.DEFAULT else ""
    return (
        f"This Switchyard key for {repo.full_name} expired on {at:%Y-%m-%d at %H:%M} UTC. Make a new one with "
        f"`switchyard keys create {repo.full_name}{named} --expires 90d{allowed}` and set it as ATMOS_PRO_TOKEN."
    )


_MAKE_ONE = "Make a key with `switchyard keys create OWNER/REPO` and give it to the workflow as ATMOS_PRO_TOKEN."
_SAY_WHO = (
    "In GitHub Actions give the job the permission `id-token: write` and set ATMOS_PRO_WORKSPACE_ID, without "
    "ATMOS_PRO_TOKEN. Or make a key with `switchyard keys create OWNER/REPO` and set it as ATMOS_PRO_TOKEN."
)
_NO_KEY = f"Switchyard must know who asks, by a session or a key in the header `Authorization: Bearer`. {_SAY_WHO}"
_WRONG_KEY = f"Switchyard does not know this key, or it was revoked. {_SAY_WHO}"
_ONCE_MORE = f"Run the command again, which gets a new one. {_SAY_WHO}"
_UNINSTALLED = "The Switchyard App is not installed in {} any more."
_INSTALL = "Nothing can be done for a repository without it: install it there again, then run the command again."
