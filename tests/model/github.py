"""What the bot sees of the hub: it stands in for `bot.github.client.GitHub`, without sockets, threads or waiting."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

import aiohttp
import gidgethub

from tests.model import payloads
from tests.model.hub import Hub
from tests.model.payloads import APP_ID, INSTALLATION, LOGIN, Json
from tests.model.repository import ENVIRONMENT, FILES, MAIN
from tests.model.saying import ROLES
from tests.model.things import Run

_NAMED = re.compile(r"{(\w+)}")
_QUERY = re.compile(r"{\?([\w,]+)}$")


class Killed(BaseException):
    """The process is gone: nothing of it goes on from here."""


class Unknown(Exception):  # noqa: N818 -- it reads as what happened
    """The bot asked for something that the model's GitHub does not have."""


class GitHub:
    """One process' way to the hub. What goes wrong next lies in `faults`, by method, or `dispatch`."""

    def __init__(self, hub: Hub, *, listed_after: float, details: bool) -> None:
        self.hub = hub
        self.app_id = APP_ID
        self.rests: Callable[[int], float] = lambda _installation: 0.0
        self.faults: dict[str, list[str]] = {}
        self.dead = False
        self.listed_after = listed_after
        self.details = details
        self._api = Api(self)

    def as_app(self) -> Api:
        """Speak as the App."""
        return self._api

    def installation(self, _installation_id: int) -> Api:
        """Speak as the one installation."""
        return self._api


class Api:
    """What `Installation` and `App` offer, answered from the hub."""

    id = INSTALLATION
    remaining: int | None = None

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._hub = github.hub

    async def getitem(self, url: str, variables: Mapping[str, str] | None = None) -> Any:
        """Read one thing."""
        return self._exchange("GET", url, variables or {}, None)

    async def getiter(
        self, url: str, variables: Mapping[str, str] | None = None, *, iterable_key: str = "items"
    ) -> AsyncIterator[Any]:
        """Read a list, page after page."""
        told = self._exchange("GET", url, variables or {}, None)
        for one in told[iterable_key] if isinstance(told, dict) else told:
            yield one

    async def post(self, url: str, variables: Mapping[str, str] | None = None, *, data: Any) -> Any:
        """Make something."""
        return self._exchange("POST", url, variables or {}, data)

    async def patch(self, url: str, variables: Mapping[str, str] | None = None, *, data: Any) -> Any:
        """Change something."""
        return self._exchange("PATCH", url, variables or {}, data)

    def _exchange(self, method: str, url: str, variables: Mapping[str, str], data: Any) -> Any:
        github = self._github
        if github.dead:
            raise Killed
        query = _QUERY.search(url)
        asked = {name: variables[name] for name in query[1].split(",") if name in variables} if query else {}
        path = _NAMED.sub(lambda found: quote(variables[found[1]], safe="."), url[: query.start()] if query else url)
        waiting = github.faults.get("dispatch" if path.endswith("/dispatches") else method)
        fault = waiting.pop(0) if waiting else ""
        if fault in ("killed before", "broken", "unreachable", "lost request"):
            self._fail(fault)
        told = self._answer(method, [unquote(part) for part in path.split("/")[1:]], asked, data)
        if fault:
            self._fail(fault)
        return told

    def _fail(self, fault: str) -> None:
        if fault.startswith("killed"):
            self._github.dead = True
            raise Killed
        if fault == "unreachable":
            raise aiohttp.ConnectionTimeoutError
        if fault == "broken":
            raise gidgethub.GitHubBroken(HTTPStatus.BAD_GATEWAY)
        raise aiohttp.ServerDisconnectedError  # a lost request and a lost answer look the same

    def _answer(self, method: str, parts: list[str], query: Mapping[str, str], data: Any) -> Any:
        match method, parts:
            case "GET", ["repos", _, _, *rest]:
                return self._read(rest, query)
            case "POST", ["repos", _, _, "actions", "workflows", workflow, "dispatches"]:
                return self._dispatch(workflow, data)
            case "POST", ["repos", _, _, "actions", "runs", number, "cancel"]:
                return self._cancel(self._run(number))
            case _, ["repos", _, _, "issues", *rest]:
                return self._talk(rest, data)
            case "POST", ["repos", _, _, "check-runs"]:
                return self._check(len(self._hub.checks) + 1, data)
            case "PATCH", ["repos", _, _, "check-runs", number]:
                return self._check(int(number), data)
            case "GET", ["app"]:
                return {"slug": payloads.SLUG}
            case "GET", ["app", "hook", "deliveries"]:
                return [payloads.delivery(hook) for hook in reversed(self._hub.log)]
            case "POST", ["app", "hook", "deliveries", number, "attempts"]:
                return self._hub.redeliver(int(number))
            case "GET", ["repositories", _]:
                return payloads.REPOSITORY
        raise Unknown(f"{method} /{'/'.join(parts)}")

    def _read(self, parts: list[str], query: Mapping[str, str]) -> Any:
        hub = self._hub
        match parts:
            case ["pulls", number]:
                return payloads.pull(hub.pulls[int(number) - 1])
            case ["pulls"]:
                found = [pull for pull in hub.pulls if pull.open or query["state"] == "all"]
                return [payloads.pull(pull) for pull in sorted(found, key=lambda pull: -pull.updated_at)]
            case ["actions", what, which, *rest]:
                return self._runs_of_file(which, query) if what == "workflows" else self._about_run(which, rest)
            case ["contents", ".github", "workflows", name]:
                return payloads.file(name) if name in FILES and hub.knows(query["ref"]) else self._refuse(404)
            case ["commits", ref, *rest]:
                return self._about_commit(hub.tip(ref) or ref, rest)
            case ["compare", both]:
                return self._compare(*both.split("..."))
            case ["environments"]:
                return {"environments": [{"name": ENVIRONMENT}] if hub.protected else []}
            case ["issues", number, "comments"]:
                return hub.comments.get(int(number), [])
            case ["collaborators", login, "permission"]:
                return {"role_name": ROLES[login], "permission": "read" if ROLES[login] == "read" else "write"}
            case ["installation"]:
                return {"id": INSTALLATION}
            case []:
                return payloads.REPOSITORY
        raise Unknown("/".join(parts))

    def _refuse(self, status: int, message: str = "Not Found") -> Any:
        raise gidgethub.BadRequest(HTTPStatus(status), message)

    def _run(self, number: str) -> Run:
        found: Run | None = self._hub.runs.get(int(number))
        return found or self._refuse(404)

    def _runs_of_file(self, workflow: str, query: Mapping[str, str]) -> Json:
        runs = [run for run in self._hub.runs.values() if run.workflow == workflow and run.listed_at <= self._hub.now()]
        since = query.get("created", "").removeprefix(">=")
        return {"workflow_runs": [payloads.run(run) for run in runs[::-1] if payloads.moment(run.created_at) >= since]}

    def _about_commit(self, sha: str, what: list[str]) -> Any:
        if sha not in self._hub.commits:
            return self._refuse(422)
        if what == ["pulls"]:
            known = (pull for pull in self._hub.pulls if sha in (pull.merge_sha, *pull.heads))
            return [{"number": pull.number} for pull in known]
        if what == ["check-runs"]:
            return {"check_runs": [one for one in self._hub.checks.values() if one["head_sha"] == sha]}
        return {"sha": sha, "parents": [{"sha": parent} for parent in self._hub.commits[sha]]}

    def _about_run(self, number: str, what: list[str]) -> Any:
        run = self._run(number)
        if not what:
            return payloads.run(run)
        if what == ["jobs"]:
            return {"jobs": [payloads.job(run)]}
        if what == ["approvals"]:
            return run.reviews
        reviewers = [{"type": "User", "reviewer": {"login": "lead"}}]
        waits = run.status == "waiting"
        return [{"environment": {"name": ENVIRONMENT}, "reviewers": reviewers}] if waits else []

    def _compare(self, base: str, head: str) -> Json:
        base, head = self._hub.tip(base) or base, self._hub.tip(head) or head
        if not {base, head} <= self._hub.commits.keys():
            self._refuse(404)
        of_base, of_head = self._hub.history(base), self._hub.history(head)
        ahead, behind = len(of_head - of_base), len(of_base - of_head)
        words = {(False, False): "identical", (True, False): "ahead", (False, True): "behind", (True, True): "diverged"}
        common = max(of_base & of_head, key=lambda sha: len(self._hub.history(sha)))
        status = words[ahead > 0, behind > 0]
        return {"status": status, "ahead_by": ahead, "behind_by": behind, "merge_base_commit": {"sha": common}}

    def _dispatch(self, workflow: str, data: Json) -> Json | None:
        if data["ref"] != MAIN and self._hub.tip(data["ref"]) is None:
            self._refuse(422, f"No ref found for: {data['ref']}")
        if workflow not in FILES:
            self._refuse(404)
        listed_at = self._hub.now() + self._github.listed_after
        run = self._hub.dispatch(workflow, data["ref"], data["inputs"], listed_at=listed_at)
        named = self._github.details and data.get("return_run_details")
        url = f"{payloads.HOME}/actions/runs/{run.id}"
        return {"workflow_run_id": run.id, "html_url": url} if named else None

    def _cancel(self, run: Run) -> None:
        if run.over:
            self._refuse(409, "Cannot cancel a workflow run that is completed.")
        self._hub.cancel(run)

    def _talk(self, parts: list[str], data: Json) -> Json:
        match parts:
            case ["comments", number, "reactions"]:
                self._hub.saying.all[int(number)].reactions.add(data["content"])
                return data
            case ["comments", number]:
                return self._edit(int(number), data["body"])
        return self._comment(int(parts[0]), data["body"])

    def _comment(self, number: int, body: str) -> Json:
        listed = self._hub.comments.setdefault(number, [])
        by = {"performed_via_github_app": {"id": APP_ID}, "user": {"login": LOGIN}}
        listed.append({"id": number * 100 + len(listed), "body": body, **by})
        return listed[-1]

    def _edit(self, comment_id: int, body: str) -> Json:
        for comment in self._hub.comments.get(comment_id // 100, []):
            if comment["id"] == comment_id:
                comment["body"] = body
                return comment
        self._refuse(404)
        raise AssertionError

    def _check(self, number: int, data: Json) -> Json:
        check = self._hub.checks.setdefault(number, {"id": number, "app": {"id": APP_ID}})
        check.update(data)
        return check
