"""The example repository on the small GitHub; a stand-in for the Atmos CLI does the affected workflow's step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import aiohttp

from bot.sandbox import atmos, example
from bot.sandbox.atmos import Configured, Key, Model
from bot.sandbox.git import merge_base
from bot.sandbox.runs import Program
from bot.sandbox.server import Sandbox
from bot.sandbox.state import Pull, Repo

AFFECTED = "atmos-pro.yaml"


class Scene:
    """A repository whose pull requests report affected stacks to a server at `server_url` with `token`.

    What changed is found from the paths of the commits' files, as the CLI does by folders; `removed` names instances
    that a pull request deletes. `model` may be replaced before a pull request is opened.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        full_name: str = "acme/infra",
        model: Model | None = None,
        files: Mapping[str, str] | None = None,
        reviewers: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.sandbox, self.hub = sandbox, sandbox.hub
        self.model = model or example.example()
        self.server_url = ""
        self.token = ""
        self.removed: dict[Key, Configured] = {}
        self.answers: list[tuple[int, dict[str, object]]] = []
        self.repo: Repo = self.hub.add_repo(full_name, files=dict(files or example.files()))
        for name, logins in (reviewers or {}).items():
            self.hub.add_environment(self.repo, name, reviewers=list(logins))
        self.hub.programs[AFFECTED] = self.describe_affected

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
        body = self.body(program.pull) if program.pull else None
        if body is None:
            return "failure"
        async with aiohttp.ClientSession() as session:
            status, answer = await atmos.upload(session, self.server_url, self.token, body)
        self.answers.append((status, answer))
        return "success" if status < 400 else "failure"

    def body(self, pull: Pull) -> dict[str, object]:
        """Make the body that the CLI uploads for a pull request: the same before and after a squash merge."""
        commits = self.repo.commits
        head = commits[pull.head_sha]
        tip = self.repo.branches[pull.base]
        found = merge_base(commits, tip, pull.head_sha)
        base = found if found is not None and found != pull.head_sha else head.parents[0]
        before, after = commits[base].tree, head.tree
        paths = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
        gone = {key: self.removed[key] for key in sorted(self.removed)}
        left = {key: value for key, value in self.model.instances.items() if key not in gone}
        model = self.model if not gone else Model(left)
        items = atmos.describe_affected(model, atmos.changed_by(model, paths), gone)
        return atmos.upload_body(items, repo=self.repo.full_name, head_sha=pull.head_sha, base_sha=base)
