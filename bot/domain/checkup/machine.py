"""What is found about the machine, the database and the address."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.domain.checkup import kinds_here as kinds
from bot.domain.checkup.facts import AddressFacts, DatabaseFacts, Disk, KeyFacts
from bot.domain.checkup.findings import Finding, named, span

CLOCK_NOTED = 30.0  # seconds that a clock may be off before it is told
CLOCK_REFUSED = 60.0  # from here on GitHub refuses the App
_DAY = 86_400.0
_ENDS_SOON = 14 * _DAY
_UNUSED = 30 * _DAY
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_IN_CONTAINERS = frozenset({"overlay", "aufs", "fuse-overlayfs"})
# Where a volume without a name is kept: a new container gets another.
_NAMELESS = re.compile(r"/volumes/[0-9a-f]{64}/_data(?:/|$)")
# What a dyno has by itself. Dokku calls its containers dynos, too, and a storage mount there is elsewhere.
_OF_DYNOS = frozenset({"", "/", "/app", "/tmp"})  # noqa: S108 - nothing is put there
_ON_NETWORKS = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs", "glusterfs", "fuse.glusterfs"})


def settings(problems: Sequence[str], mode: str) -> list[Finding]:
    """Tell each setting that is wrong, and what the mode leaves out."""
    found = [Finding(kinds.SETTINGS_WRONG, one, do=_mend(one)) for one in problems]
    if not found:
        found = [Finding(kinds.SETTINGS_OK, "All settings can be used.")]
    left_out = {"observe": "nothing is started", "plan": "plans are started, and no applies"}
    if mode in left_out and not problems:
        found.append(Finding(kinds.SETTINGS_MODE, f"SWITCHYARD_MODE is {mode}: {left_out[mode]}."))
    return found


def _mend(problem: str) -> str:
    name = problem.partition(" ")[0]
    return f"Set {name}, or run `switchyard setup`." if "is not set" in problem else f"Correct {name}."


def database(facts: DatabaseFacts) -> list[Finding]:
    """Tell how the database file is."""
    if not facts.there:
        return [Finding(kinds.DATABASE_MISSING, f"There is no file {facts.path} yet."), *disk(facts)]
    if facts.trouble:
        return [Finding(kinds.DATABASE_UNUSABLE, f"{facts.path} cannot be used: {facts.trouble}.")]
    found = []
    if facts.unknown:
        told = f"{facts.path} has {facts.unknown} of its migrations from a newer version."
        found.append(Finding(kinds.DATABASE_NEWER, told))
    if facts.pending:
        found.append(Finding(kinds.DATABASE_OLDER, f"{facts.path} lacks {facts.pending} of this version's migrations."))
    found += disk(facts)
    where = f", on {facts.disk.filesystem}" if facts.disk.filesystem else ""
    return found or [Finding(kinds.DATABASE_OK, f"{facts.path} can be written; version {facts.version}{where}.")]


def disk(facts: DatabaseFacts) -> list[Finding]:
    """Tell where the database's disk does not last, or cannot be relied on."""
    if passing := _passing(facts.disk):
        return [Finding(kinds.DATABASE_PASSING, f"{facts.path} is {passing}.")]
    if facts.disk.filesystem in _ON_NETWORKS:
        told = f"{facts.path} is on a network's disk ({facts.disk.filesystem})."
        return [Finding(kinds.DATABASE_NETWORK, told)]
    return []


def _passing(disk: Disk) -> str:
    """Say what a disk is that does not last; empty where it does."""
    if disk.filesystem in _IN_MEMORY:
        return f"in memory ({disk.filesystem})"
    if disk.filesystem in _IN_CONTAINERS:
        return f"on a container's own disk ({disk.filesystem}), which goes with the container"
    if _NAMELESS.search(disk.root):
        return f"in a volume without a name at {disk.place}, and a new container gets another"
    if disk.heroku and disk.place in _OF_DYNOS:
        return "on the disk of a Heroku dyno, which is wiped at least once a day"
    return ""


def process(path: str, *, works: bool) -> Finding:
    """Tell whether a process works on the database."""
    if works:
        return Finding(kinds.PROCESS_OK, f"A process works on {path}.")
    return Finding(kinds.PROCESS_NONE, f"No process on this machine works on {path}.")


def drawing(engine: str, version: str, trouble: str) -> Finding:
    """Tell whether Graphviz draws here; `engine` is empty where there is none."""
    if not engine:
        return Finding(kinds.DRAWING_NONE, "There is no Graphviz on this machine.")
    if trouble:
        return Finding(kinds.DRAWING_NONE, trouble)
    return Finding(kinds.DRAWING_OK, f"{engine} {version} draws.".replace("  ", " "))


def clock(ahead: float) -> Finding:
    """Tell how the clock stands: by how many seconds it is ahead of GitHub's. GitHub tells whole seconds."""
    off = abs(ahead)
    told = f"This machine's clock is {span(off)} {'ahead of' if ahead > 0 else 'behind'} GitHub's."
    if off > CLOCK_REFUSED:
        return Finding(kinds.CLOCK_WRONG, told)
    if off > CLOCK_NOTED:
        return Finding(kinds.CLOCK_OFF, told)
    return Finding(kinds.CLOCK_OK, f"This machine's clock agrees with GitHub's within {CLOCK_NOTED:.0f} seconds.")


def address(facts: AddressFacts | None) -> list[Finding]:
    """Tell what answers at PUBLIC_URL; None where it is not set."""
    if facts is None:
        return [Finding(kinds.ADDRESS_UNSET, "PUBLIC_URL is not set.")]
    plain = []
    if facts.url.startswith("http:"):
        plain = [Finding(kinds.ADDRESS_PLAIN, f"{facts.url} is not HTTPS.")]
    if wrong := _not_reached(facts) or _not_ours(facts):
        return [wrong, *plain]
    return plain or [Finding(kinds.ADDRESS_OK, f"{facts.url} leads to this service.")]


def _not_reached(facts: AddressFacts) -> Finding | None:
    if facts.untrusted:
        return Finding(kinds.ADDRESS_CERTIFICATE, f"The certificate of {facts.url} is not trusted: {facts.untrusted}.")
    if facts.failed:
        return Finding(kinds.ADDRESS_UNREACHED, f"Nothing answers at {facts.url}/healthz from here: {facts.failed}.")
    if facts.leads_to:
        told = f"{facts.url}/healthz sends on to {facts.leads_to} (status {facts.status})."
        return Finding(kinds.ADDRESS_REDIRECTED, told)
    return None


def _not_ours(facts: AddressFacts) -> Finding | None:
    if not facts.ours:
        told = f"{facts.url}/healthz answers with status {facts.status}, and not as Switchyard does."
        return Finding(kinds.ADDRESS_WRONG, told)
    if not facts.live:
        return Finding(kinds.ADDRESS_WRONG, f"{facts.url}/healthz says that the service is not well.")
    if not facts.same:
        told = f"Another Switchyard answers at {facts.url}: its App or its database is not the one of these settings."
        return Finding(kinds.ADDRESS_OTHER, told)
    return None


def keys(known: Sequence[KeyFacts], where: str, now: float) -> list[Finding]:
    """Tell which of a repository's live keys need a look."""
    ended = [_called(key) for key in known if key.expires_at is not None and key.expires_at <= now]
    ending = [_called(key) for key in known if key.expires_at is not None and now < key.expires_at <= now + _ENDS_SOON]
    unused = [
        _called(key)
        for key in known
        if (key.expires_at is None or key.expires_at > now) and (key.used_at or key.created_at) < now - _UNUSED
    ]
    found = []
    if ended:
        found.append(Finding(kinds.KEYS_ENDED, f"{named(ended)}: ended, and not revoked.", where))
    if ending:
        found.append(Finding(kinds.KEYS_ENDED, f"{named(ending)}: ends within two weeks.", where))
    if unused:
        found.append(Finding(kinds.KEYS_UNUSED, f"{named(unused)}: not used for a month.", where))
    if found or known:
        return found or [Finding(kinds.KEYS_OK, f"{_count(len(known), 'key')}, and all is well with them.", where)]
    return [Finding(kinds.KEYS_OK, "There are no keys; workflows exchange identity tokens.", where)]


def _called(key: KeyFacts) -> str:
    return f"key {key.id} ({key.name})" if key.name else f"key {key.id}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' if number != 1 else ''}"
