"""Sorts of findings about the machine, the database and the address."""

from __future__ import annotations

from bot.domain.checkup.findings import Grade, Kind

_OK, _WARNING, _FAULT = Grade.OK, Grade.WARNING, Grade.FAULT

SETTINGS_OK = Kind("settings-ok", _OK, "All settings can be used.")
SETTINGS_MODE = Kind("settings-mode", _OK, "The mode starts less than everything, as somebody set it.")
SETTINGS_WRONG = Kind(
    "settings-wrong",
    _FAULT,
    "A setting is missing or wrong.",
    "The service does not start with it.",
    "Set it.",
    "settings.md",
)

DATABASE_OK = Kind("database-ok", _OK, "The file can be written, and is on a disk that lasts.")
DATABASE_MISSING = Kind(
    "database-missing",
    _WARNING,
    "There is no file yet.",
    "The service makes it when it starts; nothing is remembered before that.",
    "Start `switchyard serve`; if it runs already, name its file in SWITCHYARD_DATABASE.",
    "hosting.md#the-disk",
)
DATABASE_UNUSABLE = Kind(
    "database-unusable",
    _FAULT,
    "The file cannot be read or written.",
    "The service cannot work without it.",
    "Make it readable and writable for the one who runs this, or name another file in SWITCHYARD_DATABASE.",
    "hosting.md#the-disk",
)
DATABASE_PASSING = Kind(
    "database-passing",
    _WARNING,
    "The file is in memory, on the disk of a container or of a Heroku dyno, or in a volume without a name.",
    "A restart or a new version loses uploads, keys and what people decided.",
    "Put it on a volume with a name or on a disk that stays, and name that in SWITCHYARD_DATABASE.",
    "hosting.md#the-disk",
)
DATABASE_NETWORK = Kind(
    "database-network",
    _WARNING,
    "The file is on a network's disk.",
    "SQLite cannot rely on the locks there, so the file may be damaged.",
    "Put it on a disk of this machine.",
    "hosting.md#the-disk",
)
DATABASE_OLDER = Kind(
    "database-older",
    _WARNING,
    "An older version wrote the file.",
    "The service brings it up to date when it starts.",
    "Make a backup with `switchyard backup`, then start this version of `switchyard serve`.",
    "hosting.md#backups",
)
DATABASE_NEWER = Kind(
    "database-newer",
    _FAULT,
    "A newer version wrote the file.",
    "This version may misread it.",
    "Run that newer version, or restore the backup from before the upgrade.",
    "hosting.md#backups",
)

PROCESS_OK = Kind("process-ok", _OK, "A process on this machine works on the file.")
PROCESS_NONE = Kind(
    "process-none",
    _WARNING,
    "No process on this machine works on the file.",
    "Nothing is planned or applied.",
    "Start `switchyard serve`, or run the doctor where it runs.",
    "setup.md#2-run-switchyard",
)

DRAWING_OK = Kind("drawing-ok", _OK, "Graphviz draws the pictures of comments.")
DRAWING_NONE = Kind(
    "drawing-none",
    _WARNING,
    "There is no Graphviz, or it does not draw.",
    "Comments show Mermaid in place of the picture; all else works.",
    "Install `dot` (on Debian the package graphviz), then start the service again.",
    "hosting.md#the-picture",
)

CLOCK_OK = Kind("clock-ok", _OK, "The clock agrees with GitHub's.")
CLOCK_OFF = Kind(
    "clock-off",
    _WARNING,
    "The clock differs from GitHub's by more than 30 seconds.",
    "With much more GitHub refuses the App.",
    "Have the clock set by NTP.",
    "setup.md#what-the-job-was-told",
)
CLOCK_WRONG = Kind(
    "clock-wrong",
    _FAULT,
    "The clock differs from GitHub's by more than a minute.",
    "GitHub refuses the App, and what came when is misjudged.",
    "Have the clock set by NTP, then start the service again.",
    "setup.md#what-the-job-was-told",
)

ADDRESS_OK = Kind("address-ok", _OK, "PUBLIC_URL leads to this service, by HTTPS.")
ADDRESS_UNSET = Kind(
    "address-unset",
    _WARNING,
    "PUBLIC_URL is not set.",
    "Comments have Mermaid in place of the picture, and lead to no page.",
    "Set PUBLIC_URL to where GitHub and people reach this service.",
    "settings.md",
)
ADDRESS_PLAIN = Kind(
    "address-plain",
    _WARNING,
    "PUBLIC_URL is not HTTPS.",
    "Whoever is on the way can read webhooks and pages.",
    "Put a proxy with HTTPS before the service, and let PUBLIC_URL and the webhook begin with https.",
    "hosting.md#addresses-and-proxies",
)
ADDRESS_UNREACHED = Kind(
    "address-unreached",
    _FAULT,
    "Nothing answers at PUBLIC_URL, as far as can be seen from here.",
    "Pictures and pages do not load, and webhooks may not arrive.",
    "See whether the service runs, and whether name, port and proxy lead to it.",
    "hosting.md#addresses-and-proxies",
)
ADDRESS_CERTIFICATE = Kind(
    "address-certificate",
    _FAULT,
    "The certificate of PUBLIC_URL is not trusted from here.",
    "It has ended, is for another name, or has no known root; GitHub may not trust it either.",
    "Renew or replace it.",
    "hosting.md#addresses-and-proxies",
)
ADDRESS_REDIRECTED = Kind(
    "address-redirected",
    _FAULT,
    "PUBLIC_URL sends on to another address.",
    "GitHub does not follow with webhooks.",
    "Set PUBLIC_URL and the webhook to where it sends on to.",
    "hosting.md#addresses-and-proxies",
)
ADDRESS_WRONG = Kind(
    "address-wrong",
    _FAULT,
    "What answers at PUBLIC_URL is not Switchyard, or is not well.",
    "Webhooks, pictures and pages go there.",
    "Have the proxy pass everything on to the service, or correct PUBLIC_URL; then read the service's log.",
    "hosting.md#addresses-and-proxies",
)
ADDRESS_OTHER = Kind(
    "address-other",
    _FAULT,
    "A Switchyard with another App or another database answers at PUBLIC_URL.",
    "What GitHub sends there does not come to this database.",
    "Correct PUBLIC_URL, or run the doctor with the settings of that service, where it runs.",
    "settings.md",
)

KEYS_OK = Kind("keys-ok", _OK, "No API key has ended, ends soon or lies unused.")
KEYS_ENDED = Kind(
    "keys-ended",
    _WARNING,
    "An API key has ended, or ends within two weeks.",
    "Jobs that use it are refused from then on.",
    "Make another with `switchyard keys create`, store it where the old one was, and revoke that.",
    "setup.md#the-other-way-a-key",
)
KEYS_UNUSED = Kind(
    "keys-unused",
    _WARNING,
    "An API key was not used for a month.",
    "Perhaps nobody needs it, and it can still be stolen.",
    "Revoke it with `switchyard keys revoke`, if nobody does.",
    "setup.md#the-other-way-a-key",
)
