"""What the doctor sees: of the machine, of the App at GitHub, and of a repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.graph import Instance
from bot.domain.pro import Call, Files, Phase


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that a file is on, in Linux' words; empty where it cannot be told."""

    filesystem: str = ""
    place: str = ""  # where it is mounted
    root: str = ""  # which of its folders is mounted there
    heroku: bool = False  # what runs here is a dyno


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The SQLite file. `trouble` is what SQLite said, empty where it can be written."""

    path: str
    there: bool = True
    trouble: str = ""
    disk: Disk = Disk()
    pending: int = 0  # migrations that this version knows and the file has not had
    unknown: int = 0  # migrations that the file has had and this version does not know
    version: int = 0  # migrations that the file has had


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """What came of asking PUBLIC_URL how the service is. `failed` is why nothing came: a sentence without its end."""

    url: str
    failed: str = ""
    untrusted: str = ""  # what is wrong with the certificate
    status: int = 0
    leads_to: str = ""
    ours: bool = False  # the answer is one that Switchyard gives
    live: bool = False
    same: bool = True  # it has this App and this database


@dataclass(frozen=True, slots=True)
class AppFacts:
    """The App as GitHub has it."""

    id: int
    name: str
    settings_page: str
    install_page: str
    permissions: Mapping[str, str]
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class HookFacts:
    """The App's webhook as GitHub has it."""

    url: str
    content_type: str
    signed: bool
    unchecked: bool  # the server's certificate is not looked at


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of GitHub to deliver a webhook."""

    guid: str
    at: float
    event: str
    status_code: int
    status: str  # in GitHub's words

    @property
    def arrived(self) -> bool:
        return 200 <= self.status_code < 300


@dataclass(frozen=True, slots=True)
class InstallationFacts:
    """The App on one account, as GitHub has it."""

    id: int
    page: str
    permissions: Mapping[str, str]
    events: frozenset[str]
    suspended: bool


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """An API key, as people know it."""

    id: int
    name: str
    created_at: float
    used_at: float | None
    expires_at: float | None


@dataclass(frozen=True, slots=True)
class UploadFacts:
    """What was uploaded last."""

    at: float
    lane: str
    sha: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A workflow file that an instance names for a phase; a problem where its settings cannot be read."""

    instance: Instance
    phase: Phase
    call: Call | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What GitHub says of a repository: its files, which are off, and which environments protect something."""

    name: str
    page: str
    branch: str
    files: Files = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    environments: Mapping[str, bool] = field(default_factory=dict)  # by casefolded name: whether a rule is there
