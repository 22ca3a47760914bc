"""Every sort of finding and every check, in the order in which they are told. `docs/doctor.md` is made of this."""

from __future__ import annotations

from bot.domain.checkup import kinds_github, kinds_here, kinds_repository
from bot.domain.checkup.findings import Grade, Kind

#: What each check is about, in their order.
CHECKS = {
    "settings": "the environment variables",
    "database": "the SQLite file and its disk",
    "process": "whether `switchyard serve` runs on that file",
    "drawing": "Graphviz",
    "clock": "this machine's clock against GitHub's",
    "key": "the App's private key",
    "app": "what the App may do, and the events it gets",
    "webhook": "where GitHub sends webhooks",
    "deliveries": "whether webhooks arrived in the last three days",
    "address": "PUBLIC_URL, as it is reached from here",
    "keys": "API keys of workflows",
    "repository": "the installation on a repository",
    "limit": "GitHub's limit of requests",
    "actions": "GitHub Actions of a repository",
    "uploader": "the workflow that uploads",
    "upload": "what was uploaded last",
    "workflow": "each workflow file that stacks name",
    "environment": "the environments that applies ask for",
}

UNSEEN = Kind(
    "unseen",
    Grade.WARNING,
    "Something could not be looked at: it took more than ten seconds, or what it needs was not there.",
    do="Mend what the line says, then run the doctor again.",
    page="setup.md#when-nothing-happens",
)

_NAMED = [*vars(kinds_here).values(), *vars(kinds_github).values(), *vars(kinds_repository).values(), UNSEEN]
_ORDER = [*CHECKS, UNSEEN.check]

#: All of them.
KINDS = tuple(sorted((one for one in _NAMED if isinstance(one, Kind)), key=lambda one: _ORDER.index(one.check)))
