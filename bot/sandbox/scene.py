"""The example repository on the small GitHub; a stand-in for the Atmos CLI does its workflows' steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping

import aiohttp

from bot.sandbox import atmos, example
from bot.sandbox.atmos import Configured, Key, Model
from bot.sandbox.atmos_answers import Answer
from bot.sandbox.atmos_api import Client, Sleep
from bot.sandbox.git import merge_base
from bot.sandbox.runs import Program
from bot.sandbox.server import Sandbox
from bot.sandbox.state import Pull, Repo

AFFECTED = "atmos-pro.yaml"
WORKSPACE = "ws_example"


class Scene:
    """A repository whose workflows report to a server at `server_url`: with `token`, or with `oidc` by exchanging
    each run's identity token, which needs a server that answers by itself. With `statuses` plans and applies tell
    how they ended. A plan finds changes where `changes(inputs)` says so: as it is, in what was itself touched.

    What changed is found from the paths of the commits' files, as the CLI does by folders; `removed` names instances
    that a pull request deletes. The environments that stacks name are there; those in `reviewers` are guarded.
    `model` may be replaced before a pull request is opened.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        full_name: str = "acme/infra",
        model: Model | None = None,
        files: Mapping[str, str] | None = None,
        reviewers: Mapping[str, Iterable[str]] | None = None,
        oidc: bool = False,
        statuses: bool = False,
    ) -> None:
        self.sandbox, self.hub = sandbox, sandbox.hub
        self.model = model or example.example()
        self.server_url = ""
        self.token = ""
        self.oidc = oidc
        self.workspace_id = WORKSPACE
        self.sleep: Sleep = asyncio.sleep
        self.changes: Callable[[Mapping[str, str]], bool] = self.touched
        self.removed: dict[Key, Configured] = {}
        self.answers: list[Answer] = []
        self.told: list[Answer] = []  # what the server answered to statuses
        self.repo: Repo = self.hub.add_repo(full_name, files=dict(files or example.files()))
        for name in environments(self.model) - (reviewers or {}).keys():
            self.hub.add_environment(self.repo, name, reviewers=[])
        for name, logins in (reviewers or {}).items():
            self.hub.add_environment(self.repo, name, reviewers=list(logins))
        self.hub.programs[AFFECTED] = self.describe_affected
        if statuses:
            self.hub.endings.update({example.PLAN: self.plan, example.APPLY: self.apply})

    def push(self, branch: str, components: Iterable[str] = (), *, note: str = "", author: str = "dev") -> str:
        """Push a commit that touches components; returns its id."""
        changes: dict[str, str | None] = {
            f"components/terraform/{component}/main.tf": f'output "name" {{ value = "{component} {note}" }}\n'
            for component in components
        }
        message = f"Change {', '.join(components) or 'the words'}"
        return self.hub.push(
            self.repo, branch, changes or {"README.md": f"# infra {note}\n"}, message=message, author=author
        )

    def open_pull(
        self, components: Iterable[str] = ("vpc",), *, branch: str = "feature", author: str = "dev", title: str = ""
    ) -> Pull:
        """Push a branch that touches components, and open a pull request of it."""
        touched = list(components)
        self.push(branch, touched, note=branch, author=author)
        return self.hub.open_pull(self.repo, head=branch, title=title or f"Change {', '.join(touched)}", author=author)

    async def describe_affected(self, program: Program) -> str:
        """Do what the affected workflow's step does: `atmos describe affected --upload`."""
        body = self._uploaded(program)
        if body is None:
            return "failure"
        async with aiohttp.ClientSession() as session:
            answer = await self._client(session, program).upload(body)
        self.answers.append(answer)
        return "success" if answer.success else "failure"

    async def plan(self, program: Program) -> str:
        """Do what the plan workflow's step does: `atmos terraform plan --upload-status`, with `ci.enabled`."""
        conclusion = self._conclusion(program)
        failed = conclusion != "success"
        await self._tell(program, "plan", 1 if failed else 2 if self.changes(program.run.inputs) else 0)
        return conclusion

    async def apply(self, program: Program) -> str:
        """Do what the apply workflow's step does: `atmos terraform deploy --upload-status`."""
        conclusion = self._conclusion(program)
        await self._tell(program, "apply", 0 if conclusion == "success" else 1)
        return conclusion

    def _conclusion(self, program: Program) -> str:
        run = program.run
        return self.hub.scenario.conclusion(run.workflow.file, run.inputs, run.attempt)

    async def _tell(self, program: Program, command: str, exit_code: int) -> None:
        owner, name = self.repo.full_name.split("/")
        inputs = program.run.inputs
        instance = owner, name, inputs["stack"], inputs["component"]
        async with aiohttp.ClientSession() as session:
            client = self._client(session, program)
            try:
                answer = await client.upload_status(
                    *instance, command=command, exit_code=exit_code, last_run=self.hub.now()
                )
            except (aiohttp.ClientError, TimeoutError):
                return  # the CLI only warns
        self.told.append(answer)

    def _client(self, session: aiohttp.ClientSession, program: Program) -> Client:
        if self.oidc:
            workspace, identity = self.workspace_id, program.identity_token
            return Client(session, self.server_url, workspace_id=workspace, identity=identity, sleep=self.sleep)
        return Client(session, self.server_url, token=self.token, sleep=self.sleep)

    def body(self, pull: Pull) -> dict[str, object]:
        """Make the body that the CLI uploads for a pull request: the same before and after a squash merge."""
        return self._between(self._base(pull.head_sha, self.repo.branches[pull.base]), pull.head_sha)

    def _uploaded(self, program: Program) -> dict[str, object] | None:
        """Make the body of a run's upload: of its pull request, its try in the merge queue, or its release."""
        if program.pull is not None:
            return self.body(program.pull)
        if group := program.event.get("merge_group"):
            return self._between(group["base_sha"], group["head_sha"])
        if "release" in program.event:
            return self._between(self._released_before(program.event["release"]["tag_name"]), program.run.sha)
        return None

    def _released_before(self, tag: str) -> str:
        """Find what a release is compared with: the release before it, or the commit that its own stands on."""
        tags = [one.tag for one in self.repo.releases]
        at = tags.index(tag)
        return self.repo.tags[tags[at - 1]] if at else self.repo.commits[self.repo.tags[tag]].parents[0]

    def _between(self, base: str, head_sha: str) -> dict[str, object]:
        paths = self._paths(base, head_sha)
        gone = {key: self.removed[key] for key in sorted(self.removed)}
        left = {key: value for key, value in self.model.instances.items() if key not in gone}
        model = self.model if not gone else Model(left)
        items = atmos.describe_affected(model, atmos.changed_by(model, paths), gone)
        return atmos.upload_body(items, repo=self.repo.full_name, head_sha=head_sha, base_sha=base)

    def touched(self, inputs: Mapping[str, str]) -> bool:
        """Tell whether an instance itself differs between the commit of a run's inputs and the default branch."""
        base = self._base(inputs["sha"], self.repo.tip.sha)
        paths = self._paths(base, inputs["sha"])
        return (inputs["stack"], inputs["component"]) in atmos.changed_by(self.model, paths)

    def _base(self, head_sha: str, tip: str) -> str:
        """Find the commit to compare a head with."""
        found = merge_base(self.repo.commits, tip, head_sha)
        return found if found is not None and found != head_sha else self.repo.commits[head_sha].parents[0]

    def _paths(self, base: str, head_sha: str) -> list[str]:
        before, after = self.repo.commits[base].tree, self.repo.commits[head_sha].tree
        return [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]


def environments(model: Model) -> set[str]:
    """Name the environments in which the instances of a model are applied."""
    return {str(name) for one in model.instances.values() for name in _named(one.settings)}


def _named(settings: object) -> Iterator[object]:
    if isinstance(settings, Mapping):
        for key, value in settings.items():
            if key == "github_environment":
                yield value
            else:
                yield from _named(value)
