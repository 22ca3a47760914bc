"""What the sandbox remembers: people, repositories, pull requests, comments and checks."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class User:
    """A person, an organization or a bot."""

    login: str
    id: int
    type: str = "User"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit with its whole tree: path to text."""

    sha: str
    parents: tuple[str, ...]
    message: str
    tree: dict[str, str]
    author: str
    time: float


@dataclass(slots=True, eq=False)
class Team:
    """A team of an organization; `members` are logins."""

    id: int
    owner: User
    slug: str
    members: list[str]


@dataclass(slots=True, eq=False)
class Environment:
    """A deployment environment; with reviewers, logins or teams, its jobs wait for one of them."""

    id: int
    name: str
    reviewers: list[str]
    created_at: float


@dataclass(frozen=True, slots=True)
class Release:
    """A published release; `target` is where its tag was made, if it was new."""

    id: int
    tag: str
    target: str
    name: str
    author: User
    prerelease: bool
    published_at: float


@dataclass(slots=True, eq=False)
class Workflow:
    """A workflow file as Actions knows it, once it was seen on the default branch or has run."""

    id: int
    path: str
    name: str
    created_at: float
    runs: int = 0
    enabled: bool = True

    @property
    def file(self) -> str:
        """Return the file's name without its folder."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(slots=True, eq=False)
class Repo:
    """A repository; a fork shares the commits of its parent, as GitHub's network does."""

    id: int
    owner: User
    name: str
    default_branch: str
    private: bool
    created_at: float
    parent: "Repo | None" = None
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pulls: "dict[int, Pull]" = field(default_factory=dict)
    checks: "dict[int, Check]" = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    permissions: dict[str, str] = field(default_factory=dict)
    custom_roles: dict[str, str] = field(default_factory=dict)  # the owner's own roles, with what each is based on
    actions_enabled: bool = True

    @property
    def full_name(self) -> str:
        """Return owner/name."""
        return f"{self.owner.login}/{self.name}"

    def environment(self, name: str) -> Environment | None:
        """Find an environment by its name, in any case."""
        wanted = name.casefold()
        return next((one for one in self.environments.values() if one.name.casefold() == wanted), None)

    @property
    def tip(self) -> Commit:
        """Return the newest commit of the default branch."""
        return self.commits[self.branches[self.default_branch]]


@dataclass(slots=True, eq=False)
class Pull:
    """A pull request. `base_sha` is the base as of the last push, as GitHub shows it."""

    id: int
    number: int
    repo: Repo
    head_repo: Repo
    head: str
    head_sha: str
    base: str
    base_sha: str
    title: str
    author: User
    draft: bool
    created_at: float
    updated_at: float
    state: str = "open"
    merge_commit_sha: str | None = None
    merged_at: float | None = None
    merged_by: User | None = None
    closed_at: float | None = None
    labels: list[str] = field(default_factory=list)
    locked: bool = False

    @property
    def merged(self) -> bool:
        """Tell whether it was merged."""
        return self.merged_at is not None

    @property
    def fork(self) -> bool:
        """Tell whether its head lives in another repository."""
        return self.head_repo is not self.repo


@dataclass(slots=True, eq=False)
class Comment:
    """A comment on a pull request; `edits` keeps every body it ever had, with the moment it got it."""

    id: int
    pull: Pull
    author: User
    body: str
    created_at: float
    updated_at: float
    by_app: bool = False
    edits: list[tuple[float, str]] = field(default_factory=list)
    reactions: list[tuple[int, User, str]] = field(default_factory=list)
    folded: bool = False


@dataclass(slots=True, eq=False)
class Check:
    """A check run that an app put on a commit."""

    id: int
    suite_id: int
    repo: Repo
    head_sha: str
    name: str
    status: str
    started_at: float
    conclusion: str | None = None
    completed_at: float | None = None
    external_id: str = ""
    details_url: str = ""
    output: dict[str, Any] = field(default_factory=dict)
    actions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class App:
    """The app as it is registered: what it asks for, and the key that its private one belongs to, as PEM."""

    id: int
    slug: str
    name: str
    owner: User
    url: str
    public_key: str
    permissions: dict[str, str]
    events: list[str]
    created_at: float


@dataclass(slots=True, eq=False)
class Installation:
    """The app on one account: its repositories by full name in lower case, and what the account lets it do."""

    id: int
    account: User
    created_at: float
    permissions: dict[str, str]
    events: list[str]
    repos: dict[str, Repo] = field(default_factory=dict)
    suspended_at: float | None = None
