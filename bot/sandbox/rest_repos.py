"""The API of repositories: files, branches, commits, people, environments."""

import base64

from bot.sandbox import git, payloads, payloads_actions
from bot.sandbox.call import Answer, Call, Route, found
from bot.sandbox.errors import ApiError
from bot.sandbox.ids import digest_of
from bot.sandbox.state import Commit, Environment, Repo

BASIC = {"maintain": "write", "triage": "read"}


def get_repo(call: Call) -> Answer:
    """Answer GET /repos/{owner}/{repo}."""
    return Answer(payloads.repository(call.base, call.repo()))


def get_repo_by_id(call: Call) -> Answer:
    """Answer GET /repositories/{id}."""
    number = call.number("id")
    repo = next((repo for repo in call.hub.repos.values() if repo.id == number), None)
    return Answer(payloads.repository(call.base, call.allowed(repo)))


def get_contents(call: Call) -> Answer:
    """Answer GET …/contents/{path}: a file in base64 or raw, or a folder's list."""
    repo, path = call.repo(), call.part("path").strip("/")
    ref = call.query("ref") or repo.default_branch
    sha = call.hub.resolve(repo, ref)
    if sha is None:
        raise ApiError(404, f"No commit found for the ref {ref}")
    tree = repo.commits[sha].tree
    if path in tree:
        if "raw" in call.request.headers.get("Accept", ""):
            return Answer(text=tree[path], headers={"Content-Type": "application/vnd.github.raw+json; charset=utf-8"})
        encoded = base64.encodebytes(tree[path].encode()).decode()
        return Answer({**_entry(call, repo, path, ref, tree[path]), "encoding": "base64", "content": encoded})
    prefix = f"{path}/" if path else ""
    names = sorted({other[len(prefix) :].split("/")[0] for other in tree if other.startswith(prefix)})
    if not names:
        raise ApiError(404, "Not Found")
    return Answer([_entry(call, repo, prefix + name, ref, tree.get(prefix + name)) for name in names])


def _entry(call: Call, repo: Repo, path: str, ref: str, text: str | None) -> payloads.Json:
    return {
        "type": "dir" if text is None else "file",
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": digest_of("blob", text),
        "size": len((text or "").encode()),
        "url": f"{call.base}/repos/{repo.full_name}/contents/{path}?ref={ref}",
        "html_url": f"{call.base}/{repo.full_name}/blob/{ref}/{path}",
    }


def get_ref(call: Call) -> Answer:
    """Answer GET …/git/ref/{heads or tags}/{name}."""
    repo, ref = call.repo(), call.part("ref")
    kind, _, name = ref.partition("/")
    sha = found({"heads": repo.branches, "tags": repo.tags}.get(kind, {}).get(name))
    url = f"{call.base}/repos/{repo.full_name}/git"
    target = {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"}
    return Answer({"ref": f"refs/{ref}", "node_id": f"REF_{sha[:12]}", "url": f"{url}/refs/{ref}", "object": target})


def get_branch(call: Call) -> Answer:
    """Answer GET …/branches/{branch}."""
    repo, name = call.repo(), call.part("branch")
    if name not in repo.branches:
        raise ApiError(404, "Branch not found")
    commit = payloads.commit(call.base, repo, repo.commits[repo.branches[name]])
    return Answer({"name": name, "commit": commit, "protected": False})


def get_commit(call: Call) -> Answer:
    """Answer GET …/commits/{ref}."""
    repo = call.repo()
    commit = _commit(call, repo, call.part("ref"))
    before = repo.commits[commit.parents[0]] if commit.parents else Commit("", (), "", {}, "", 0.0)
    return Answer({**payloads.commit(call.base, repo, commit), "files": payloads.files(before, commit)})


def pulls_of_commit(call: Call) -> Answer:
    """Answer GET …/commits/{sha}/pulls: those that brought it to their base, and open ones that have it."""
    repo = call.repo()
    sha = _commit(call, repo, call.part("ref")).sha
    hits = [
        pull
        for pull in repo.pulls.values()
        if sha == (pull.merge_commit_sha if pull.merged else pull.head_sha)
        or any(one.sha == sha for one in git.between(repo.commits, pull.base_sha, pull.head_sha))
    ]
    return call.paged(hits, lambda pull: payloads.pull(call.base, pull, full=False))


def compare(call: Call) -> Answer:
    """Answer GET …/compare/{base}...{head}."""
    repo = call.repo()
    names = call.part("basehead").split("...")
    if len(names) != 2:
        raise ApiError(404, "Not Found")
    base, head = (call.hub.resolve(repo, name.rsplit(":", 1)[-1]) for name in names)
    if base is None or head is None or (common := git.merge_base(repo.commits, base, head)) is None:
        raise ApiError(404, "Not Found")
    ahead, behind = git.between(repo.commits, base, head), git.between(repo.commits, head, base)
    status = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind", (False, False): "identical"}
    return Answer(
        {
            "url": f"{call.base}/repos/{repo.full_name}/compare/{base}...{head}",
            "base_commit": payloads.commit(call.base, repo, repo.commits[base]),
            "merge_base_commit": payloads.commit(call.base, repo, repo.commits[common]),
            "status": status[bool(ahead), bool(behind)],
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": [payloads.commit(call.base, repo, one) for one in ahead[:250]],
            "files": payloads.files(repo.commits[common], repo.commits[head])[:300],
        }
    )


def get_permission(call: Call) -> Answer:
    """Answer GET …/collaborators/{user}/permission."""
    repo, user = call.repo(), found(call.hub.users.get(call.part("user")))
    role = call.hub.permission(repo, user.login)
    base = repo.custom_roles.get(role, role)
    return Answer({"permission": BASIC.get(base, base), "role_name": role, "user": payloads.user(call.base, user)})


def list_environments(call: Call) -> Answer:
    """Answer GET …/environments."""
    repo = call.repo()
    return call.counted("environments", list(repo.environments.values()), lambda one: _environment(call, repo, one))


def get_environment(call: Call) -> Answer:
    """Answer GET …/environments/{name}."""
    repo = call.repo()
    return Answer(_environment(call, repo, found(repo.environment(call.part("name")))))


def _environment(call: Call, repo: Repo, one: Environment) -> payloads.Json:
    return payloads_actions.environment(call.base, repo, one, call.hub.reviewers(repo, one.name))


def _commit(call: Call, repo: Repo, ref: str) -> Commit:
    sha = call.hub.resolve(repo, ref)
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {ref}")
    return repo.commits[sha]


REPO = "/repos/{owner}/{repo}"
ROUTES: list[Route] = [
    ("GET", REPO, "installation", get_repo),
    ("GET", "/repositories/{id}", "installation", get_repo_by_id),
    ("GET", REPO + "/contents/{path:.*}", "installation", get_contents),
    ("GET", REPO + "/git/ref/{ref:.+}", "installation", get_ref),
    ("GET", REPO + "/branches/{branch:.+}", "installation", get_branch),
    ("GET", REPO + "/commits/{ref:.+}/pulls", "installation", pulls_of_commit),
    ("GET", REPO + "/compare/{basehead:.+}", "installation", compare),
    ("GET", REPO + "/collaborators/{user}/permission", "installation", get_permission),
    ("GET", REPO + "/environments", "installation", list_environments),
    ("GET", REPO + "/environments/{name:.+}", "installation", get_environment),
]
LATE_ROUTES: list[Route] = [
    ("GET", REPO + "/commits/{ref:.+}", "installation", get_commit),
]
