"""Who asks: API keys in `Authorization: Bearer`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import request

from bot.domain.model import Repo
from bot.store import keys, repos
from bot.store.writer import Writer
from bot.web.answers import Refusal
from bot.web.reading import Reader

#: A key's last use is noted at most this often, in seconds.
_NOTE_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a key, and the one repository that it is for."""

    credential: str  # the same for every request with this key
    repo: Repo

    def speaks_for(self, owner: str, name: str) -> bool:
        """Tell whether a repository's name is that of the key's."""
        return f"{owner}/{name}".lower() == self.repo.full_name.lower()


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets requests in by their key."""

    reader: Reader
    writer: Writer
    now: Callable[[], float]

    def admit(self, scope: str) -> Caller:
        """Find out who asks; raises Refusal: 401 without a valid key, 403 where the key may not do this."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        db = self.reader.db()
        key = keys.find(db, given.strip()) if scheme.lower() == "bearer" and given.strip() else None
        if key is None:
            raise Refusal(401, _NO_KEY if not given.strip() else _WRONG_KEY)
        repo = repos.get(db, key.repo_id)
        if repo is None:
            raise Refusal(403, f"The repository of this key is not known to Switchyard any more. {_MAKE_ONE}")
        if scope not in key.allow:
            raise Refusal(
                403,
                f"This Switchyard key for {repo.full_name} may not do this: it is allowed {', '.join(key.allow)}, "
                f"but `{scope}` is needed. Make one with `switchyard keys create {repo.full_name} --allow {scope}`.",
            )
        self._note(key)
        return Caller(f"key:{key.id}", repo)

    def _note(self, key: keys.Key) -> None:
        now = self.now()
        if key.used_at is None or now - key.used_at >= _NOTE_EVERY:
            self.writer.run(lambda db: keys.used(db, key.id, now))


_MAKE_ONE = "Make a key with `switchyard keys create OWNER/REPO` and give it to the workflow as ATMOS_PRO_TOKEN."
_NO_KEY = f"Switchyard needs a key in the header `Authorization: Bearer`. {_MAKE_ONE}"
_WRONG_KEY = f"Switchyard does not know this key, or it was revoked. {_MAKE_ONE}"
