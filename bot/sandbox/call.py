"""One call of the API: who asks, for what, with which body; and what is answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from aiohttp import web

from bot.sandbox.errors import ApiError
from bot.sandbox.hooks import Hooks
from bot.sandbox.hub import Hub
from bot.sandbox.limits import Limits
from bot.sandbox.state import Comment, Installation, Pull, Repo
from bot.sandbox.tokens import Tokens

Auth = Literal["app", "installation"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers; `text` instead of `data` is sent as it is."""

    data: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None


@dataclass(slots=True)
class Call:
    """A request that was let in; `installation` is None where the app itself calls."""

    hub: Hub
    hooks: Hooks
    tokens: Tokens
    limits: Limits
    request: web.Request
    body: dict[str, Any]
    installation: Installation | None

    @property
    def base(self) -> str:
        """Return the address of the sandbox."""
        return self.hub.base_url

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return self.request.match_info[name]

    def number(self, name: str) -> int:
        """Return a number of the path. Raises ApiError 404."""
        text = self.part(name)
        if not text.isdecimal():
            raise ApiError(404, "Not Found")
        return int(text)

    def query(self, name: str, default: str = "") -> str:
        """Return a query parameter."""
        return self.request.query.get(name, default)

    def text(self, name: str) -> str:
        """Return a text of the body that must be there. Raises ApiError 422."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise ApiError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return value

    @property
    def repo_name(self) -> str:
        """Return owner/name of the path, in lower case."""
        return f"{self.part('owner')}/{self.part('repo')}".lower()

    def repo(self) -> Repo:
        """Return the repository of the path. Raises ApiError 404, 403 for a write, or where it moved."""
        moved = None if self.repo_name in self.hub.repos else self.hub.moved.get(self.repo_name)
        if moved is not None:
            raise self.elsewhere(self.allowed(moved))
        return self.allowed(self.hub.repos.get(self.repo_name))

    def elsewhere(self, repo: Repo) -> ApiError:
        """Send on to the name that a repository has now."""
        before, _, after = self.request.raw_path.partition("/repos/")
        location = "/".join([f"{self.base}{before}/repos/{repo.full_name}", *after.split("/", 2)[2:]])
        return ApiError(301 if self.request.method == "GET" else 307, "Moved Permanently", location=location)

    def allowed(self, repo: Repo | None) -> Repo:
        """Let only repositories of the installation through, and public ones for reading."""
        if repo is None:
            raise ApiError(404, "Not Found")
        ours = self.installation is not None and repo in self.installation.repos.values()
        if not ours and repo.private:
            raise ApiError(404, "Not Found")
        if not ours and self.request.method != "GET":
            raise ApiError(403, "Resource not accessible by integration")
        return repo

    def pull(self) -> Pull:
        """Return the pull request of the path. Raises ApiError 404."""
        return found(self.repo().pulls.get(self.number("number")))

    def comment(self) -> Comment:
        """Return the comment of the path. Raises ApiError 404."""
        one = found(self.hub.comments.get(self.number("comment")))
        return found(one if one.pull.repo is self.repo() else None)

    def page(self, items: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str]]:
        """Cut one page out of a list and return it with the `Link` header."""
        size = min(100, max(1, _whole(self.query("per_page"), 30)))
        number = max(1, _whole(self.query("page"), 1))
        last = max(1, -(-len(items) // size))
        pages = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        shown = [
            f'<{self.request.url.update_query(page=page, per_page=size)}>; rel="{name}"'
            for name, page in pages.items()
            if 1 <= page <= last and (name in ("prev", "first")) == (page < number)
        ]
        headers = {"Link": ", ".join(shown)} if shown else {}
        return items[(number - 1) * size : number * size], headers

    def paged(self, items: Sequence[Any], write: Callable[[Any], Any]) -> Answer:
        """Answer one page of a plain list."""
        shown, headers = self.page(items)
        return Answer([write(item) for item in shown], headers=headers)

    def counted(self, key: str, items: Sequence[Any], write: Callable[[Any], Any]) -> Answer:
        """Answer one page of a list with its total count around it."""
        shown, headers = self.page(items)
        return Answer({"total_count": len(items), key: [write(item) for item in shown]}, headers=headers)


def found(thing: T | None) -> T:
    """Return the thing. Raises ApiError 404 where there is none."""
    if thing is None:
        raise ApiError(404, "Not Found")
    return thing


Handler = Callable[[Call], Answer]
Route = tuple[str, str, Auth, Handler]
OpenRoute = tuple[str, str, None, Handler]


def _whole(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default
